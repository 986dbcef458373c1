"""The tables after loading and cleaning, for tests that look into them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from batch.data.cap import cap_users
from batch.data.check_meaning import check_meaning
from batch.data.clean import Counts, clean
from batch.data.inputs import find_inputs
from batch.data.load import load
from batch.evaluation.catalogue import Catalogue, read_catalogue

HEADER = "userId,movieId,rating,timestamp\n"
# What ratings.csv and movies.csv mean, if nothing is to be guessed.
STARS = """
[interactions]
file = "ratings.csv"
user = "userId"
item = "movieId"
[value]
column = "rating"
[time]
column = "timestamp"
[items]
file = "movies.csv"
id = "movieId"
title = "title"
genres = "genres"
"""
MOVIES = "movieId,title,genres\n10,Ten (1990),Drama\n"


class Cleaned:
    """The tables after cleaning."""

    def __init__(
        self, folder: Path, work: Path, max_rejected: float = 1.0, started_at: datetime | None = None
    ) -> None:
        self._connection = duckdb.connect()
        self.loaded = load(self._connection, find_inputs(folder).with_results(work).snapshot(), work)
        self._cleaned = clean(self.loaded, max_rejected, started_at or datetime.now(UTC))
        self.counts: Counts = self._cleaned.counts
        assert self.counts.rows_read == sum(
            (
                self.counts.rows_kept,
                self.counts.rows_rejected,
                self.counts.rows_superseded,
                self.counts.rows_merged,
                self.counts.rows_capped,
                self.counts.rows_ignored,
            )
        ), "every row is accounted for"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query).fetchall()

    def catalogue(self) -> Catalogue:
        return read_catalogue(self._cleaned.items)

    def ratings(self) -> list[tuple[Any, ...]]:
        return self.rows("select user_id, item_id, rating from interactions order by line")

    def check_meaning(self, segments: list[str]) -> None:
        check_meaning(self.loaded, segments)

    def cap(self, max_per_user: int | None) -> None:
        cap_users(self._connection, self.loaded.ratings.name, max_per_user)

    def rejected(self) -> list[tuple[Any, ...]]:
        return self.rows("select line, rule from rejected_rows order by file, line")
