"""Where it may not write or read, a run ends with 1 and a line that names the place."""

import shutil
from pathlib import Path

import pytest

from tests.faults.conftest import Recorded
from tests.faults.night import Night, assert_told
from tests.faults.system import bound_by_permissions


@pytest.mark.parametrize(
    ("place", "mode", "named"),
    [
        (".", 0o555, "output/.work"),
        (".", 0o000, "output"),
        ("generations", 0o555, "generations"),
        ("generations", 0o000, "generations"),
        (".lock", 0o000, "output/.lock"),
        (".work/left", 0o555, "output/.work"),
    ],
)
def test_a_folder_without_permission_ends_a_run_with_1(
    place: str, mode: int, named: str, night: Night, recorded: Recorded
) -> None:
    before = night.seen()
    forbidden = night.folder / place
    if not forbidden.exists():
        forbidden.mkdir(parents=True)
        (forbidden / "draft").touch()
    allowed = forbidden.stat().st_mode
    forbidden.chmod(mode)
    done = night.run(3, within=bound_by_permissions())
    forbidden.chmod(allowed)
    assert_told(done, named, "Permission denied", "give permission")
    fault = f"{place if place != '.' else 'the output folder'} with permissions {mode:03o}"
    recorded("job_faults", fault, 1, "1", "the one before", night.says(done))
    assert night.old_or_new(before) == before
    night.goes_on(before)


@pytest.mark.parametrize("place", [".", "ratings.csv"])
def test_input_without_permission_ends_a_run_with_1(
    place: str, night: Night, tmp_path: Path, recorded: Recorded
) -> None:
    before = night.seen()
    closed = Night(night.folder, shutil.copytree(night.data, tmp_path / "closed"))
    forbidden = closed.data / place
    allowed = forbidden.stat().st_mode
    forbidden.chmod(0)
    done = closed.run(3, within=bound_by_permissions())
    forbidden.chmod(allowed)
    assert_told(done, str(forbidden), "Permission denied", "give permission")
    fault = f"{place if place != '.' else 'the data folder'} with permissions 000"
    recorded("job_faults", fault, 1, "1", "the one before", closed.says(done))
    assert night.old_or_new(before) == before
    night.goes_on(before)


def test_a_published_file_that_can_not_be_read_is_made_anew(night: Night, recorded: Recorded) -> None:
    before, kept = night.seen(), night.kept()
    file = night.output.published()
    file.chmod(0)
    done = night.run(3, within=bound_by_permissions())
    file.chmod(0o444)
    assert night.is_well(done, before, kept=kept) != before
    recorded("job_faults", "a published file with permissions 000", 1, "0", "the new one", night.says(done))
