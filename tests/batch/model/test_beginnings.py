"""Of whom little is known, others say what to expect: everybody, and people with the same attributes."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from batch.data.interactions import Interactions
from batch.model.beginnings import Beginnings, fit_beginnings, share_known
from batch.model.weighted_parts import fit_items, fold_in_users, with_beginnings
from batch.settings import Settings
from tests.made import interactions

KINDS, ITEMS, USERS = 2, 40, 80
SETTINGS = Settings(factors=4, iterations=8, next_factors=4, personal_trend_factors=4, regularization=1.0)


def _ratings(known_of_last: int) -> Interactions:
    """Users like one of two kinds; of the last user of each, only so many positives are known."""
    draw = np.random.default_rng(3)
    rows = []
    for user in range(USERS):
        count = known_of_last if user >= USERS - KINDS else 12
        items = draw.permutation(ITEMS // KINDS)[:count] * KINDS + user % KINDS
        rows += [(user, int(item), 5.0, 100.0 * place + user) for place, item in enumerate(items)]
    return interactions(rows, users=USERS, items=ITEMS)


def test_the_first_positives_make_a_user_known_fast_and_the_last_ones_slowly() -> None:
    shares = share_known(np.array([0, 1, 5, 20, 100, 10_000]))
    assert shares[0] == 0
    assert (np.diff(shares) > 0).all()
    assert shares[1] < 0.25
    assert shares[4] > 0.99


def test_what_is_foreseen_is_the_mean_of_people_with_the_same_attribute() -> None:
    attributes = sparse.csr_matrix(np.identity(2)[np.arange(400) % 2])
    vectors = np.stack([np.arange(400) % 2, np.full(400, 3.0)], axis=1).astype(np.float32)
    beginnings = fit_beginnings({"collaborative": vectors}, attributes, np.full(400, 50))
    foreseen = beginnings.of_users("collaborative", attributes, np.arange(2))
    np.testing.assert_allclose(foreseen, [[0, 3], [1, 3]], atol=0.05)
    everybody = beginnings.of_users("collaborative", None, np.arange(2))
    np.testing.assert_allclose(everybody, [[0.5, 3]] * 2, atol=0.05)


@pytest.mark.parametrize("days", [0.0, 30.0])
def test_somebody_with_no_positive_is_ranked_as_people_of_the_same_kind_are(days: float) -> None:
    ratings = replace(
        _ratings(known_of_last=0), user_attributes=sparse.csr_matrix(np.identity(2)[np.arange(USERS) % 2])
    )
    fitted = fit_items(ratings, SETTINGS)
    model = fold_in_users(fitted, ratings, np.full(USERS, days), SETTINGS)
    scores = model.user_factors[-2:] @ model.item_factors.T
    of_kind = np.stack([scores[:, kind::KINDS].mean(axis=1) for kind in range(KINDS)], axis=1)
    assert of_kind[0, 0] > of_kind[0, 1]
    assert of_kind[1, 1] > of_kind[1, 0]


def test_without_anything_to_begin_with_vectors_are_those_of_the_history() -> None:
    ratings = _ratings(known_of_last=1)
    fitted = fit_items(ratings, SETTINGS)
    days = np.full(USERS, 0.5)
    with_mean = fold_in_users(fitted, ratings, days, SETTINGS)
    own = fold_in_users(replace(fitted, beginnings=Beginnings()), ratings, days, SETTINGS)
    assert (with_mean.weights < own.weights).all()
    similarity = np.einsum("uf,uf->u", with_mean.user_factors, own.user_factors)
    similarity /= np.linalg.norm(with_mean.user_factors, axis=1) * np.linalg.norm(own.user_factors, axis=1)
    assert similarity[:-KINDS].min() > similarity[-KINDS:].max()


def test_the_same_data_give_the_same_bits() -> None:
    ratings = _ratings(known_of_last=1)
    fitted = fit_items(ratings, SETTINGS)
    one, other = (with_beginnings(fitted, ratings).beginnings.by_part for _ in range(2))
    for part, weights in one.items():
        np.testing.assert_array_equal(weights, other[part])
