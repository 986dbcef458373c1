"""The interval of a mean."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from batch.evaluation.bootstrap import BATCH, CONFIDENCE, RESAMPLES, bootstrap


def _of_scipy(sums: NDArray[Any], counts: NDArray[Any]) -> tuple[float, float]:
    """Return the interval of the mean by scipy; people are drawn by their sums and counts, in pairs."""

    def mean(sums: NDArray[np.float64], counts: NDArray[np.int64], axis: int) -> Any:
        return sums.sum(axis=axis) / counts.sum(axis=axis)

    found = stats.bootstrap(
        (sums, counts),
        mean,
        paired=True,
        n_resamples=RESAMPLES,
        batch=BATCH,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return found.low, found.high


@pytest.mark.parametrize("size", [2, 70, 500])
def test_an_interval_is_that_of_scipy(size: int) -> None:
    values = np.random.default_rng(1).random(size)
    expected = _of_scipy(values, np.ones(size, np.int64))
    assert bootstrap(values) == bootstrap(values, np.arange(size))
    assert bootstrap(values) == pytest.approx(expected)


def test_somebody_with_several_values_is_drawn_with_all_of_them() -> None:
    people = np.repeat(np.arange(30), np.arange(30) % 4 + 1)
    rng = np.random.default_rng(2)
    values = rng.random(30)[people] + 0.1 * rng.random(len(people))
    sums, counts = np.bincount(people, weights=values), np.bincount(people)
    shuffled = rng.permutation(len(people))
    expected = pytest.approx(_of_scipy(sums, counts))
    assert bootstrap(values[shuffled], people[shuffled]) == expected
    # As if they were different people, the interval is too narrow.
    low, high = bootstrap(values)
    assert high - low < 0.9 * (bootstrap(values, people)[1] - bootstrap(values, people)[0])


def test_one_person_has_no_interval_whatever_is_unknown_of_others() -> None:
    assert np.isnan(bootstrap(np.array([1.0]))).all()
    assert np.isnan(bootstrap(np.array([1.0, 0.0, np.nan]), np.array([1, 1, 2]))).all()
