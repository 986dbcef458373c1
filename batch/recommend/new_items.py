"""New items: movies that nobody has rated yet take at most a share of every list.

Both are found exactly: the best of the other movies, and the best of the new ones. Then a new movie goes
where its score belongs, but not into the first ten, where it would take the place of what is known to be
liked; and if the list has its share of new movies already, it waits until it may: of the places after the
tenth, down to any rank, at most `share` have a new movie. So a new movie may stand below others that score
less.
"""

import numpy as np
from numpy.typing import NDArray

from batch.model.weighted_parts import Model
from batch.recommend.topn import Advance, TopN, best, score
from batch.runtime.jit import compiled

# Places without new movies, at the beginning of every list.
WITHOUT_NEW = 10
# The share of a length is a whole number also where the product falls short of it by rounding.
ROUNDING = 1e-9


def most_new(share: float, length: int) -> int:
    """Return how many new movies a list of this length may have."""
    return int(share * max(length - WITHOUT_NEW, 0) + ROUNDING)


def score_with_new(
    model: Model, top_n: int, new_share: float, advance: Advance = lambda _users: None
) -> TopN:
    """Return `batch.recommend.topn.score` with at most this share of new movies among them.

    Somebody for whom there are fewer other movies gets all of them.
    """
    others = score(model, top_n, advance)
    length = most_new(new_share, top_n)
    if not model.new_items or not length:
        return others
    is_new = np.arange(len(model.item_factors)) >= len(model.item_factors) - model.new_items
    new = best(model.user_factors, model.item_factors, model.parts, model.seen, is_new, length)
    return merged(others, new, len(model.user_factors), top_n, new_share)


def first_ranks(share: float, length: int) -> NDArray[np.int64]:
    """Return the first rank at which a list may have one new movie, two, and so on, down to this length."""
    lengths = np.array([most_new(share, rank) for rank in range(length + 1)])
    return np.searchsorted(lengths, np.arange(1, lengths[-1] + 1))


def merged(others: TopN, new: TopN, users: int, top_n: int, share: float) -> TopN:
    """Return the lists of both; each has the best of its movies of every user."""
    ends = [
        np.concatenate([[0], np.cumsum(np.bincount(each.user_index, minlength=users))])
        for each in (others, new)
    ]
    items = np.full((users, top_n), -1, dtype=np.int32)
    scores = np.zeros((users, top_n), dtype=np.float32)
    _merge(
        (others.item_index, others.score, ends[0]),
        (new.item_index, new.score, ends[1]),
        first_ranks(share, top_n),
        items,
        scores,
    )
    is_there = items >= 0
    ranks = np.broadcast_to(np.arange(1, top_n + 1, dtype=np.int32), items.shape)
    return TopN(
        user_index=np.repeat(np.arange(users, dtype=np.int32), is_there.sum(axis=1)),
        rank=ranks[is_there],
        item_index=items[is_there],
        score=scores[is_there],
    )


_Columns = tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]  # items, scores, ends of users


@compiled
def _merge(
    others: _Columns,
    new: _Columns,
    ranks: NDArray[np.int64],  # those of `first_ranks`
    items: NDArray[np.int32],  # (users, top_n), -1 so far
    scores: NDArray[np.float32],
) -> None:
    for user in range(len(items)):
        other, last = others[2][user], others[2][user + 1]
        newer, last_new = new[2][user], new[2][user + 1]
        count = 0  # of new movies so far
        for place in range(items.shape[1]):
            may_be_new = newer < last_new and count < len(ranks) and ranks[count] <= place + 1
            if may_be_new and (other == last or new[1][newer] > others[1][other]):
                items[user, place], scores[user, place] = new[0][newer], new[1][newer]
                newer += 1
                count += 1
            elif other < last:
                items[user, place], scores[user, place] = others[0][other], others[1][other]
                other += 1
            else:
                break
