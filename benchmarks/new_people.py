"""What lists of new people gain from everybody, and from their attributes.

`python -m benchmarks.new_people --data FOLDER --data FOLDER`. Of a quarter of the people only the first
positives are known, one to five of them, and lists are compared with their other positives. The attributes
are made up: people are put into six groups by the genres that they like in their whole history, a quarter of
them into a group by chance. Sex and age may say less of tastes, or more.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.cluster.vq import kmeans2

from batch.data.interactions import Interactions
from batch.evaluation.metrics import accuracy
from batch.evaluation.ratings import cleaned_ratings
from batch.model.beginnings import Beginnings
from batch.model.positives import is_positive
from batch.model.weighted_parts import FittedItems, fit_genres, fit_items, fold_in_users, with_beginnings
from batch.recommend.topn import score
from batch.settings import Settings
from benchmarks.machine import machine

MOST_KNOWN = 5
SHARE_NEW = 0.25
GROUPS = 6
SHARE_BY_CHANCE = 0.25
DEPTH = 10
DAYS = (0.0, 30.0)


@dataclass(frozen=True)
class NewPeople:
    """What is known, also of some people of whom little is known, and what these liked besides."""

    known: Interactions
    attributes: sparse.csr_matrix  # (users, groups)
    people: NDArray[np.intp]
    relevant: NDArray[np.bool_]  # (people, items)


def split(ratings: Interactions, seed: int) -> NewPeople:
    """Hide all of some people but their first positives, and make up attributes."""
    random = np.random.default_rng(seed)
    is_new = random.random(ratings.users) < SHARE_NEW
    most = 1 + random.integers(MOST_KNOWN, size=ratings.users)
    positive = is_positive(ratings.weight)
    before = np.concatenate([[0], np.cumsum(positive)])[:-1]
    first = np.concatenate([[0], np.cumsum(ratings.ratings_of_user)])[:-1]
    positives_before = before - before[np.minimum(first, len(ratings) - 1)][ratings.user_index]
    is_known = ~is_new[ratings.user_index] | (positives_before < most[ratings.user_index])
    known, later = ratings.where(is_known), ratings.where(~is_known & positive)
    tastes = fit_genres(ratings).of_users(ratings)
    _, group = kmeans2(tastes.astype(np.float64), GROUPS, seed=seed, minit="++")
    by_chance = random.random(ratings.users) < SHARE_BY_CHANCE
    group = np.where(by_chance, random.integers(GROUPS, size=ratings.users), group)
    people = np.unique(later.user_index[known.ratings_of_item[later.item_index] > 0]).astype(np.intp)
    relevant = np.zeros((ratings.users, ratings.items), dtype=np.bool_)
    relevant[later.user_index, later.item_index] = True
    return NewPeople(known, sparse.csr_matrix(np.identity(GROUPS)[group]), people, relevant[people])


def ndcg(
    fitted: FittedItems, known: Interactions, new: NewPeople, days: float, settings: Settings
) -> NDArray[np.float64]:
    """Return (people,), NDCG@10 of the lists of new people who were last seen so many days ago."""
    model = fold_in_users(fitted, known, np.full(known.users, days), settings)
    model = replace(model, user_factors=model.user_factors[new.people], seen=model.seen[new.people])
    lists = score(model, DEPTH)
    is_hit = np.zeros((len(new.people), DEPTH), dtype=np.bool_)
    is_hit[lists.user_index, lists.rank - 1] = new.relevant[lists.user_index, lists.item_index]
    return accuracy(is_hit, new.relevant.sum(axis=1), DEPTH)[f"ndcg@{DEPTH}"]


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    default=[Path("data")],
    show_default=True,
)
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True)
def new_people(data: tuple[Path, ...], seeds: int) -> None:
    """Measure NDCG@10 of people with one to five positives."""
    for folder in data:
        ratings = cleaned_ratings(Settings(data=folder)).ratings.without_superseded()
        found: dict[tuple[str, float], list[NDArray[np.float64]]] = {}
        for seed in range(seeds):
            settings = Settings(seed=seed)
            new = split(ratings, seed)
            fitted = fit_items(new.known, settings)
            described = replace(new.known, user_attributes=new.attributes)
            variants = {
                "from nothing": (replace(fitted, beginnings=Beginnings()), new.known),
                "from everybody": (fitted, new.known),
                "from attributes": (with_beginnings(fitted, described), described),
            }
            for days in DAYS:
                for name, (variant, known) in variants.items():
                    found.setdefault((name, days), []).append(ndcg(variant, known, new, days, settings))
        click.echo(f"{folder.name}:")
        for (name, days), values in found.items():
            of_all = np.concatenate(values)
            click.echo(f"  {days:g} days ago, {name:16} {of_all.mean():.4f} ({len(of_all)} people)")
    click.echo(machine())


if __name__ == "__main__":
    new_people()
