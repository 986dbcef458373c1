"""Weighted parts: the vectors of users and movies, whose inner product is the score.

A vector is five parts side by side, and so the score is their sum: the collaborative part
(`batch.model.als`), the sequential part (`batch.model.sequential`), the personal trend
(`batch.model.personal_trend`), the genres (`batch.model.genres`) and the popularity trend
(`batch.model.trend`). Their weights depend on how long the user has been inactive: in the middle of a session
the next movie matters, after a week what people watch now. docs/model.md gives the formula, and what each
part is worth. `batch.model.part_weights` learns by what they are multiplied for whom.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import block_diag

from batch.data.interactions import Interactions
from batch.model.als import Collaborative, fit_collaborative
from batch.model.beginnings import MAX_USERS, Beginnings, fit_beginnings, share_known
from batch.model.genres import Genres, usual_genres
from batch.model.part_weights import PartWeights, no_part_weights, traits_of
from batch.model.personal_trend import PersonalTrend, fit_personal_trend
from batch.model.positives import is_positive
from batch.model.sequential import Sequential, fit_sequential
from batch.model.trend import trend
from batch.runtime.threads import threads
from batch.settings import Settings

PART_NAMES = ("collaborative", "sequential", "personal_trend", "genres", "trend")
# In the middle of a session the next movie matters more than its genres.
GENRES_IN_SESSION = 1 / 3


@dataclass(frozen=True)
class FittedItems:
    """The learned vectors of the movies, from which those of users follow."""

    collaborative: Collaborative
    sequential: Sequential
    personal_trend: PersonalTrend
    genres: Genres
    trend: NDArray[np.float32]  # (items,)
    part_weights: PartWeights = field(default_factory=partial(no_part_weights, len(PART_NAMES)))
    beginnings: Beginnings = field(default_factory=Beginnings)

    @property
    def by_part(self) -> dict[str, NDArray[np.float32]]:
        """Return (items, columns), the vectors of the movies, by part."""
        parts = (self.collaborative, self.sequential, self.personal_trend, self.genres)
        vectors = [*(part.item_factors for part in parts), self.trend[:, None]]
        return dict(zip(PART_NAMES, vectors, strict=True))

    @property
    def columns(self) -> dict[str, int]:
        """Return how many columns of the vectors each part has, in order."""
        return {name: vectors.shape[1] for name, vectors in self.by_part.items()}

    @property
    def factors(self) -> NDArray[np.float32]:
        """Return (items, factors), the vectors of the movies, part by part."""
        return np.hstack([*self.by_part.values()])


@dataclass(frozen=True)
class Model:
    """The vectors, who has seen what, and which movies may be in a list."""

    user_factors: NDArray[np.float32]  # (users, factors)
    item_factors: NDArray[np.float32]  # (items, factors)
    parts: list[int]  # how many columns each part of the vectors has, in order
    part_names: tuple[str, ...]  # what each part is called
    seen: sparse.csr_matrix  # (users, items), an entry for each movie that must not be in the list of a user
    is_candidate: NDArray[np.bool_]  # (items,)
    losses: list[float]  # one per iteration of ALS
    # (users, 3), by what the collaborative and the sequential part and the personal trend were multiplied
    weights: NDArray[np.float64]
    new_items: int = 0  # so many movies, the last ones, are new: at most a share of a list

    def scores_by_part(self, user: int) -> NDArray[np.float32]:
        """Return (items, parts), what each part adds to the scores of a user."""
        # With a column for each part, it is one product of matrices as they are in memory.
        of_user = self.user_factors[user][:, None]
        return np.asarray(self.item_factors @ block_diag(*np.split(of_user, np.cumsum(self.parts)[:-1])))


def fit_items(
    ratings: Interactions,
    settings: Settings,
    advance: Callable[[], None] = lambda: None,
    start: NDArray[np.float32] | None = None,
) -> FittedItems:
    """Learn what is liked together, what follows what, and what is watched now.

    `start` are collaborative parts (items, factors) that were learned from most of these ratings. `advance`
    is called after each iteration of ALS. Raises InputError if there is no positive.
    """
    collaborative = fit_collaborative(ratings, settings, advance, start)
    # Both regressions take one thread for the most part.
    with threads() as pool:
        following = pool.submit(fit_sequential, ratings, settings)
        personal_trend = fit_personal_trend(ratings, settings)
        sequential = following.result()
    fitted = FittedItems(
        collaborative,
        sequential,
        personal_trend,
        genres=fit_genres(ratings),
        trend=trend(ratings, settings.trend_half_life),
    )
    # Some of the users, drawn by chance: ids may be in the order of time.
    drawn = np.random.default_rng(settings.seed).permutation(ratings.users)[:MAX_USERS]
    return with_beginnings(fitted, ratings.of_users(np.sort(drawn).astype(np.int32)))


def with_beginnings(fitted: FittedItems, ratings: Interactions) -> FittedItems:
    """Return the same, with what is foreseen of somebody by the vectors of these users."""
    beginnings = fit_beginnings(unit_vectors(fitted, ratings), ratings.user_attributes, positives_of(ratings))
    return replace(fitted, beginnings=beginnings)


def unit_vectors(fitted: FittedItems, ratings: Interactions) -> dict[str, NDArray[np.float32]]:
    """Return (users, columns) by part: vectors whose scores over all movies have a spread of 1."""
    units = {}
    for name, part in _parts_of_histories(fitted).items():
        vectors = part.of_users(ratings, np.arange(ratings.users))
        units[name] = np.asarray(vectors / part.spread(vectors)[:, None], dtype=np.float32)
    return units


def _parts_of_histories(fitted: FittedItems) -> dict[str, Collaborative | Sequential | PersonalTrend]:
    """Return the parts in which the vector of a user follows from the history, by name."""
    parts = (fitted.collaborative, fitted.sequential, fitted.personal_trend)
    return dict(zip(PART_NAMES, parts, strict=False))


def positives_of(ratings: Interactions) -> NDArray[np.int64]:
    """Return (users,), how many positives each has."""
    return np.bincount(ratings.user_index[is_positive(ratings.weight)], minlength=ratings.users)


def fit_genres(ratings: Interactions) -> Genres:
    """Count what genres are usual, and how marked tastes are."""
    positives = np.bincount(ratings.item_index[is_positive(ratings.weight)], minlength=ratings.items)
    genres = usual_genres(ratings.genres, positives)
    total, users = marked_tastes(genres, ratings)
    return replace(genres, usual_spread=total / users if users else 1.0)


def marked_tastes(genres: Genres, ratings: Interactions) -> tuple[float, int]:
    """Return the sum of the spreads of the scores of users by genres alone, and of how many users it is."""
    spreads = genres.spread(genres.of_users(ratings))
    some = spreads[spreads > 0]
    return float(some.sum()), len(some)


def fold_in_users(
    fitted: FittedItems, ratings: Interactions, days_inactive: NDArray[np.float64], settings: Settings
) -> Model:
    """Return the model for users with these ratings; the movies may have been learned from others.

    `days_inactive` are (users,) the days from the last rating of each to the moment for which lists are made.
    """
    session_weight = 0.5 ** (days_inactive / settings.gap_half_life)
    # Weights below float32 epsilon become 0: after some weeks a vector has two parts less.
    session_weight[session_weight < np.finfo(np.float32).eps] = 0
    away_weight = 1 - session_weight
    positives = positives_of(ratings)
    learned = fitted.part_weights.of_users(traits_of(days_inactive, positives))
    by_setting = (
        session_weight,
        settings.next_weight * session_weight,
        settings.personal * settings.personal_trend_weight * away_weight,
        settings.personal * settings.genre_weight * (away_weight + GENRES_IN_SESSION * session_weight),
        settings.trend_weight * away_weight,
    )
    weights = dict(zip(PART_NAMES, np.stack(by_setting) * learned.T, strict=True))
    weighed = partial(_weighed, fitted, ratings, share_known(positives))
    collaborative, of_collaborative = weighed("collaborative", weights["collaborative"])
    sequential, of_sequential = weighed("sequential", weights["sequential"])
    personal, of_personal = weighed("personal_trend", weights["personal_trend"])
    by_genre = fitted.genres.of_users(ratings)
    spread = fitted.genres.spread(by_genre)
    genre_weight = weights["genres"] * fitted.genres.marked(spread) / np.where(spread > 0, spread, 1)
    parts = [
        collaborative,
        sequential,
        personal,
        (by_genre * genre_weight[:, None]).astype(np.float32),
        weights["trend"][:, None].astype(np.float32),
    ]
    return Model(
        user_factors=np.hstack(parts),
        item_factors=fitted.factors,
        parts=[part.shape[1] for part in parts],
        part_names=PART_NAMES,
        seen=ratings.unlistable,
        is_candidate=~ratings.is_hidden,
        losses=fitted.collaborative.losses,
        weights=np.stack([of_collaborative, of_sequential, of_personal], axis=1),
    )


def _weighed(
    fitted: FittedItems,
    ratings: Interactions,
    known: NDArray[np.float64],  # (users,), how much the own vector of each weighs
    name: str,
    weight: NDArray[np.float64],
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return (users, columns), the vectors of a part in which scores have the spread of the weight.

    With them (users,) by what they were multiplied. Who has no weight has zeros, and costs nothing.
    """
    part = _parts_of_histories(fitted)[name]
    columns = part.item_factors.shape[1]
    users = np.flatnonzero(weight) if columns else np.empty(0, np.intp)
    theirs = part.of_users(ratings, users)
    own = weight[users] / part.spread(theirs)
    if name in fitted.beginnings.by_part:
        foreseen = fitted.beginnings.of_users(name, ratings.user_attributes, users)
        foreseen *= (weight[users] * (1 - known[users]))[:, None]
        own *= known[users]
    else:
        foreseen = np.zeros_like(theirs)
    multiplied = np.zeros(len(weight))
    multiplied[users] = own
    vectors = np.zeros((len(weight), columns), dtype=np.float32)
    vectors[users] = theirs * own[:, None] + foreseen
    return vectors, multiplied


def with_seen(model: Model, users: NDArray[np.int32], items: NDArray[np.int32]) -> Model:
    """Return the same model, in which users have seen these movies too."""
    more = sparse.csr_matrix((np.ones(len(users), np.float32), (users, items)), shape=model.seen.shape)
    return replace(model, seen=model.seen + more) if len(users) else model
