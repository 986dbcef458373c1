"""The look-up: one query answers everybody who waits at that moment.

A query costs some tenths of a millisecond before it finds its first user, and little for each. Requests that
arrive while another is answered wait for the next turn of the event loop, and then share one query. So the
busier the service, the less a look-up costs, and nobody waits for company.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import duckdb

from api import metrics
from sql import statement

# DuckDB goes by the index as long as a query asks for fewer than 2,048 users.
MAX_USERS = 512


class Lookup:
    """Finds what a statement of `sql/lookups/` returns for a user or a film."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        """Take a statement with one parameter, a list of ids; its first column is the id."""
        self._connection = connection
        # Parsed once; planned for each query, as the plan depends on the users.
        (self._statement,) = duckdb.extract_statements(statement(f"lookups/{name}"))
        (self._parameter,) = self._statement.named_parameters
        self._waiting: list[tuple[str, asyncio.Future[Any]]] = []

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits."""
        return not self._waiting

    async def find(self, each_id: str) -> Any:
        """Return the other columns for an id; None if it is unknown.

        Raises duckdb.Error if the file is damaged.
        """
        return await self._ask(each_id)

    async def find_each(self, ids: Sequence[str]) -> list[Any]:
        """Return for each id what `find` does, all from one query."""
        return await asyncio.gather(*map(self._ask, ids))

    def _ask(self, each_id: str) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._wait_for_more, 0)
        found: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((each_id, found))
        return found

    def find_all(self, ids: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        """Return the other columns for those ids that are known. Raises duckdb.Error as `find` does."""
        found: dict[str, tuple[Any, ...]] = {}
        for start in range(0, len(ids), MAX_USERS):
            found |= self._query(ids[start : start + MAX_USERS])
        return found

    def _query(self, ids: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        # A cursor for each use: on a connection that callers share, one reads the rows of another.
        with self._connection.cursor() as cursor:
            try:
                rows = cursor.execute(self._statement, {self._parameter: ids}).fetchall()
            except duckdb.OutOfMemoryException:
                if len(ids) == 1:
                    raise
            else:
                return {row[0]: row[1:] for row in rows}
        # Histories may be long, and then there is no room for all of them at once.
        half = len(ids) // 2
        return self._query(ids[:half]) | self._query(ids[half:])

    def _wait_for_more(self, before: int) -> None:
        """Let one more turn of the loop pass as long as each brings more requests, and then answer."""
        if before < len(self._waiting) < MAX_USERS:
            asyncio.get_running_loop().call_soon(self._wait_for_more, len(self._waiting))
        else:
            self._answer()

    def _answer(self) -> None:
        waiting, self._waiting = self._waiting, []
        metrics.LOOKUP_USERS.observe(len(waiting))
        try:
            rows = self.find_all([each_id for each_id, _ in waiting])
        except duckdb.Error as error:
            for _, found in waiting:
                if not found.done():
                    found.set_exception(error)
            return
        for each_id, found in waiting:
            # Whose client has gone is no longer waiting.
            if not found.done():
                found.set_result(rows.get(each_id))
