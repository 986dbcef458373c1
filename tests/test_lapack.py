"""Positive systems are solved as by numpy, and others are told."""

import numpy as np
import pytest

from batch.lapack import solve_positive


@pytest.mark.parametrize(("size", "sides"), [(1, 1), (5, 3), (64, 90)])
def test_the_solutions_stand_in_the_place_of_the_right_sides(size: int, sides: int) -> None:
    rng = np.random.default_rng(size)
    half = rng.normal(size=(size, size))
    system = half @ half.T + size * np.eye(size)
    right = rng.normal(size=(sides, size))
    solved = right.astype(np.float32)
    assert solve_positive(system.astype(np.float32), solved)
    assert solved == pytest.approx(np.linalg.solve(system, right.T).T, abs=1e-5)


def test_a_system_that_is_not_positive_is_told() -> None:
    assert not solve_positive(np.array([[1, 2], [2, 1]], np.float32), np.ones((1, 2), np.float32))
