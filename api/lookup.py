"""One published generation, opened read-only, and the look-ups in it."""

import asyncio
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, cycle
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import duckdb

from api import metrics
from api.catalogue import Catalogue
from sql import statement

# For blocks of the file, and for what a query takes; the indexes come on top. The rest of the file is held by
# the operating system, once for all processes, and a block of it is there within microseconds.
BYTES_OF_BLOCKS = 20_000_000
# For a moment, while the lists of thousands of segments are put together, and items are sorted; of few they
# take a few MB.
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
# DuckDB goes by the index as long as a query asks for fewer than 2,048 users.
MAX_USERS = 512
# Rows that are fetched in one go while requests are answered: they wait for that long.
ROWS_AT_A_TIME = 256
# How often a path can be written another way; so many generations are never open at the same time.
_SPELLINGS = cycle("./" * number for number in range(64))

# Attributes that have a parameter of their own; `segment` takes any.
ATTRIBUTES = ("gender", "age_group", "occupation")
# List, explanations, history, name of the segment, what else is seen, and reasons of a user, as they are
# stored; files of older versions lack the last two.
WholeRow = tuple[str, str, str, str | None, str, str] | tuple[str, str, str, str | None]


class Page(NamedTuple):
    """Which part of a list is asked for."""

    limit: int
    offset: int


class Segment(NamedTuple):
    """Users of one kind: its name, what they have in common by attribute, and their popular list.

    Names and values of attributes are compared in any letter case.
    """

    name: str
    attributes: dict[str, str]
    items: str


class Lookup:
    """Finds what a statement of `sql/lookups/` returns for a user or an item.

    A query costs some tenths of a millisecond before it finds its first user, and little for each. So those
    who arrive while another is answered share one query: the busier the service, the less a look-up costs.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        """Take a statement with one parameter, a list of ids; its first column is the id."""
        self._connection = connection
        # Parsed once; planned for each query, as the plan depends on the users.
        (self._statement,) = duckdb.extract_statements(statement(f"lookups/{name}"))
        (self._parameter,) = self._statement.named_parameters
        self._waiting: list[tuple[str, asyncio.Future[Any]]] = []

    async def find(self, each_id: str) -> Any:
        """Return the other columns for an id; None if it is unknown. Raises duckdb.Error."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._wait_for_more, 0)
        self._waiting.append((each_id, found := loop.create_future()))
        return await found

    def find_all(self, ids: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        """Return the other columns for those ids that are known. Raises duckdb.Error."""
        if len(ids) <= MAX_USERS:
            # A cursor for each use: on a connection that callers share, one reads the rows of another.
            with self._connection.cursor() as cursor:
                try:
                    rows = cursor.execute(self._statement, {self._parameter: ids}).fetchall()
                except duckdb.OutOfMemoryException:
                    # Histories may be long, and then there is no room for all of them at once.
                    if len(ids) == 1:
                        raise
                else:
                    return {row[0]: row[1:] for row in rows}
        half = len(ids) // 2
        return self.find_all(ids[:half]) | self.find_all(ids[half:])

    def _wait_for_more(self, before: int) -> None:
        """Let one more turn of the loop pass as long as each brings more requests, and then answer."""
        if before < len(self._waiting) < MAX_USERS:
            asyncio.get_running_loop().call_soon(self._wait_for_more, len(self._waiting))
            return
        waiting, self._waiting = self._waiting, []
        metrics.LOOKUP_USERS.observe(len(waiting))
        error, rows = None, {}
        try:
            rows = self.find_all([each_id for each_id, _ in waiting])
        except duckdb.Error as raised:
            error = raised
        for each_id, found in waiting:
            if found.done():
                continue  # its client has gone
            if error:
                found.set_exception(error)
            else:
                found.set_result(rows.get(each_id))


class Generation:
    """An open generation: `id`, `finished_at` in seconds since 1970, `depth` of the lists, its `catalogue`.

    `noun` is what an item is called: one, several; `scale` the lowest and the highest stars, or None;
    `quality` has metric, model and value of what was measured of the lists.

    It has the `popular` list and those of the `segments`, by name, narrow ones first. Lists are texts as they
    are stored: numbers of items, best or newest first, with commas between them. All that looks something up
    raises duckdb.Error if the file is damaged there.

    It is closed when it is released as often as it is held, the opening included.
    """

    def __init__(self, file: Path) -> None:
        """Open a file. Raises duckdb.Error or ValueError if it is damaged, or is none of this version."""
        self._connection = connect(file)
        self._holders = 1
        try:
            self._limit_memory(BYTES_OF_LISTS)
            ((self.id, self.finished_at, self.depth, items, self.popular, *rest),) = self._read("generation")
            self.noun, self.scale, bytes_of_indexes = rest
            self.quality = self._quality()
            self.segments = {segment.name: segment for segment in map(_segment, self._read("segments"))}
            popular_items = array("I", (number for (number,) in self._read("popular_items")))
            self._limit_memory(BYTES_OF_BLOCKS + bytes_of_indexes)
            self._lists, self._histories, self._similar = (
                Lookup(self._connection, name) for name in ("recommendations", "histories", "similar")
            )
            self._whole_rows = self._rows_of_users()
            # What the page reads, and what is compared with what is liked, takes many times as long as a
            # look-up: each is read in another thread, one statement at a time.
            self._page_turn, self._liked_turn = asyncio.Lock(), asyncio.Lock()
            for lookup in (self._lists, self._histories, self._similar):
                lookup.find_all([""])
            self.catalogue = Catalogue(
                items, self._read("items_as_json"), self._read("attributes"), popular_items
            )
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file at once."""
        self._connection.close()

    def hold(self) -> None:
        """Keep the file open."""
        self._holders += 1

    def release(self) -> None:
        """Close the file if nobody else holds it."""
        self._holders -= 1
        if not self._holders:
            self.close()

    async def recommendations(self, user_id: str) -> str | None:
        """Return the list of a user; None if the user is unknown."""
        found = await self._lists.find(user_id)
        return found[0] if found else None

    async def history(self, user_id: str) -> str | None:
        """Return the history of a user; None if the user is unknown."""
        found = await self._histories.find(user_id)
        return found[0] if found else None

    async def row(self, user_id: str) -> WholeRow | None:
        """Return all that is stored of a user; None if the user is unknown."""
        found: WholeRow | None = await self._whole_rows.find(user_id)
        return found

    async def rows(self, user_ids: Sequence[str]) -> list[WholeRow | None]:
        """Return for each user what `row` does, all from one query."""
        found: list[WholeRow | None] = await asyncio.gather(*map(self._whole_rows.find, user_ids))
        return found

    async def similar(self, item_id: str) -> str:
        """Return the items like one; none if that is unknown."""
        found = await self._similar.find(item_id)
        return found[0] if found else ""

    async def liked(self, item_ids: Sequence[str]) -> list[tuple[int, int]]:
        """Return the items like those, best first, each with the one that speaks most for it; as numbers.

        That is 0 if it is hidden.
        """
        asked = {"item_ids": item_ids, "depth": self.depth}
        found = await self._read_apart(self._liked_turn, "lookups/liked", asked)
        hidden = self.catalogue.hidden
        return [(item, 0 if because in hidden else because) for item, because in found]

    async def read(self, name: str, **asked: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a statement of `sql/` for the page; look-ups do not wait for it."""
        return await self._read_apart(self._page_turn, name, asked)

    async def _read_apart(
        self, turn: asyncio.Lock, name: str, asked: Mapping[str, Any]
    ) -> list[tuple[Any, ...]]:
        async with turn:
            cursor = self._connection.cursor()
            return await asyncio.to_thread(lambda: [*chain.from_iterable(_batches(cursor, name, asked))])

    def segment(self, attributes: Mapping[str, Any]) -> Segment | None:
        """Return the narrowest segment of somebody of whom that is known; other names are passed over.

        `attributes` has ATTRIBUTES, and any others by name under `segment`.
        """
        known = {name: attributes[name].casefold() for name in ATTRIBUTES if name in attributes}
        known |= attributes.get("segment", {})
        for segment in self.segments.values():
            if segment.attributes.items() <= known.items():
                return segment
        return None

    def look_everybody_up(self) -> None:
        """Look up every user and item."""
        for rows in _batches(self._connection.cursor(), "lookups/ids", {}):
            self._whole_rows.find_all([each_id for each_id, is_user in rows if is_user])
            self._similar.find_all([each_id for each_id, is_user in rows if not is_user])

    def _rows_of_users(self) -> Lookup:
        """Return the look-up of all that is stored of a user, which is less in files of older versions."""
        lookup = Lookup(self._connection, "rows")
        try:
            lookup.find_all([""])
        except duckdb.BinderException:
            lookup = Lookup(self._connection, "rows_of_older_files")
            lookup.find_all([""])
        return lookup

    def _quality(self) -> list[tuple[str, str, float]]:
        """Return metric, model and value; nothing of a file that has none: it can be served all the same."""
        with suppress(duckdb.CatalogException):
            return [(metric, model, value) for metric, model, value in self._read("quality")]
        return []

    def _limit_memory(self, limit: int) -> None:
        self._connection.execute("set memory_limit = $limit", {"limit": f"{limit}B"})

    def _read(self, name: str) -> Iterator[tuple[Any, ...]]:
        return chain.from_iterable(_batches(self._connection.cursor(), f"lookups/{name}", {}))


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


def _batches(
    cursor: duckdb.DuckDBPyConnection, name: str, asked: Mapping[str, Any]
) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of a statement, a few at a time: the event loop waits while rows are fetched."""
    with cursor:
        cursor.execute(statement(name), asked)
        while rows := cursor.fetchmany(ROWS_AT_A_TIME):
            yield rows


def _segment(row: tuple[str, str]) -> Segment:
    name, items = row
    attributes = parse_qsl(name, keep_blank_values=True)
    return Segment(name, {each.casefold(): value.casefold() for each, value in attributes}, items)
