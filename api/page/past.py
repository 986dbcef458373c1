"""The kept generations: what each says of itself. A file never changes, so what was read of it stays."""

import asyncio
import json
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


class Kept(NamedTuple):
    """The kept generations that can be told of, oldest first; how many there are; which were rolled back."""

    past: list[Past]
    total: int
    rolled_back: frozenset[str]


async def kept(output: Path) -> Kept:
    """Return the kept generations; what can't be read just now is counted alone."""
    return await asyncio.to_thread(_kept, output)


def _kept(output: Path) -> Kept:
    # The names sort by time.
    files = sorted((output / "generations").glob("*.duckdb"))
    past = [each for each in map(_told, files[-MOST_GENERATIONS:]) if each]
    return Kept(past, len(files), _rolled_back(output))


def _rolled_back(output: Path) -> frozenset[str]:
    try:
        found = json.loads((output / "rolled_back.json").read_text(encoding="utf-8"))
        # Jobs before 0.6 wrote ids alone.
        return frozenset(each["generation"] if isinstance(each, dict) else str(each) for each in found)
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.warning("which generations were rolled back is not shown: %s", error)
        return frozenset()


def _told(file: Path) -> Past | None:
    try:
        return _read(file)
    except (duckdb.Error, IndexError, TypeError) as error:
        log.warning("%s is not shown among the generations: %s", file.name, error)
        return None


@lru_cache(maxsize=2 * MOST_GENERATIONS)
def _read(file: Path) -> Past:
    """Read what a file says. Raises duckdb.Error, IndexError or TypeError if it can't be told."""
    with duckdb.connect(str(file), read_only=True, config=CONFIG) as connection:
        return Past(*connection.execute(statement("page/past")).fetchall()[0])
