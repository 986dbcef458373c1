"""Write: everything that a generation holds, into a new DuckDB file that nobody sees yet."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from batch.quality.holdout import Metrics
from batch.score import TopN
from batch.train import Model
from sql import FOLDER, named, statement

# Command-line tools of DuckDB 1.x can't read the format that DuckDB 2.0 writes by default.
STORAGE_VERSION = "v1.0.0"

TABLES = tuple(sorted({file.stem for file in (FOLDER / "generation").glob("*.sql")} - {"generation"}))


@dataclass(frozen=True)
class Contents:
    """What a generation holds beside the cleaned input."""

    model: Model
    lists: TopN
    metrics: Metrics


def write(
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    contents: Contents,
    top_n: int,
    advance: Callable[[], None] = lambda: None,
) -> int:
    """Attach a new file as `draft` and fill every table of it but `generation`, which `publish` adds.

    Beside these contents it takes what `clean` and `train` have left in the connection. `advance` is called
    after each table. Returns how many rows were written.
    """
    connection.execute(
        "attach $file as draft (storage_version $version)",
        {"file": str(file), "version": STORAGE_VERSION},
    )
    model, lists = contents.model, contents.lists
    frames = {
        "lists": pd.DataFrame(
            {
                "user_index": lists.user_index,
                "rank": lists.rank,
                "item_index": lists.item_index,
                "score": lists.score,
            }
        ),
        "user_values": _values(model.user_factors),
        "item_values": _values(model.item_factors),
        "measured": pd.DataFrame(
            [(metric, model, value) for (metric, model), value in contents.metrics.items()],
            columns=["metric", "model", "value"],
        ),
        "losses": pd.DataFrame({"iteration": range(1, len(model.losses) + 1), "loss": model.losses}),
    }
    for name, frame in frames.items():
        connection.register(name, frame)
    for table in TABLES:
        name = f"generation/{table}"
        connection.execute(statement(name), named(name, {"top_n": top_n}))
        advance()
    for name in frames:
        connection.unregister(name)
    (rows,) = connection.execute(statement("write/rows")).fetchone() or (0,)
    return int(rows)


def _values(factors: NDArray[np.float32]) -> pd.DataFrame:
    """Return vectors (rows, factors) as one row per value: no object per row, no list in Python."""
    rows, length = factors.shape
    return pd.DataFrame(
        {
            "row_index": np.repeat(np.arange(rows, dtype=np.int32), length),
            "position": np.tile(np.arange(length, dtype=np.int32), rows),
            "value": factors.ravel(),
        }
    )
