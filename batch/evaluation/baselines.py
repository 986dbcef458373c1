"""Baselines: what people would take instead, under the same split."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from batch.data.interactions import Interactions
from batch.model.als import factorise
from batch.settings import Settings

# Scores of some users for all movies: indices (n,) in, (n, items) out.
Scores = Callable[[NDArray[np.int32]], NDArray[np.float32]]

LATELY = (0.05, 0.1, 0.2)  # shares of the ratings, the newest
# Options of its own: tuning the model does not change it, so the lead before and after is over the same.
ALS = Settings(factors=32, alpha=5.0, regularization=12.0, iterations=15)
EASE_REGULARIZATION = 250.0
# Matrices of that side, with the sparse product they come from, take about 2 GB.
MAX_EASE_ITEMS = 12_000


def baselines(train: Interactions, seed: int) -> dict[str, Callable[[], Scores]]:
    """Return how to learn each baseline from the ratings, by name; EASE only if its matrix fits."""
    by_name: dict[str, Callable[[], Scores]] = {
        "most_popular": partial(most_popular, train),
        **{lately_name(share): partial(popular_lately, train, share) for share in LATELY},
        "als": partial(als, train, seed),
    }
    if train.items <= MAX_EASE_ITEMS:
        by_name["ease"] = partial(ease, train)
    return by_name


def lately_name(share: float) -> str:
    """Return the name of the baseline that ranks by the newest share of ratings."""
    return f"popular_lately_{share:.0%}"


def most_popular(train: Interactions) -> Scores:
    """Rank by the number of ratings."""
    return _alike(train.ratings_of_item)


def popular_lately(train: Interactions, share: float) -> Scores:
    """Rank by the number of ratings among the newest `share` of all."""
    return _alike(rated_lately(train, share))


def rated_lately(train: Interactions, share: float) -> NDArray[np.int64]:
    """Return (items,), how many of the newest `share` of all ratings each movie has; of all without times."""
    if not train.has_times:
        return train.ratings_of_item
    place = int(len(train) * (1 - share))
    first = np.partition(train.time_rank, place)[place]
    return np.bincount(train.item_index[train.time_rank >= first], minlength=train.items)


def als(train: Interactions, seed: int) -> Scores:
    """Factorise the matrix of seen movies as it is, every rating with one weight."""
    model, _ = factorise(train.seen, replace(ALS, seed=seed))
    users, items = np.asarray(model.user_factors), np.asarray(model.item_factors)
    return lambda rows: users[rows] @ items.T


def ease(train: Interactions) -> Scores:
    """Regress every movie on all others.

    Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, page 3253.

    Of fewer users than movies, the matrix that is inverted is theirs; by the identity of Woodbury that is the
    same solution.
    """
    if train.users < train.items:
        return _ease_of_few_users(train.seen)
    gram = (train.seen.T @ train.seen).toarray()
    gram[np.diag_indices(train.items)] += EASE_REGULARIZATION
    inverse = linalg.inv(gram, assume_a="pos", overwrite_a=True, check_finite=False)
    weights = inverse / -np.diag(inverse)
    weights[np.diag_indices(train.items)] = 0
    return lambda rows: np.asarray(train.seen[rows] @ weights, dtype=np.float32)


def _ease_of_few_users(seen: sparse.csr_matrix) -> Scores:
    """Return the scores of EASE by K = (X X' + r I)^-1, with which the inverse is (I - X' K X) / r.

    Only its diagonal is needed, and the histories times it.
    """
    gram = (seen @ seen.T).toarray()
    gram[np.diag_indices(len(gram))] += EASE_REGULARIZATION
    of_users = linalg.inv(gram, assume_a="pos", check_finite=False) @ seen
    diagonal = 1 - np.asarray(seen.multiply(of_users).sum(axis=0)).ravel()

    def scores(rows: NDArray[np.int32]) -> NDArray[np.float32]:
        some = seen[rows]
        product = some - (some @ seen.T) @ of_users
        # What a movie says of itself is taken out: it would add as much as it was seen.
        return np.asarray(some - product / diagonal, dtype=np.float32)

    return scores


def _alike(scores: NDArray[np.int64]) -> Scores:
    """Return the same scores for everyone."""
    return lambda rows: np.tile(scores.astype(np.float32), (len(rows), 1))
