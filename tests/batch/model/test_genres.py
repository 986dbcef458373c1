"""The genres say what a user likes more than everybody does."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from batch.data.interactions import Interactions
from batch.model.genres import MAX_GENRES, MAX_MARKED, SMOOTHING, usual_genres
from batch.model.weighted_parts import fit_genres
from tests.made import Row, interactions

# Of the items, 0 is a western, 1 is a western and a drama, 2 and 3 are dramas, 4 has no genre.
GENRES = sparse.csr_matrix(np.array([[1, 0], [0.5, 0.5], [0, 1], [0, 1], [0, 0]], np.float32))


def _ratings() -> Interactions:
    rows: list[Row] = [(0, 0), (0, 1), (1, 2), (1, 3), (2, 2), (2, 3, 1.0), (3, 4)]
    return replace(interactions(rows, items=5), genres=GENRES)


def test_a_user_has_the_logarithm_of_the_share_in_the_own_positives_over_the_usual_one() -> None:
    ratings = _ratings()
    part = fit_genres(ratings)
    # Of five positives with genres, one and a half are westerns.
    assert part.usual == pytest.approx([0.3, 0.7])
    western, drama = (1.5 + SMOOTHING * 0.3) / (2 + SMOOTHING), (0.5 + SMOOTHING * 0.7) / (2 + SMOOTHING)
    expected = [np.log(western / 0.3), np.log(drama / 0.7)]
    assert part.of_users(ratings)[0] == pytest.approx(expected, rel=1e-5)


def test_a_dislike_is_no_sign_of_a_taste_and_who_has_no_genres_has_none() -> None:
    found = fit_genres(_ratings()).of_users(_ratings())
    assert found[2, 1] == pytest.approx(np.log((1 + SMOOTHING * 0.7) / (1 + SMOOTHING) / 0.7), rel=1e-5)
    assert found[3] == pytest.approx([0, 0], abs=1e-6)


def test_an_item_has_one_for_each_of_its_genres() -> None:
    assert fit_genres(_ratings()).item_factors.tolist() == [[1, 0], [1, 1], [0, 1], [0, 1], [0, 0]]


def test_a_marked_taste_weighs_more_than_the_usual_one_up_to_a_limit() -> None:
    part = replace(fit_genres(_ratings()), usual_spread=2.0)
    assert part.marked(np.array([0.0, 1.0, 2.0, 100.0])).tolist() == [0, 0.125, 1, MAX_MARKED]


def test_of_more_genres_those_with_most_positives_are_columns() -> None:
    many = MAX_GENRES + 6
    part = usual_genres(sparse.identity(many, np.float32, format="csr"), np.arange(many))
    assert part.item_factors.shape == (many, MAX_GENRES)
    assert part.item_factors[6:].tolist() == np.identity(MAX_GENRES).tolist()


def test_items_without_known_genres_have_no_columns() -> None:
    assert fit_genres(interactions([(0, 0), (1, 1)])).item_factors.shape == (2, 0)
