"""Measures: the same as another library's, and what a list is worth whose answer is known."""

import math

import ir_measures
import numpy as np
import pytest
from ir_measures import RR, R, Success, nDCG

from batch.data.interactions import Interactions
from batch.evaluation.metrics import compute_metrics
from batch.evaluation.splits import Split, by_last, by_time
from tests.made import interactions

THEIRS = {"hr": Success, "ndcg": nDCG, "recall": R, "mrr": RR}


def _random_ratings(seed: int) -> Interactions:
    random = np.random.default_rng(seed)
    pairs = {
        (int(u), int(i))
        for u, i in zip(random.integers(0, 40, 2_000), random.integers(0, 120, 2_000), strict=True)
    }
    ordered = sorted(pairs)
    random.shuffle(ordered)
    return interactions([(u, i, float(random.integers(1, 11)) / 2) for u, i in ordered])


@pytest.mark.parametrize("make", [by_last, lambda ratings: by_time(ratings, 0.7)], ids=["last", "time"])
def test_metrics_of_every_user_are_those_of_another_library(make: object) -> None:
    split: Split = make(_random_ratings(1))  # type: ignore[operator]
    random = np.random.default_rng(2)
    lists = [
        random.permutation(split.train.items)[: random.integers(0, 60)].astype(np.int32) for _ in split.users
    ]
    by_user = compute_metrics(lists, split).by_user
    relevant = {
        str(row): {str(item): 1 for item in split.relevant[[row]].indices}
        | {f"unknown {place}": 1 for place in range(split.unknown[row])}
        for row in range(len(split.users))
    }
    run = {
        str(row): {str(item): -float(rank) for rank, item in enumerate(items)}
        for row, items in enumerate(lists)
    }
    for name, theirs in THEIRS.items():
        for depth in (10, 50):
            values = {
                each.query_id: each.value for each in ir_measures.iter_calc([theirs @ depth], relevant, run)
            }
            expected = [values[str(row)] for row in range(len(split.users))]
            np.testing.assert_allclose(by_user[f"{name}@{depth}"], expected, atol=1e-12)


def _split() -> Split:
    """Three users know three movies of six; later, each rates two more."""
    known = [(user, item) for item in range(6) for user in range(3) if (item + user) % 2]
    later = [(0, 0, 5.0), (0, 2, 2.0), (1, 1, 4.0), (1, 3, 4.5), (2, 0, 1.0), (2, 2, 3.0)]
    padding = [(user, item) for user in range(3) for item in (6, 7)]
    return by_time(interactions([*known, *padding, *later]), 15 / 21)


def test_later_likes_are_counted_apart_from_dislikes() -> None:
    items = np.arange(6, dtype=np.int32)
    measured = compute_metrics([items[:1], items[:4], items[:3]], _split())
    assert measured.by_user["recall_liked@10"].tolist() == [1, 1, pytest.approx(math.nan, nan_ok=True)]
    assert measured.by_user["recall_disliked@10"].tolist() == [0, pytest.approx(math.nan, nan_ok=True), 1]


def test_a_list_that_is_the_same_for_all_covers_little_and_is_unequal() -> None:
    split = _split()
    alike = compute_metrics([np.array([0], dtype=np.int32)] * 3, split).of_lists
    apart = compute_metrics([np.array([item], dtype=np.int32) for item in range(3)], split).of_lists
    assert (alike["coverage@10"], apart["coverage@10"]) == (1 / 8, 3 / 8)
    assert alike["gini@10"] == pytest.approx(7 / 8)
    assert apart["gini@10"] == pytest.approx(5 / 8)


def test_novelty_is_the_surprise_of_an_item_in_bits() -> None:
    split = _split()
    everybody, some = np.array([6], dtype=np.int32), np.array([0], dtype=np.int32)
    assert compute_metrics([everybody] * 3, split).of_lists["novelty@10"] == 0
    assert compute_metrics([some] * 3, split).of_lists["novelty@10"] == pytest.approx(math.log2(3))


def test_the_popular_tenth_is_that_of_the_items_rated_most() -> None:
    rows = [(user, item) for item in range(20) for user in range(2 + 3 * (item in (4, 9)))]
    split = by_last(interactions([*rows, (0, 20), (1, 20), (5, 4), (5, 20)]))
    lists = [np.array([4, 9, 0], dtype=np.int32)] * len(split.users)
    assert compute_metrics(lists, split).of_lists["popular_tenth@10"] == pytest.approx(2 / 3)
