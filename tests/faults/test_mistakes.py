"""Each option accepts one thing, a rollback blames one thing, and no id that nobody has passes unseen."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from batch.settings import by_name
from sql import statement
from tests.faults.conftest import Recorded
from tests.faults.night import Night, assert_told

# A bug: a user without ratings gets into the file.
GHOST = "insert into draft.users (user_id, ratings, attributes) values ('ghost', 1, '{}')"
ACCEPTED = ("--rebuild", "--accept-regression", "--accept-rolled-back")


def _is_new(done: subprocess.CompletedProcess[str]) -> bool:
    assert done.returncode == 0, done.stderr
    return bool(json.loads(done.stdout)["is_new"])


@pytest.fixture
def half(data: Path, tmp_path: Path) -> Path:
    """The input without half of its users."""
    folder = shutil.copytree(data, tmp_path / "half")
    header, *rows = (folder / "ratings.csv").read_text(encoding="utf-8").splitlines()
    kept = [row for row in rows if int(row.split(",")[0]) % 2]
    (folder / "ratings.csv").write_text("\n".join([header, *kept]) + "\n", encoding="utf-8")
    return folder


def test_a_regression_is_published_by_its_own_option_alone_and_its_reason_recorded(
    night: Night, half: Path, recorded: Recorded
) -> None:
    before, worse = night.seen(), replace(night, data=half)
    fallen = "the number of users fell"
    for options in ((), ("--rebuild", "--accept-rolled-back"), ("--force",)):
        done = worse.run(2, "--max-fall", "0.3", *options)
        assert_told(done, fallen, "--accept-regression", status=4)
        assert ("--force (FORCE) is called --rebuild now" in done.stderr) == ("--force" in options)
        assert night.seen() == before
    recorded("job_faults", "half of the users are missing", 3, "4", "the one before", night.says(done))
    assert _is_new(worse.run(2, "--max-fall", "0.3", "--accept-regression", "--json", "--quiet"))
    with duckdb.connect(str(night.output.published()), read_only=True) as connection:
        ((overridden,),) = connection.execute("select overridden from generation").fetchall()
    assert any(fallen in reason for reason in overridden)


def test_an_invariant_that_does_not_hold_is_published_by_no_option(
    night: Night, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = night.seen()
    assert {name for name in by_name() if name.startswith("accept_")} == {
        "accept_regression",
        "accept_rolled_back",
    }
    monkeypatch.setattr(
        "batch.generation.write.statement",
        lambda name: statement(name) + (GHOST if name == "generation/users" else ""),
    )
    done = night.run(3, *ACCEPTED)
    monkeypatch.undo()
    assert_told(done, "'every list is full' does not hold", "no option publishes it", status=4)
    recorded(
        "job_faults",
        "an invariant that does not hold",
        1,
        "4",
        "the one before",
        "(it, and that it is a bug)",
    )
    assert night.old_or_new(before) == before
    shutil.rmtree(night.folder / "refused")
    night.goes_on(before)


def test_worse_settings_that_were_rolled_back_are_held_back_and_the_old_ones_are_not(
    night: Night, recorded: Recorded
) -> None:
    worse = night.seen()
    assert night.command("rollback").returncode == 0
    old = night.seen()
    assert old.generation < worse.generation
    for _ in range(2):
        assert not _is_new(night.run(1, "--json", "--quiet"))
        done = night.run(2)
        assert_told(done, f"the same input and settings made generation {worse.generation}", status=4)
        assert "--accept-rolled-back" in done.stderr
        assert night.seen() == old
    recorded("job_faults", "settings that were rolled back", 2, "4", "the one before", night.says(done))
    assert _is_new(night.run(2, "--accept-rolled-back", "--json", "--quiet"))
    assert night.command("rollback").returncode == 0
    assert _is_new(night.run(3, "--json", "--quiet"))


def test_an_id_that_nobody_has_is_named_by_hide_forget_and_the_run(night: Night, recorded: Recorded) -> None:
    before = night.seen()
    for command, words in (("hide", "nothing is hidden"), ("forget", "nobody is forgotten")):
        done = night.command(command, "no-such-id")
        assert_told(done, "no-such-id", words, "--in-advance", status=2)
        recorded(
            "job_faults", f"{command} with an id that nobody has", 1, "2", "the one before", night.says(done)
        )
        night.has_nothing_else()
    shutil.copytree(night.data, night.folder.parent / "data")
    other = replace(night, data=night.folder.parent / "data")
    known = (night.data / "movies.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[0]
    (other.data / "hidden.csv").write_text(f"movieId\n{known}\nno-such-id\n", encoding="utf-8")
    done = other.run(2, "--quiet", "--json")
    assert _is_new(done)
    assert (
        "hidden.csv: no movie has the ids no-such-id, so they hide nothing; correct or remove them"
        in done.stderr
    )
    assert night.seen() != before
    listed = night.command("sql", "select rule, raw from rejected_rows where file = 'hidden.csv'", "--json")
    assert json.loads(listed.stdout) == [{"rule": "unknown_item", "raw": "no-such-id"}]
