"""Where it may not write or read, a run ends with 1 and a line that names the place."""

import shutil
from pathlib import Path

from tests.faults.conftest import Recorded
from tests.faults.night import Done, Night, assert_told
from tests.faults.system import bound_by_permissions

# A place in the output folder, its permissions, and the place that the message names.
FORBIDDEN = (
    (".", 0o555, "output/.work"),
    (".", 0o000, "output"),
    ("generations", 0o555, "generations"),
    ("generations", 0o000, "generations"),
    (".lock", 0o000, "output/.lock"),
    (".work/left", 0o555, "output/.work"),
)


def _run_without(night: Night, forbidden: Path, mode: int) -> Done:
    """Run the job while a file or folder has only these permissions."""
    allowed = forbidden.stat().st_mode
    forbidden.chmod(mode)
    done = night.run(3, within=bound_by_permissions())
    forbidden.chmod(allowed)
    return done


def test_a_folder_without_permission_ends_a_run_with_1(night: Night, recorded: Recorded) -> None:
    before = night.seen()
    for place, mode, named in FORBIDDEN:
        forbidden = night.folder / place
        if not forbidden.exists():
            forbidden.mkdir(parents=True)
            (forbidden / "draft").touch()
        done = _run_without(night, forbidden, mode)
        assert_told(done, named, "Permission denied", "give permission")
        fault = f"{place if place != '.' else 'the output folder'} with permissions {mode:03o}"
        recorded("job_faults", fault, 1, "1", "the one before", night.says(done))
        assert night.old_or_new(before) == before
    night.goes_on(before)


def test_input_without_permission_ends_a_run_with_1(night: Night, tmp_path: Path, recorded: Recorded) -> None:
    before = night.seen()
    closed = Night(night.folder, shutil.copytree(night.data, tmp_path / "closed"))
    for place, name in ((".", "the data folder"), ("ratings.csv", "ratings.csv")):
        done = _run_without(closed, closed.data / place, 0)
        assert_told(done, str(closed.data / place), "Permission denied", "give permission")
        fault = f"{name} with permissions 000"
        recorded("job_faults", fault, 1, "1", "the one before", closed.says(done))
        assert night.old_or_new(before) == before
    night.goes_on(before)


def test_a_published_file_that_can_not_be_read_is_made_anew(night: Night, recorded: Recorded) -> None:
    before, kept = night.seen(), night.kept()
    done = _run_without(night, night.output.published(), 0)
    assert night.is_well(done, before, kept=kept) != before
    recorded("job_faults", "a published file with permissions 000", 1, "0", "the new one", night.says(done))
