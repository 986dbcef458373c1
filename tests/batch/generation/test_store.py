"""The output folder: names, the link, what is kept, and what a death leaves behind."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from batch.errors import BatchError, LockedError, UsageError
from batch.generation.records import Replacement, RolledBack
from batch.generation.store import KEPT_GENERATIONS, Output

NOW = datetime(2026, 11, 24, 1, 47, tzinfo=UTC)
PRINT = "1a2b3c" + "0" * 58


def _publish(output: Output, now: datetime = NOW, fingerprint: str = PRINT) -> str:
    with output.locked():
        draft = output.work / "draft.duckdb"
        generation = output.new_id(fingerprint, now)
        draft.write_text(generation)
        output.publish(draft, generation)
    return generation


@pytest.fixture
def output(tmp_path: Path) -> Output:
    """An empty output folder."""
    return Output(tmp_path)


@pytest.fixture
def generation(output: Output) -> str:
    """A generation that is published there."""
    return _publish(output)


def test_an_id_is_the_time_and_the_first_digits_of_the_fingerprint(tmp_path: Path) -> None:
    assert Output(tmp_path).new_id(PRINT, NOW) == "20261124T014700Z-1a2b3c"


def test_a_new_id_is_greater_than_every_other_also_when_the_clock_was_set_back(output: Output) -> None:
    ids = [_publish(output, NOW - timedelta(days=day), str(9 - day) * 64) for day in range(5)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 5
    assert output.current() == ids[-1]


def test_the_link_is_relative_and_the_file_read_only(tmp_path: Path) -> None:
    generation = _publish(Output(tmp_path))
    assert str(Output(tmp_path).link.readlink()) == f"generations/{generation}.duckdb"
    assert Output(tmp_path).link.read_text() == generation
    assert Output(tmp_path).file(generation).stat().st_mode & 0o777 == 0o444


def test_the_last_seven_are_kept(output: Output) -> None:
    ids = [_publish(output) for _ in range(KEPT_GENERATIONS + 3)]
    assert output.generations() == ids[3:]


def test_the_current_generation_is_kept_however_old(output: Output) -> None:
    ids = [_publish(output) for _ in range(KEPT_GENERATIONS)]
    with output.locked():
        output.roll_back(ids[0])
    newest = _publish(output)
    assert output.generations() == [*ids[1:], newest]
    with output.locked():
        output.roll_back(ids[1])
    assert output.current() == ids[1]
    assert ids[1] in output.generations()


def test_an_empty_output_folder_has_no_generation(tmp_path: Path) -> None:
    assert Output(tmp_path).current() is None
    with pytest.raises(UsageError, match="nothing is published yet"):
        Output(tmp_path).published()


def test_something_else_in_the_place_of_the_link_is_not_overwritten(tmp_path: Path) -> None:
    Output(tmp_path).link.write_text("mine")
    with pytest.raises(BatchError, match="is no symbolic link"):
        _publish(Output(tmp_path))
    assert Output(tmp_path).link.read_text() == "mine"


@pytest.mark.parametrize("target", ["current.duckdb", "../{id}.duckdb", "/elsewhere/generations/{id}.duckdb"])
def test_a_link_to_another_place_shows_no_generation(output: Output, generation: str, target: str) -> None:
    output.link.unlink()
    output.link.symlink_to(target.format(id=generation))
    assert output.current() is None
    with pytest.raises(UsageError, match="shows no generation of this folder"):
        output.published()
    again = _publish(output)
    assert output.current() == again
    assert output.generations() == [generation, again]


def test_one_writer_at_a_time(output: Output) -> None:
    with output.locked(), pytest.raises(LockedError, match="another run is at work"), output.locked():
        pass
    with output.locked():
        pass


def test_files_that_a_death_left_are_removed(output: Output, generation: str) -> None:
    output.work.mkdir()
    (output.work / "draft.duckdb").touch()
    with output.locked():
        assert list(output.work.iterdir()) == []
    assert not output.work.exists()
    assert output.generations() == [generation]


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_anything_in_the_place_of_the_work_folder_is_removed(tmp_path: Path, kind: str) -> None:
    output, mine = Output(tmp_path / "output"), tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").touch()
    output.folder.mkdir()
    if kind == "file":
        output.work.touch()
    elif kind == "link":
        output.work.symlink_to(mine)
    else:
        (output.work / "spill").mkdir(parents=True)
    _publish(output)
    assert not output.work.exists()
    assert (mine / "notes.txt").exists()


def test_surplus_generations_that_a_death_left_are_removed_except_the_current_one(
    output: Output, generation: str
) -> None:
    newer = [f"2027010{day}T000000Z-abcdef" for day in range(1, 10)]
    for each in newer:
        output.file(each).touch()
    with output.locked():
        assert output.generations() == [generation, *newer[-KEPT_GENERATIONS:]]


def test_a_log_of_the_database_beside_a_generation_is_removed(output: Output, generation: str) -> None:
    logs = [output.file(each).with_suffix(".duckdb.wal") for each in (generation, "20200101T000000Z-abcdef")]
    mine = output.file("mine").with_suffix(".duckdb.wal")
    for log in (*logs, mine):
        log.touch()
    with output.locked():
        assert not any(log.exists() for log in logs)
    assert mine.exists()
    assert output.generations() == [generation]


def test_a_generation_that_was_named_and_not_linked_is_removed(output: Output, generation: str) -> None:
    orphan = output.new_id(PRINT, NOW)
    output.file(orphan).touch()
    output.work.mkdir()
    (output.work / "publishing").write_text(orphan)
    with output.locked():
        assert output.generations() == [generation]


def test_a_generation_that_was_linked_before_the_death_stays(output: Output, generation: str) -> None:
    output.work.mkdir()
    (output.work / "publishing").write_text(generation)
    with output.locked():
        assert output.generations() == [generation]


def test_a_lost_link_costs_no_generation(output: Output) -> None:
    ids = [_publish(output), _publish(output)]
    output.link.unlink()
    with output.locked():
        assert output.generations() == ids


def test_a_rollback_is_recorded_by_id_with_what_made_it(output: Output) -> None:
    first, second, third = (_publish(output, fingerprint=digit * 64) for digit in "abc")
    records = [RolledBack(second, "b" * 64), RolledBack(third, "c" * 64, {"seed": "1"}, {"python": "3"})]
    with output.locked():
        output.roll_back(first, reversed(records))
    assert output.current() == first
    assert output.rollbacks() == records
    assert output.rolled_back() == [second, third]


def test_a_record_of_ids_alone_as_older_versions_wrote_it_is_read(tmp_path: Path, output: Output) -> None:
    first, second = _publish(output), _publish(output)
    (tmp_path / "rolled_back.json").write_text(json.dumps([second]))
    assert output.rollbacks() == [RolledBack(second)]
    with output.locked():
        output.roll_back(first, output.rollbacks())
    assert output.rolled_back() == [second]


@pytest.mark.parametrize("text", ["7", '[{"id": "x"}]', "[", "[[]]"])
def test_a_damaged_record_of_rollbacks_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "rolled_back.json").write_text(text)
    with pytest.raises(BatchError, match=r"rolled_back\.json: is damaged; remove it"):
        Output(tmp_path).rolled_back()


def test_a_replacement_that_an_older_version_began_is_finished(output: Output) -> None:
    old = _publish(output)
    (new,) = output.new_ids([old], NOW)
    output.work.mkdir()
    (output.work / f"{new}.duckdb").write_text(new)
    words = {"new": [new], "old": [old], "published": new, "taken_back": [new], "records": []}
    (output.work / "replacing").write_text(json.dumps(words))
    with output.locked():
        assert output.generations() == [new]
    assert output.rollbacks() == [RolledBack(new)]


def test_a_file_that_only_looks_like_a_generation_is_ignored(output: Output, generation: str) -> None:
    output.file("99999999T999999Z-abcdef").touch()
    output.file("20270101T000000Z-abcdef").mkdir()
    output.file("20270101T000001Z-abcdef").symlink_to("nowhere")
    assert output.generations() == [generation]
    assert output.new_id(PRINT, NOW) > generation


def test_an_accepted_generation_is_no_longer_rolled_back(output: Output) -> None:
    first, second, third = (_publish(output) for _ in range(3))
    with output.locked():
        output.roll_back(first, [RolledBack(second), RolledBack(third)])
    with output.locked():
        (output.work / "draft.duckdb").touch()
        output.publish(output.work / "draft.duckdb", output.new_id(PRINT, NOW), [third])
    assert output.rolled_back() == [second]


# What `publish` and `roll_back` do to files, one by one: the process dies before the one of that number.
DYING = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from batch.generation.records import RolledBack
from batch.generation.store import Output

left = int(sys.argv[2])

def mortal(function):
    def call(*arguments, **options):
        global left
        if left == 0:
            os._exit(9)
        left -= 1
        return function(*arguments, **options)
    return call

output = Output(Path(sys.argv[1]))
with output.locked():
    draft = output.work / "draft.duckdb"
    new = output.new_id("c" * 64, datetime.now(UTC))
    draft.write_text(new)
    for name in ("replace", "symlink_to", "unlink", "write_text", "chmod"):
        setattr(Path, name, mortal(getattr(Path, name)))
    if sys.argv[3] == "publish":
        output.publish(draft, new, output.generations()[6:])
    else:
        output.roll_back(output.generations()[2], map(RolledBack, output.generations()[3:]))
"""


@pytest.mark.parametrize("deed", ["publish", "roll_back"])
def test_a_death_at_any_point_leaves_a_whole_generation_and_nothing_else(tmp_path: Path, deed: str) -> None:
    for number in range(100):
        folder = tmp_path / str(number)
        output = Output(folder)
        kept = [_publish(output, fingerprint=digit * 64) for digit in "abcabca"]
        with output.locked():
            output.roll_back(kept[5], [RolledBack(kept[6])])
        child = subprocess.run([sys.executable, "-c", DYING, folder, str(number), deed], check=False)
        current = output.current()
        assert current is not None
        assert output.link.read_text() == current
        with output.locked():
            pass
        assert output.current() == current
        assert {entry.name for entry in folder.iterdir()} <= {
            ".lock",
            "current.duckdb",
            "generations",
            "rolled_back.json",
        }
        unknown = {*output.generations()} - {*kept}
        assert unknown <= {current}
        if child.returncode == 0:
            assert number > 2
            return
    raise AssertionError("it never came to its end")


# The same of `replace`: two generations, of which the older is published, take the place of two others.
REPLACING = (
    DYING.partition("output = Output")[0]
    + """
from batch.generation.records import Replacement

output = Output(Path(sys.argv[1]))
with output.locked():
    olds = output.generations()
    news = output.new_ids(olds, datetime.now(UTC))
    for old, new in zip(olds, news):
        (output.work / f"{new}.duckdb").write_text(new)
    (output.work / "forgotten.json").write_text("[]")
    for name in ("replace", "symlink_to", "unlink", "write_text", "chmod"):
        setattr(Path, name, mortal(getattr(Path, name)))
    os.fsync = mortal(os.fsync)
    output.replace(Replacement(news, olds, news[0], [RolledBack(news[1])], ["forgotten.json"]))
"""
)


def test_a_death_at_any_point_of_a_replacement_leaves_all_of_it_or_nothing(tmp_path: Path) -> None:
    has_happened = []
    for number in range(100):
        output = Output(tmp_path / str(number))
        olds = [_publish(output, fingerprint=digit * 64) for digit in "ab"]
        with output.locked():
            output.roll_back(olds[0], [RolledBack(olds[1])])
        child = subprocess.run([sys.executable, "-c", REPLACING, output.folder, str(number)], check=False)
        seen, current = output.generations(), output.current()
        # Before anybody takes the lock, what is seen is whole: the link, and what there is beside it.
        assert len(seen) == 2
        assert current == seen[0]
        assert output.link.read_text() == current
        assert {*seen[1:]} <= {*output.rolled_back()}
        assert (seen == olds) or not {*seen} & {*olds}
        with output.locked():
            pass
        after = output.generations()
        has_happened.append(after != olds)
        assert seen in (olds, after)
        assert len(after) == 2
        assert output.current() == after[0]
        assert output.rolled_back() == after[1:]
        assert (output.folder / "forgotten.json").exists() == has_happened[-1]
        names = {file.stem for file in (output.folder / "generations").iterdir()}
        assert names == {*after}
        assert not output.work.exists()
        if child.returncode == 0:
            # It can't be undone once it has begun to be done.
            assert has_happened == sorted(has_happened)
            assert not has_happened[0]
            return
    raise AssertionError("it never came to its end")


def test_an_error_after_a_replacement_was_announced_does_not_undo_it(
    output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    (old,) = (_publish(output),)

    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    def replace() -> None:
        with output.locked():
            (new,) = output.new_ids([old], NOW)
            (output.work / f"{new}.duckdb").write_text(new)
            monkeypatch.setattr(Path, "symlink_to", fail)
            output.replace(Replacement([new], [old], new, [], []))

    with pytest.raises(OSError, match="No space"):
        replace()
    assert output.generations() == [old]
    monkeypatch.undo()
    with output.locked():
        (new,) = output.generations()
    assert new > old
    assert output.link.read_text() == new


@pytest.mark.parametrize("name", ["replace", "symlink_to", "write_text", "chmod"])
def test_an_error_at_any_point_leaves_no_unpublished_generation(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, output: Output, generation: str
) -> None:

    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    def publish() -> None:
        with output.locked():
            draft = output.work / "draft.duckdb"
            draft.touch()
            monkeypatch.setattr(Path, name, fail)
            output.publish(draft, output.new_id(PRINT, NOW))

    with pytest.raises(OSError, match=f"No space.*{tmp_path}"):
        publish()
    monkeypatch.undo()
    assert output.current() == generation
    assert output.generations() == [generation]
    assert not output.work.exists()
