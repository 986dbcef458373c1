"""What is known of a new movie foresees its vector; what says nothing of vectors foresees none."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import sparse

from batch.data.interactions import Interactions
from batch.model.attributes import first_rated_lately, fit_new_items
from batch.model.weighted_parts import FittedItems, fit_items, fold_in_users
from batch.settings import Settings
from tests.made import interactions

KINDS, KNOWN, NEW, USERS = 4, 80, 8, 120
SETTINGS = Settings(factors=8, iterations=8, next_factors=8, personal_trend_factors=8, regularization=1.0)


@cache
def _ratings() -> Interactions:
    """Every user likes movies of one kind, as the number of both says; the last movies are new."""
    draw = np.random.default_rng(5)
    rows = [
        (user, int(item), 5.0, 1000.0 * item + user)
        for user in range(USERS)
        for item in draw.permutation(KNOWN // KINDS)[:12] * KINDS + user % KINDS
    ]
    kinds = np.identity(KINDS, np.float32)[np.arange(KNOWN + NEW) % KINDS]
    ratings = interactions(rows, items=KNOWN + NEW)
    return replace(
        ratings, genres=sparse.csr_matrix(kinds), attributes=sparse.csr_matrix(kinds), new_items=NEW
    )


@cache
def _fitted() -> FittedItems:
    return fit_items(_ratings().without_new_items(), SETTINGS)


def test_new_items_are_ranked_first_by_those_who_like_their_kind() -> None:
    known, fitted = _ratings().without_new_items(), _fitted()
    model = fold_in_users(fitted, known, np.full(USERS, 0.5), SETTINGS)
    new = fit_new_items(fitted, _ratings(), SETTINGS)
    offered = new.offered_by(model, new.added_to(fitted))
    assert (len(new), offered.new_items, offered.item_factors.shape[0]) == (NEW, NEW, KNOWN + NEW)
    assert not offered.is_candidate[KNOWN:].any()
    scores = offered.user_factors @ offered.item_factors[KNOWN:].T
    assert (scores.argmax(axis=1) % KINDS == np.arange(USERS) % KINDS).all()


@pytest.mark.parametrize("part", ["collaborative", "sequential", "personal_trend"])
def test_a_foreseen_vector_is_like_those_of_its_kind(part: str) -> None:
    vectors, foreseen = _fitted().by_part[part], fit_new_items(_fitted(), _ratings(), SETTINGS).by_part[part]
    means = np.stack([vectors[kind::KINDS].mean(axis=0) for kind in range(KINDS)])
    assert ((foreseen @ means.T).argmax(axis=1) == np.arange(NEW) % KINDS).all()


@pytest.mark.parametrize("damage", ["shuffled", "none", "zero vectors", "nan"])
def test_attributes_that_say_nothing_of_vectors_make_no_new_items(damage: str) -> None:
    ratings, fitted = _ratings(), _fitted()
    assert ratings.attributes is not None
    shuffled = np.random.default_rng(1).permutation(KNOWN + NEW)
    vectors = fitted.collaborative.item_factors
    match damage:
        case "shuffled":
            ratings = replace(ratings, attributes=ratings.attributes[shuffled])
        case "none":
            ratings = replace(ratings, attributes=None)
        case "zero vectors":
            vectors = np.zeros_like(vectors)
        case "nan":
            vectors = np.full_like(vectors, np.nan)
    fitted = replace(fitted, collaborative=replace(fitted.collaborative, item_factors=vectors))
    new = fit_new_items(fitted, ratings, SETTINGS)
    assert len(new) == 0
    assert new.known_to(ratings).items == KNOWN
    np.testing.assert_array_equal(new.added_to(fitted).factors, fitted.factors)


def test_a_share_of_nothing_makes_no_new_items() -> None:
    assert len(fit_new_items(_fitted(), _ratings(), replace(SETTINGS, new_share=0.0))) == 0


def test_the_trend_of_new_items_is_that_of_those_that_were_new_lately() -> None:
    is_lately = first_rated_lately(_ratings())
    assert 0 < is_lately.sum() < KNOWN / 4
    trend = fit_new_items(_fitted(), _ratings(), SETTINGS).by_part["trend"]
    assert abs(float(trend.mean()) - float(_fitted().trend[is_lately].mean())) < 0.3


def test_the_same_data_give_the_same_bits() -> None:
    one, other = (fit_new_items(_fitted(), _ratings(), SETTINGS) for _ in range(2))
    for part, vectors in one.by_part.items():
        np.testing.assert_array_equal(vectors, other.by_part[part])
