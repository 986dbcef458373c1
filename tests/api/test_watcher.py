"""The service follows the link, and goes on with what it has when it can't."""

import asyncio
import gc
import os
import shutil
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import duckdb
import pytest

from api.lookup import CONFIG, Generation
from api.preflight import NotCheckedError
from api.watcher import LONG_PREFLIGHT_SECONDS, REOPEN_AFTER_SECONDS, GenerationWatcher
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.generation.rollback import rollback
from batch.generation.write import BLOCK_SIZE, STORAGE_VERSION
from tests.conftest import copied, publish

BROKEN = "20991231T000000Z-ffffff"


@pytest.fixture
def output(nights: list[Published], tmp_path: Path) -> Output:
    """An output folder with three generations, of which the second is published."""
    copied(nights[1], tmp_path / "output")
    output = Output(tmp_path / "output")
    _link(output, nights[1].generation)
    return output


@pytest.fixture
def new(nights: list[Published]) -> str:
    """The generation that is published next."""
    return nights[2].generation


class Follower:
    """A service that polls when a test says so; its clock stands still."""

    def __init__(self, output: Output, runner: asyncio.Runner) -> None:
        self.now = 0.0
        self.current = GenerationWatcher(output.folder, clock=lambda: self.now)
        self._runner = runner

    def served(self) -> str | None:
        """Poll, and return what is served then."""
        self._runner.run(self.current.poll())
        return self.current.generation.id if self.current.generation else None

    def history(self, user_id: str) -> str | None:
        """Ask what is served."""
        assert self.current.generation
        return self._runner.run(self.current.generation.history(user_id))


@pytest.fixture
def follower(output: Output) -> Iterator[Follower]:
    """A service that follows the folder, and has begun to."""
    with asyncio.Runner() as runner:
        follower = Follower(output, runner)
        follower.served()
        yield follower

        async def close() -> None:
            follower.current.close()
            await asyncio.sleep(0)

        runner.run(close())


@contextmanager
def _preflight(instead: Callable[[Path], Coroutine[Any, Any, None]]) -> Iterator[None]:
    """Have something else done in the place of a preflight."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.watcher.preflight", instead)
        patch.setattr("api.watcher.POLL_EVERY_SECONDS", 0.001)
        yield


def _link(output: Output, generation: str) -> None:
    output.link.unlink()
    output.link.symlink_to(f"generations/{generation}.duckdb")


def test_a_served_file_that_has_gone_is_a_fault_until_it_is_back(output: Output, follower: Follower) -> None:
    opened = follower.current.generation
    file = output.published()
    aside = file.rename(file.with_suffix(".aside"))
    for _ in range(2):
        assert follower.served() == file.stem
        assert follower.current.fault == f"generations/{file.name} has gone since it was opened"
        assert follower.history("3")
    aside.rename(file)
    assert follower.served() == file.stem
    assert follower.current.fault is None
    assert follower.current.generation is opened


@pytest.mark.parametrize("damage", ["cut in place", "replaced by a part", "replaced by nonsense"])
def test_a_served_file_that_was_damaged_is_a_fault_until_it_is_restored(
    output: Output, follower: Follower, damage: str
) -> None:
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
        assert follower.served() == file.stem
        assert follower.current.fault == f"generations/{file.name} can't be opened"
        assert follower.current.generation is opened
    file.write_bytes(whole)
    assert follower.served() == file.stem
    assert follower.current.generation is opened
    follower.now += REOPEN_AFTER_SECONDS
    assert follower.served() == file.stem
    assert follower.current.fault is None
    assert follower.current.generation is not opened
    assert follower.history("3")


@pytest.mark.parametrize(
    "change", ["touched", "copied over it", "copied and put in its place", "removed before"]
)
def test_a_served_file_that_changes_is_opened_anew_and_what_is_read_is_what_is_there(
    output: Output, follower: Follower, tmp_path: Path, change: str
) -> None:
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
        assert follower.served() == file.stem
    if change == "copied over it":
        shutil.copy(aside, file)
    elif aside.exists():
        aside.replace(file)
    assert follower.served() == file.stem
    assert follower.current.fault is None
    assert follower.current.generation is not opened
    assert follower.history("3") == expected


def test_a_file_that_changes_during_its_preflight_gets_another_one(
    output: Output, follower: Follower, new: str
) -> None:
    before = follower.served()
    _link(output, new)

    async def touch(file: Path) -> None:
        os.utime(file)

    with _preflight(touch):
        assert follower.served() == before
    assert follower.served() == new
    assert follower.current.fault is None


def test_a_file_that_is_found_damaged_is_opened_anew_in_time_however_often_it_is(follower: Follower) -> None:
    damaged = follower.current.generation
    assert damaged
    for _ in range(2):
        follower.current.damaged(damaged, duckdb.IOException("a checksum differs"))
        assert follower.current.fault == f"generations/{damaged.id}.duckdb can't be read"
        assert follower.served() == damaged.id
        assert follower.current.generation is damaged
        follower.now += REOPEN_AFTER_SECONDS / 2
    assert follower.served() == damaged.id
    assert follower.current.generation is not damaged
    assert follower.current.fault is None


def test_a_new_generation_and_a_rollback_are_served_as_soon_as_they_are_seen(
    output: Output, follower: Follower, new: str
) -> None:
    before = follower.served()
    _link(output, new)
    assert follower.served() == new
    rollback(output)
    assert follower.served() == before
    assert follower.current.fault is None


def test_a_new_generation_may_have_lists_of_another_depth(
    items: Path, output: Output, follower: Follower
) -> None:
    follower.served()
    shallow = publish(items, output.folder, top_n=3).generation
    assert follower.served() == shallow
    assert follower.current.generation
    assert follower.current.generation.depth == 3


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
    assert STORAGE_VERSION == "v1.5.0", "these functions know where things are in a file"
    content = bytearray(file.read_bytes())
    with duckdb.connect(str(file), read_only=True, config=CONFIG) as connection:
        ((block,),) = connection.execute(
            "select max(block_id) from pragma_storage_info('lookups') where column_name = 'history'"
        ).fetchall()
    start = 3 * 4_096 + block * BLOCK_SIZE
    content[start + 4_096 : start + 4_100] = b"\xff" * 4
    return bytes(content)


def test_a_generation_that_is_not_sound_is_not_served_and_the_next_good_one_is(
    output: Output, follower: Follower, new: str, tmp_path: Path
) -> None:
    before, broken = follower.served(), output.file(BROKEN)
    whole = output.published().read_bytes()
    _link(output, BROKEN)
    kinds = {
        "missing": None,
        "empty": b"",
        "text": b"no database",
        "zeros": bytes(8192),
        "truncated": whole[:20_000],
        "without a table": _without_a_table(tmp_path),
        "newer": _of_a_newer_storage_version(whole),
        "damaged inside": damaged_inside(output.file(str(before))),
    }
    for kind, content in kinds.items():
        if content is not None:
            broken.write_bytes(content)
        follower.now += REOPEN_AFTER_SECONDS
        assert follower.served() == before, kind
        assert follower.current.fault == f"generations/{BROKEN}.duckdb can't be opened", kind
        assert follower.history("18")
    broken.unlink()
    broken.mkdir()
    follower.now += REOPEN_AFTER_SECONDS
    assert follower.served() == before
    _link(output, new)
    assert follower.served() == new
    assert follower.current.fault is None


def test_a_lost_link_is_a_fault_that_is_logged_each_time_it_comes(
    output: Output, follower: Follower, caplog: pytest.LogCaptureFixture
) -> None:
    before = follower.served()
    target = output.link.readlink()
    for _ in range(2):
        output.link.unlink()
        assert follower.served() == before
        assert follower.current.fault == "current.duckdb is not there, or is no link"
        output.link.write_bytes(b"no link")
        assert follower.served() == before
        output.link.unlink()
        output.link.symlink_to(target)
        assert follower.served() == before
        assert follower.current.fault is None
    assert [message for message in caplog.messages if "not there" in message] == [
        "current.duckdb is not there, or is no link"
    ] * 2


def test_a_generation_that_could_not_be_opened_is_tried_again_after_a_while(
    output: Output, follower: Follower, new: str
) -> None:
    before, file = follower.served(), output.file(new)
    whole = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(b"not yet copied")
    _link(output, new)
    assert follower.served() == before
    file.write_bytes(whole)
    assert follower.served() == before
    follower.now = REOPEN_AFTER_SECONDS
    assert follower.served() == new
    assert follower.current.fault is None


def test_a_generation_that_is_taken_back_during_its_preflight_is_not_served(
    output: Output, follower: Follower, new: str
) -> None:
    before = str(follower.served())
    _link(output, new)

    async def take_back(_: Path) -> None:
        _link(output, before)

    with _preflight(take_back):
        assert follower.served() == before
    assert follower.served() == before
    assert follower.current.fault is None
    _link(output, new)
    assert follower.served() == new


def test_the_first_is_served_at_once_even_if_the_link_has_moved_on(
    output: Output, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = str(output.current())

    def open_slowly(file: Path) -> Generation:
        _link(output, new)
        return Generation(file)

    with asyncio.Runner() as runner:
        follower = Follower(output, runner)
        with monkeypatch.context() as changed:
            changed.setattr("api.watcher.Generation", open_slowly)
            assert follower.served() == first
        assert follower.served() == new
        follower.current.close()


def test_a_preflight_without_end_is_a_fault_and_ends_when_the_link_shows_another(
    output: Output, follower: Follower, new: str
) -> None:
    before = str(follower.served())
    _link(output, new)
    faults: list[str | None] = []

    async def hang(_: Path) -> None:
        try:
            follower.now += LONG_PREFLIGHT_SECONDS + 1
            while not (faults and faults[-1]):
                await asyncio.sleep(0.001)
                faults.append(follower.current.fault)
            _link(output, before)
            await asyncio.Event().wait()
        finally:
            faults.append("ended")

    with _preflight(hang):
        assert follower.served() == before
    assert faults[-2:] == [f"generations/{new}.duckdb is still being checked, and not served yet", "ended"]
    assert follower.served() == before
    assert follower.current.fault is None


def test_a_preflight_that_is_impossible_is_another_fault_and_each_reason_is_logged(
    output: Output, follower: Follower, new: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = follower.served()
    _link(output, new)
    reasons = iter(["no memory", "no memory", "no process"])

    async def fail(_: Path) -> None:
        raise NotCheckedError(next(reasons))

    fault = f"generations/{new}.duckdb can't be checked"
    with _preflight(fail):
        for _ in range(3):
            follower.now += REOPEN_AFTER_SECONDS
            assert follower.served() == before
            assert follower.current.fault == fault
    assert caplog.messages[-2:] == [f"{fault}: no memory", f"{fault}: no process"]
    follower.now += REOPEN_AFTER_SECONDS
    assert follower.served() == new


def test_switches_leave_no_file_open(output: Output, follower: Follower) -> None:
    def open_files() -> int:
        return len([*Path("/proc/self/fd").iterdir()])

    async def passes(_: Path) -> None:
        """Say nothing against it."""

    gc.collect()
    before = open_files()
    for number in range(20):
        generation = output.generations()[number % 3]
        _link(output, generation)
        # One of them with a process.
        with _preflight(passes) if number else nullcontext():
            assert follower.served() == generation
    follower.served()
    assert open_files() == before
