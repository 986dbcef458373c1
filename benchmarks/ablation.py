"""What each part of the model is worth: NDCG@10 with one taken away at a time, on both splits.

`python -m benchmarks.ablation --data FOLDER --data FOLDER`. By time, the figure is the mean over three cuts.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from batch.quality.measures import measure
from batch.quality.rank import whole_catalogue
from batch.quality.ratings import cleaned_ratings
from batch.quality.request import CUTS
from batch.quality.split import Split, by_last, by_time
from batch.settings import Settings
from batch.train import train

METRIC = "ndcg@10"
LONG = 1e6  # half-lives and days after which nothing changes any more


@dataclass(frozen=True)
class Variant:
    """The model with something taken away: its settings, what it is told, and which columns count."""

    settings: Settings
    told: Callable[[Split], Split] = lambda split: split
    without_taste: bool = False


def _voted(split: Split) -> Split:
    votes = np.full_like(split.train.rating, np.nan)
    return replace(split, train=replace(split.train, rating=votes))


DEFAULT = Settings()
VARIANTS = {
    "the model": Variant(DEFAULT),
    "without taste": Variant(DEFAULT, without_taste=True),
    "without the next film": Variant(replace(DEFAULT, next_weight=0.0)),
    "without the trend": Variant(replace(DEFAULT, trend_weight=0.0)),
    "taste from the whole history alike": Variant(replace(DEFAULT, taste_half_life=LONG)),
    "films from the whole history alike": Variant(replace(DEFAULT, item_half_life=LONG)),
    "every rating a like": Variant(DEFAULT, told=_voted),
    "gap not known, taken as none": Variant(
        DEFAULT, told=lambda split: replace(split, gaps=np.zeros_like(split.gaps))
    ),
    "gap not known, taken as long": Variant(
        DEFAULT, told=lambda split: replace(split, gaps=np.full_like(split.gaps, LONG))
    ),
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
    for variant in VARIANTS:
        table.add_row(variant, *(f"{measured[name][variant][kind]:.4f}" for name, kind in columns))
    Console(width=max(80, 36 + 24 * len(columns))).print(table)
    if as_json:
        click.echo(json.dumps(measured))


def _measured(folder: Path) -> dict[str, dict[str, float]]:
    ratings = cleaned_ratings(folder, DEFAULT.max_rejected).ratings
    kinds = {"last": [by_last(ratings)], "time": [by_time(ratings, cut) for cut in CUTS]}
    return {
        name: {
            kind: float(np.mean([_worth(variant, split) for split in splits]))
            for kind, splits in kinds.items()
        }
        for name, variant in VARIANTS.items()
    }


def _worth(variant: Variant, split: Split) -> float:
    told = variant.told(split)
    model = train(told.train, told.gaps, variant.settings)
    if variant.without_taste:
        model.user_factors[:, : variant.settings.factors] = 0
    lists = whole_catalogue(lambda users: model.user_factors[users] @ model.item_factors.T, split, 10)
    return measure(lists, split).means()[METRIC]


if __name__ == "__main__":
    ablation()
