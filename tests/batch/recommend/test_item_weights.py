"""What a liked movie says for another is the sum of three parts, each of the same size over all pairs."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from batch.model.personal_trend import PersonalTrend
from batch.model.sequential import Sequential
from batch.recommend.item_weights import UNIT, item_weights
from batch.recommend.similar_items import directions, similar
from tests.batch.recommend.test_similar_items import fitted_items

ITEMS, FACTORS = 300, 6


def _factors(seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(ITEMS, FACTORS)).astype(np.float32)


def test_weights_are_the_sum_of_three_parts_each_divided_by_its_root_mean_square() -> None:
    users = np.random.default_rng(9).integers(1, 99, ITEMS)
    fitted = replace(
        fitted_items(_factors(0), np.ones((ITEMS, 1))),
        sequential=Sequential(_factors(1), _factors(2), 1.0),
        personal_trend=PersonalTrend(_factors(3), _factors(4)),
    )
    lists = similar(fitted, users, np.ones(ITEMS, np.bool_), 20)
    alike = directions(fitted.collaborative.item_factors, fitted.genres.item_factors, users)
    products = [
        one @ other.T for one, other in ((alike, alike), *((_factors(n + 1), _factors(n)) for n in (1, 3)))
    ]
    whole = sum(UNIT * each / np.sqrt((each.astype(np.float64) ** 2).mean()) for each in products)
    expected = np.asarray(whole)[lists.user_index, lists.item_index]
    assert item_weights(fitted, users, lists) == pytest.approx(expected, abs=0.6)


def test_movies_of_which_a_part_knows_nothing_do_not_change_what_it_says() -> None:
    users = np.full(ITEMS, 10)
    half = np.where(np.arange(ITEMS)[:, None] % 2, 0, 1).astype(np.float32)
    fitted = fitted_items(_factors(0), np.ones((ITEMS, 1)))
    lists = similar(fitted, users, np.ones(ITEMS, np.bool_), 20)
    without = item_weights(fitted, users, lists)
    sequential = Sequential(_factors(1) * half, _factors(2) * half, 1.0)
    both = item_weights(replace(fitted, sequential=sequential), users, lists)
    is_unknown = (lists.user_index % 2 == 1) | (lists.item_index % 2 == 1)
    assert (both == without)[is_unknown].all()
    assert (both != without)[~is_unknown].mean() > 0.9


def test_without_times_the_order_of_similar_movies_is_that_of_their_scores() -> None:
    users = np.full(ITEMS, 10)
    fitted = fitted_items(_factors(0), np.ones((ITEMS, 1)))
    lists = similar(fitted, users, np.ones(ITEMS, np.bool_), 20)
    weights = item_weights(fitted, users, lists).reshape(ITEMS, 20)
    assert (np.diff(weights, axis=1) <= 0).all()


def test_a_weight_beyond_the_largest_number_is_the_largest_number() -> None:
    # Of so many movies two follow each other, and no others.
    items, users = 800, np.full(800, 10)
    factors = np.full((items, 1), 1e-6, np.float32)
    factors[:2] = 1e6
    fitted = fitted_items(np.ones((items, 1)), np.ones((items, 1)))
    fitted = replace(fitted, sequential=Sequential(factors, factors, 1.0))
    lists = similar(fitted, users, np.ones(items, np.bool_), 1)
    assert item_weights(fitted, users, lists).max() == np.iinfo(np.int16).max
