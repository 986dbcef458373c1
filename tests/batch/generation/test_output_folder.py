"""The output folder: ids, the link, what is kept, and transactions whose process dies or fails."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from batch.errors import BatchError, LockedError, UsageError
from batch.generation.output_folder import KEPT_GENERATIONS, Output
from batch.generation.records import RolledBack, Transaction

NOW = datetime(2026, 11, 24, 1, 47, tzinfo=UTC)
FINGERPRINT = "1a2b3c" + "0" * 58


def _publish(output: Output, now: datetime = NOW, fingerprint: str = FINGERPRINT) -> str:
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


def test_a_published_generation_has_an_id_of_its_time_and_input_a_relative_link_and_a_read_only_file(
    output: Output, generation: str
) -> None:
    assert generation == "20261124T014700Z-1a2b3c"
    assert str(output.link.readlink()) == f"generations/{generation}.duckdb"
    assert output.link.read_text() == generation
    assert output.file(generation).stat().st_mode & 0o777 == 0o444


def test_a_new_id_is_greater_than_every_other_also_when_the_clock_was_set_back(output: Output) -> None:
    ids = [_publish(output, NOW - timedelta(days=day), str(9 - day) * 64) for day in range(5)]
    assert ids == sorted({*ids})
    assert output.current() == ids[-1]


def test_the_last_seven_generations_are_kept_and_the_current_one_however_old(output: Output) -> None:
    ids = [_publish(output) for _ in range(KEPT_GENERATIONS + 3)][3:]
    assert output.generations() == ids
    with output.locked():
        output.roll_back(ids[0])
    newest = _publish(output)
    assert output.generations() == [*ids[1:], newest]
    surplus = [f"2027010{day}T000000Z-abcdef" for day in range(1, 10)]
    with output.locked():
        output.roll_back(ids[1])
        for each in surplus:
            output.file(each).touch()
    assert output.current() == ids[1]
    assert output.generations() == [ids[1], *surplus[-KEPT_GENERATIONS:]]


def test_an_empty_output_folder_has_no_generation(output: Output) -> None:
    assert output.current() is None
    with pytest.raises(UsageError, match="nothing is published yet"):
        output.published()


def test_something_else_in_the_place_of_the_link_is_not_overwritten(output: Output) -> None:
    output.link.write_text("mine")
    with pytest.raises(BatchError, match="is no symbolic link"):
        _publish(output)
    assert output.link.read_text() == "mine"


@pytest.mark.parametrize(
    "target", [None, "current.duckdb", "../{id}.duckdb", "/elsewhere/generations/{id}.duckdb"]
)
def test_a_link_that_is_lost_or_shows_another_place_costs_no_generation(
    output: Output, generation: str, target: str | None
) -> None:
    output.link.unlink()
    if target:
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
        (output.work / "draft.duckdb").touch()
    with output.locked():
        assert list(output.work.iterdir()) == []
    assert not output.work.exists()
    assert (mine / "notes.txt").exists()


def test_a_log_of_the_database_beside_a_generation_is_removed(output: Output, generation: str) -> None:
    ours, mine = [generation, "20200101T000000Z-abcdef"], "mine"
    logs = {each: output.file(each).with_suffix(".duckdb.wal") for each in (*ours, mine)}
    for log in logs.values():
        log.touch()
    with output.locked():
        assert [each for each, log in logs.items() if log.exists()] == [mine]
    assert output.generations() == [generation]


def test_a_file_that_only_looks_like_a_generation_is_ignored(output: Output, generation: str) -> None:
    output.file("99999999T999999Z-abcdef").touch()
    output.file("20270101T000000Z-abcdef").mkdir()
    output.file("20270101T000001Z-abcdef").symlink_to("nowhere")
    assert output.generations() == [generation]
    assert output.new_id(FINGERPRINT, NOW) > generation


def test_a_rollback_is_recorded_with_its_origin_until_a_generation_of_that_origin_is_accepted(
    output: Output,
) -> None:
    first, second, third = (_publish(output, fingerprint=digit * 64) for digit in "abc")
    records = [RolledBack(second, "b" * 64), RolledBack(third, "c" * 64, {"seed": "1"}, {"python": "3"})]
    with output.locked():
        output.roll_back(first, reversed(records))
    assert output.current() == first
    assert output.rollbacks() == records
    assert output.rolled_back() == [second, third]
    with output.locked():
        (output.work / "draft.duckdb").touch()
        output.publish(output.work / "draft.duckdb", output.new_id(FINGERPRINT, NOW), [third])
    assert output.rolled_back() == [second]


def test_a_record_of_ids_alone_as_older_versions_wrote_it_is_read(output: Output) -> None:
    first, second = _publish(output), _publish(output)
    (output.folder / "rolled_back.json").write_text(json.dumps([second]))
    assert output.rollbacks() == [RolledBack(second)]
    with output.locked():
        output.roll_back(first, output.rollbacks())
    assert output.rolled_back() == [second]


@pytest.mark.parametrize("text", ["7", '[{"id": "x"}]', "[", "[[]]"])
def test_a_damaged_record_of_rollbacks_is_named(output: Output, text: str) -> None:
    (output.folder / "rolled_back.json").write_text(text)
    with pytest.raises(BatchError, match=r"rolled_back\.json: is damaged; delete it"):
        output.rolled_back()


@pytest.mark.parametrize("is_linked", [True, False])
def test_a_transaction_of_an_older_version_is_finished_if_its_link_is_there_and_else_undone(
    output: Output, generation: str, *, is_linked: bool
) -> None:
    (new,) = output.new_ids([generation], NOW)
    journal = {"new": [new], "old": [generation], "published": new, "taken_back": [new], "records": []}
    output.work.mkdir()
    output.file(new).write_text(new)
    (output.work / "replacing").write_text(json.dumps(journal))
    if is_linked:
        output.link.unlink()
        output.link.symlink_to(f"generations/{new}.duckdb")
    with output.locked():
        assert output.generations() == [new if is_linked else generation]
    assert output.rollbacks() == ([RolledBack(new)] if is_linked else [])


def _publish_another(output: Output) -> Callable[[], None]:
    new = output.new_id("c" * 64, NOW)
    (output.work / "draft.duckdb").write_text(new)
    return lambda: output.publish(output.work / "draft.duckdb", new, output.generations()[-1:])


def _roll_back(output: Output) -> Callable[[], None]:
    older, *newer = output.generations()
    return lambda: output.roll_back(older, map(RolledBack, newer))


def _replace_all(output: Output) -> Callable[[], None]:
    olds = output.generations()
    news = output.new_ids(olds, NOW)
    for new in news:
        (output.work / f"{new}.duckdb").write_text(new)
    (output.work / "forgotten.json").write_text("[]")
    taken_back = [RolledBack(each) for each in news[-1:]]
    transaction = Transaction(news[-2], taken_back, new=news, old=olds, records=["forgotten.json"])
    return lambda: output.commit(transaction)


Change = Callable[[Output], Callable[[], None]]
CHANGES = (_publish_another, _roll_back, _replace_all)
FILE_OPERATIONS = ("replace", "symlink_to", "unlink", "write_text", "chmod")


class KilledError(BaseException):
    """Ends a process in these tests: nothing of the program runs afterwards."""


@contextmanager
def _mortal() -> Iterator[Callable[[int], None]]:
    """Give a function that starts to count: the process dies before the file operation of that number."""
    left = 1_000_000

    def arm(operations: int) -> None:
        nonlocal left
        left = operations

    def dying(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise KilledError
            return function(*arguments, **options)

        return call

    remove_litter = Output._remove_litter  # noqa: SLF001  what a dead process does not do any more

    with pytest.MonkeyPatch.context() as patch:
        for name in FILE_OPERATIONS:
            patch.setattr(Path, name, dying(getattr(Path, name)))
        patch.setattr(os, "fsync", dying(os.fsync))
        patch.setattr(Output, "_remove_litter", lambda output: None if left < 0 else remove_litter(output))
        yield arm


def _state(output: Output) -> tuple[Any, ...]:
    """Return what readers see, and assert that it is whole and that nothing else is in the folder."""
    current = output.current()
    assert current
    assert output.link.read_text() == current
    others = {"forgotten.json", "rolled_back.json"}
    found = {entry.name for entry in output.folder.iterdir()}
    assert found - others == {".lock", "current.duckdb", "generations"}
    generations = output.generations()
    assert {file.stem for file in (output.folder / "generations").iterdir()} == {*generations}
    return current, tuple(generations), tuple(output.rolled_back()), "forgotten.json" in found


@pytest.mark.parametrize("change", CHANGES)
def test_a_death_at_any_point_of_a_transaction_leaves_all_of_it_or_nothing(
    tmp_path: Path, change: Change
) -> None:
    original = Output(tmp_path / "original")
    kept = [_publish(original, fingerprint=digit * 64) for digit in "abcabca"]
    with original.locked():
        original.roll_back(kept[5], [RolledBack(kept[6])])
    states: list[tuple[Any, ...]] = []
    is_dead = True
    while is_dead:
        output = Output(shutil.copytree(original.folder, tmp_path / str(len(states)), symlinks=True))
        is_dead = False
        with _mortal() as arm:
            try:
                with output.locked():
                    do = change(output)
                    arm(len(states))
                    do()
            except KilledError:
                is_dead = True
        # Before anybody takes the lock, what is seen is whole, though more than seven may be there.
        seen = output.current(), output.generations()[-KEPT_GENERATIONS:], output.rolled_back()
        assert output.link.read_text() == seen[0]
        with output.locked():
            pass
        states.append(_state(output))
        assert seen == (states[-1][0], [*states[-1][1]], [*states[-1][2]])
    # What was committed is never undone, and what was not is undone to the last file.
    assert {*states} == {_state(original), states[-1]}
    assert [state == states[-1] for state in states] == sorted(state == states[-1] for state in states)


@pytest.mark.parametrize(
    ("change", "operation"),
    [
        *((change, name) for change in CHANGES for name in ("replace", "symlink_to", "write_text")),
        *((change, "chmod") for change in (_publish_another, _replace_all)),
    ],
)
def test_an_error_before_the_link_is_switched_undoes_a_transaction(
    output: Output, change: Change, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for digit in "ab":
        _publish(output, fingerprint=digit * 64)
    before = _state(output)

    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    def do() -> None:
        with output.locked():
            do = change(output)
            monkeypatch.setattr(Path, operation, fail)
            do()

    with pytest.raises(OSError, match=f"No space.*{output.folder}"):
        do()
    monkeypatch.undo()
    assert _state(output) == before
