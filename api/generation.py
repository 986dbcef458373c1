"""One published generation, opened read-only: the look-ups, each a statement of `sql/lookups/`."""

from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from sql import statement


class Page(NamedTuple):
    """Which part of a list is asked for."""

    limit: int
    offset: int


class Generation:
    """An open generation: its `id`, and `depth`, the length of the lists in it."""

    def __init__(self, file: Path) -> None:
        """Open a file. Raises duckdb.Error or ValueError if it is damaged, or is no generation."""
        self._connection = duckdb.connect(
            str(file),
            read_only=True,
            config={"enable_external_access": False, "lock_configuration": True, "threads": 1},
        )
        try:
            ((self.id, self.depth),) = self._rows("generation")
            self._try_every_look_up()
        except (duckdb.Error, ValueError):
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def knows(self, user_id: str) -> bool:
        """Tell whether there is a list and a history for that user."""
        return bool(self._rows("user", user_id=user_id))

    def recommendations(self, user_id: str, page: Page, *, metadata: bool) -> list[dict[str, Any]]:
        """Return films for a user, best first; `metadata` adds title and genres."""
        name = "recommendations_with_metadata" if metadata else "recommendations"
        return [_item(row) for row in self._rows(name, user_id=user_id, **page._asdict())]

    def popular(self, page: Page, *, metadata: bool) -> list[dict[str, Any]]:
        """Return films for somebody unknown, best first; `metadata` adds title and genres."""
        name = "popular_with_metadata" if metadata else "popular"
        return [_item(row) for row in self._rows(name, **page._asdict())]

    def history(self, user_id: str, page: Page) -> list[str]:
        """Return ids of the films that a user has watched, newest first."""
        return [item_id for (item_id,) in self._rows("histories", user_id=user_id, **page._asdict())]

    def _try_every_look_up(self) -> None:
        page = Page(limit=1, offset=0)
        self.knows("")
        self.history("", page)
        for metadata in (False, True):
            self.recommendations("", page, metadata=metadata)
            self.popular(page, metadata=metadata)

    def _rows(self, name: str, **parameters: str | int) -> list[tuple[Any, ...]]:
        # A cursor for each use: on a connection that callers share, one reads the rows of another.
        with self._connection.cursor() as cursor:
            return cursor.execute(statement(f"lookups/{name}"), parameters).fetchall()


def _item(row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(("id", "title", "genres"), row, strict=False))
