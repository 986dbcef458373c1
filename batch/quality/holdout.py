"""Hold out: what a nightly run keeps from the model, to measure it by, and what it measured."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from batch.interactions import Interactions
from batch.model.likes import is_like
from batch.quality.baselines import LATELY, alike, lately_name, rated_lately
from batch.quality.evaluate import MODEL, bootstrap
from batch.quality.measures import DEPTHS, exposure, measure
from batch.quality.rank import whole_catalogue
from batch.quality.split import Everybody, Split
from batch.score import TopN
from batch.settings import Settings
from batch.train import Films, place_users

# Films are learned without the ratings that are held out, so these are few.
MOST_JUDGED = 1_000
MOST_JUDGED_SHARE = 0.5
PUBLISHED = "published"
JUDGED_USERS = "judged_users"
WITH_INTERVAL = ("hr@10", "ndcg@10")
JUDGED_MODELS = 2 + len(LATELY)  # ours, what is popular, and what is so lately

Metrics = dict[tuple[str, str], float]  # by metric and model


def hold_out(ratings: Interactions, lots: NDArray[np.str_]) -> Split:
    """Hold out the last rating of a sample of users: those with the lowest lots (users,).

    What nobody else has rated stays, so that every film can be learned: users and films keep their indices.
    Nobody may be left to judge.
    """
    drawn = draw(ratings, lots, ratings.ratings_of_item, most_judged(ratings.users))
    return hold_out_of(ratings, drawn, ratings.ratings_of_item)


def most_judged(users: int) -> int:
    """Return of how many users the last rating may be held out."""
    return min(MOST_JUDGED, int(users * MOST_JUDGED_SHARE))


def draw(
    ratings: Interactions, lots: NDArray[np.str_], ratings_of_item: NDArray[np.int64], most: int
) -> NDArray[np.int32]:
    """Return the users with the lowest lots whose last rating can be held out, the lowest first.

    The ratings may be those of some users; `ratings_of_item` are (items,) those of all.
    """
    eligible = (
        (ratings.age == 0)
        & (ratings.ratings_of_user[ratings.user_index] > 1)
        & (ratings_of_item[ratings.item_index] > 1)
    )
    candidates = ratings.user_index[eligible]
    return np.asarray(candidates[np.argsort(lots[candidates], kind="stable")[:most]])


def hold_out_of(ratings: Interactions, drawn: NDArray[np.int32], ratings_of_item: NDArray[np.int64]) -> Split:
    """Hold out the last ratings of these users, each of whom can be judged alone."""
    held_out = (ratings.age == 0) & np.isin(ratings.user_index, drawn)
    # Several may have the same film held out that nobody else has rated: all of them keep it.
    known = ratings_of_item - np.bincount(ratings.item_index[held_out], minlength=ratings.items)
    held_out &= known[ratings.item_index] > 0
    # A model needs a like to begin with.
    held_out &= is_like(ratings.rating[~held_out]).any()
    later = ratings.where(held_out)
    relevant = sparse.csr_matrix(
        (later.rating, (np.arange(len(later)), later.item_index)), shape=(len(later), ratings.items)
    )
    return Split(
        name="nightly",
        train=ratings.where(~held_out),
        gaps=np.zeros(ratings.users),
        users=later.user_index,
        relevant=relevant,
        unknown=np.zeros(len(later), dtype=np.int64),
        old_users=np.arange(ratings.users),
        old_items=np.arange(ratings.items),
        is_tied=np.zeros(len(later), dtype=np.bool_),
    )


def judge(
    films: Films, split: Split, settings: Settings, advance: Callable[[], None] = lambda: None
) -> Metrics:
    """Measure the model, placed by what its users had rated before, beside what is popular.

    Without anyone to judge there is one metric: that there is nobody. `advance` is called after each of
    the JUDGED_MODELS.
    """
    if not len(split.users):
        return {(JUDGED_USERS, MODEL): 0.0}
    model = place_users(films, split.train, split.gaps, settings)
    everybody = split.everybody or _counted(split.train)
    scores = {
        MODEL: lambda users: model.user_factors[users] @ model.item_factors.T,
        "most_popular": alike(everybody.ratings_of_item),
    } | {lately_name(share): alike(everybody.lately[share]) for share in LATELY}
    metrics: Metrics = {(JUDGED_USERS, name): float(len(split.users)) for name in scores}
    for name, of_users in scores.items():
        measured = measure(whole_catalogue(of_users, split, max(DEPTHS)), split)
        metrics |= {(metric, name): value for metric, value in measured.means().items()}
        for metric in WITH_INTERVAL:
            low, high = bootstrap([measured.by_user[metric]])
            metrics |= {(f"{metric}_low", name): low, (f"{metric}_high", name): high}
        advance()
    return metrics


def of_published(lists: TopN, ratings: Interactions) -> Metrics:
    """Measure what the lists of everyone show of the catalogue."""
    places = {
        depth: np.bincount(lists.item_index[lists.rank <= depth], minlength=ratings.items) for depth in DEPTHS
    }
    return of_places(places, ratings.ratings_of_item, ratings.users, ratings.is_hidden)


def of_places(
    places: dict[int, NDArray[np.int64]],
    ratings_of_item: NDArray[np.int64],
    users: int,
    is_hidden: NDArray[np.bool_],
) -> Metrics:
    """Measure the lists of everyone by how many places each film has in them, by depth."""
    return {
        (name, PUBLISHED): value
        for depth, of_films in places.items()
        for name, value in exposure(of_films, ratings_of_item, users, is_hidden, depth).items()
    }


def _counted(train: Interactions) -> Everybody:
    lately = {share: rated_lately(train, share) for share in LATELY}
    return Everybody(train.users, train.ratings_of_item, lately)
