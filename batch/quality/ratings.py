"""Ratings: what a nightly run would learn from, without an output folder."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from batch.clean import Counts, clean
from batch.inputs import find_inputs
from batch.interactions import Interactions, read_ids, read_interactions
from batch.load import load
from batch.settings import Settings
from batch.workspace import connect


@dataclass(frozen=True)
class CleanedRatings:
    """The ratings of a folder, also those that a later one supersedes, and whose index is whose."""

    ratings: Interactions
    user_ids: NDArray[np.object_]  # (users,)
    item_ids: NDArray[np.object_]  # (items,)
    counts: Counts


def cleaned_ratings(settings: Settings) -> CleanedRatings:
    """Load and clean a folder, as a run does. Raises InputError as a run does; nothing is left behind."""
    inputs = find_inputs(settings.data)
    with tempfile.TemporaryDirectory() as folder, connect(Path(folder), settings) as connection:
        counts = clean(connection, load(connection, inputs, Path(folder)), settings.max_rejected)
        return CleanedRatings(
            ratings=read_interactions(connection, as_given=True),
            user_ids=read_ids(connection, "train/user_ids"),
            item_ids=read_ids(connection, "train/item_ids"),
            counts=counts,
        )
