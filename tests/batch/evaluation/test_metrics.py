"""Measures: the same as another library's, and what a list is worth whose answer is known."""

import math

import ir_measures
import numpy as np
import pytest
from ir_measures import RR, R, Success, nDCG
from numpy.typing import NDArray

from batch.data.interactions import Interactions
from batch.evaluation.metrics import compute_metrics
from batch.evaluation.splits import Split, by_last, by_time
from tests.made import interactions

THEIRS = {"hr": Success, "ndcg": nDCG, "recall": R, "mrr": RR}


def _ranked(lists: list[list[int]]) -> NDArray[np.int32]:
    """Return lists as rows of the same length."""
    return np.array([[*items, *[-1] * (50 - len(items))] for items in lists], dtype=np.int32)


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
    lists = [random.permutation(split.train.items)[: random.integers(0, 50)].tolist() for _ in split.users]
    by_user = compute_metrics(_ranked(lists), split).by_user
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


def test_lists_are_evaluated_by_later_positives_and_dislikes_are_counted_apart() -> None:
    by_user = compute_metrics(_ranked([[0, 2], [0, 1, 2, 3], [0, 1, 2]]), _split()).by_user
    assert by_user["recall@10"].tolist() == [1, 1, 1]
    assert by_user["mrr@10"].tolist() == [1, 1 / 2, 1 / 3]
    assert by_user["recall_disliked@10"].tolist() == [1, pytest.approx(math.nan, nan_ok=True), 1]


@pytest.mark.parametrize(
    ("lists", "metric", "value"),
    [
        ([[0], [0], [0]], "coverage@10", 1 / 8),
        ([[0], [1], [2]], "coverage@10", 3 / 8),
        ([[0], [0], [0]], "gini@10", 7 / 8),
        ([[0], [1], [2]], "gini@10", 5 / 8),
        ([[6], [6], [6]], "novelty@10", 0),
        ([[0], [0], [0]], "novelty@10", math.log2(3)),
    ],
    ids=[
        "lists that are alike cover one item",
        "lists that differ cover all of theirs",
        "lists that are alike are unequal",
        "lists that differ are less unequal",
        "an item that everybody knows is no surprise",
        "an item that one of three knows is a surprise of log2(3) bits",
    ],
)  # fmt: skip
def test_what_lists_show_of_the_catalogue(lists: list[list[int]], metric: str, value: float) -> None:
    assert compute_metrics(_ranked(lists), _split()).of_lists[metric] == pytest.approx(value)


def test_the_popular_tenth_is_that_of_the_items_rated_most() -> None:
    rows = [(user, item) for item in range(20) for user in range(2 + 3 * (item in (4, 9)))]
    split = by_last(interactions([*rows, (0, 20), (1, 20), (5, 4), (5, 20)]))
    ranked = _ranked([[4, 9, 0]] * len(split.users))
    assert compute_metrics(ranked, split).of_lists["popular_tenth@10"] == pytest.approx(2 / 3)
