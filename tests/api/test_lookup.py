"""One query answers all who wait, each with what is theirs."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from api.lookup import CONFIG, MAX_USERS, Lookup
from sql import statement

USERS = 5_000


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A table of users; what each has watched is the user's own number."""
    planned = {name: CONFIG[name] for name in ("threads", "disabled_optimizers")}
    with duckdb.connect(config=planned) as connection:
        connection.execute(
            "create table lookups as select user_id::varchar as user_id, 'h' || user_id as history "
            "from range($users) as numbers(user_id)",
            {"users": USERS},
        )
        connection.execute("create unique index lookups_user_id on lookups (user_id)")
        yield connection


class Counted(Lookup):
    """Counts its queries."""

    queries = 0

    def find_all(self, ids: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        self.queries += 1
        return super().find_all(ids)


def test_requests_at_the_same_time_are_answered_by_one_query(connection: duckdb.DuckDBPyConnection) -> None:
    lookup = Counted(connection, "histories")

    async def ask() -> Any:
        return await asyncio.gather(*(lookup.find(str(user)) for user in range(64)))

    assert asyncio.run(ask()) == [(f"h{user}",) for user in range(64)]
    assert lookup.queries == 1


def test_everybody_gets_what_is_theirs_however_many_ask_and_whoever_asks_twice(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    lookup = Lookup(connection, "histories")
    users = [*range(3 * MAX_USERS), 7, 7, -1, USERS]

    async def ask() -> Any:
        return await asyncio.gather(*(lookup.find(str(user)) for user in users))

    assert asyncio.run(ask()) == [
        *((f"h{user}",) for user in range(3 * MAX_USERS)), ("h7",), ("h7",), None, None,
    ]  # fmt: skip


@pytest.mark.parametrize("users", [1, MAX_USERS])
def test_the_index_finds_users_and_nothing_is_joined_to_them(
    connection: duckdb.DuckDBPyConnection, users: int
) -> None:
    asked = {"user_ids": [str(user) for user in range(users)]}
    ((_, plan),) = connection.execute(f"explain analyze {statement('lookups/histories')}", asked).fetchall()
    assert "Index Scan" in plan
    assert "JOIN" not in plan.upper()


def test_requests_that_do_not_fit_into_memory_together_are_answered_in_turn(tmp_path: Path) -> None:
    file, users = tmp_path / "histories.duckdb", 40
    with duckdb.connect(file) as connection:
        connection.execute(
            "create table lookups as select user_id::varchar as user_id, "
            "repeat(user_id || ',', 300_000) as history from range($users) as numbers(user_id)",
            {"users": users},
        )
        connection.execute("create unique index lookups_user_id on lookups (user_id)")
    asked = [str(user) for user in range(users)]
    with duckdb.connect(file, read_only=True, config=CONFIG) as connection:
        with pytest.raises(duckdb.OutOfMemoryException):
            connection.execute(statement("lookups/histories"), {"user_ids": asked}).fetchall()
        found = Lookup(connection, "histories").find_all(asked)
    assert found == {user: (f"{user}," * 300_000,) for user in asked}


def test_later_requests_are_answered_by_the_next_query(connection: duckdb.DuckDBPyConnection) -> None:
    lookup = Counted(connection, "histories")

    async def ask() -> Any:
        return [await lookup.find("1"), await lookup.find("2")]

    assert asyncio.run(ask()) == [("h1",), ("h2",)]
    assert lookup.queries == 2


def test_who_has_gone_takes_nobody_along(connection: duckdb.DuckDBPyConnection) -> None:
    lookup = Lookup(connection, "histories")

    async def ask() -> Any:
        asked = [asyncio.ensure_future(lookup.find(str(user))) for user in range(4)]
        await asyncio.sleep(0)
        asked[1].cancel()
        return await asyncio.gather(*asked, return_exceptions=True)

    first, gone, *others = asyncio.run(ask())
    assert isinstance(gone, asyncio.CancelledError)
    assert [first, *others] == [("h0",), ("h2",), ("h3",)]


def test_what_can_not_be_read_is_said_to_all_and_the_next_query_is_a_new_one(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    lookup = Lookup(connection, "histories")

    async def ask() -> Any:
        return await asyncio.gather(lookup.find("1"), lookup.find("2"), return_exceptions=True)

    connection.execute("drop index lookups_user_id; alter table lookups rename to elsewhere")
    assert [type(answer) for answer in asyncio.run(ask())] == [duckdb.CatalogException] * 2
    connection.execute("alter table elsewhere rename to lookups")
    assert [*asyncio.run(ask())] == [("h1",), ("h2",)]
