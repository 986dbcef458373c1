"""The curve between lists that are often right and lists that differ: `evaluate` by the setting `personal`.

`python -m benchmarks.personal --data FOLDER --data FOLDER`. Movies are learned once for each moment.
"""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import click
import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from batch.data.interactions import Interactions
from batch.evaluation.evaluate import Evaluation, Request, evaluate_folder, learn_items
from batch.evaluation.metrics import MODEL
from batch.model.weighted_parts import FittedItems
from batch.runtime.progress import Progress
from batch.settings import Settings

VALUES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
METRICS = ("ndcg@10", "top_item_share@10", "overlap@10", "coverage@10", "calibration@10")


@click.command()
@click.option(
    "--data", "folders", type=click.Path(path_type=Path, exists=True), multiple=True, default=[Path("data")]
)
def personal(folders: tuple[Path, ...]) -> None:
    """Print one table per folder: a row per value of the setting."""
    for folder in folders:
        table = Table("personal", *METRICS, title=folder.name, box=box.SIMPLE_HEAD)
        for value, evaluation in _evaluations(folder).items():
            means = evaluation.means(MODEL)
            table.add_row(f"{value:g}", *(f"{means[metric]:.4f}" for metric in METRICS))
        Console(width=110).print(table)


def _evaluations(folder: Path) -> dict[float, Evaluation]:
    fitted: dict[int, FittedItems] = {}  # by how many ratings are known

    def learn(
        ratings: Interactions, settings: Settings, start: NDArray[np.float32] | None = None
    ) -> FittedItems:
        if len(ratings) not in fitted:
            fitted[len(ratings)] = learn_items(ratings, settings, start)
        return fitted[len(ratings)]

    request = Request(split="time", cut=(), protocol="full", negatives=None, max_users=10_000)
    found = {}
    with patch("batch.evaluation.evaluate.baselines", lambda *_: {}), Progress(quiet=True) as progress:
        for value in VALUES:
            settings = replace(Settings(), data=folder, personal=value)
            (found[value],) = evaluate_folder(request, settings, progress, nullcontext(learn))
    return found


if __name__ == "__main__":
    personal()
