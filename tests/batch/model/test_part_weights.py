"""What parts weigh follows from what people chose, within bounds."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import approx_fprime

from batch.model.part_weights import (
    MAX_FACTOR,
    MIN_PEOPLE,
    TRAITS,
    Choices,
    _loss,
    fit_part_weights,
    no_part_weights,
    traits_of,
)

USUAL = traits_of(np.array([30.0]), np.array([64]))


def _choices(
    people: int, by_part: float = 3.0, seed: int = 0, away: NDArray[np.float64] | None = None
) -> Choices:
    """Return choices among 40 items by two parts, of which the second one leads so much more."""
    random = np.random.default_rng(seed)
    offered = random.normal(size=(people, 40, 2)).astype(np.float32)
    days = np.full(people, 30.0) if away is None else away
    leads = np.where(days > 30, 1 / by_part, by_part) if away is not None else np.full(people, by_part)
    best = (offered @ [1.0, 0.0] + leads[:, None] * offered[:, :, 1]).argmax(axis=1)
    chosen = offered[np.arange(people), best].astype(np.float64)
    return Choices(chosen, offered, np.zeros((people, 40)), traits_of(days, np.full(people, 64)))


def test_who_is_a_month_away_with_64_positives_is_in_the_middle() -> None:
    np.testing.assert_array_equal(USUAL, [[1, 0, 0]])
    extremes = traits_of(np.array([0.0, 1e6]), np.array([0, 10**6]))
    np.testing.assert_array_equal(extremes, [[1, -1, -1], [1, 1, 1]])


def test_the_part_that_choices_follow_weighs_more() -> None:
    first, second = fit_part_weights([_choices(200), _choices(200, seed=1)], 2).of_users(USUAL)[0]
    assert second > 1.1
    assert first < 0.9
    assert second < MAX_FACTOR
    assert first > 1 / MAX_FACTOR


def test_whatever_people_choose_the_factors_stay_within_the_bound() -> None:
    factors = fit_part_weights([_choices(3_000, by_part=1e3)], 2).of_users(
        traits_of(np.array([0.0, 30, 1e6]), np.array([0, 64, 10**6]))
    )
    assert ((factors >= 1 / MAX_FACTOR) & (factors <= MAX_FACTOR)).all()


def test_people_long_away_may_follow_other_parts() -> None:
    away = np.where(np.arange(1_000) % 2, 3.0, 3_000.0)
    learned = fit_part_weights([_choices(1_000, away=away)], 2)
    soon, late = learned.of_users(traits_of(np.array([3.0, 3_000.0]), np.array([64, 64])))
    assert soon[1] / soon[0] > 1.2 * late[1] / late[0]


def test_from_few_people_nothing_is_learned() -> None:
    learned = fit_part_weights([_choices(MIN_PEOPLE - 1)], 2)
    np.testing.assert_array_equal(learned.effects, np.zeros((len(TRAITS), 2)))
    np.testing.assert_array_equal(no_part_weights(2).of_users(USUAL), [[1, 1]])


def test_an_item_that_stands_for_many_counts_as_many() -> None:
    some = _choices(30)
    standing = Choices(some.chosen, some.offered, np.full((30, 40), np.log(3)), some.traits)
    thrice = Choices(some.chosen, np.tile(some.offered, (1, 3, 1)), np.zeros((30, 120)), some.traits)
    parameters = np.linspace(-0.2, 0.2, 7)
    assert _loss(parameters, [standing])[0] == pytest.approx(_loss(parameters, [thrice])[0])


def test_the_gradient_is_that_of_the_loss() -> None:
    parameters = np.linspace(-0.3, 0.2, 7)
    choices = [_choices(25), _choices(10, seed=3, away=np.linspace(0, 1_000, 10))]

    def loss(at: NDArray[np.float64]) -> float:
        return _loss(at, choices)[0]

    by_differences = approx_fprime(parameters, loss, 1e-6)
    np.testing.assert_allclose(_loss(parameters, choices)[1], by_differences, rtol=1e-3, atol=1e-3)
