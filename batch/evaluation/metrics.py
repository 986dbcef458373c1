"""Metrics: how well lists foresee what was watched later, and what else they are.

Names and definitions are those of the field: hit rate, recall and mean reciprocal rank as in Järvelin
and Kekäläinen's line of work on ranked retrieval, NDCG with gains of 0 or 1 ("Cumulated gain-based
evaluation of IR techniques", TOIS 2002, pages 422-446) and an ideal list cut at the same depth.
They are by hand since ir_measures takes 2.5 s for the lists of 10,000 users, and these lines 0.3 s;
`tests/batch/evaluation/test_metrics.py` holds them against it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from batch.data.interactions import Interactions
from batch.evaluation.lists import calibration, exposure, part_shares
from batch.evaluation.splits import Popularity, Split
from batch.model.positives import is_positive
from batch.model.weighted_parts import Model

MODEL = "embedding"  # the name of our model, beside those of the baselines
DEPTHS = (10, 50)
SHOWN = 10  # how much of a list is seen at once


@dataclass(frozen=True)
class UserMetrics:
    """The metrics of the lists of one model, on one split or on several."""

    by_user: dict[str, NDArray[np.float64]]  # by metric, (evaluated users,); NaN: says nothing of the user
    of_lists: dict[str, float]  # by metric, of all lists together
    people: NDArray[
        np.int64
    ]  # (evaluated users,), who each is: of several splits, somebody may be there twice

    def means(self) -> dict[str, float]:
        """Return every metric as one number."""
        return {name: mean_of_known(values) for name, values in self.by_user.items()} | self.of_lists


@dataclass(frozen=True)
class Lists:
    """The lists of some users, whether or not these evaluate them."""

    users: NDArray[np.int32]  # (lists,), indices among the known ratings
    items: NDArray[np.int32]  # (lists, depth), best first; -1 at the end of a shorter list
    model: Model | None = None  # from which they were made; None: from no vectors in parts


def mean_of_known(values: NDArray[np.float64]) -> float:
    """Return the mean without NaN; NaN if there is nothing else."""
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def compute_metrics(
    ranked: NDArray[np.int32], split: Split, model: Model | None = None, everyone: Lists | None = None
) -> UserMetrics:
    """Measure the lists of `batch.evaluation.rank` against the later positives of the users.

    They may be shorter than the depth of a metric. A later positive that nobody knew counts as relevant and
    not found. What lists are is measured on those of `everyone`; if None, on the same lists.
    """
    listed = ranked[:, : max(DEPTHS)]
    is_hit, is_disliked = _listed_of(listed, split.relevant), _listed_of(listed, split.disliked)
    disliked = np.diff(split.disliked.indptr)
    relevant = np.diff(split.relevant.indptr) + split.unknown
    by_user: dict[str, NDArray[np.float64]] = {}
    for depth in DEPTHS:
        by_user |= accuracy(is_hit[:, :depth], relevant, depth)
        # NaN for who has nothing of the kind.
        by_user[f"recall_disliked@{depth}"] = np.where(
            disliked > 0, is_disliked[:, :depth].sum(axis=1) / np.maximum(disliked, 1), np.nan
        )
    lists = everyone or Lists(split.users, ranked, model)
    of_lists = measure_lists(lists, split.train, split.popularity or split.train)
    return UserMetrics(by_user, of_lists, split.old_users[split.users])


def pooled(measured: Sequence[UserMetrics]) -> UserMetrics:
    """Return the metrics of the people of all splits; what lists are is the mean over the splits."""
    by_user = {
        name: np.concatenate([each.by_user[name] for each in measured]) for name in measured[0].by_user
    }
    of_lists = {
        name: mean_of_known(np.array([each.of_lists[name] for each in measured]))
        for name in measured[0].of_lists
    }
    return UserMetrics(by_user, of_lists, np.concatenate([each.people for each in measured]))


def measure_lists(lists: Lists, known: Interactions, of_all: Popularity | Interactions) -> dict[str, float]:
    """Return what lists are; `known` has the ratings of their users, `of_all` how many everybody gave."""
    found: dict[str, float] = {}
    count = int(np.count_nonzero((lists.items >= 0).any(axis=1)))
    for depth in DEPTHS:
        top = lists.items[:, :depth]
        places = np.bincount(top[top >= 0], minlength=known.items)
        found |= exposure(places, count, of_all.ratings_of_item, of_all.users, known.is_hidden, depth)
    found[f"calibration@{SHOWN}"] = _mean_calibration(lists, known)
    if lists.model:
        shares = part_shares(lists.model, lists.users, lists.items[:, :SHOWN])
        found |= {f"share_of_{name}@{SHOWN}": share for name, share in shares.items()}
    return found


def _mean_calibration(lists: Lists, known: Interactions) -> float:
    """Return the mean distance of the genres of lists from those of the positives of their users."""
    if known.genres is None:
        return float("nan")
    row, place = np.nonzero(lists.items[:, :SHOWN] >= 0)
    listed = sparse.csr_matrix(
        (np.ones(len(row), np.float32), (row, lists.items[row, place])), (len(lists.items), known.items)
    )
    # Ratings are by user: no other form of matrix has to be sorted first.
    first = np.concatenate([[0], np.cumsum(known.ratings_of_user)])
    positives = is_positive(known.weight).astype(np.float32)
    liked = sparse.csr_matrix((positives, known.item_index, first), (known.users, known.items))
    return mean_of_known(calibration((liked @ known.genres)[lists.users], listed @ known.genres))


def _listed_of(ranked: NDArray[np.int32], later: sparse.csr_matrix) -> NDArray[np.bool_]:
    """Return (users, depth), whether each listed movie is among the later ones (users, items)."""
    return np.stack(
        [
            np.isin(items, later.indices[later.indptr[row] : later.indptr[row + 1]])
            for row, items in enumerate(ranked)
        ]
    )


def accuracy(
    is_hit: NDArray[np.bool_], relevant: NDArray[np.int64], depth: int
) -> dict[str, NDArray[np.float64]]:
    """Return metrics of users by name: which places (users, depth) are hits, of how many relevant items."""
    discounts = 1 / np.log2(np.arange(2, depth + 2))
    ideal = np.cumsum(discounts)[np.minimum(relevant, depth) - 1]
    hits = is_hit.sum(axis=1)
    return {
        f"hr@{depth}": (hits > 0).astype(np.float64),
        f"ndcg@{depth}": is_hit @ discounts[: is_hit.shape[1]] / ideal,
        f"recall@{depth}": hits / relevant,
        f"mrr@{depth}": np.where(hits > 0, 1 / (1 + is_hit.argmax(axis=1)), 0.0),
    }
