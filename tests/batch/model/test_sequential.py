"""The sequential part: its matrices are those of a regression, and what follows a movie is first."""

import numpy as np
import pytest
from numpy.typing import NDArray

from batch.data.interactions import Interactions
from batch.data.meaning import Meaning
from batch.model import ridge
from batch.model.ridge import OVERSAMPLED, core_of
from batch.model.sequential import (
    STEPS_AHEAD,
    Sequential,
    count_pairs,
    fit_sequential,
    solve_sequential,
)
from batch.settings import Settings
from tests.made import interactions

HALF_LIFE = 2.0
DECAY = 0.5 ** (1 / HALF_LIFE)
RIDGE = 3.0
ITEMS = 60


def _histories(users: int = 40) -> list[NDArray[np.int64]]:
    """Return the movies of each user, oldest first: between 1 and 12 at random."""
    draw = np.random.default_rng(1)
    return [draw.permutation(ITEMS)[: draw.integers(1, 13)] for _ in range(users)]


def _interactions(histories: list[NDArray[np.int64]]) -> Interactions:
    rows = [(user, int(item)) for user, history in enumerate(histories) for item in history]
    return interactions(rows, items=ITEMS)


def _rows(histories: list[NDArray[np.int64]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the regression row by row: what came before each rating, and what came with it and after it."""
    before, after = [], []
    for history in histories:
        for row in range(len(history)):
            weights = np.zeros((2, ITEMS))
            for older in range(row):
                weights[0, history[older]] = DECAY ** (row - 1 - older)
            for ahead, item in enumerate(history[row : row + STEPS_AHEAD]):
                weights[1, item] = 0.5**ahead
            before.append(weights[0])
            after.append(weights[1])
    return np.array(before), np.array(after)


def _ridge(before: NDArray[np.float64], after: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return the rows of ridge regression, one more per movie, and its weights by least squares."""
    padded = np.vstack([before, np.sqrt(RIDGE) * np.eye(before.shape[1])])
    targets = np.vstack([after, np.zeros((before.shape[1], after.shape[1]))])
    return padded, np.linalg.lstsq(padded, targets)[0]


def _solved(factors: int) -> NDArray[np.float64]:
    """Return (items, items), the weight of each movie of a history for each movie that may be next."""
    matrices = count_pairs(_interactions(_histories()), np.arange(ITEMS), HALF_LIFE)
    settings = Settings(next_factors=factors, next_regularization=RIDGE, next_half_life=HALF_LIFE)
    part = solve_sequential(*matrices, np.arange(ITEMS), ITEMS, settings)
    return part.history_factors.astype(np.float64) @ part.item_factors.T


def test_counted_pairs_are_the_products_of_the_rows_of_the_regression() -> None:
    before, after = _rows(_histories())
    gram, target = count_pairs(_interactions(_histories()), np.arange(ITEMS), HALF_LIFE)
    np.testing.assert_allclose(gram, np.tril(before.T @ before), atol=1e-5)
    np.testing.assert_allclose(target, before.T @ after, atol=1e-5)


def test_weights_that_add_up_multiply_both_what_came_before_and_what_comes_after() -> None:
    draw = np.random.default_rng(3)
    histories = _histories()
    weights = [draw.integers(0, 4, len(history)).astype(np.float64) for history in histories]
    rows = [
        (user, int(item), weight)
        for user, history in enumerate(histories)
        for item, weight in zip(history, weights[user], strict=True)
    ]
    before: list[NDArray[np.float64]] = []
    after: list[NDArray[np.float64]] = []
    for history, weight in zip(histories, weights, strict=True):
        of_item = np.zeros(ITEMS)
        of_item[history] = weight
        for rows_of_user, all_rows in zip(_rows([history]), (before, after), strict=True):
            all_rows.append(rows_of_user * of_item)
    expected = np.vstack(before), np.vstack(after)
    ratings = interactions(rows, items=ITEMS, meaning=Meaning(adds_up=True))
    gram, target = count_pairs(ratings, np.arange(ITEMS), HALF_LIFE)
    np.testing.assert_allclose(gram, np.tril(expected[0].T @ expected[0]), atol=1e-4)
    np.testing.assert_allclose(target, expected[0].T @ expected[1], atol=1e-4)


def test_a_movie_outside_the_regression_counts_as_a_step_and_has_no_row() -> None:
    core = np.arange(0, ITEMS, 2)
    before, after = _rows(_histories())
    gram, target = count_pairs(_interactions(_histories()), core, HALF_LIFE)
    np.testing.assert_allclose(gram, np.tril((before.T @ before)[np.ix_(core, core)]), atol=1e-5)
    np.testing.assert_allclose(target, (before.T @ after)[np.ix_(core, core)], atol=1e-5)


def test_with_all_factors_the_weights_are_those_of_ridge_regression() -> None:
    _, weights = _ridge(*_rows(_histories()))
    np.testing.assert_allclose(_solved(factors=ITEMS), weights, atol=1e-4)


@pytest.mark.parametrize(
    "factors", [5, ITEMS - OVERSAMPLED], ids=["by subspace iteration", "by all directions"]
)
def test_fewer_factors_lose_as_little_of_the_fitted_values_as_any_matrix_of_that_rank(factors: int) -> None:
    padded, weights = _ridge(*_rows(_histories()))
    lost = np.linalg.norm(padded @ (weights - _solved(factors)))
    strengths = np.linalg.svd(padded @ weights, compute_uv=False)
    least = np.linalg.norm(strengths[factors:])
    assert lost == pytest.approx(least, rel=0.01)
    assert least > 0.1


def _pairs() -> tuple[Sequential, Interactions, list[int]]:
    """Return 200 people who watch ten pairs of movies in any order, of a pair always the even one first.

    User 0 has watched movie 0 last, and user 1 long ago; neither has watched movie 1.
    """
    draw = np.random.default_rng(2)
    rest = list(range(2, 20))
    histories = [[*rest, 0], [0, *rest], *([2 * pair + odd for pair in draw.permutation(10) for odd in (0, 1)]
                                          for _ in range(198))]  # fmt: skip
    ratings = interactions([(user, int(item)) for user, items in enumerate(histories) for item in items])
    part = fit_sequential(ratings, Settings(next_factors=20, next_half_life=1.5))
    scores = part.of_users(ratings, np.array([0, 1])) @ part.item_factors.T
    return part, ratings, [int(np.flatnonzero(np.argsort(-each) == 1)[0]) for each in scores]


def test_the_movie_that_always_follows_is_first_for_who_just_watched_the_one_before_it_and_not_later() -> (
    None
):
    _, _, (just, long_ago) = _pairs()
    assert just == 0
    assert long_ago > 0


def test_the_vector_of_a_user_is_the_sum_of_the_history_where_older_movies_weigh_less() -> None:
    part, ratings, _ = _pairs()
    ages = {item: age for age, item in enumerate([*range(2, 20), 0][::-1])}
    expected = sum(0.5 ** (age / 1.5) * part.history_factors[item] for item, age in ages.items())
    np.testing.assert_allclose(part.of_users(ratings, np.array([0]))[0], expected, rtol=1e-4, atol=1e-6)


def test_movies_outside_the_regression_have_zero_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ridge, "MAX_ITEMS", 3)
    assert core_of(np.array([1, 9, 0, 5, 7])).tolist() == [1, 3, 4]
    assert core_of(np.array([1, 0, 0, 5])).tolist() == [0, 3]
    part = fit_sequential(
        interactions([(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2), (2, 3), (3, 1)]), Settings()
    )
    assert part.item_factors.any(axis=1).tolist() == [True, True, True, False]
    assert part.history_factors.shape == part.item_factors.shape
