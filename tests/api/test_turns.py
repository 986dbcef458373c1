"""No request keeps the event loop from others for longer than a look-up does."""

import asyncio
import sys
import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest

from api.filters import ITEMS_OF_A_TURN, in_turns
from batch.generation.publish import Published
from tests.api.test_held import ADDRESSES
from tests.asked import asking
from tests.conftest import changed

LONG = 20 * ITEMS_OF_A_TURN


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_thread_of_the_event_loop_runs_no_query_but_that_of_a_look_up(
    published: Published, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    execute = duckdb.DuckDBPyConnection.execute
    callers = set()

    def noted(connection: duckdb.DuckDBPyConnection, *arguments: Any) -> duckdb.DuckDBPyConnection:
        if threading.current_thread() is threading.main_thread():
            callers.add(sys._getframe(1).f_code.co_qualname)  # noqa: SLF001  so the module inspect does it, too
        return execute(connection, *arguments)

    async def ask() -> None:
        async with asking(published.file.parent.parent) as asked:
            with monkeypatch.context() as changed_type:
                changed_type.setattr(duckdb.DuckDBPyConnection, "execute", noted)
                answer = await asked.client.get(address)
        assert answer.status_code < 400, answer.text

    asyncio.run(ask())
    assert callers <= {"Lookup.find_all"}


def test_a_request_is_answered_while_the_items_that_are_liked_are_compared(published: Published) -> None:
    async def ask() -> list[str]:
        async with asking(published.file.parent.parent) as asked:
            answered: list[str] = []

            async def get(address: str) -> None:
                assert (await asked.client.get(address)).status_code == 200
                answered.append(address)

            await asyncio.gather(get("/recommendations?liked=2,4"), get("/healthz"))
        return answered

    assert asyncio.run(ask()) == ["/healthz", "/recommendations?liked=2,4"]


async def _turns_of_others(address: str, output: Path) -> int:
    """Ask, and return how often others got their turn meanwhile."""
    async with asking(output) as asked:
        answering = asyncio.create_task(asked.client.get(address))
        turns = 0
        while not answering.done():
            await asyncio.sleep(0)
            turns += 1
        assert (await answering).status_code == 200
    return turns


@pytest.mark.parametrize(
    "asked", ["/features?user_id=1&limit={}", "/recommendations?user_id=1&limit=3&min_year=2100"]
)
def test_a_long_list_is_answered_in_many_turns(published: Published, tmp_path: Path, asked: str) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute("drop index lookups_user_id")
        connection.execute(
            "update lookups set history = repeat('1,', $others) || '1', because = repeat(',', $others), "
            "recommendations = repeat('2,', $others) || '2' where user_id = '1'",
            {"others": LONG - 1},
        )
        connection.execute("create unique index lookups_user_id on lookups (user_id)")
    turns = asyncio.run(_turns_of_others(asked.format(LONG), tmp_path))
    assert turns >= LONG / ITEMS_OF_A_TURN


@pytest.mark.parametrize("items", [0, 1, ITEMS_OF_A_TURN, ITEMS_OF_A_TURN + 1, 3 * ITEMS_OF_A_TURN])
def test_what_is_done_in_turns_is_what_would_be_done_at_once(items: int) -> None:
    assert asyncio.run(in_turns(lambda part: [2 * each for each in part], range(items))) == [
        2 * each for each in range(items)
    ]
