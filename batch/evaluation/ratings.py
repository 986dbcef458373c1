"""Ratings: what a nightly run would learn from, without an output folder."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from batch.data.clean import Cleaned, Counts, clean
from batch.data.inputs import find_inputs
from batch.data.interactions import Interactions, read_interactions, read_item_ids, read_user_ids
from batch.data.load import ignored_columns, load
from batch.runtime.database import connect
from batch.runtime.progress import Progress
from batch.settings import Settings


@dataclass(frozen=True)
class CleanedRatings:
    """The ratings of a folder, also those that a later one supersedes, and the ids by index."""

    ratings: Interactions
    user_ids: NDArray[np.object_]  # (users,)
    item_ids: NDArray[np.object_]  # (items,)
    counts: Counts
    stars: NDArray[np.float64] | None  # by `time_rank`, if asked for; NaN for a vote without any


def cleaned_ratings(
    settings: Settings, note: Callable[[str], None] = lambda _line: None, *, with_stars: bool = False
) -> CleanedRatings:
    """Load and clean a folder, as a run does. Raises InputError as a run does; nothing is left behind.

    `note` is called with each line that should be read.
    """
    started_at = datetime.now(UTC)
    inputs = find_inputs(settings.data)
    with tempfile.TemporaryDirectory() as folder, connect(Path(folder), settings) as connection:
        snapshot = inputs.with_results(Path(folder)).snapshot()
        loaded = load(connection, snapshot, Path(folder))
        for line in ignored_columns(loaded.sources()):
            note(line)
        cleaned = clean(loaded, settings.max_rejected, started_at)
        snapshot.stop_if_written()
        ratings = read_interactions(cleaned, as_given=True).without_new_items()
        return CleanedRatings(
            ratings=ratings,
            user_ids=read_user_ids(cleaned),
            item_ids=read_item_ids(cleaned.items)[: ratings.items],
            counts=cleaned.counts,
            stars=_read_stars(cleaned) if with_stars else None,
        )


def _read_stars(cleaned: Cleaned) -> NDArray[np.float64]:
    in_time = cleaned.all_interactions.order("rated_at nulls last, line")
    return np.asarray(np.ma.filled(in_time.project("rating").fetchnumpy()["rating"], np.nan), np.float64)


def load_and_clean(settings: Settings, progress: Progress) -> CleanedRatings:
    """Load and clean a folder as the step `load`."""
    with progress.step("load") as step:
        cleaned = cleaned_ratings(settings, step.notes)
        step.status(f"{cleaned.counts.rows_kept:,} of {cleaned.counts.rows_read:,} rows kept")
    return cleaned
