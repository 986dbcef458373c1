"""One published generation, opened read-only: the films ready to be sent, and whoever is looked up in it."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
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
    "threads": 1,
    # What does not fit into memory is not written elsewhere: the folder may be read-only.
    "temp_directory": "",
    # What is planned anew for each query must be planned soon. Without the first, users are found by the
    # index; with it, they are joined to what the index finds, which takes twice as long.
    "disabled_optimizers": "in_clause,statistics_propagation,common_subplan",
    # The size of the indexes is known when the file is open.
    "allowed_configs": ["memory_limit"],
    "memory_limit": f"{BYTES_OF_BLOCKS}B",
}
# Set when a file is open, as it could not be opened otherwise.
CLOSE_THE_REST = "set enable_external_access = false; set lock_configuration = true"
# Rows that are fetched in one go while requests are answered: they wait for that long.
ROWS_AT_A_TIME = 256
# How often a path can be written another way; so many generations are never open at the same time.
SPELLINGS = 64


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

    It is held by the one that opened it and by each request that it answers, and is closed when the last of
    them has released it.

    Beside them it holds the `popular` list and those of the `segments`, by name, narrow ones first. Lists are
    texts as they are stored: numbers of films, best or newest first, with commas between them.
    """

    def __init__(self, file: Path) -> None:
        """Open a file. Raises duckdb.Error or ValueError if it is damaged, or is none of this version."""
        self._connection = connect(file)
        self._holders = 1
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
            self._page_reader = Reader(self._connection)
            self._liked_reader = Reader(self._connection)
            for lookup in (self._lists, self._histories, self._whole_rows, self._similar):
                lookup.find_all([""])
            self.films = Films(films, self._rows("items"))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file at once."""
        self._connection.close()

    def hold(self) -> None:
        """Keep the file open until it is released as often as it is held."""
        self._holders += 1

    def release(self) -> None:
        """Close the file if nobody else holds it."""
        self._holders -= 1
        if not self._holders:
            self.close()

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

    async def liked(self, item_ids: Sequence[str]) -> list[tuple[int, int]]:
        """Return the films like those, best first, each with the one that speaks most for it; as numbers.

        The query takes many times as long as a look-up, so it is read beside them, and beside what the page
        reads. Raises duckdb.Error if the file is damaged.
        """
        return await self._liked_reader.read("lookups/liked", item_ids=item_ids, depth=self.depth)

    async def read(self, name: str, **asked: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a statement of `sql/` for the page; look-ups do not wait for it.

        Raises duckdb.Error if the file is damaged.
        """
        return await self._page_reader.read(name, **asked)

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

    def _rows(self, name: str) -> Iterator[tuple[Any, ...]]:
        for rows in self._batches(name):
            yield from rows

    def _batches(self, name: str) -> Iterator[list[tuple[Any, ...]]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement(f"lookups/{name}"))
            while rows := cursor.fetchmany(ROWS_AT_A_TIME):
                yield rows


class Reader:
    """Reads in another thread, while the event loop answers others.

    It reads one statement at a time, so that all its readers together take no more of the memory and the
    processor than one of them.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take the connection of an open file."""
        self._connection = connection
        self._turn = asyncio.Lock()

    async def read(self, name: str, **asked: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a statement of `sql/`. Raises duckdb.Error if the file is damaged."""
        async with self._turn:
            return await asyncio.to_thread(_all_rows, self._connection.cursor(), name, asked)


def connect(file: Path) -> duckdb.DuckDBPyConnection:
    """Open a file to read it and nothing else, as it is now. Raises duckdb.Error if it can't be opened.

    As long as a process has a database open, DuckDB takes what is opened under the same name for the same
    database, even if another file has taken its path. After the prefix a name is compared as it is written,
    so each opening writes it another way.
    """
    name = f"duckdb:{file.absolute().parent}/{next(_SPELLINGS)}{file.name}"
    connection = duckdb.connect(name, read_only=True, config=CONFIG)
    connection.execute(CLOSE_THE_REST)
    return connection


_SPELLINGS = cycle("./" * number for number in range(SPELLINGS))


def _all_rows(
    cursor: duckdb.DuckDBPyConnection, name: str, asked: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    with cursor:
        cursor.execute(statement(name), asked)
        # The event loop waits while rows are fetched; so they are fetched a few at a time.
        while rows := cursor.fetchmany(ROWS_AT_A_TIME):
            found += rows
    return found


def _segment(row: tuple[str, str | None, str | None, str | None, str]) -> Segment:
    name, gender, age_group, occupation, films = row
    attributes = {"gender": gender, "age_group": age_group, "occupation": occupation}
    return Segment(name, {each: value.casefold() for each, value in attributes.items() if value}, films)
