"""How fast the best unseen movies of every user are found, beside other exact ways and the bare product.

`python -m benchmarks.score`, or with `--data FOLDER` for other ratings than made-up ones of that scale.
Four ways, on the vectors of an ALS with one part of 64 columns and on those of the default model:

- ours: `batch.recommend.topn`, seen movies left out;
- implicit: `implicit.cpu.topk.topk`, which its `recommend` calls, seen movies left out;
- faiss: `faiss.knn` by inner product, which leaves out nothing, so it has less to do than it should;
- product: all pairs multiplied by BLAS and thrown away, block by block.

Every way may use all cores. All ways run in turn, several times, and a ratio is the median of the ratios of
each turn. Beside it, lists of a sample of users are compared with those of brute force in double precision:
the same movies, but for scores within 1e-5 of each other, relative.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import click
import numpy as np
from implicit.cpu.topk import topk
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table
from scipy import sparse

from batch.evaluation.ratings import cleaned_ratings
from batch.model.als import factorise
from batch.model.positives import is_positive
from batch.model.weighted_parts import fit_items, fold_in_users
from batch.recommend.topn import best
from batch.settings import Settings
from benchmarks.generate import Scale, Size, generate
from benchmarks.machine import machine

COLUMNS = 64
USERS_PER_BLOCK = 1_024
CLOSE = 1e-5


@dataclass(frozen=True)
class Vectors:
    """What is to be scored."""

    name: str
    users: NDArray[np.float32]
    items: NDArray[np.float32]
    parts: list[int]
    seen: sparse.csr_matrix
    is_candidate: NDArray[np.bool_]


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), help="Folder; else made up.")
@click.option("--scale", type=Scale(), default="1", show_default=True, help="Of MovieLens 25M.")
@click.option("--top-n", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("--users", "most", type=click.IntRange(min=1), default=65_536, show_default=True, help="Timed.")
@click.option("--runs", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--checked", type=click.IntRange(min=1), default=5_000, show_default=True, help="Users.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
def score(  # noqa: PLR0913, PLR0917 (one per option)
    data: Path | None, scale: Fraction, top_n: int, most: int, runs: int, checked: int, *, as_json: bool
) -> None:
    """Time every way of finding the best unseen movies of all users, and compare the lists."""
    console = Console()
    figures: dict[str, float] = {}
    for all_vectors in _all_vectors(data, scale):
        vectors = _sampled(all_vectors, most)
        users, items, columns = len(vectors.users), len(vectors.items), vectors.users.shape[1]
        shape = f"{users:,} users, {items:,} movies, {columns} columns"
        console.print(f"{vectors.name}: {shape}, the best {top_n}; {runs} runs; {machine()}")
        seconds = _timed(vectors, top_n, runs)
        table = Table("way", "seconds", "ours is faster by", "÷ product", box=box.SIMPLE_HEAD)
        for way in seconds:
            over_ours, over_product = (_ratio(seconds[way], seconds[other]) for other in ("ours", "product"))
            median = statistics.median(seconds[way])
            table.add_row(way, f"{median:.2f}", f"{over_ours:.2f}", f"{over_product:.2f}")
        console.print(table)
        differing = _differing(vectors, top_n, checked)
        of = min(checked, len(vectors.users))
        console.print(f"lists that differ from brute force: {differing} of {of:,}\n")
        prefix = "" if vectors.name == "als" else f"{vectors.name}_"
        figures |= {
            f"{prefix}speedup_over_implicit": _ratio(seconds["implicit"], seconds["ours"]),
            f"{prefix}time_over_product": _ratio(seconds["ours"], seconds["product"]),
            f"{prefix}seconds": statistics.median(seconds["ours"]),
            f"{prefix}lists_differing": differing,
        }
    if as_json:
        click.echo(json.dumps(figures))


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(ours, theirs, strict=True))


def _all_vectors(data: Path | None, scale: Fraction) -> list[Vectors]:
    """Learn both kinds of vectors from the same ratings."""
    with tempfile.TemporaryDirectory() as made:
        if data is None:
            generate(Path(made), Size.of(scale), 0, seed=42)
        settings = Settings(data=data or Path(made))
        ratings = cleaned_ratings(settings).ratings.without_superseded()
    als, _ = factorise(
        ratings.matrix(is_positive(ratings.weight).astype(np.float32)), replace(settings, factors=COLUMNS)
    )
    users, items = (np.asarray(each, dtype=np.float32) for each in (als.user_factors, als.item_factors))
    model = fold_in_users(fit_items(ratings, settings), ratings, ratings.days_inactive(), settings)
    return [
        Vectors("als", users, items, [COLUMNS], ratings.seen, model.is_candidate),
        Vectors("model", model.user_factors, model.item_factors, model.parts, model.seen, model.is_candidate),
    ]


def _sampled(vectors: Vectors, most: int) -> Vectors:
    """Return the vectors with at most so many users, drawn at random."""
    rows = np.sort(np.random.default_rng(0).permutation(len(vectors.users))[:most])
    return replace(vectors, users=vectors.users[rows], seen=vectors.seen[rows])


def _timed(vectors: Vectors, top_n: int, runs: int) -> dict[str, list[float]]:
    """Return the seconds of each run by way; every way ran once before, on few users."""
    few = replace(vectors, users=vectors.users[:512], seen=vectors.seen[:512])
    ways = _ways()
    for way in ways.values():
        way(few, top_n)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            started = time.perf_counter()
            way(vectors, top_n)
            seconds[name].append(time.perf_counter() - started)
    return seconds


def _ways() -> dict[str, Callable[[Vectors, int], object]]:
    ways: dict[str, Callable[[Vectors, int], object]] = {
        "ours": lambda vectors, top_n: best(
            vectors.users, vectors.items, vectors.parts, vectors.seen, vectors.is_candidate, top_n
        ),
        "implicit": lambda vectors, top_n: topk(
            vectors.items, vectors.users, top_n, filter_query_items=vectors.seen
        ),
        "product": _product,
    }
    try:
        import faiss  # noqa: PLC0415 (a peer that may be missing)
    except ModuleNotFoundError:
        click.echo("faiss is missing: pip install -r benchmarks/requirements-benchmarks.txt", err=True)
    else:
        ways["faiss, nothing left out"] = lambda vectors, top_n: faiss.knn(
            vectors.users, vectors.items, top_n, metric=faiss.METRIC_INNER_PRODUCT
        )
    return ways


def _product(vectors: Vectors, _top_n: int) -> None:
    products = np.empty((USERS_PER_BLOCK, len(vectors.items)), dtype=np.float32)
    for start in range(0, len(vectors.users), USERS_PER_BLOCK):
        users = vectors.users[start : start + USERS_PER_BLOCK]
        np.matmul(users, vectors.items.T, out=products[: len(users)])


def _differing(vectors: Vectors, top_n: int, checked: int) -> int:
    """Return how many lists of a sample of users are not those of brute force."""
    rows = np.random.default_rng(0).permutation(len(vectors.users))[:checked]
    lists = best(
        vectors.users[rows], vectors.items, vectors.parts, vectors.seen[rows], vectors.is_candidate, top_n
    )
    ends = np.cumsum(np.bincount(lists.user_index, minlength=len(rows)))
    items = vectors.items.T.astype(np.float64)
    differing, start = 0, 0
    for row, end in zip(rows, ends, strict=True):
        scores = vectors.users[row].astype(np.float64) @ items
        scores[~vectors.is_candidate] = -np.inf
        scores[vectors.seen.indices[vectors.seen.indptr[row] : vectors.seen.indptr[row + 1]]] = -np.inf
        length = min(top_n, int((scores > -np.inf).sum()))
        expected = np.sort(scores)[::-1][:length]
        listed = lists.item_index[start:end]
        # Movies may stand for each other whose scores are this close.
        is_close = len(listed) == length and np.allclose(scores[listed], expected, rtol=CLOSE, atol=0)
        differing += not is_close or len(set(listed.tolist())) < length
        start = end
    return differing


if __name__ == "__main__":
    score()
