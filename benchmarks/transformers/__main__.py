"""How good transformers are beside the model: `evaluate` with SASRec and HSTU of RecTools among the others.

`python -m benchmarks.transformers --data FOLDER --split time`: the same people, the same known ratings, the
same moments, the same metrics. They get an environment of their own on first use, from
`benchmarks/requirements-transformers.txt`; what they are set to, and when their training stops, says
`benchmarks/transformers/worker.py`. They learn from ratings in their order: from all of them, or from
positives alone. Which is better differs by split, so each is trained in both ways unless one is named. HSTU
also knows the times, and that of the list: by time that of the newest rating of all, and for somebody just
seen that of the user's own newest one. Each is trained anew at every cut, on one thread, which takes minutes.

With `--keep FOLDER` scores are kept, and what was trained on the same ratings before is not trained again.
"""

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

import click
import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from batch.commands.printing import finite
from batch.data.interactions import Interactions
from batch.errors import BatchError
from batch.evaluation.baselines import Scores, baselines
from batch.evaluation.evaluate import Request, evaluate_folder, learn_items
from batch.evaluation.summary import as_json as everything, summary, tables
from batch.model.positives import is_positive
from batch.runtime.progress import Progress
from batch.runtime.tables import print_whole
from batch.settings import Settings
from benchmarks.machine import machine
from benchmarks.peers.environment import FOLDER, EnvironmentFailedError, environment
from benchmarks.transformers.exchange import Answer, Known

MODELS = ("sasrec", "hstu")
LEARN_FROM = ("all", "positives")
# The scores of a batch take 100 MB. glibc would give as much back to the system, and ask for it again, at
# every step, and training would take a third longer.
KEEPS_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "4000000000", "MALLOC_TRIM_THRESHOLD_": "8000000000"}
WORKER = Path(__file__).with_name("worker.py")


@dataclass(frozen=True)
class Transformers:
    """Where and on what transformers are trained, and what each training took."""

    python: Path
    is_by_time: bool
    kept: Path
    names: tuple[str, ...]
    learn_from: tuple[str, ...]
    trained: dict[str, list[Answer]] = field(default_factory=dict)

    def contenders(self, train: Interactions, seed: int) -> dict[str, Callable[[], Scores]]:
        """Return how to learn each transformer and each baseline from the ratings, by name."""
        learners = {
            f"{name}_of_{which}": partial(self.scores, name, which, train, seed)
            for name in self.names
            for which in self.learn_from
        }
        return {**baselines(train, seed), **learners}

    def scores(self, name: str, learn_from: str, train: Interactions, seed: int) -> Scores:
        """Train a transformer, unless that was done before."""
        known = known_of(train, is_by_time=self.is_by_time, of_positives=learn_from == "positives")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "known.npz"
            known.write(file)
            done_by = hashlib.sha256(file.read_bytes() + WORKER.read_bytes()).hexdigest()[:16]
            answer = self.kept / f"{name}-{seed}-{done_by}.npz"
            if not answer.is_file():
                unfinished = Path(folder) / "answer.npz"
                train_in(self.python, name, file, unfinished, seed)
                answer.write_bytes(unfinished.read_bytes())
        found = Answer.read(answer)
        self.trained.setdefault(f"{name}_of_{learn_from}", []).append(found)
        told = f"{found.seconds:.0f} s, best epoch {found.best_epoch} of {found.epochs}"
        click.echo(f"{name} of {learn_from}: {told}", err=True)
        return lambda users: found.scores[users]


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), default=Path("data"), show_default=True)
@click.option("--split", type=click.Choice(["time", "last"]), default="time", show_default=True)
@click.option(
    "--cut", "cuts", type=click.FloatRange(0, 1, min_open=True, max_open=True), multiple=True,
    help="Share of the ratings before the moment of a cut; by default the twenty of `evaluate`.",
)  # fmt: skip
@click.option("--model", "names", type=click.Choice(MODELS), multiple=True, default=MODELS, show_default=True)
@click.option(
    "--learn-from", "learn_from", type=click.Choice(LEARN_FROM), multiple=True, default=LEARN_FROM,
    show_default=True,
)  # fmt: skip
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Folder in which scores are kept and found again."
)
@click.option(
    "--environments", type=click.Path(path_type=Path), default=FOLDER, show_default=True,
    help="Folder in which the environment is made and kept.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
def transformers(  # noqa: PLR0913 (one per option)
    data: Path,
    split: str,
    cuts: tuple[float, ...],
    names: tuple[str, ...],
    *,
    learn_from: tuple[str, ...],
    keep: Path | None,
    environments: Path,
    as_json: bool,
) -> None:
    """Evaluate the model beside transformers by one split, and print every metric and what training took."""
    request = Request(split=split, cut=cuts, protocol="full", negatives=None, max_users=10_000)
    settings = replace(Settings(), data=data)
    with tempfile.TemporaryDirectory() as folder, Progress(quiet=True) as progress:
        kept = keep or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        try:
            python = environment("transformers", environments)
            beside = Transformers(python, split == "time", kept, names, learn_from)
            with patch("batch.evaluation.evaluate.baselines", beside.contenders):
                (evaluation,) = evaluate_folder(request, settings, progress, nullcontext(learn_items))
        except (BatchError, EnvironmentFailedError) as error:
            raise click.ClickException(str(error)) from error
    console = Console()
    for line in (machine(), *summary(evaluation)):
        click.echo(line)
    for table in (*tables(evaluation), training(beside.trained)):
        print_whole(table, console)
    if as_json:
        took = {name: [each.seconds for each in answers] for name, answers in beside.trained.items()}
        click.echo(json.dumps(finite(everything(evaluation)) | {"training_seconds": took}))


def known_of(train: Interactions, *, is_by_time: bool, of_positives: bool = False) -> Known:
    """Return what a transformer may know. Raises ClickException if the ratings have no times."""
    if not train.has_times:
        raise click.ClickException(
            "ratings: have no times; a transformer learns from nothing but their order"
        )
    in_time = np.argsort(train.time_rank)
    if of_positives:
        in_time = in_time[is_positive(train.weight)[in_time]]
    return Known(
        user=train.user_index[in_time],
        item=train.item_index[in_time],
        rated_at=train.rated_at[in_time],
        moment=np.full(train.users, train.rated_at.max()) if is_by_time else train.last_rated_at,
        items=train.items,
    )


def train_in(python: Path, name: str, known: Path, answer: Path, seed: int) -> None:
    """Train a transformer in its environment. Raises ClickException with its last line if that fails."""
    command = [str(python), "-m", "benchmarks.transformers.worker", name, str(known), str(answer), str(seed)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ | KEEPS_MEMORY)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        raise click.ClickException(": ".join([f"{name} ended with {done.returncode}", *last]))


def training(trained: dict[str, list[Answer]]) -> Table:
    """Return a row for each transformer: how long its trainings took."""
    table = Table("transformer", box=box.SIMPLE_HEAD, title="Training")
    for column in ("trainings", "mean seconds", "mean best epoch", "mean epochs"):
        table.add_column(column, justify="right")
    for name, answers in trained.items():
        means = [
            float(np.mean([getattr(each, column) for each in answers]))
            for column in ("seconds", "best_epoch", "epochs")
        ]
        table.add_row(name, str(len(answers)), *(f"{mean:.1f}" for mean in means))
    return table


if __name__ == "__main__":
    transformers()
