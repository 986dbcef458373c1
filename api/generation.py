"""One published generation, opened read-only: the films ready to be sent, and whoever is looked up in it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from api.lookup import Lookup
from sql import statement

CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "lock_configuration": True,
    "threads": 1,
    # What is planned anew for each query must be planned soon. Without the first, users are found by the
    # index; with it, they are joined to what the index finds, which takes twice as long.
    "disabled_optimizers": "in_clause,statistics_propagation,common_subplan",
    # The rest of the file is held by the operating system, once for all processes, and a block of it is there
    # within microseconds.
    "memory_limit": "48MB",
}
# Rows that are fetched in one go while requests are answered: they wait for that long.
ROWS_AT_A_TIME = 256


class Page(NamedTuple):
    """Which part of a list is asked for."""

    limit: int
    offset: int


class Generation:
    """An open generation: `id`, `finished_at` in seconds since 1970, `depth` of the lists, `popular` list.

    Lists are texts as they are stored: numbers of films, best or newest first, with commas between them.
    """

    def __init__(self, file: Path) -> None:
        """Open a file. Raises duckdb.Error or ValueError if it is damaged, or is none of this version."""
        self._connection = duckdb.connect(str(file), read_only=True, config=CONFIG)
        try:
            ((self.id, self.finished_at, self.depth),) = self._rows("generation")
            ((self.popular,),) = self._rows("popular")
            # By number, which is from 1: the id, and what is known of the film, both as JSON.
            self._ids, self._items = [b""], [b""]
            for item_id, item in self._rows("items"):
                self._ids.append(item_id)
                self._items.append(item)
            self._lists = Lookup(self._connection, "recommendations")
            self._histories = Lookup(self._connection, "histories")
            self._try([""])
        except (duckdb.Error, ValueError):
            self.close()
            raise

    def close(self) -> None:
        """Close the file at once."""
        self._connection.close()

    def retire(self) -> None:
        """Close the file as soon as all look-ups are answered that have begun."""
        if self._lists.is_idle and self._histories.is_idle:
            self.close()
        else:
            asyncio.get_running_loop().call_soon(self.retire)

    def look_everybody_up(self) -> None:
        """Raise duckdb.Error if there is a user who can't be looked up: a part of the file is damaged."""
        users: list[str] = []
        for (user_id,) in self._rows("users"):
            users.append(user_id)
            if len(users) == ROWS_AT_A_TIME:
                self._try(users)
                users = []
        self._try(users)

    async def recommendations(self, user_id: str) -> str | None:
        """Return the list of a user; None if the user is unknown. Raises duckdb.Error if it is damaged."""
        return await self._lists.find(user_id)

    async def history(self, user_id: str) -> str | None:
        """Return the history of a user; None if the user is unknown. Raises duckdb.Error if it is damaged."""
        return await self._histories.find(user_id)

    def ids(self, films: str, page: Page) -> list[bytes]:
        """Return the ids of a page of films, as JSON."""
        return [self._ids[number] for number in _numbers(films, page)]

    def items(self, films: str, page: Page) -> list[bytes]:
        """Return id, title and genres of a page of films, as JSON."""
        return [self._items[number] for number in _numbers(films, page)]

    def _try(self, users: list[str]) -> None:
        self._lists.find_all(users)
        self._histories.find_all(users)

    def _rows(self, name: str) -> Iterator[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement(f"lookups/{name}"))
            while rows := cursor.fetchmany(ROWS_AT_A_TIME):
                yield from rows


def _numbers(films: str, page: Page) -> list[int]:
    if not films:
        return []
    end = page.offset + page.limit
    return [int(number) for number in films.split(",", end)[page.offset : end]]
