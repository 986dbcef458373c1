"""What each part of the model is worth, and what was tried and left out: NDCG@10 on both splits.

`python -m benchmarks.ablation --data FOLDER --data FOLDER`. By time, the figure is the mean over three cuts.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest.mock import patch

import click
import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from batch.evaluation.metrics import compute_metrics
from batch.evaluation.rank import rank
from batch.evaluation.ratings import cleaned_ratings
from batch.evaluation.splits import Split, by_last, by_time
from batch.model.weighted_parts import FittedItems, fit_items, fold_in_users
from batch.settings import Settings

METRIC = "ndcg@10"
CUTS = (0.7, 0.8, 0.9)
LONG = 1e6  # half-lives and days after which nothing changes any more


def _as_it_is(split: Split) -> Split:
    return split


def _voted(split: Split) -> Split:
    votes = np.ones_like(split.train.weight)
    return replace(split, train=replace(split.train, weight=votes))


@dataclass(frozen=True)
class Variant:
    """The model with something taken away or done otherwise."""

    learning: Settings = field(default_factory=Settings)
    constants: tuple[tuple[str, float], ...] = ()  # of modules, by their full name
    placing: Settings | None = None  # where users are placed by other settings
    told: Callable[[Split], Split] = _as_it_is  # what the model is told instead
    days_inactive: float | None = None  # days, where those of users are not known
    without_taste: bool = False

    @property
    def learned(self) -> tuple[object, ...]:
        """What variants have in common that share the vectors of movies."""
        return self.learning, self.constants, self.told


DEFAULT = Settings()
PARTS = {
    "the model": Variant(),
    "without taste": Variant(without_taste=True),
    "without the next movie": Variant(placing=replace(DEFAULT, next_weight=0.0)),
    "without the trend": Variant(placing=replace(DEFAULT, trend_weight=0.0)),
    "without the personal trend": Variant(placing=replace(DEFAULT, personal_trend_weight=0.0)),
    "without the genres": Variant(placing=replace(DEFAULT, genre_weight=0.0)),
    "gap not known, taken as none": Variant(days_inactive=0.0),
    "gap not known, taken as long": Variant(days_inactive=LONG),
    "taste from the whole history alike": Variant(replace(DEFAULT, taste_half_life=LONG)),
    "movies from the whole history alike": Variant(replace(DEFAULT, item_half_life=LONG)),
    "every rating a like": Variant(told=_voted),
    "lasting popularity left in the trend": Variant(constants=(("batch.model.trend.SHARE_OF_LASTING", 0.0),)),
}
TRIED = {
    "twice the weight of the trend": Variant(placing=replace(DEFAULT, trend_weight=4.0)),
    "1 step ahead": Variant(constants=(("batch.model.sequential.STEPS_AHEAD", 1),)),
    "8 steps ahead": Variant(constants=(("batch.model.sequential.STEPS_AHEAD", 8),)),
    "a solve for 2,000 movies": Variant(constants=(("batch.model.ridge.MAX_ITEMS", 2_000),)),
    "next movie in 128 columns": Variant(replace(DEFAULT, next_factors=128)),
    "next movie in 512 columns": Variant(replace(DEFAULT, next_factors=512)),
    "taste in 32 columns": Variant(replace(DEFAULT, factors=32)),
    "taste in 128 columns": Variant(replace(DEFAULT, factors=128)),
}


@click.command()
@click.option(
    "--data", "folders", type=click.Path(path_type=Path, exists=True), multiple=True, default=[Path("data")]
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
def ablation(folders: tuple[Path, ...], *, as_json: bool) -> None:
    """Measure every variant on every folder."""
    measured = {folder.name: _measured(folder) for folder in folders}
    columns = [(name, kind) for name in measured for kind in ("last", "time")]
    table = Table("variant", *(f"{name}, {kind}" for name, kind in columns), box=box.SIMPLE_HEAD)
    for variant in PARTS | TRIED:
        table.add_row(variant, *(f"{measured[name][variant][kind]:.4f}" for name, kind in columns))
    Console(width=max(80, 40 + 20 * len(columns))).print(table)
    if as_json:
        click.echo(json.dumps(measured))


def _measured(folder: Path) -> dict[str, dict[str, float]]:
    ratings = cleaned_ratings(replace(DEFAULT, data=folder)).ratings
    kinds = {"last": [by_last(ratings)], "time": [by_time(ratings, cut) for cut in CUTS]}
    worths: dict[str, dict[str, list[float]]] = {name: {"last": [], "time": []} for name in PARTS | TRIED}
    for kind, splits in kinds.items():
        for split in splits:
            fitted: dict[tuple[object, ...], FittedItems] = {}
            for name, variant in (PARTS | TRIED).items():
                worths[name][kind].append(_worth(variant, split, fitted))
            click.echo(f"{folder.name}: {split.name} is measured", err=True)
    return {
        name: {kind: float(np.mean(each)) for kind, each in by_kind.items()}
        for name, by_kind in worths.items()
    }


def _worth(variant: Variant, split: Split, fitted: dict[tuple[object, ...], FittedItems]) -> float:
    told = variant.told(split)
    if variant.learned not in fitted:
        fitted[variant.learned] = _learned(variant, told)
    days_inactive = (
        told.days_inactive
        if variant.days_inactive is None
        else np.full_like(told.days_inactive, variant.days_inactive)
    )
    placing = variant.placing or variant.learning
    model = fold_in_users(fitted[variant.learned], told.train, days_inactive, placing)
    if variant.without_taste:
        model.user_factors[:, : variant.learning.factors] = 0
    ranked = rank(lambda users: model.user_factors[users] @ model.item_factors.T, split, 10)
    return compute_metrics(ranked, split).means()[METRIC]


def _learned(variant: Variant, split: Split) -> FittedItems:
    patches = [patch(name, value) for name, value in variant.constants]
    for each in patches:
        each.start()
    try:
        return fit_items(split.train, variant.learning)
    finally:
        for each in patches:
            each.stop()


if __name__ == "__main__":
    ablation()
