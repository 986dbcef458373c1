"""What the benchmarks count and measure is so."""

import sys

from benchmarks.processes import run

HOLDS_100_MB = "import time; held = bytearray(100_000_000); time.sleep(2)"


def test_what_ends_well_has_its_output_and_no_failure() -> None:
    ended = run([sys.executable, "-c", "print('done')"])
    assert (ended.output, ended.failure) == ("done\n", None)
    assert ended.seconds > 0


def test_a_failure_ends_with_the_last_line_of_what_was_said() -> None:
    assert run([sys.executable, "-c", "raise SystemExit('one\\ntwo')"]).failure == "ended with 1: two"
    assert run(["sh", "-c", "kill -9 $$"]).failure == "ended by SIGKILL"


def test_what_takes_too_long_is_stopped_with_all_that_it_started() -> None:
    ended = run(["sh", "-c", "sleep 60 & sleep 60; true"], minutes=0.01)
    assert ended.failure == "took more than 0.01 minutes"
    assert ended.seconds < 30


def test_memory_of_processes_at_once_is_added_up() -> None:
    # What this process holds is the least that is measured, and less than three of them.
    one = f"{sys.executable} -c '{HOLDS_100_MB}'"
    assert run(["sh", "-c", f"{one} & {one} & {one} & wait"]).peak_mb > 286
