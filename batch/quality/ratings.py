"""Ratings: what a nightly run would learn from, without an output folder."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from batch.clean import Counts, clean
from batch.inputs import find_inputs
from batch.interactions import Interactions, read_interactions
from batch.load import load
from sql import statement


@dataclass(frozen=True)
class CleanedRatings:
    """The ratings of a folder, also those that a later one supersedes, and whose index is whose."""

    ratings: Interactions
    user_ids: NDArray[np.object_]  # (users,)
    item_ids: NDArray[np.object_]  # (items,)
    counts: Counts


def cleaned_ratings(data: Path, max_rejected: float) -> CleanedRatings:
    """Load and clean a folder, as a run does. Raises InputError as a run does; nothing is left behind."""
    inputs = find_inputs(data)
    with tempfile.TemporaryDirectory() as work, duckdb.connect() as connection:
        connection.execute("set temp_directory = $folder", {"folder": work})
        counts = clean(connection, inputs, load(connection, inputs, Path(work)), max_rejected)
        return CleanedRatings(
            ratings=read_interactions(connection, as_given=True),
            user_ids=_ids(connection, "train/user_ids"),
            item_ids=_ids(connection, "train/item_ids"),
            counts=counts,
        )


def _ids(connection: duckdb.DuckDBPyConnection, name: str) -> NDArray[np.object_]:
    return np.array([each for (each,) in connection.execute(statement(name)).fetchall()], dtype=object)
