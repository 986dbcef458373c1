"""One published generation, opened read-only: the films ready to be sent, and whoever is looked up in it."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from api.films import Films
from api.lookup import Lookup
from sql import statement

# For blocks of the file, and for what a query takes; the indexes come on top. The rest of the file is held by
# the operating system, once for all processes, and a block of it is there within microseconds.
BYTES_OF_BLOCKS = 20_000_000
# For a moment, while the lists of thousands of segments are put together; of few they take a few MB.
BYTES_OF_LISTS = 500_000_000

CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "lock_configuration": True,
    "threads": 1,
    # What is planned anew for each query must be planned soon. Without the first, users are found by the
    # index; with it, they are joined to what the index finds, which takes twice as long.
    "disabled_optimizers": "in_clause,statistics_propagation,common_subplan",
    # The size of the indexes is known when the file is open.
    "allowed_configs": ["memory_limit"],
    "memory_limit": f"{BYTES_OF_BLOCKS}B",
}
# Rows that are fetched in one go while requests are answered: they wait for that long.
ROWS_AT_A_TIME = 256
# After which it is looked again whether those have ended who read beside the look-ups.
SECONDS_OF_A_READER = 0.05


# List, reasons, history and name of the segment of a user, as they are stored.
WholeRow = tuple[str, str, str, str | None]


class Page(NamedTuple):
    """Which part of a list is asked for."""

    limit: int
    offset: int


class Segment(NamedTuple):
    """Users of one kind: its name, what they have in common by attribute, and their popular list."""

    name: str
    attributes: dict[str, str]
    films: str


class Generation:
    """An open generation: `id`, `finished_at` in seconds since 1970, `depth` of the lists, its `films`.

    Beside them it holds the `popular` list and those of the `segments`, by name, narrow ones first. Lists are
    texts as they are stored: numbers of films, best or newest first, with commas between them.
    """

    def __init__(self, file: Path) -> None:
        """Open a file. Raises duckdb.Error or ValueError if it is damaged, or is none of this version."""
        self._connection = duckdb.connect(str(file), read_only=True, config=CONFIG)
        try:
            ((self.id, self.finished_at, self.depth, films),) = self._rows("generation")
            ((for_indexes,),) = self._rows("indexes")
            self._limit_memory(BYTES_OF_LISTS)
            ((self.popular,),) = self._rows("popular")
            self.segments = {segment.name: segment for segment in map(_segment, self._rows("segments"))}
            self._limit_memory(BYTES_OF_BLOCKS + for_indexes)
            self._lists = Lookup(self._connection, "recommendations")
            self._histories = Lookup(self._connection, "histories")
            self._whole_rows = Lookup(self._connection, "rows")
            self._similar = Lookup(self._connection, "similar")
            self._one_reader = asyncio.Lock()
            self._readers = 0
            for lookup in self._lookups():
                lookup.find_all([""])
            self.films = Films(films, self._rows("items"))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file at once."""
        self._connection.close()

    def retire(self) -> None:
        """Close the file as soon as all look-ups are answered that have begun."""
        if self._readers:
            asyncio.get_running_loop().call_later(SECONDS_OF_A_READER, self.retire)
        elif all(each.is_idle for each in self._lookups()):
            self.close()
        else:
            asyncio.get_running_loop().call_soon(self.retire)

    async def recommendations(self, user_id: str) -> str | None:
        """Return the list of a user; None if the user is unknown. Raises duckdb.Error if it is damaged."""
        found = await self._lists.find(user_id)
        return found[0] if found else None

    async def history(self, user_id: str) -> str | None:
        """Return the history of a user; None if the user is unknown. Raises duckdb.Error if it is damaged."""
        found = await self._histories.find(user_id)
        return found[0] if found else None

    async def row(self, user_id: str) -> WholeRow | None:
        """Return list, reasons, history and name of the segment of a user; None if the user is unknown.

        Raises duckdb.Error if they are damaged.
        """
        found: WholeRow | None = await self._whole_rows.find(user_id)
        return found

    async def rows(self, user_ids: Sequence[str]) -> list[WholeRow | None]:
        """Return for each user what `row` does, all from one query."""
        return await self._whole_rows.find_each(user_ids)

    async def similar(self, item_id: str) -> str:
        """Return the films like one, none if nobody knows any. Raises duckdb.Error if they are damaged."""
        found = await self._similar.find(item_id)
        return found[0] if found else ""

    def liked(self, item_ids: Sequence[str]) -> list[tuple[int, int]]:
        """Return the films like those, best first, each with the one that speaks most for it; as numbers.

        Raises duckdb.Error if the file is damaged.
        """
        with self._connection.cursor() as cursor:
            asked = {"item_ids": item_ids, "depth": self.depth}
            return cursor.execute(statement("lookups/liked"), asked).fetchall()

    async def read(self, name: str, **asked: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a statement of `sql/`, beside the look-ups: they do not wait for it.

        It is read in another thread, one statement at a time, so that who reads for people takes no more of
        the memory and the processor than one of them. Raises duckdb.Error if the file is damaged.
        """
        self._readers += 1
        try:
            async with self._one_reader:
                cursor = self._connection.cursor()
                return await asyncio.to_thread(_all_rows, cursor, name, asked)
        finally:
            self._readers -= 1

    def segment(self, attributes: Mapping[str, Any]) -> Segment | None:
        """Return the narrowest segment of somebody of whom that is known; other names are passed over."""
        for segment in self.segments.values():
            if all(
                str(attributes.get(name, "")).casefold() == value
                for name, value in segment.attributes.items()
            ):
                return segment
        return None

    def look_everybody_up(self) -> None:
        """Look up every user and film. Raises duckdb.Error if a part of the file is damaged."""
        for lookup, name in ((self._whole_rows, "users"), (self._similar, "films")):
            for rows in self._batches(name):
                lookup.find_all([row[0] for row in rows])

    def _limit_memory(self, limit: int) -> None:
        self._connection.execute("set memory_limit = $limit", {"limit": f"{limit}B"})

    def _lookups(self) -> tuple[Lookup, ...]:
        return (self._lists, self._histories, self._whole_rows, self._similar)

    def _rows(self, name: str) -> Iterator[tuple[Any, ...]]:
        for rows in self._batches(name):
            yield from rows

    def _batches(self, name: str) -> Iterator[list[tuple[Any, ...]]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement(f"lookups/{name}"))
            while rows := cursor.fetchmany(ROWS_AT_A_TIME):
                yield rows


def _all_rows(
    cursor: duckdb.DuckDBPyConnection, name: str, asked: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    with cursor:
        return cursor.execute(statement(name), asked).fetchall()


def _segment(row: tuple[str, str | None, str | None, str | None, str]) -> Segment:
    name, gender, age_group, occupation, films = row
    attributes = {"gender": gender, "age_group": age_group, "occupation": occupation}
    return Segment(name, {each: value.casefold() for each, value in attributes.items() if value}, films)
