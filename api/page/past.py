"""The kept generations: what each says of itself. A file never changes, so each is read once."""

import asyncio
import logging
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import duckdb

from api.generation import CONFIG
from sql import statement

# A folder may hold more, if somebody has kept them by hand; the newest are told of.
MOST_GENERATIONS = 30

log = logging.getLogger("api")


class Past(NamedTuple):
    """A kept generation, and how good its lists were found to be on its night; None where nobody knows."""

    id: str
    finished_at: datetime
    made_by: str
    users: int
    items: int
    rows_read: int
    rows_rejected: int
    ndcg: float | None
    ndcg_of_popular: float | None
    hit_rate: float | None
    coverage: float | None


async def kept(output: Path) -> list[Past]:
    """Return the kept generations, oldest first; what can't be read is left out."""
    return await asyncio.to_thread(_kept, output)


def _kept(output: Path) -> list[Past]:
    # The names sort by time.
    files = sorted((output / "generations").glob("*.duckdb"))[-MOST_GENERATIONS:]
    return [past for past in map(_read, files) if past]


@lru_cache(maxsize=2 * MOST_GENERATIONS)
def _read(file: Path) -> Past | None:
    try:
        with duckdb.connect(str(file), read_only=True, config=CONFIG) as connection:
            return Past(*connection.execute(statement("page/past")).fetchall()[0])
    except (duckdb.Error, IndexError, TypeError) as error:
        log.warning("%s is not shown among the generations: %s", file.name, error)
        return None
