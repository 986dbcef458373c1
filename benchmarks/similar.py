"""How good the lists of similar movies are, beside the cosine of the collaborative factors alone.

`python -m benchmarks.similar --data FOLDER --data FOLDER`. A fifth of the users is held out, and the others
are learned from, five times. Measured is how often the movie that a held-out user liked next is among the ten
that are similar to the one before; and for movies that 20 users or more have rated, the share of genres that
they have in common with those ten, and the share of these that fewer than 5 users have rated.
"""

import json
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import click
import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from batch.data.interactions import Interactions
from batch.evaluation.ratings import cleaned_ratings
from batch.model.weighted_parts import FittedItems, fit_items
from batch.recommend import similar_items
from batch.settings import Settings
from benchmarks.machine import machine

DEPTH = 10
FOLDS = 5
# So many users must have rated a movie whose list is looked at, and a movie of the list not to be counted.
KNOWN, FEW = 20, 5
# What only the cosine needs: neither the sequential part nor the personal trend.
SETTINGS = Settings(next_factors=1, personal_trend_factors=1)
# So few users take nothing from the score of any movie.
TINY = 1e-9
VARIANTS: dict[str, dict[str, float]] = {
    "as published": {},
    "without genres": {"GENRES": 0.0},
    "without support": {"USERS": TINY},
    "cosine of the collaborative factors": {"GENRES": 0.0, "USERS": TINY},
}


@dataclass(frozen=True)
class Figures:
    """What was measured of the lists of similar movies, as shares."""

    next_liked: float  # of the next positives, those that are in the list of the one before
    genres_in_common: float  # of the genres of both movies, those that both have
    few_users: float  # of places in lists, those of movies that few users have rated


@click.command()
@click.option(
    "--data", "folders", type=click.Path(path_type=Path, exists=True), multiple=True, default=[Path("data")]
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
def main(folders: tuple[Path, ...], *, as_json: bool) -> None:
    """Measure lists of similar movies on every folder."""
    figures = {}
    for folder in folders:
        figures[folder.name] = measured = _measured(folder)
        table = Table(folder.name, "next liked", "genres", f"under {FEW} users", box=box.SIMPLE_HEAD)
        for name, each in measured.items():
            shares = (each.next_liked, each.genres_in_common, each.few_users)
            table.add_row(name, *(f"{share:.4f}" for share in shares))
        Console().print(table)
    click.echo(machine())
    if as_json:
        names = {folder: {name: vars(each) for name, each in of.items()} for folder, of in figures.items()}
        click.echo(json.dumps(names))


def _measured(folder: Path) -> dict[str, Figures]:
    ratings = cleaned_ratings(replace(SETTINGS, data=folder)).ratings.without_superseded()
    fold = np.random.default_rng(0).integers(0, FOLDS, ratings.users)
    whole = fit_items(ratings, SETTINGS)
    hits: dict[str, list[NDArray[np.bool_]]] = {name: [] for name in VARIANTS}
    for number in range(FOLDS):
        is_held_out = (fold == number)[ratings.user_index]
        learned = ratings.where(~is_held_out)
        fitted = fit_items(learned, SETTINGS)
        before, after = _steps(ratings.where(is_held_out))
        for name, lists in _lists(fitted, learned).items():
            hits[name].append((lists[before] == after[:, None]).any(axis=1))
    return {
        name: Figures(float(np.concatenate(hits[name]).mean()), *_fit(lists, ratings))
        for name, lists in _lists(whole, ratings).items()
    }


def _steps(ratings: Interactions) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return each positive of everyone but the last, and the next positive of the same user."""
    positives = ratings.where(ratings.weight > 0)
    of_one = positives.user_index[1:] == positives.user_index[:-1]
    return positives.item_index[:-1][of_one], positives.item_index[1:][of_one]


def _lists(fitted: FittedItems, ratings: Interactions) -> dict[str, NDArray[np.int32]]:
    """Return (items, DEPTH), the list of each movie by variant; -1 for no movie."""
    found = {}
    for name, constants in VARIANTS.items():
        lists = np.full((ratings.items, DEPTH), -1, dtype=np.int32)
        with ExitStack() as patches:
            for constant, value in constants.items():
                patches.enter_context(patch.object(similar_items, constant, value))
            top = similar_items.similar(fitted, ratings.ratings_of_item, ~ratings.is_hidden, DEPTH)
        lists[top.user_index, top.rank - 1] = top.item_index
        found[name] = lists
    return found


def _fit(lists: NDArray[np.int32], ratings: Interactions) -> tuple[float, float]:
    """Return the share of genres in common, and of places of movies that few have rated."""
    known = np.flatnonzero(ratings.ratings_of_item >= KNOWN)
    places = lists[known].ravel()
    owners = np.repeat(known, DEPTH)[places >= 0]
    places = places[places >= 0]
    few = float((ratings.ratings_of_item[places] < FEW).mean())
    if ratings.genres is None:
        return 0.0, few
    has = (ratings.genres > 0).astype(np.float64)
    both = np.asarray(has[owners].multiply(has[places]).sum(axis=1)).ravel()
    either = np.asarray(has[owners].maximum(has[places]).sum(axis=1)).ravel()
    return float((both / np.maximum(either, 1)).mean()), few


if __name__ == "__main__":
    main()
