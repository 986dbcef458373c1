"""Split: what a model may know, and what it is evaluated by."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from batch.data.interactions import Interactions
from batch.errors import InputError
from batch.model.positives import is_positive

# A user who comes back evaluates a split by time only if so many ratings are known.
MIN_RATINGS = 5


@dataclass(frozen=True)
class Popularity:
    """How often movies were rated by all users, for a split that has the ratings of some alone."""

    users: int
    ratings_of_item: NDArray[np.int64]  # (items,)
    lately: dict[float, NDArray[np.int64]]  # (items,), among the newest share of all ratings, by that share


@dataclass(frozen=True)
class Split:
    """Ratings to learn from, and the later ones, of which lists should foresee the positives.

    Only what is in `train` has an index: users and movies that come later are unknown to every model, and
    so is how many there are.
    """

    name: str
    train: Interactions
    days_inactive: NDArray[np.float64]  # (users of train,), days from the last known rating to the moment
    users: NDArray[np.int32]  # (evaluated,), who evaluates; rising
    relevant: sparse.csr_matrix  # (evaluated, items of train), an entry for each later positive
    disliked: sparse.csr_matrix  # the same, for each later rating that is no positive
    unknown: NDArray[np.int64]  # (evaluated,), how many later positives are of movies that nobody knows yet
    old_users: NDArray[np.intp]  # (users of train,), the index among all ratings
    old_items: NDArray[np.intp]  # (items of train,), the same
    is_tied: NDArray[np.bool_]  # (evaluated,), has a later rating at the very second of the last known one
    popularity: Popularity | None = None  # None: `train` has the ratings of all users

    @property
    def is_by_time(self) -> bool:
        """Whether everything from a moment on is held out, and not the last positive of each."""
        return self.name.startswith("time")

    @property
    def tied(self) -> float:
        """Return the share of evaluated users of whom only the file says which rating was later."""
        return float(self.is_tied.mean())

    def sampled(self, most: int, seed: int) -> "Split":
        """Return the same split with a sample of at most so many evaluated users; its name says so."""
        if len(self.users) <= most:
            return self
        rows = np.sort(np.random.default_rng(seed).choice(len(self.users), most, replace=False))
        return replace(
            self,
            name=f"{self.name}, {most:,} of {len(self.users):,} users",
            users=self.users[rows],
            relevant=self.relevant[rows],
            disliked=self.disliked[rows],
            unknown=self.unknown[rows],
            is_tied=self.is_tied[rows],
        )


def entries(row: NDArray[np.integer], item: NDArray[np.integer], shape: tuple[int, int]) -> sparse.csr_matrix:
    """Return a matrix (evaluated, items) with an entry of 1 for each of these."""
    return sparse.csr_matrix((np.ones(len(row), dtype=np.float32), (row, item)), shape=shape)


def by_last(ratings: Interactions) -> Split:
    """Hold out the last positive of everyone who has two or more ratings, and what is newer than it.

    Among equal times the file decides.

    Without times, one rating of everyone is held out by chance.

    A list is made at the moment of the last known rating, so nobody is inactive: when the held-out one was
    given is not known. A held-out movie that nobody else has rated can't be foreseen; it counts as missed.
    Raises InputError if nobody has two ratings.
    """
    held_out = ratings.is_from_last_positive & (ratings.ratings_of_user[ratings.user_index] > 1)
    return by_held_out(ratings, held_out)


def by_held_out(ratings: Interactions, held_out: NDArray[np.bool_]) -> Split:
    """Hold out these, the last ones of some users. Raises InputError if nobody can be evaluated by them."""
    return _split("last", *_parted(ratings, held_out), moment=None)


def by_time(ratings: Interactions, share: float) -> Split:
    """Hold out everything from the moment on at which the oldest `share` of all ratings is over.

    Evaluated are those who had `MIN_RATINGS` before that moment and come back, by all their later ratings
    of movies that were known. Raises InputError if there is nobody, or the ratings have no times.
    """
    if not ratings.has_times:
        raise InputError("ratings: have no times, so none is later than another; evaluate by --split last")
    moment = moment_of(ratings, share)
    return _split(f"time {100 * share:g}%", *_parted(ratings, ratings.rated_at >= moment), moment)


def by_moment(ratings: Interactions, share: float) -> Split:
    """Return `by_time` of ratings with times, none of which supersedes another.

    That takes a tenth of the time. Raises InputError if nobody comes back.
    """
    moment = moment_of(ratings, share)
    is_known = ratings.rated_at < moment
    return _split(f"time {100 * share:g}%", ratings.where(is_known), ratings.where(~is_known), moment)


def moment_of(ratings: Interactions, share: float) -> float:
    """Return when the oldest `share` of all ratings is over, in seconds since 1970."""
    place = min(int(len(ratings) * share), len(ratings) - 1)
    return float(np.partition(ratings.rated_at, place)[place])


def _parted(ratings: Interactions, held_out: NDArray[np.bool_]) -> tuple[Interactions, Interactions]:
    """Return the known and the held-out ratings, both without superseded ones.

    A movie that its user rates again is known: it is not held out, unless it may be recommended again.
    """
    known = ratings.where(~held_out).without_superseded()
    later = ratings.where(held_out).without_superseded()
    return known, later if ratings.meaning.repeats else later.where(~np.isin(later.pair, known.pair))


def _split(name: str, known_ratings: Interactions, later: Interactions, moment: float | None) -> Split:
    train, new_users, new_items = known_ratings.compacted()
    user, item = new_users[later.user_index], new_items[later.item_index]
    if moment is None:
        days_inactive, evaluated = np.zeros(train.users), user >= 0
    else:
        days_inactive = train.days_inactive(moment)
        evaluated = (user >= 0) & (item >= 0)
        evaluated[evaluated] = train.ratings_of_user[user[evaluated]] >= MIN_RATINGS
    # Lists should foresee positives: who has no later one evaluates nothing.
    positive = is_positive(later.weight)
    evaluated &= np.isin(user, user[evaluated & positive])
    if not evaluated.any():
        needed = "ratings of two movies, the later one a positive"
        if moment is not None:
            needed = (
                f"{MIN_RATINGS} or more ratings before the cut, and later positives of movies rated before it"
            )
        raise InputError(
            f"ratings: nobody can be evaluated by the split '{name}'; it needs users with {needed}; "
            "use another split or cut"
        )
    users, row = np.unique(user[evaluated], return_inverse=True)
    known, positive = item[evaluated] >= 0, positive[evaluated]
    shape = len(users), train.items
    ties = later.rated_at[evaluated] == train.last_rated_at[user[evaluated]]
    return Split(
        name=name,
        train=train,
        days_inactive=days_inactive,
        users=users.astype(np.int32),
        relevant=entries(row[known & positive], item[evaluated][known & positive], shape),
        disliked=entries(row[known & ~positive], item[evaluated][known & ~positive], shape),
        unknown=np.bincount(row[~known & positive], minlength=len(users)),
        old_users=np.flatnonzero(new_users >= 0),
        old_items=np.flatnonzero(new_items >= 0),
        is_tied=np.bincount(row, weights=ties, minlength=len(users)) > 0,
    )
