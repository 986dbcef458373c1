"""What else may be in the output folder: a damaged link, a log, a generation of the future, another run."""

import shutil
import signal
import subprocess
import sys

import pytest

from tests.faults.conftest import Recorded
from tests.faults.night import Night, assert_told

FUTURE = "20990101T000000Z-abcdef"
# Who opens a generation to write, and dies, leaves a log with what it wrote.
WRITE_AND_DIE = """
import os, sys, duckdb
database = duckdb.connect(sys.argv[1])
database.execute("delete from recommendations")
os._exit(9)
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_no_link_is_named_and_left_alone(kind: str, night: Night, recorded: Recorded) -> None:
    before = night.seen()
    link, target = night.output.link, night.output.link.readlink()
    link.unlink()
    if kind == "file":
        shutil.copy(night.folder / target, link)
    else:
        link.mkdir()
        (link / "notes.txt").write_text("mine")
    kept = night.kept()
    done = night.run(3)
    assert_told(done, "current.duckdb: is no symbolic link; move it away and run again")
    recorded("job_faults", f"a {kind} in the place of the link", 1, "1", "the one before", night.says(done))
    assert night.kept() == kept
    link.rename(night.folder.parent / "moved away")
    link.symlink_to(target)
    night.has_nothing_else()
    night.goes_on(before)


@pytest.mark.parametrize(
    "target",
    [
        None,
        "current.duckdb",
        "generations",
        "generations/20010101T000000Z-abcdef.duckdb",
        "../elsewhere/{id}.duckdb",
        "../elsewhere/other.duckdb",
    ],
)
def test_a_link_to_nothing_or_to_another_place_is_replaced_by_the_next_run(
    target: str | None, night: Night, recorded: Recorded
) -> None:
    before = night.seen()
    elsewhere = night.folder.parent / "elsewhere"
    elsewhere.mkdir()
    for name in (before.generation, "other"):
        shutil.copy(night.output.published(), elsewhere / f"{name}.duckdb")
    night.output.link.unlink()
    if target:
        night.output.link.symlink_to(target.format(id=before.generation))
    kept = night.kept()
    # With the seed of what was published, and of what lies elsewhere, there is something to do all the same.
    done = night.run(2)
    assert night.is_well(done, before, kept=kept) != before
    recorded(
        "job_faults", f"a link to {target}" if target else "no link", 1, "0", "the new one", night.says(done)
    )
    assert {file.name for file in elsewhere.iterdir()} == {f"{before.generation}.duckdb", "other.duckdb"}


def test_a_lost_link_can_be_made_by_a_rollback(night: Night, recorded: Recorded) -> None:
    before = night.seen()
    night.output.link.unlink()
    done = night.command("rollback")
    assert_told(done, "shows no generation", "'python -m batch rollback ID'", status=2)
    recorded("job_faults", "no link, and a rollback without ID", 1, "2", "none", night.says(done))
    assert night.command("rollback", before.generation).returncode == 0
    assert night.seen() == before
    night.goes_on(before)


@pytest.mark.parametrize("kind", ["written", "damaged"])
def test_a_log_beside_a_generation_is_removed_and_the_generation_is_as_it_was(
    kind: str, night: Night, recorded: Recorded
) -> None:
    before, kept = night.seen(), night.kept()
    file = night.output.published()
    log = file.with_name(f"{file.name}.wal")
    if kind == "written":
        file.chmod(0o644)
        subprocess.run([sys.executable, "-c", WRITE_AND_DIE, file], check=False)
        file.chmod(0o444)
    else:
        log.write_bytes(bytes(range(256)) * 100)
    assert log.exists()
    done = night.run(2)
    assert night.is_well(done, before, kept=kept) == before
    recorded(
        "job_faults", f"a {kind} .wal beside what is published", 1, "0", "the one before", night.says(done)
    )


def test_logs_and_drafts_of_a_dead_run_are_not_read(night: Night, recorded: Recorded) -> None:
    before, kept = night.seen(), night.kept()
    night.output.work.mkdir()
    for name in ("draft.duckdb", "draft.duckdb.wal", "job.duckdb", "job.duckdb.wal"):
        (night.output.work / name).write_bytes(bytes(range(256)) * 100)
    done = night.run(3)
    assert night.is_well(done, before, kept=kept) != before
    recorded("job_faults", "an old .wal in .work", 1, "0", "the new one", night.says(done))


def test_a_clock_that_was_set_back_makes_greater_ids_all_the_same(night: Night, recorded: Recorded) -> None:
    before = night.seen()
    shutil.copy(night.output.published(), night.output.file(FUTURE))
    kept = night.kept()
    done = night.run(3)
    after = night.is_well(done, before, kept=kept)
    assert after.generation.startswith("20990101T000001Z-")
    recorded("job_faults", "a generation of the year 2099", 1, "0", "the new one", night.says(done))


def test_of_two_runs_the_second_ends_with_5_and_the_first_publishes(night: Night, recorded: Recorded) -> None:
    before, kept = night.seen(), night.kept()
    first = night.start(3)
    assert first.stderr is not None
    assert " compare " in first.stderr.readline()
    first.send_signal(signal.SIGSTOP)
    second, rollback = night.run(4), night.command("rollback")
    assert night.seen() == before
    first.send_signal(signal.SIGCONT)
    _, log = first.communicate()
    for done, what in ((second, "a run"), (rollback, "a rollback")):
        assert_told(done, "output: another run is at work here", "wait", status=5)
        recorded("job_faults", f"{what} beside a run", 1, "5", "that of the other", night.says(done))
    done = subprocess.CompletedProcess(first.args, first.returncode, "", log)
    assert night.is_well(done, before, kept=kept) != before


def test_of_many_runs_at_once_one_publishes_and_none_breaks_anything(
    night: Night, recorded: Recorded
) -> None:
    before, kept = night.seen(), night.kept()
    runs = [night.start(3) for _ in range(4)]
    said = [run.communicate()[1] for run in runs]
    assert {run.returncode for run in runs} <= {0, 5}, said
    # Who came when another had ended, had nothing to do.
    done = next(run for run in runs if run.returncode == 0)
    assert night.is_well(subprocess.CompletedProcess(done.args, 0), before, kept=kept) != before
    assert len(night.kept()) == len(kept) + 1
    recorded("job_faults", "four runs at once", 1, "0 or 5", "the new one", "(as above)")


def test_what_is_published_and_cut_short_is_made_anew(night: Night, recorded: Recorded) -> None:
    before = night.seen()
    file = night.output.published()
    file.chmod(0o644)
    with file.open("r+b") as stream:
        stream.truncate(file.stat().st_size // 2)
    done = night.run(2)
    assert done.returncode == 0, done.stderr
    after = night.seen()
    assert after.generation > before.generation
    recorded("job_faults", "a published file cut short", 1, "0", "the new one", night.says(done))
    night.has_nothing_else()
