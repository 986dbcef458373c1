"""How good lists are with movies that nobody has rated yet.

`python -m benchmarks.new_items --data FOLDER --data FOLDER`. At rolling cuts in time, the movies that are
first rated in the tenth of all ratings after the cut are known by title, genres and year alone. Lists are
made as a run makes them, with new movies and without, and compared with what those liked later who came back.
Chance is the share of all movies that a list of fifty has.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from batch.data.attributes import attribute_columns, read_values
from batch.data.clean import clean
from batch.data.inputs import find_inputs
from batch.data.interactions import Interactions, indexed, read_interactions
from batch.data.load import load
from batch.evaluation.metrics import accuracy
from batch.evaluation.splits import MIN_RATINGS, entries, moment_of
from batch.model.attributes import fit_new_items
from batch.model.positives import is_positive
from batch.model.weighted_parts import fit_items, fold_in_users
from batch.recommend.new_items import score_with_new
from batch.runtime.database import connect
from batch.settings import Settings
from benchmarks.machine import machine

CUTS = tuple(number / 20 for number in range(10, 19))
WINDOW = 0.1
SHOWN, DEPTH = 10, 50
# Movies of the year of the cut, of the one before, and later ones are new: as in `sql/clean/new_items.sql`.
YEARS_BEFORE = 1


@dataclass(frozen=True)
class Catalogue:
    """The interactions of a folder, and what is known of each movie."""

    ratings: Interactions
    values: list[list[tuple[str, object]]]  # names and values, by movie
    years: NDArray[np.float64]  # (items,), NaN where it is not known


@dataclass(frozen=True)
class Cut:
    """What is known at a moment, and what users who came back liked later."""

    known: Interactions  # with the new movies
    moment: float
    users: NDArray[np.int32]  # who came back
    later: sparse.csr_matrix  # (users who came back, items)
    later_old: NDArray[np.int64]  # (users,), how many more they liked that are too old for a new movie
    of_window: int  # movies that are first rated in the window, whether they are new or not


def read_catalogue(data: Path) -> Catalogue:
    """Load and clean a folder, as a run does."""
    settings = Settings(data=data)
    with tempfile.TemporaryDirectory() as folder, connect(Path(folder), settings) as connection:
        snapshot = find_inputs(data).with_results(Path(folder)).snapshot()
        cleaned = clean(load(connection, snapshot, Path(folder)), 1.0, datetime.now(UTC))
        ratings = read_interactions(cleaned).without_new_items()
        rated = indexed(cleaned.items.filter("ratings > 0"))
        years = np.ma.filled(rated.project("cast(year as double) as year").fetchnumpy()["year"], np.nan)
        return Catalogue(ratings, read_values(rated), np.asarray(years, np.float64))


def cuts(catalogue: Catalogue) -> Iterator[Cut]:
    """Yield what is known at each moment, and later."""
    ratings = catalogue.ratings.without_superseded()
    first = np.full(ratings.items, np.inf)
    np.minimum.at(first, ratings.item_index, ratings.rated_at)
    for cut in CUTS:
        moment, end = moment_of(ratings, cut), moment_of(ratings, min(cut + WINDOW, 1))
        is_later = ratings.rated_at >= moment
        train, user_place, item_place = ratings.where(~is_later).compacted()
        in_window = (first >= moment) & (first < end)
        year = datetime.fromtimestamp(moment, UTC).year
        new = np.flatnonzero(in_window & (catalogue.years >= year - YEARS_BEFORE))
        items = np.concatenate([np.flatnonzero(item_place >= 0), new])
        known = replace(
            train,
            is_hidden=ratings.is_hidden[items],
            genres=None if ratings.genres is None else ratings.genres[items],
            attributes=attribute_columns(
                [catalogue.values[item] for item in items], np.arange(len(items)) < train.items
            ),
            new_items=len(new),
        )
        place = np.full(ratings.items, -1)
        place[items] = np.arange(len(items))
        later = ratings.where(
            is_later & is_positive(ratings.weight) & ((place >= 0) | in_window)[ratings.item_index]
        )
        user = user_place[later.user_index]
        counts = (user >= 0) & (train.ratings_of_user[user] >= MIN_RATINGS)
        users, row = np.unique(user[counts], return_inverse=True)
        item = place[later.item_index[counts]]
        yield Cut(
            known=known,
            moment=moment,
            users=users.astype(np.int32),
            later=entries(row[item >= 0], item[item >= 0], (len(users), len(items))),
            later_old=np.bincount(row[item < 0], minlength=len(users)),
            of_window=int(in_window.sum()),
        )


def measure(cut: Cut, settings: Settings, shares: tuple[float, ...]) -> dict[str, list[NDArray[np.float64]]]:
    """Return figures of those who came back: NDCG and recall of lists by their share of new movies."""
    train = cut.known.without_new_items()
    fitted = fit_items(train, settings)
    model = fold_in_users(fitted, train, train.days_inactive(cut.moment), settings)
    new = fit_new_items(fitted, cut.known, settings)
    offered = new.offered_by(model, new.added_to(fitted)) if len(new) else model
    offered = replace(offered, user_factors=offered.user_factors[cut.users], seen=offered.seen[cut.users])
    relevant = cut.later.toarray() > 0
    of_new = relevant[:, train.items :].sum(axis=1) + cut.later_old
    all_items = train.items + cut.of_window
    found = {
        "people": [np.ones(len(cut.users))],
        "chance of new": [np.where(of_new > 0, DEPTH / all_items, np.nan)],
    }
    for share in shares:
        listed = score_with_new(offered, DEPTH, share)
        rows = np.full((len(cut.users), DEPTH), -1)
        rows[listed.user_index, listed.rank - 1] = listed.item_index
        is_hit = (rows >= 0) & np.take_along_axis(relevant, np.maximum(rows, 0), axis=1)
        is_new = rows >= train.items
        measured = accuracy(is_hit[:, :SHOWN], relevant.sum(axis=1) + cut.later_old, SHOWN)
        found |= {
            f"{share:g} ndcg@10": [measured[f"ndcg@{SHOWN}"]],
            f"{share:g} recall@50": [is_hit.sum(axis=1) / (relevant.sum(axis=1) + cut.later_old)],
            f"{share:g} recall@50 of new": [
                (is_hit & is_new).sum(axis=1) / np.where(of_new > 0, of_new, np.nan)
            ],
            f"{share:g} new in ten": [is_new[:, :SHOWN].mean(axis=1)],
            f"{share:g} new in fifty": [is_new.mean(axis=1)],
        }
    return found


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    default=[Path("data")],
    show_default=True,
)
@click.option(
    "--share", type=click.FloatRange(0, 1), multiple=True, default=[0, 0.1, 0.2, 0.5, 1], show_default=True
)
def new_items(data: tuple[Path, ...], share: tuple[float, ...]) -> None:
    """Measure lists by the share of new movies that they may have."""
    for folder in data:
        pooled: dict[str, list[NDArray[np.float64]]] = {}
        for cut in cuts(read_catalogue(folder)):
            for name, values in measure(cut, Settings(), share).items():
                pooled.setdefault(name, []).extend(values)
        click.echo(f"{folder.name}:")
        for name, parts in pooled.items():
            each = np.concatenate(parts)
            click.echo(f"  {name:24} {each.sum() if name == 'people' else np.nanmean(each):.4f}")
    click.echo(machine())


if __name__ == "__main__":
    new_items()
