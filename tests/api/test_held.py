"""Whatever a request waits for, it is answered from one generation, and keeps nobody from the event loop."""

import asyncio
import sys
import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest

from api.filters import ITEMS_OF_A_TURN, in_turns
from api.lookup import Generation, Lookup
from batch.generation.publish import Published
from tests.asked import Asked, asking
from tests.conftest import changed, copied

ADDRESSES = (
    *(
        "/recommendations?user_id=18",
        "/recommendations?user_id=18&genres=drama",
        "/recommendations?liked=2,4",
    ),
    *("/features?user_id=18", "/similar?item_id=2", "/readyz", "/metrics", "/docs", "/openapi.json"),
    *("/", "/users/18", "/random", "/films?q=item", "/films/2", "/new?liked=2,4&q=item", "/system"),
    "/users/18?explained=18",
)
LONG = 20 * ITEMS_OF_A_TURN


@pytest.fixture
def folder(nights: list[Published], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with three generations, which are sound: they need no preflight."""

    async def passes(_: Path) -> None:
        """Say nothing against it."""

    monkeypatch.setattr("api.watcher.preflight", passes)
    copied(nights[0], tmp_path)
    return tmp_path


def _served(asked: Asked) -> Generation:
    assert asked.current.generation
    return asked.current.generation


async def _switch(asked: Asked) -> None:
    """Publish another generation than the one that is served, and have it served."""
    before = _served(asked).id
    link = asked.current.output / "current.duckdb"
    files = sorted((asked.current.output / "generations").iterdir())
    other = next(file for file in files if file.stem != before)
    link.unlink()
    link.symlink_to(f"generations/{other.name}")
    await asked.current.poll()
    assert _served(asked).id == other.stem


def _followed_by_a_switch(method: Any, asked: Asked) -> Any:
    async def followed(*arguments: Any, **named: Any) -> Any:
        found = await method(*arguments, **named)
        await _switch(asked)
        return found

    return followed


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_switch_after_each_reading_does_not_touch_what_has_begun(
    folder: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    async def ask() -> None:
        async with asking(folder) as asked:
            for kind, name in ((Generation, "read"), (Generation, "liked"), (Lookup, "find")):
                monkeypatch.setattr(kind, name, _followed_by_a_switch(getattr(kind, name), asked))
            for _ in range(2):
                begun = _served(asked).id
                answer = await asked.client.get(address)
                assert answer.status_code < 400, answer.text
                assert answer.headers.get("X-Generation", begun) == begun
                assert asked.current.fault is None

    asyncio.run(ask())


def test_a_generation_that_no_request_holds_any_longer_is_closed(folder: Path) -> None:
    async def ask_and_switch() -> None:
        async with asking(folder) as asked:
            old = _served(asked)
            assert (await asked.client.get("/users/18")).status_code == 200
            await _switch(asked)
            with pytest.raises(duckdb.ConnectionException):
                await old.history("18")

    asyncio.run(ask_and_switch())


def test_the_thread_of_the_event_loop_runs_no_query_but_that_of_a_look_up(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = duckdb.DuckDBPyConnection.execute
    callers = set()

    def noted(connection: duckdb.DuckDBPyConnection, *arguments: Any) -> duckdb.DuckDBPyConnection:
        if threading.current_thread() is threading.main_thread():
            callers.add(sys._getframe(1).f_code.co_qualname)  # noqa: SLF001  so the module inspect does it, too
        return execute(connection, *arguments)

    async def ask() -> None:
        async with asking(output) as asked:
            with monkeypatch.context() as changed_type:
                changed_type.setattr(duckdb.DuckDBPyConnection, "execute", noted)
                for address in ADDRESSES:
                    answer = await asked.client.get(address)
                    assert answer.status_code < 400, answer.text

    asyncio.run(ask())
    assert callers == {"Lookup.find_all"}


def test_a_request_is_answered_while_the_items_that_are_liked_are_compared(output: Path) -> None:
    async def ask() -> list[str]:
        async with asking(output) as asked:
            answered: list[str] = []

            async def get(address: str) -> None:
                assert (await asked.client.get(address)).status_code == 200
                answered.append(address)

            await asyncio.gather(get("/recommendations?liked=2,4"), get("/healthz"))
        return answered

    assert asyncio.run(ask()) == ["/healthz", "/recommendations?liked=2,4"]


def test_a_long_list_is_answered_in_many_turns(published: Published, tmp_path: Path) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute("drop index lookups_user_id")
        connection.execute(
            "update lookups set history = repeat('1,', $others) || '1', because = repeat(',', $others), "
            "recommendations = repeat('2,', $others) || '2' where user_id = '1'",
            {"others": LONG - 1},
        )
        connection.execute("create unique index lookups_user_id on lookups (user_id)")

    async def turns_of_others(address: str) -> int:
        """Ask, and return how often others got their turn meanwhile."""
        async with asking(tmp_path) as asked:
            answering = asyncio.create_task(asked.client.get(address))
            turns = 0
            while not answering.done():
                await asyncio.sleep(0)
                turns += 1
            assert (await answering).status_code == 200
        return turns

    for address in (f"/features?user_id=1&limit={LONG}", "/recommendations?user_id=1&limit=3&min_year=2100"):
        assert asyncio.run(turns_of_others(address)) >= LONG / ITEMS_OF_A_TURN


@pytest.mark.parametrize("items", [0, 1, ITEMS_OF_A_TURN, ITEMS_OF_A_TURN + 1, 3 * ITEMS_OF_A_TURN])
def test_what_is_done_in_turns_is_what_would_be_done_at_once(items: int) -> None:
    assert asyncio.run(in_turns(lambda part: [2 * each for each in part], range(items))) == [
        2 * each for each in range(items)
    ]
