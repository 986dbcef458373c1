"""What calibrated lists cost: the greedy reranking of Steck ("Calibrated Recommendations", RecSys 2018).

`python -m benchmarks.calibrated --data FOLDER --data FOLDER`. The first hundred of each list are reranked so
that the genres of the first ten come near to those of the history: the higher the strength, the nearer. By
twenty cuts in time, as `evaluate` makes them, with the weights of the settings.
"""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table
from scipy.special import rel_entr

from batch.data.interactions import Interactions
from batch.errors import InputError
from batch.evaluation.evaluate import CUTS, scores_of
from batch.evaluation.lists import SMOOTHING
from batch.evaluation.metrics import UserMetrics, compute_metrics, pooled
from batch.evaluation.rank import rank
from batch.evaluation.ratings import cleaned_ratings
from batch.evaluation.splits import Split, by_time
from batch.model.positives import is_positive
from batch.model.weighted_parts import fit_items, fold_in_users
from batch.settings import Settings

STRENGTHS = (0.0, 1.0, 4.0, 16.0, 64.0)
RERANKED, LISTED = 100, 10
METRICS = ("calibration@10", "ndcg@10", "hr@10", "overlap@10", "coverage@10")


@click.command()
@click.option(
    "--data", "folders", type=click.Path(path_type=Path, exists=True), multiple=True, default=[Path("data")]
)
def calibrated(folders: tuple[Path, ...]) -> None:
    """Print one table per folder: a row per strength."""
    for folder in folders:
        ratings = cleaned_ratings(replace(Settings(), data=folder)).ratings
        measured: dict[float, list[UserMetrics]] = {strength: [] for strength in STRENGTHS}
        for cut in CUTS:
            with suppress(InputError):
                _measure(by_time(ratings, cut), measured)
        table = Table("strength", *METRICS, title=folder.name, box=box.SIMPLE_HEAD)
        for strength, of_cuts in measured.items():
            means = pooled(of_cuts).means()
            table.add_row(f"{strength:g}", *(f"{means[metric]:.4f}" for metric in METRICS))
        Console(width=100).print(table)


def _measure(split: Split, measured: dict[float, list[UserMetrics]]) -> None:
    settings, train = Settings(), split.train
    model = fold_in_users(fit_items(train, settings), train, split.days_inactive, settings)
    scores = scores_of(model)
    items = rank(scores, split, RERANKED)
    of_items = np.take_along_axis(scores(split.users), items, axis=1)
    liked = _genres_liked(train)[split.users]
    assert train.genres is not None
    genres = np.asarray(train.genres.toarray(), np.float64)
    for strength, found in measured.items():
        lists = np.stack(
            [
                row[_reranked(row_scores, genres[row], of_user, strength)]
                for row, row_scores, of_user in zip(items, of_items, liked, strict=True)
            ]
        )
        found.append(compute_metrics(lists.astype(np.int32), split))


def _genres_liked(ratings: Interactions) -> NDArray[np.float64]:
    """Return (users, genres), the shares of genres in the positives of each user."""
    assert ratings.genres is not None
    counts = (ratings.matrix(is_positive(ratings.weight).astype(np.float32)) @ ratings.genres).toarray()
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-9), np.float64)


def _reranked(
    scores: NDArray[np.float32], genres: NDArray[np.float64], liked: NDArray[np.float64], strength: float
) -> list[int]:
    """Return the places of the items to list: each adds most to the score less the distance of genres."""
    chosen: list[int] = []
    listed = np.zeros(len(liked))
    for size in range(1, LISTED + 1):
        with_each = (listed + genres) / size
        shares = with_each / np.maximum(with_each.sum(axis=1, keepdims=True), 1e-9)
        distance = rel_entr(liked, SMOOTHING * liked + (1 - SMOOTHING) * shares).sum(axis=1)
        worth = scores - strength * distance
        worth[chosen] = -np.inf
        chosen.append(int(worth.argmax()))
        listed += genres[chosen[-1]]
    return chosen


if __name__ == "__main__":
    calibrated()
