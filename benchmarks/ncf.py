"""How good neural collaborative filtering is beside the model, on one split, and how long each trains.

The networks need packages that nothing else here needs; they get an environment of their own:

    python3 -m venv .venv-ncf
    .venv-ncf/bin/pip install -r requirements.txt -r benchmarks/requirements-ncf.txt
    .venv-ncf/bin/python -m benchmarks.ncf --data FOLDER

`original` is the network that this recommender once was, as it was written: its inner product runs over
both axes and so over the whole batch. `original_per_row` is the same with one inner product per rating,
`neumf` is NeuMF as cornac has it (He et al., "Neural Collaborative Filtering", WWW 2017, page 173), and the
others are those of `python -m batch evaluate`. Everyone learns from the same ratings, ranks all unseen movies
and is measured by the same code. Seconds are the wall time of training alone: what is imported before and
what is scored later is not in them. Networks train on one core, the others on as many as they take.
"""

import json
import math
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial
from importlib import metadata
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from batch.data.interactions import Interactions
from batch.errors import BatchError
from batch.evaluation.baselines import Scores, baselines
from batch.evaluation.evaluate import embedding
from batch.evaluation.metrics import DEPTHS, MODEL, compute_metrics
from batch.evaluation.rank import rank
from batch.evaluation.ratings import cleaned_ratings
from batch.evaluation.splits import Split, by_last, by_time
from batch.settings import Settings
from benchmarks.machine import machine
from benchmarks.networks import EPOCHS, NEUMF_EPOCHS, neumf, original, original_per_row

SPLITS: dict[str, Callable[[Interactions], Split]] = {"last": by_last, "time": partial(by_time, share=0.8)}
BASELINES = ("als", "ease", "most_popular")
NETWORKS = ("original", "original_per_row", "neumf")
SHOWN = ("hr@10", "ndcg@10", "recall@50")
PACKAGES = ("torch", "keras", "cornac", "implicit", "numpy", "scipy", "pandas")


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), default=Path("data"), show_default=True)
@click.option(
    "--split",
    "split_name",
    type=click.Choice(list(SPLITS)),
    default="last",
    show_default=True,
    help="Hold out the last rating of everyone, or the newest fifth of all ratings.",
)
@click.option(
    "--only",
    type=click.Choice([MODEL, *NETWORKS, *BASELINES]),
    multiple=True,
    help="Train this one, and what else is named; without it, everyone.",
)
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    help=f"Of each network; {EPOCHS}, and {NEUMF_EPOCHS} of neumf, unless given.",
)
@click.option("--seed", type=click.IntRange(min=0), default=42, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
def ncf(  # noqa: PLR0913 (one per option)
    data: Path, split_name: str, only: tuple[str, ...], epochs: int | None, seed: int, *, as_json: bool
) -> None:
    """Train each contender on what a split lets it know, and print how well its lists foresee the rest."""
    try:
        cleaned = cleaned_ratings(Settings(data=data), with_stars=True)
        split = SPLITS[split_name](cleaned.ratings)
    except BatchError as error:
        raise click.ClickException(str(error)) from error
    models: dict[str, dict[str, float]] = {}
    for name, learn in contenders(split, cleaned.stars, seed, epochs).items():
        if not only or name in only:
            models[name] = measured(learn, split)
            click.echo(f"{name}: trained in {models[name]['training_seconds']:.2f} s", err=True)
    train = split.train
    console = Console()
    console.print(
        f"{data.resolve().name}, split '{split.name}', seed {seed}: {len(train):,} ratings of "
        f"{train.items:,} movies by {train.users:,} users to learn from; {len(split.users):,} users evaluated"
    )
    console.print(machine())
    console.print(table(models))
    if as_json:
        about = {"data": data.resolve().name, "split": split.name, "seed": seed, "machine": machine()}
        versions = {package: metadata.version(package) for package in PACKAGES}
        click.echo(json.dumps(about | {"models": finite(models), "versions": versions}))


def contenders(
    split: Split, stars: NDArray[np.float64] | None, seed: int, epochs: int | None
) -> dict[str, Callable[[], Scores]]:
    """Return how to learn each model, by name; EASE only where its matrix fits."""
    assert stars is not None
    settings = Settings(seed=seed)
    simple = baselines(split.train, seed)
    return {
        MODEL: lambda: embedding(split, settings),
        **{name: simple[name] for name in BASELINES if name in simple},
        "original": lambda: original(split, stars, seed, epochs or EPOCHS),
        "original_per_row": lambda: original_per_row(split, stars, seed, epochs or EPOCHS),
        "neumf": lambda: neumf(split, seed, epochs or NEUMF_EPOCHS),
    }


def measured(learn: Callable[[], Scores], split: Split) -> dict[str, float]:
    """Return every metric of one contender, and the seconds of its training."""
    # What a library prints must not end up between the lines of the result.
    with redirect_stdout(sys.stderr):
        started = time.perf_counter()
        scores = learn()
        seconds = time.perf_counter() - started
        ranked = rank(scores, split, max(DEPTHS))
    return compute_metrics(ranked, split).means() | {"training_seconds": seconds}


def table(models: dict[str, dict[str, float]]) -> Table:
    """Return a row for each model, the best first."""
    rows = Table("model", box=box.SIMPLE_HEAD)
    for column in (*SHOWN, "training seconds"):
        rows.add_column(column, justify="right")
    for name, metrics in sorted(models.items(), key=lambda model: -model[1]["ndcg@10"]):
        rows.add_row(
            name, *(f"{metrics[metric]:.4f}" for metric in SHOWN), f"{metrics['training_seconds']:.2f}"
        )
    return rows


def finite(models: dict[str, dict[str, float]]) -> dict[str, dict[str, float | None]]:
    """Return the same without numbers that JSON can't hold."""
    return {
        name: {metric: value if math.isfinite(value) else None for metric, value in metrics.items()}
        for name, metrics in models.items()
    }


if __name__ == "__main__":
    ncf()
