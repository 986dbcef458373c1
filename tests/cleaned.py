"""The tables after loading and cleaning, for tests that look into them."""

from pathlib import Path
from typing import Any

import duckdb

from batch.clean import Counts, clean
from batch.inputs import find_inputs
from batch.load import load

HEADER = "userId,movieId,rating,timestamp\n"


class Cleaned:
    """The tables after cleaning."""

    def __init__(self, folder: Path, work: Path, max_rejected: float = 1.0) -> None:
        self._connection = duckdb.connect()
        inputs = find_inputs(folder)
        loaded = load(self._connection, inputs, work)
        self.counts: Counts = clean(self._connection, loaded, max_rejected)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query).fetchall()

    def ratings(self) -> list[tuple[Any, ...]]:
        return self.rows("select user_id, item_id, rating from ratings order by line")

    def rejected(self) -> list[tuple[Any, ...]]:
        return self.rows("select line, rule from rejected_rows order by file, line")
