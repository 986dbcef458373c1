"""What the benchmarks count and measure is so."""

import sys
from pathlib import Path

import duckdb

from benchmarks.peers import __main__ as driver
from benchmarks.peers.job import Job
from benchmarks.processes import Ended, run

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


def test_places_that_break_the_promise_of_a_list_are_counted(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text("userId,movieId\n1,10\n1,10\n2,20\n", encoding="utf-8")
    # Seen twice in one list, repeated once in the other; what another user has seen is no breach.
    places = "(1, 10), (1, 20), (1, 10), (2, 30), (2, 30), (2, 10)"
    with duckdb.connect() as connection:
        connection.execute("create table lists (user_id bigint, item_id bigint)")
        connection.execute(f"insert into lists values {places}")
        connection.execute(f"copy lists to '{tmp_path / 'implicit.parquet'}'")
    job = Job(tmp_path / "ratings.csv", tmp_path, 3, 1, 1, 1.0, 1.0, 1)
    row = driver._row("implicit", Ended(1.0, 1.0, None, ""), job)  # noqa: SLF001 (no other way in)
    assert (row.failure, row.lists, row.places, row.broken) == (None, 2, 6, 3)


def test_a_peer_that_wrote_nothing_has_failed(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text("userId,movieId\n1,10\n", encoding="utf-8")
    job = Job(tmp_path / "ratings.csv", tmp_path, 3, 1, 1, 1.0, 1.0, 1)
    row = driver._row("implicit", Ended(1.0, 1.0, None, ""), job)  # noqa: SLF001 (no other way in)
    assert (row.failure or "").startswith("wrote no lists")
