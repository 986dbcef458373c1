"""Weights of parts are learned from what was known at the moment, and from nothing later."""

from dataclasses import replace

import numpy as np
import pytest

from batch.data.interactions import Interactions
from batch.evaluation.choices import MAX_EFFECT, choices_of, learned_weights, until
from batch.evaluation.splits import Split, by_time
from batch.model.weighted_parts import FittedItems, fit_items, fold_in_users
from batch.settings import Settings
from tests.comebacks import ITEMS, world
from tests.made import interactions

SETTINGS = Settings(factors=8, iterations=4, next_factors=24, regularization=1.0)


@pytest.fixture(scope="module")
def ratings() -> Interactions:
    return interactions([*world()], items=ITEMS)


@pytest.fixture(scope="module")
def before(ratings: Interactions) -> tuple[FittedItems, Split]:
    split = by_time(ratings, 0.8)
    return fit_items(split.train, SETTINGS), split


def test_what_is_relevant_at_a_moment_was_known_at_the_later_one(
    ratings: Interactions, before: tuple[FittedItems, Split]
) -> None:
    _, split = before
    later = by_time(ratings, 0.9)
    known = until(split, later)
    pairs = {
        (split.old_users[split.users[row]], split.old_items[item])
        for row, item in zip(*known.relevant.nonzero(), strict=True)
    }
    moment = later.train.rated_at.max()
    is_between = (ratings.rated_at > split.train.rated_at.max()) & (ratings.rated_at <= moment)
    between = {*zip(ratings.user_index[is_between], ratings.item_index[is_between], strict=True)}
    assert pairs
    assert pairs <= between
    assert known.relevant.nnz < split.relevant.nnz


def test_what_comes_later_teaches_nothing(ratings: Interactions, before: tuple[FittedItems, Split]) -> None:
    later = by_time(ratings, 0.9)
    fitted, split = before
    learned = learned_weights([before], later, SETTINGS)
    forgotten = replace(split, relevant=until(split, later).relevant)
    again = learned_weights([(fitted, forgotten)], later, SETTINGS)
    assert learned.effects.any()
    np.testing.assert_array_equal(learned.effects, again.effects)


def test_no_effect_is_beyond_the_bound(before: tuple[FittedItems, Split]) -> None:
    learned = learned_weights([before], None, replace(SETTINGS, personal=1e9))
    assert np.abs(learned.effects).max() == MAX_EFFECT


def test_what_is_offered_adds_up_to_the_scores(before: tuple[FittedItems, Split]) -> None:
    fitted, split = before
    choices = choices_of(fitted, split, SETTINGS)
    assert choices
    train = split.train.of_users(split.users)
    model = fold_in_users(fitted, train, split.days_inactive[split.users], SETTINGS)
    scores = model.user_factors[0] @ model.item_factors.T
    unseen = np.setdiff1d(np.flatnonzero(model.is_candidate), train.seen[0].indices)
    offered = choices.offered[0][np.isfinite(choices.log_weights[0])].sum(axis=1)
    np.testing.assert_allclose(offered, np.sort(scores[unseen])[::-1], rtol=1e-4, atol=1e-4)


def test_of_many_items_those_drawn_stand_for_all(
    before: tuple[FittedItems, Split], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batch.evaluation.choices.OFFERED", 20)
    choices = choices_of(*before, SETTINGS)
    assert choices
    fitted, split = before
    listable = fitted.trend.size - split.train.ratings_of_user[split.users]
    np.testing.assert_allclose(np.exp(choices.log_weights).sum(axis=1), listable)


def test_of_many_people_a_sample_chooses_not_the_first_ones(
    before: tuple[FittedItems, Split], monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = choices_of(*before, SETTINGS)
    monkeypatch.setattr("batch.evaluation.choices.MAX_PEOPLE", 20)
    some = choices_of(*before, SETTINGS)
    assert everybody
    assert some
    assert len(everybody) > 60
    places = [np.flatnonzero((everybody.chosen == chosen).all(axis=1))[0] for chosen in some.chosen]
    assert len(places) == 20
    assert max(places) > len(everybody) / 2


def test_nobody_who_came_back_means_nothing_learned(before: tuple[FittedItems, Split]) -> None:
    fitted, split = before
    nobody = replace(split, relevant=split.relevant * 0)
    nobody.relevant.eliminate_zeros()
    assert choices_of(fitted, nobody, SETTINGS) is None
    assert not learned_weights([(fitted, nobody)], None, SETTINGS).effects.any()
