"""Taste: what is a like, and that the same data and seed give the same vectors."""

from dataclasses import replace

import numpy as np
import pytest

from batch.data.interactions import Interactions
from batch.data.meaning import STARS, Meaning
from batch.errors import InputError
from batch.model.als import fit_collaborative
from batch.model.positives import confidences, is_positive, recency
from batch.settings import Settings
from tests.films import ITEMS, USERS, withheld
from tests.made import interactions

SETTINGS = Settings(factors=4, iterations=5)
SUMS = Meaning(adds_up=True)


def _checkerboard(*, but: int | None = None) -> Interactions:
    """Even users like even movies and odd users odd ones, but one each; one user may like nothing."""
    return interactions(
        [
            (user, item, 1.0 if user == but else 5.0)
            for user in range(USERS)
            for item in range(ITEMS)
            if user % 2 == item % 2 and item != withheld(user)
        ]
    )


def test_the_withheld_item_is_found() -> None:
    ratings = _checkerboard()
    collaborative = fit_collaborative(ratings, SETTINGS)
    scores = collaborative.of_users(ratings, np.arange(ratings.users)) @ collaborative.item_factors.T
    scores[ratings.seen.nonzero()] = -np.inf
    assert scores.argmax(axis=1).tolist() == [withheld(user) for user in range(USERS)]


def test_the_same_seed_gives_the_same_bits_and_another_does_not() -> None:
    ratings = _checkerboard()
    first, second, third = (
        fit_collaborative(ratings, Settings(factors=4, iterations=5, seed=seed)) for seed in (7, 7, 8)
    )
    assert first.item_factors.tobytes() == second.item_factors.tobytes()
    assert (
        first.of_users(ratings, np.arange(ratings.users)).tobytes()
        == second.of_users(ratings, np.arange(ratings.users)).tobytes()
    )
    assert first.item_factors.tobytes() != third.item_factors.tobytes()


def test_the_loss_falls_and_there_is_one_for_each_iteration() -> None:
    calls: list[None] = []
    losses = fit_collaborative(_checkerboard(), SETTINGS, lambda: calls.append(None)).losses
    assert len(losses) == len(calls) == SETTINGS.iterations
    assert losses[-1] < losses[0]


def test_a_weight_above_0_is_a_positive_and_counts_as_much_in_units_of_the_mean() -> None:
    rows = [(0, 0, 1.0), (0, 1, 5.0), (0, 2, 0.0), (1, 0, 3.0)]
    ratings = replace(interactions(rows, meaning=SUMS), unit=3.0)
    assert is_positive(ratings.weight).tolist() == [True, True, False, True]
    assert confidences(ratings, half_life=1) == pytest.approx([1 / 3 / 4, 5 / 3 / 2, 0, 1])


def test_weights_without_times_weigh_as_those_of_all_ages_in_the_mean() -> None:
    ratings = interactions([(0, 0, 1.0), (0, 1, 2.0), (1, 0, 1.0)], meaning=SUMS)
    timeless = replace(ratings, rated_at=np.full(3, np.nan))
    assert confidences(timeless, half_life=1) == pytest.approx([0.75, 1.5, 1])
    assert confidences(replace(timeless, meaning=STARS), half_life=1).tolist() == [1, 2, 1]


def test_an_item_bought_draws_its_kind_nearer_than_one_looked_at() -> None:
    rows = [(user, item, 1.0) for user in range(40) for item in range(20) if user % 2 == item % 2]
    both = [(40, 0, 5.0), (40, 1, 1.0), (40, 2, 5.0), (40, 3, 1.0)]
    ratings = interactions([*rows, *both], meaning=SUMS)
    collaborative = fit_collaborative(ratings, SETTINGS)
    scores = collaborative.of_users(ratings, np.arange(ratings.users))[40] @ collaborative.item_factors.T
    assert scores[4::2].min() > scores[5::2].max()


def test_a_rating_weighs_half_when_its_user_has_rated_as_many_more_as_the_half_life() -> None:
    assert recency(np.array([0, 3, 6]), half_life=3).tolist() == [1, 0.5, 0.25]


def test_the_last_likes_say_most_about_taste() -> None:
    rows = [(user, item, 5.0) for user in range(40) for item in range(20) if user % 2 == item % 2]
    turncoat = [(40, item, 5.0) for item in (0, 2, 4, 6, 1, 3, 5, 7)]
    ratings = interactions([*rows, *turncoat])
    collaborative = fit_collaborative(ratings, SETTINGS)
    scores = collaborative.of_users(ratings, np.arange(ratings.users))[40] @ collaborative.item_factors.T
    assert scores[9::2].min() > scores[8::2].max()


def test_a_user_who_likes_nothing_has_the_mean_taste() -> None:
    ratings = _checkerboard(but=3)
    factors = fit_collaborative(ratings, SETTINGS).of_users(ratings, np.arange(ratings.users))
    others = np.delete(factors, 3, axis=0)
    np.testing.assert_allclose(factors[3], others.mean(axis=0), rtol=1e-5)


def test_ratings_without_a_like_stop_the_run() -> None:
    with pytest.raises(InputError, match=r"ratings: none is a positive"):
        fit_collaborative(interactions([(0, 0, 1.0), (1, 1, 2.5)]), SETTINGS)
