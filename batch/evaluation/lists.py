"""Lists: what they are, whatever they foresee: how alike, of how much of the catalogue, of which genres.

And which part of the model they come from.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from batch.model.weighted_parts import Model

# Of the genres of the history, so much is mixed into those of the list, or a genre that the list lacks would
# be infinitely far: the paper's value.
SMOOTHING = 0.01
USERS_PER_BLOCK = 4_096


def exposure(  # noqa: PLR0913, PLR0917 (counts that engines gather in their own ways)
    places: NDArray[np.int64],
    lists: int,
    ratings_of_item: NDArray[np.int64],
    users: int,
    is_hidden: NDArray[np.bool_],
    depth: int,
) -> dict[str, float]:
    """Return what so many lists of a depth show, from how many of their places each movie has."""
    rarity = -np.log2(np.maximum(ratings_of_item, 1) / users)
    novelty = float(places @ rarity / places.sum()) if places.sum() else float("nan")
    # Each movie is in common to so many pairs of lists.
    pairs = float(places @ (places - 1)) / (lists * (lists - 1)) if lists > 1 else float("nan")
    places, popularity = places[~is_hidden], ratings_of_item[~is_hidden]
    items = len(places)
    tenth = np.argsort(-popularity, kind="stable")[: max(1, items // 10)]
    rising = np.sort(places)
    return {
        f"coverage@{depth}": float(np.mean(places > 0)),
        # Mean self-information of a listed movie, in bits (Zhou et al., PNAS 2010, page 4512).
        f"novelty@{depth}": novelty,
        f"popular_tenth@{depth}": float(places[tenth].sum() / max(1, places.sum())),
        # 0: all movies are shown equally often; 1: one movie takes every place.
        f"gini@{depth}": float(
            (2 * np.arange(1, items + 1) - items - 1) @ rising / (items * max(1, rising.sum()))
        ),
        f"top_item_share@{depth}": float(places.max(initial=0) / lists) if lists else float("nan"),
        f"overlap@{depth}": pairs / depth,
    }


def calibration(history: sparse.csr_matrix, listed: sparse.csr_matrix) -> NDArray[np.float64]:
    """Return (lists,), how far the genres of each list are from those of the history; 0: they are alike.

    Both are (lists, genres), how much there is of each genre. The Kullback-Leibler divergence of Steck,
    "Calibrated Recommendations", RecSys 2018, equations 4 and 5. NaN if a list or history has no genres.
    """
    has_genres = (_row_sums(history) > 0) & (_row_sums(listed) > 0)
    liked, shown = (_shares(each[has_genres]) for each in (history, listed))
    mixed = SMOOTHING * liked + (1 - SMOOTHING) * shown
    log_of_liked, log_of_mixed = liked.copy(), mixed.tocsr()
    for each in (log_of_liked, log_of_mixed):
        np.log(each.data, out=each.data)
    distances = np.full(len(has_genres), np.nan)
    distances[has_genres] = _row_sums(liked.multiply(log_of_liked)) - _row_sums(liked.multiply(log_of_mixed))
    return distances


def _row_sums(matrix: sparse.csr_matrix) -> NDArray[np.float64]:
    return np.asarray(matrix.sum(axis=1), np.float64).ravel()


def _shares(amounts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return each row divided by its sum, without zeros among the entries."""
    shares = sparse.csr_matrix(amounts, dtype=np.float64, copy=True)
    shares.eliminate_zeros()
    shares.data /= np.repeat(_row_sums(shares), np.diff(shares.indptr))
    return shares


def part_shares(model: Model, users: NDArray[np.int32], listed: NDArray[np.int32]) -> dict[str, float]:
    """Return which share of the score each part of the model has, by its name: the mean over listed movies.

    A score is a sum over parts, some of which may pull down. So the share is of the parts without their
    signs: it says how much of the decision each part had. `listed` are (users, depth), -1 at the end of a
    shorter list.
    """
    totals, places = np.zeros(len(model.parts)), 0
    for first in range(0, len(users), USERS_PER_BLOCK):
        last = first + USERS_PER_BLOCK
        scores = _scores_by_part(model, users[first:last], listed[first:last])
        whole = scores.sum(axis=0)
        totals += (scores[:, whole > 0] / whole[whole > 0]).sum(axis=1)
        places += int(np.count_nonzero(whole))
    means = totals / places if places else np.full(len(totals), np.nan)
    return dict(zip(model.part_names, map(float, means), strict=True))


def _scores_by_part(model: Model, users: NDArray[np.int32], listed: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return (parts, places), what each part adds to the score of each listed movie, without its sign."""
    row, place = np.nonzero(listed >= 0)
    items = listed[row, place]
    scores = np.zeros((len(model.parts), len(items)))
    ends = np.cumsum(model.parts)
    for number, (first, end) in enumerate(zip(ends - model.parts, ends, strict=True)):
        of_users = model.user_factors[users, first:end]
        # Most users have nothing in a part that is about the last days.
        there = np.flatnonzero((of_users != 0).any(axis=1)[row])
        of_items = model.item_factors[items[there], first:end]
        scores[number, there] = np.abs(np.einsum("pf,pf->p", of_users[row[there]], of_items))
    return scores
