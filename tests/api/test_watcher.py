"""The service follows the link, and goes on with what it has when it can't."""

import asyncio
import gc
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from api.lookup import CONFIG, Generation
from api.preflight import NotCheckedError
from api.watcher import LONG_PREFLIGHT_SECONDS, REOPEN_AFTER_SECONDS, GenerationWatcher
from batch.generation.publish import Published
from batch.generation.store import Output
from batch.generation.write import BLOCK_SIZE, STORAGE_VERSION
from tests.commands import batch
from tests.conftest import copied, publish


@pytest.fixture
def output(published: Published, tmp_path: Path) -> Output:
    """An output folder with one generation."""
    copied(published, tmp_path / "output")
    return Output(tmp_path / "output")


class Follower:
    """A service that looks when it is told to; its clock stands still."""

    def __init__(self, output: Output, runner: asyncio.Runner) -> None:
        self.now = 0.0
        self.current = GenerationWatcher(output.folder, clock=lambda: self.now)
        self._runner = runner

    def served(self) -> str | None:
        """Look, and return what is served then."""
        self._runner.run(self.current.poll())
        return self.current.generation.id if self.current.generation else None

    def history(self, user_id: str) -> str | None:
        """Ask what is served."""
        assert self.current.generation
        return self._runner.run(self.current.generation.history(user_id))


@contextmanager
def _following(output: Output) -> Iterator[Follower]:
    with asyncio.Runner() as runner:
        follower = Follower(output, runner)
        yield follower

        async def close() -> None:
            follower.current.close()
            await asyncio.sleep(0)

        runner.run(close())


@pytest.fixture
def follower(output: Output) -> Iterator[Follower]:
    """What follows the folder."""
    with _following(output) as follower:
        yield follower


def _link(output: Output, generation: str) -> None:
    output.link.unlink()
    output.link.symlink_to(f"generations/{generation}.duckdb")


def test_a_served_file_that_has_gone_is_a_fault_until_it_is_back(output: Output, follower: Follower) -> None:
    before = follower.served()
    opened = follower.current.generation
    file = output.published()
    aside = file.rename(file.with_suffix(".aside"))
    for _ in range(2):
        assert follower.served() == before
        assert follower.current.fault == f"generations/{file.name} has gone since it was opened"
        assert follower.history("3")
    aside.rename(file)
    assert follower.served() == before
    assert follower.current.fault is None
    assert follower.current.generation is opened


@pytest.mark.parametrize("damage", ["cut in place", "replaced by a part", "replaced by nonsense"])
def test_a_served_file_that_was_damaged_is_a_fault_until_it_is_restored(
    output: Output, follower: Follower, damage: str
) -> None:
    before = follower.served()
    opened = follower.current.generation
    file, aside = output.published(), output.folder / "aside"
    whole = file.read_bytes()
    file.chmod(0o644)
    if damage == "cut in place":
        os.truncate(file, 20_000)
    else:
        aside.write_bytes(b"nonsense" if damage.endswith("nonsense") else whole[:20_000])
        aside.replace(file)
    for _ in range(2):
        assert follower.served() == before
        assert follower.current.fault == f"generations/{file.name} can't be opened"
        assert follower.current.generation is opened
    file.write_bytes(whole)
    assert follower.served() == before
    assert follower.current.generation is opened
    follower.now += REOPEN_AFTER_SECONDS
    assert follower.served() == before
    assert follower.current.fault is None
    assert follower.current.generation is not opened
    assert follower.history("3")


@pytest.mark.parametrize(
    "change", ["touched", "copied over it", "copied and put in its place", "removed before"]
)
def test_a_served_file_that_changes_is_opened_anew_and_what_is_read_is_what_is_there(
    output: Output, follower: Follower, tmp_path: Path, change: str
) -> None:
    before = follower.served()
    opened = follower.current.generation
    file, aside = output.published(), tmp_path / "aside.duckdb"
    file.chmod(0o644)
    expected = follower.history("3")
    if change == "touched":
        os.utime(file)
    else:
        shutil.copy(file, aside)
        with duckdb.connect(aside) as connection:
            connection.execute(
                "drop index lookups_user_id; update lookups set history = '7' where user_id = '3'"
            )
            connection.execute("create unique index lookups_user_id on lookups (user_id)")
        expected = "7"
    if change == "removed before":
        file.unlink()
        assert follower.served() == before
    if change == "copied over it":
        shutil.copy(aside, file)
    elif aside.exists():
        aside.replace(file)
    assert follower.served() == before
    assert follower.current.fault is None
    assert follower.current.generation is not opened
    assert follower.history("3") == expected


def test_what_changes_while_it_is_tried_is_tried_again(
    output: Output, follower: Follower, items: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = follower.served()
    new = publish(items, output.folder, rebuild=True)

    async def trial(_: Path) -> None:
        os.utime(new.file)

    with monkeypatch.context() as changed:
        changed.setattr("api.watcher.preflight", trial)
        assert follower.served() == before
    assert follower.served() == new.generation
    assert follower.current.fault is None


def test_however_often_a_file_is_found_damaged_it_is_opened_anew_in_time(follower: Follower) -> None:
    follower.served()
    damaged = follower.current.generation
    assert damaged
    for _ in range(3):
        follower.current.damaged(damaged, duckdb.IOException("a checksum differs"))
        follower.now += REOPEN_AFTER_SECONDS / 2
    follower.served()
    assert follower.current.generation is not damaged
    assert follower.current.fault is None


def test_a_new_generation_is_served_as_soon_as_it_is_seen(
    output: Output, follower: Follower, items: Path
) -> None:
    before = follower.served()
    new = publish(items, output.folder, seed=5, top_n=3)
    assert follower.served() == new.generation != before
    assert follower.current.generation
    assert follower.current.generation.depth == 3


def test_so_is_a_rollback(output: Output, follower: Follower, items: Path) -> None:
    first = follower.served()
    second = publish(items, output.folder, rebuild=True).generation
    assert follower.served() == second
    assert batch("rollback", "--output", output.folder).returncode == 0
    assert follower.served() == first
    assert follower.current.fault is None


def _without_a_table(folder: Path) -> bytes:
    with duckdb.connect(str(folder / "other.duckdb")) as connection:
        connection.execute("create table generation as select 'x' as id, 10 as top_n, now() as finished_at")
    return (folder / "other.duckdb").read_bytes()


def _of_a_newer_storage_version(content: bytes) -> bytes:
    # The version stands behind the checksum and the magic bytes.
    assert content[8:12] == b"DUCK"
    return content[:12] + (9_999).to_bytes(8, "little") + content[20:]


def damaged_inside(file: Path) -> bytes:
    """Return a file whose header is whole, and in which the users can't be looked up."""
    content = bytearray(file.read_bytes())
    with duckdb.connect(str(file), read_only=True, config=CONFIG) as connection:
        ((block,),) = connection.execute(
            "select max(block_id) from pragma_storage_info('lookups') where column_name = 'history'"
        ).fetchall()
    start = 3 * 4_096 + block * BLOCK_SIZE
    content[start + 4_096 : start + 4_100] = b"\xff" * 4
    return bytes(content)


@pytest.mark.parametrize(
    "kind",
    [
        "empty",
        "text",
        "zeros",
        "truncated",
        "without a table",
        "newer",
        "damaged inside",
        "missing",
        "folder",
    ],
)
def test_a_generation_that_is_not_sound_is_not_served_and_the_next_good_one_is(
    output: Output, follower: Follower, items: Path, tmp_path: Path, kind: str
) -> None:
    before = follower.served()
    file = output.published()
    whole = file.read_bytes()
    broken = "20991231T000000Z-ffffff"
    if kind == "folder":
        output.file(broken).mkdir()
    elif kind != "missing":
        contents = {
            "empty": b"",
            "text": b"no database",
            "zeros": bytes(8192),
            "truncated": whole[:20_000],
            "without a table": _without_a_table(tmp_path),
            "newer": _of_a_newer_storage_version(whole),
            "damaged inside": damaged_inside(file) if kind == "damaged inside" else b"",
        }
        output.file(broken).write_bytes(contents[kind])
    _link(output, broken)
    assert follower.served() == before
    assert follower.current.fault == f"generations/{broken}.duckdb can't be opened"
    assert follower.history("18")
    good = publish(items, output.folder, rebuild=True).generation
    assert follower.served() == good
    assert follower.current.fault is None


def test_a_lost_link_does_not_end_the_service(output: Output, follower: Follower) -> None:
    before = follower.served()
    target = output.link.readlink()
    output.link.unlink()
    assert follower.served() == before
    assert follower.current.fault == "current.duckdb is not there, or is no link"
    output.link.write_bytes(b"no link")
    assert follower.served() == before
    output.link.unlink()
    output.link.symlink_to(target)
    assert follower.served() == before
    assert follower.current.fault is None


def test_a_fault_that_comes_again_is_logged_again(
    output: Output, follower: Follower, caplog: pytest.LogCaptureFixture
) -> None:
    follower.served()
    target = output.link.readlink()
    for _ in range(2):
        output.link.unlink()
        for _ in range(2):
            follower.served()
        output.link.symlink_to(target)
        follower.served()
    assert [message for message in caplog.messages if "not there" in message] == [
        "current.duckdb is not there, or is no link"
    ] * 2


def test_a_generation_that_could_not_be_opened_is_tried_again_after_a_while(
    output: Output, follower: Follower, items: Path
) -> None:
    before = follower.served()
    new = publish(items, output.folder, rebuild=True)
    whole = new.file.read_bytes()
    new.file.chmod(0o644)
    new.file.write_bytes(b"not yet copied")
    assert follower.served() == before
    new.file.write_bytes(whole)
    assert follower.served() == before
    follower.now = REOPEN_AFTER_SECONDS
    assert follower.served() == new.generation
    assert follower.current.fault is None


def test_what_was_found_damaged_is_opened_anew_after_a_while(follower: Follower) -> None:
    before = follower.served()
    damaged = follower.current.generation
    assert damaged
    follower.current.damaged(damaged, duckdb.IOException("a checksum differs"))
    assert follower.current.fault == f"generations/{before}.duckdb can't be read"
    assert follower.served() == before
    assert follower.current.generation is damaged
    follower.now = REOPEN_AFTER_SECONDS
    assert follower.served() == before
    assert follower.current.generation is not damaged
    assert follower.current.fault is None


def test_a_deleted_file_is_served_as_long_as_it_is_open(output: Output, follower: Follower) -> None:
    before = follower.served()
    history = follower.history("18")
    output.published().unlink()
    assert follower.served() == before
    assert follower.history("18") == history


def test_what_is_taken_back_while_it_is_tried_is_not_served(
    output: Output, follower: Follower, items: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = follower.served()
    new = publish(items, output.folder, rebuild=True).generation
    assert before

    async def trial(_: Path) -> None:
        _link(output, before)

    with monkeypatch.context() as changed:
        changed.setattr("api.watcher.preflight", trial)
        assert follower.served() == before
    assert follower.served() == before
    assert follower.current.fault is None
    _link(output, new)
    assert follower.served() == new


def test_the_first_is_served_at_once_even_if_the_link_has_moved_on(
    output: Output, follower: Follower, items: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = output.current()
    second = publish(items, output.folder, rebuild=True).generation
    assert first

    def open_slowly(file: Path) -> Generation:
        _link(output, first)
        return Generation(file)

    with monkeypatch.context() as changed:
        changed.setattr("api.watcher.Generation", open_slowly)
        assert follower.served() == second
    assert follower.served() == first


def test_a_trial_without_end_is_told_and_ends_when_the_link_shows_another(
    output: Output, follower: Follower, items: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = follower.served()
    new = publish(items, output.folder, rebuild=True).generation
    assert before
    faults: list[str | None] = []

    async def trial(_: Path) -> None:
        try:
            follower.now += LONG_PREFLIGHT_SECONDS + 1
            while not (faults and faults[-1]):
                await asyncio.sleep(0.001)
                faults.append(follower.current.fault)
            _link(output, before)
            await asyncio.Event().wait()
        finally:
            faults.append("ended")

    with monkeypatch.context() as changed:
        changed.setattr("api.watcher.preflight", trial)
        changed.setattr("api.watcher.POLL_EVERY_SECONDS", 0.001)
        assert follower.served() == before
    assert faults[-2:] == [f"generations/{new}.duckdb is still being tried, and not served yet", "ended"]
    assert follower.served() == before
    assert follower.current.fault is None


def test_a_trial_that_could_not_be_held_is_another_fault_and_each_reason_is_logged(
    output: Output,
    follower: Follower,
    items: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = follower.served()
    new = publish(items, output.folder, rebuild=True).generation
    reasons = iter(["no memory", "no memory", "no process"])

    async def trial(_: Path) -> None:
        raise NotCheckedError(next(reasons))

    with monkeypatch.context() as changed:
        changed.setattr("api.watcher.preflight", trial)
        for _ in range(3):
            follower.now += REOPEN_AFTER_SECONDS
            assert follower.served() == before
    fault = f"generations/{new}.duckdb can't be tried"
    assert follower.current.fault == fault
    assert caplog.messages[-2:] == [f"{fault}: no memory", f"{fault}: no process"]
    follower.now += REOPEN_AFTER_SECONDS
    assert follower.served() == new


def _open_files() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


def test_switches_leave_no_file_open(output: Output, follower: Follower, items: Path) -> None:
    generations = [output.current(), publish(items, output.folder, rebuild=True).generation]
    follower.served()
    gc.collect()
    before = _open_files()
    for number in range(20):
        generation = generations[number % 2]
        assert generation
        _link(output, generation)
        assert follower.served() == generation
    follower.served()
    assert _open_files() == before


def test_a_file_of_the_format_that_was_promised_is_what_is_damaged_here() -> None:
    # `_of_a_newer_storage_version` and `damaged_inside` know where things stand in it.
    assert STORAGE_VERSION == "v1.5.0"
