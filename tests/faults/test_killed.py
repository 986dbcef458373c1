"""Whenever the job, or a rollback, is killed, a whole generation is published, and the next one goes on."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from tests.commands import start_batch
from tests.faults.conftest import Recorded, Undisturbed
from tests.faults.night import Night, Seen
from tests.faults.report import STEPS

KILLS, KILLS_OF_LONG = 1, 10  # in each step
ROLLBACKS, ROLLBACKS_OF_LONG = 5, 50
# So many old ones take long enough to be removed that a kill comes in between.
OLD_GENERATIONS = 20_000


@pytest.mark.parametrize("step", STEPS[:-1])
def test_a_run_that_is_killed_leaves_the_old_generation_or_the_new_one(
    step: str, night: Night, undisturbed: Undisturbed, recorded: Recorded, *, is_long: bool
) -> None:
    moments = random.Random(step)  # noqa: S311  moments, not secrets
    left = KILLS_OF_LONG if is_long else KILLS
    for seed in count(100):
        before = night.seen()
        job = night.start(seed)
        log = _log_until_it_begins(step, job)
        time.sleep(moments.uniform(0, undisturbed.seconds[step]))
        left -= _killed(job, log, night, seed, before, recorded)
        if not left:
            break


def test_a_run_that_is_killed_while_old_generations_are_removed_leaves_the_new_one(
    night: Night, recorded: Recorded, *, is_long: bool
) -> None:
    moments = random.Random(42)  # noqa: S311  moments, not secrets
    left = KILLS_OF_LONG if is_long else KILLS
    for seed in count(100):
        before = night.seen()
        job = night.start(seed)
        log = _log_until_it_begins("publish", job)
        job.send_signal(signal.SIGSTOP)
        old = [night.output.file(each) for each in _old_generations()]
        # The newest of the time before are kept, where there are few others.
        for file in old:
            if not file.exists():
                os.link(night.output.published(), file)
        job.send_signal(signal.SIGCONT)
        doomed = moments.choice(old[: OLD_GENERATIONS // 2])
        while doomed.exists() and job.poll() is None:
            time.sleep(0.001)
        left -= _killed(job, log, night, seed, before, recorded)
        if not left:
            break


def test_a_rollback_that_is_killed_can_be_repeated_and_leaves_what_is_not_ours(
    night: Night, recorded: Recorded, *, is_long: bool
) -> None:
    foreign = ("generations/notes.txt", "generations/backup.duckdb")
    folder = "generations/20990101T000000Z-abcdef.duckdb"
    for name in foreign:
        (night.folder / name).write_text("mine")
    (night.folder / folder).mkdir()
    kept = night.kept()
    target, other = kept
    began = time.monotonic()
    assert night.command("rollback", target).returncode == 0
    seconds = time.monotonic() - began
    moments = random.Random(42)  # noqa: S311  moments, not secrets
    for _ in range(ROLLBACKS_OF_LONG if is_long else ROLLBACKS):
        target, other = other, target
        rollback = start_batch("rollback", target, "--output", night.folder)
        time.sleep(moments.uniform(0, seconds))
        rollback.kill()
        rollback.communicate()
        after = night.seen()
        assert after.generation in {target, other}
        assert night.kept() == kept
        if rollback.returncode == -signal.SIGKILL:
            is_old = after.generation == other
            recorded("rollback_killed", "rollback ID", 1, int(is_old), int(not is_old))
        assert night.command("rollback", target).returncode == 0
        assert night.seen().generation == target
        night.has_nothing_else("rolled_back.json", *foreign, folder)
    night.goes_on(night.seen(), "rolled_back.json", *foreign, folder)
    assert [(night.folder / name).read_text() for name in foreign] == ["mine", "mine"]


def _log_until_it_begins(step: str, job: subprocess.Popen[str]) -> str:
    """Read the log of a run until the step begins, and return it; before the first step there is none."""
    log = ""
    assert job.stderr is not None
    while len(Night.steps(log)) < STEPS.index(step):
        line = job.stderr.readline()
        assert line, log
        log += line
    return log


def _old_generations() -> Iterator[str]:
    began = datetime(2001, 1, 1, tzinfo=UTC)
    for number in range(OLD_GENERATIONS):
        yield f"{began + timedelta(seconds=number):%Y%m%dT%H%M%SZ}-000000"


def _killed(  # noqa: PLR0913, PLR0917 (what was killed, and what must hold then)
    job: subprocess.Popen[str], log: str, night: Night, seed: int, before: Seen, recorded: Recorded
) -> bool:
    """Kill a run, assert that all is well, and record where it was; return whether it still was at work."""
    job.kill()
    _, rest = job.communicate()
    is_old = night.old_or_new(before) == before
    # As cron does, the same again: there is something to do if nothing was published.
    night.goes_on(before, seed=seed, has_to_do=is_old)
    if job.returncode != -signal.SIGKILL:
        return False
    recorded("job_killed", STEPS[len(night.steps(log + rest))], 1, int(is_old), int(not is_old))
    return True
