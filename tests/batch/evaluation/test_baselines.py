"""Baselines: each ranks a small matrix as its definition says."""

from dataclasses import replace

import numpy as np
import pytest

from batch.evaluation import baselines
from batch.evaluation.baselines import EASE_REGULARIZATION, als, ease, most_popular, popular_lately
from tests.films import ITEMS, USERS, withheld
from tests.made import interactions

# Movie 0 was watched by three users at first, and movies 1, 2 and 3 by some of them later.
RATINGS = interactions(
    [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (1, 2), (0, 2), (1, 3), (2, 3), (3, 2)], items=5
)
ALL_USERS = np.arange(4, dtype=np.int32)


def test_the_most_popular_movies_are_those_rated_most_often_for_every_user() -> None:
    assert most_popular(RATINGS)(ALL_USERS).tolist() == [[3, 2, 3, 2, 0]] * 4


@pytest.mark.parametrize(
    ("share", "counts"), [(0.1, [0, 0, 1, 0, 0]), (0.5, [0, 0, 3, 2, 0]), (0.7, [0, 2, 3, 2, 0])]
)
def test_movies_popular_lately_are_those_with_most_new_ratings(share: float, counts: list[int]) -> None:
    assert popular_lately(RATINGS, share)(ALL_USERS).tolist() == [counts] * 4


def test_ease_predicts_each_movie_from_all_others_by_ridge_regression() -> None:
    seen = RATINGS.seen.toarray().astype(np.float64)
    expected = np.zeros_like(seen)
    for item in range(RATINGS.items):
        others = np.delete(seen, item, axis=1)
        system = others.T @ others + EASE_REGULARIZATION * np.eye(others.shape[1])
        expected[:, item] = others @ np.linalg.solve(system, others.T @ seen[:, item])
    np.testing.assert_allclose(ease(RATINGS)(ALL_USERS), expected, rtol=1e-4, atol=1e-7)
    np.testing.assert_array_equal(ease(RATINGS)(ALL_USERS[2:3]), ease(RATINGS)(ALL_USERS)[2:3])


def test_ease_of_two_movies_watched_together_is_known_by_hand() -> None:
    # The only other movie was seen by ten users, who saw this one too: its weight is 10 / (10 + the penalty).
    both = interactions([(user, item) for user in range(10) for item in range(2)])
    assert ease(both)(ALL_USERS) == pytest.approx(np.full((4, 2), 10 / (10 + EASE_REGULARIZATION)))


def test_als_finds_the_withheld_movie_from_what_was_seen_whatever_the_stars() -> None:
    ratings = interactions(
        [(user, item) for user in range(USERS) for item in range(ITEMS)
         if user % 2 == item % 2 and item != withheld(user)]
    )  # fmt: skip
    users = np.arange(USERS, dtype=np.int32)
    scores = als(ratings, seed=1)(users)
    one_star = als(replace(ratings, weight=np.zeros_like(ratings.weight)), seed=1)(users)
    np.testing.assert_array_equal(scores, one_star)
    scores[ratings.seen.nonzero()] = -np.inf
    assert scores.argmax(axis=1).tolist() == [withheld(user) for user in range(USERS)]


def test_a_catalogue_too_large_for_ease_has_every_other_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    with_ease = baselines.baselines(RATINGS, seed=1)
    monkeypatch.setattr(baselines, "MAX_EASE_ITEMS", RATINGS.items - 1)
    assert with_ease.keys() - baselines.baselines(RATINGS, seed=1).keys() == {"ease"}
    for learn in with_ease.values():
        assert learn()(ALL_USERS[:2]).shape == (2, RATINGS.items)
