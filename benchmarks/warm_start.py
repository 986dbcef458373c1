"""Warm start: the loss, and the quality of lists, where training goes on from the vectors of a moment before.

`python -m benchmarks.warm_start --data FOLDER` prints, for moments in time, both beside those of training
from random vectors: what `SHARE_OF_ITERATIONS` of `batch/model/als.py` stands on.
"""

from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from batch.data.interactions import Interactions
from batch.evaluation.holdout import CUTS
from batch.evaluation.metrics import DEPTHS, compute_metrics
from batch.evaluation.rank import rank
from batch.evaluation.ratings import cleaned_ratings
from batch.evaluation.splits import Split, by_moment
from batch.model.als import fit_collaborative
from batch.model.weighted_parts import FittedItems, fit_items, fold_in_users
from batch.settings import Settings


@click.command()
@click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="Folder with ratings and movies."
)
def main(data: Path) -> None:
    """Print a row for each moment after the first: loss and NDCG@10, going on and from random vectors."""
    settings = Settings(data=data)
    ratings = cleaned_ratings(settings).ratings.without_superseded()
    start = np.zeros((ratings.items, settings.factors), dtype=np.float32)
    for cut in sorted(CUTS):
        split = by_moment(ratings, cut)
        anew = fit_items(split.train, settings)
        if not start.any():
            start[split.old_items] = anew.collaborative.item_factors
            continue
        collaborative = fit_collaborative(split.train, settings, start=start[split.old_items])
        on = replace(anew, collaborative=collaborative)
        start[:] = 0
        start[split.old_items] = collaborative.item_factors
        told = [
            f"{name}: loss {fitted.collaborative.losses[-1]:.5f}, "
            f"ndcg@10 {_ndcg(fitted, split, settings):.4f}"
            for name, fitted in (("goes on", on), ("anew", anew))
        ]
        click.echo(f"{cut:.0%}, {len(split.users)} people: {'; '.join(told)}")
    click.echo(_losses(ratings, start, settings))


def _ndcg(fitted: FittedItems, split: Split, settings: Settings) -> float:
    model = fold_in_users(fitted, split.train, split.days_inactive, settings)
    ranked = rank(lambda users: model.user_factors[users] @ model.item_factors.T, split, max(DEPTHS))
    return compute_metrics(ranked, split).means()["ndcg@10"]


def _losses(ratings: Interactions, start: np.ndarray, settings: Settings) -> str:
    on, anew = (fit_collaborative(ratings, settings, start=each).losses[-1] for each in (start, None))
    return f"all ratings: loss {on:.5f} going on, {anew:.5f} anew"


if __name__ == "__main__":
    main()
