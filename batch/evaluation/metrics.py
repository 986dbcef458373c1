"""Metrics: how well lists foresee what was watched later, and what else they are.

Names and definitions are those of the field: hit rate, recall and mean reciprocal rank as in Järvelin
and Kekäläinen's line of work on ranked retrieval, NDCG with gains of 0 or 1 ("Cumulated gain-based
evaluation of IR techniques", TOIS 2002, pages 422-446) and an ideal list cut at the same depth.
They are by hand since ir_measures takes 2.5 s for the lists of 10,000 users, and these lines 0.3 s;
`tests/batch/evaluation/test_metrics.py` holds them against it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from batch.evaluation.splits import Split

MODEL = "embedding"  # the name of our model, beside those of the baselines
DEPTHS = (10, 50)


@dataclass(frozen=True)
class UserMetrics:
    """The metrics of the lists of one model on one split."""

    by_user: dict[str, NDArray[np.float64]]  # by metric, (evaluated users,); NaN: says nothing of the user
    of_lists: dict[str, float]  # by metric, of all lists together

    def means(self) -> dict[str, float]:
        """Return every metric as one number."""
        return {name: mean_of_known(values) for name, values in self.by_user.items()} | self.of_lists


def mean_of_known(values: NDArray[np.float64]) -> float:
    """Return the mean without NaN; NaN if there is nothing else."""
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def compute_metrics(ranked: NDArray[np.int32], split: Split) -> UserMetrics:
    """Measure the lists of `batch.evaluation.rank` against the later positives of the users.

    They may be shorter than the depth of a metric. A later positive that nobody knew counts as relevant and
    not found.
    """
    listed = ranked[:, : max(DEPTHS)]
    is_hit, is_disliked = _listed_of(listed, split.relevant), _listed_of(listed, split.disliked)
    disliked = np.diff(split.disliked.indptr)
    relevant = np.diff(split.relevant.indptr) + split.unknown
    all_users = split.popularity or split.train
    by_user: dict[str, NDArray[np.float64]] = {}
    of_lists: dict[str, float] = {}
    for depth in DEPTHS:
        by_user |= accuracy(is_hit[:, :depth], relevant, depth)
        # NaN for who has nothing of the kind.
        by_user[f"recall_disliked@{depth}"] = np.where(
            disliked > 0, is_disliked[:, :depth].sum(axis=1) / np.maximum(disliked, 1), np.nan
        )
        top = ranked[:, :depth]
        places = np.bincount(top[top >= 0], minlength=split.train.items)
        of_lists |= exposure(places, all_users.ratings_of_item, all_users.users, split.train.is_hidden, depth)
    return UserMetrics(by_user, of_lists)


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


def exposure(
    places: NDArray[np.int64],
    ratings_of_item: NDArray[np.int64],
    users: int,
    is_hidden: NDArray[np.bool_],
    depth: int,
) -> dict[str, float]:
    """Return what lists of a depth show of the catalogue, from how many of their places each movie has."""
    rarity = -np.log2(np.maximum(ratings_of_item, 1) / users)
    novelty = float(places @ rarity / places.sum()) if places.sum() else float("nan")
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
    }
