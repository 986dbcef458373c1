"""The personal trend is what people with such likes watch lately."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from batch.data.interactions import Interactions
from batch.model.personal_trend import (
    DISLIKED,
    DISLIKED_LATELY,
    HALF_LIFE,
    MAX_OF_USER,
    REGULARIZATION,
    fit_personal_trend,
)
from batch.model.trend import recency_weight
from batch.settings import Settings
from tests.made import Row, interactions

USERS, ITEMS = 60, 25
SETTINGS = Settings(data=Path(), output=Path(), personal_trend_factors=ITEMS)


def _ratings() -> Interactions:
    rng = np.random.default_rng(4)
    return interactions(
        [
            (user, int(item), float(rng.integers(1, 6)), float(rng.integers(10**6)))
            for user in range(USERS)
            for item in rng.choice(ITEMS, 9, replace=False)
        ],
        items=ITEMS,
    )


def test_with_all_directions_it_is_the_ridge() -> None:
    ratings = _ratings()
    x, y = np.zeros((USERS, ITEMS)), np.zeros((USERS, ITEMS))
    recency = recency_weight(ratings, HALF_LIFE)
    for user, item, weight, lately in zip(
        ratings.user_index, ratings.item_index, ratings.weight, recency, strict=True
    ):
        x[user, item] = weight > 0
        y[user, item] = lately * (1 if weight > 0 else DISLIKED_LATELY)
    inverse = np.linalg.inv(x.T @ x + REGULARIZATION * np.eye(ITEMS))
    expected = inverse @ x.T @ y
    part = fit_personal_trend(ratings, SETTINGS)
    found = part.history_factors @ part.item_factors.T
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_user_is_the_sum_of_what_the_history_says_and_a_dislike_pulls_down() -> None:
    ratings = _ratings()
    part = fit_personal_trend(ratings, SETTINGS)
    users = np.array([3, 7])
    for row, user in zip(part.of_users(ratings, users), users, strict=True):
        mine = ratings.user_index == user
        says = np.where(ratings.weight[mine] > 0, 1, DISLIKED)
        assert row == pytest.approx(says @ part.history_factors[ratings.item_index[mine]], abs=1e-6)


def test_those_who_like_the_same_give_what_they_watched_lately() -> None:
    # Everybody likes 0; half also like 1, and lately watched 2; the others like 3, and lately watched 4.
    rows: list[Row] = []
    for user in range(40):
        liked, lately = (1, 2) if user % 2 else (3, 4)
        rows += [
            (user, 0, 5.0, float(user)),
            (user, liked, 5.0, 100.0 + user),
            (user, lately, 5.0, 1e6 + user),
        ]
    rows += [(40, 1, 5.0, 10.0), (41, 3, 5.0, 10.0)]
    ratings = interactions(rows)
    part = fit_personal_trend(ratings, replace(SETTINGS, personal_trend_factors=5))
    scores = part.of_users(ratings, np.array([40, 41])) @ part.item_factors.T
    assert scores[0, 2] > scores[0, 4]
    assert scores[1, 4] > scores[1, 2]


def test_only_the_newest_interactions_of_a_user_are_learned_from() -> None:
    many = [(0, item, 5.0, float(item)) for item in range(MAX_OF_USER + 50)]
    few = [(1, item, 5.0, float(item)) for item in (0, 1, MAX_OF_USER + 10)]
    part = fit_personal_trend(interactions(many + few), replace(SETTINGS, personal_trend_factors=64))
    # Beside what user 1 has, nobody else knows the first.
    assert np.abs(part.history_factors[5]).max() < 1e-6 < np.abs(part.history_factors[0]).max()


def test_without_times_nothing_is_lately() -> None:
    ratings = _ratings()
    timeless = replace(ratings, rated_at=np.full(len(ratings), np.nan))
    assert fit_personal_trend(timeless, SETTINGS).item_factors.shape == (ITEMS, 0)
