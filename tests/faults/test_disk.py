"""A disk that is full, or can only be read, ends a run with 1 and a line; what was published stays."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Recorded, Undisturbed
from tests.faults.night import Night, assert_told
from tests.faults.system import Disk, disk

LARGE_KB = 200_000
# Beside what lies there: for nothing at all, and less than load, clean, write and publish take.
ROOMS_KB = (0, 100, 650, 1_000, 2_500, 4_500, 6_500)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Disk]:
    """A disk that has room for many generations, until it is made smaller."""
    at = tmp_path / "disk"
    at.mkdir()
    with disk(at, LARGE_KB) as mounted:
        yield mounted


@pytest.fixture
def night(small: Disk, undisturbed: Undisturbed, data: Path) -> Night:
    """An output folder on that disk."""
    folder = shutil.copytree(undisturbed.folder, small.seen_at / "output", symlinks=True)
    return Night(folder, data, small.within, small.at / "output")


def test_a_full_disk_ends_a_run_with_1_whatever_step_it_meets(
    night: Night, small: Disk, recorded: Recorded, *, is_long: bool
) -> None:
    before = night.seen()
    for room in range(0, 6_500, 100) if is_long else ROOMS_KB:
        small.remount(f"size={small.used_kb() + room}k")
        done = night.run(3)
        small.remount(f"size={LARGE_KB}k")
        assert_told(done, "output", "o space left on device", "make room")
        assert night.old_or_new(before) == before
        night.has_nothing_else()
        step = night.steps(done.stderr)[-1:] or ["the start"]
        recorded("job_faults", f"a full disk, after {step[0]}", 1, "1", "the one before", night.says(done))
    night.goes_on(before)


def test_a_disk_that_can_only_be_read_ends_a_run_with_1(
    night: Night, small: Disk, recorded: Recorded
) -> None:
    before = night.seen()
    small.remount("ro")
    done = night.run(3)
    assert_told(done, "output/.lock: Read-only file system", "give permission")
    small.remount("rw")
    recorded("job_faults", "a disk that can only be read", 1, "1", "the one before", night.says(done))
    assert night.old_or_new(before) == before
    night.goes_on(before)


def test_a_full_disk_ends_a_rollback_with_1_and_it_can_be_repeated(
    night: Night, small: Disk, recorded: Recorded
) -> None:
    before = night.seen()
    target = min(night.kept())
    small.remount(f"size={small.used_kb()}k")
    done = night.command("rollback", target)
    small.remount(f"size={LARGE_KB}k")
    assert_told(done, "output", "o space left on device", "make room")
    recorded("job_faults", "a full disk, in rollback", 1, "1", "the one before", night.says(done))
    assert night.old_or_new(before) == before
    assert night.command("rollback", target).returncode == 0
    assert night.seen().generation == target
    night.goes_on(night.seen(), "rolled_back.json")
