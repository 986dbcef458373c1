"""The popularity trend: what is watched now counts more than what was watched once."""

import numpy as np
import pytest

from batch.model.trend import popularity_trend, recency_weight, trend, watched_lately
from tests.made import interactions

# Movie 0 is watched by four users before movie 1 is watched by four others; movie 2 is watched by one.
OLD_AND_NEW = interactions([*((user, 0) for user in range(4)), (8, 2), *((user, 1) for user in range(4, 8))])


def test_a_rating_weighs_half_when_a_half_life_of_all_ratings_is_newer() -> None:
    ratings = interactions([(user, 0) for user in range(4)])
    assert recency_weight(ratings, half_life=0.25).tolist() == [1 / 8, 1 / 4, 1 / 2, 1]
    assert recency_weight(ratings, half_life=0.5)[1] == 1 / 2


def test_weights_depend_on_the_ratings_that_are_given_and_not_on_those_left_out() -> None:
    ratings = interactions([(user, 0) for user in range(8)])
    some = ratings.where(np.isin(ratings.user_index, [0, 3, 4, 7]))
    assert recency_weight(some, half_life=0.25).tolist() == [1 / 8, 1 / 4, 1 / 2, 1]


def test_a_movie_is_watched_as_often_as_its_weights_add_up_to() -> None:
    ratings = interactions([(0, 0), (1, 1), (2, 0), (3, 1)], items=3)
    assert watched_lately(ratings, half_life=0.25).tolist() == [1 / 8 + 1 / 2, 1 / 4 + 1, 0]


def test_a_movie_watched_lately_is_ahead_of_one_watched_as_often_long_ago() -> None:
    old, new, rare = trend(OLD_AND_NEW, half_life=0.1)
    assert new > rare
    assert new > old


def test_with_an_endless_half_life_the_trend_is_lasting_popularity() -> None:
    old, new, rare = trend(OLD_AND_NEW, half_life=1e9)
    assert old == pytest.approx(new)
    assert old > rare


def test_the_trend_is_popularity_now_less_half_of_popularity_ever_on_one_scale() -> None:
    # Standardised, the logarithms are (-1, -1, 2) and (-1, 2, -1), both over the root of 2; of the second,
    # what is below the mean adds nothing.
    found = popularity_trend(np.array([0.0, 0.0, 1.0]), np.array([0, 1, 0]))
    assert found == pytest.approx(np.array([-2, -5, 7]) / np.sqrt(26))


def test_a_movie_that_one_person_has_rated_today_is_not_ahead_of_what_many_watch() -> None:
    ever = np.array([*range(20, 60), 1])
    now = np.array([*np.linspace(0, 5, 40), 1.0])
    assert (popularity_trend(now, ever)[:-1] > popularity_trend(now, ever)[-1]).sum() > 10


def test_movies_that_are_all_watched_alike_have_no_trend() -> None:
    assert popularity_trend(np.full(3, 2.0), np.full(3, 5)).tolist() == [0, 0, 0]
