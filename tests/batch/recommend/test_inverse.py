"""The inverse is that of numpy, and a matrix that has none is told."""

import numpy as np
import pytest

from batch.recommend.inverse import invert_positive


@pytest.mark.parametrize("size", [1, 5, 64, 65])
def test_the_inverse_takes_the_place_of_a_positive_matrix(size: int) -> None:
    half = np.random.default_rng(size).normal(size=(size, size))
    positive = half @ half.T + size * np.eye(size)
    matrix = positive.astype(np.float32)
    assert invert_positive(matrix)
    assert matrix == pytest.approx(np.linalg.inv(positive), abs=1e-5)


def test_a_matrix_that_is_not_positive_is_refused() -> None:
    assert not invert_positive(np.array([[1, 2], [2, 1]], np.float32))
    assert not invert_positive(np.full((2, 2), np.nan, np.float32))
