"""The interval of a mean."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from batch.evaluation.bootstrap import BATCH, CONFIDENCE, RESAMPLES, bootstrap


@pytest.mark.parametrize("sizes", [[500], [500, 70], [2, 3, 4]])
def test_an_interval_is_that_of_scipy(sizes: list[int]) -> None:
    rng = np.random.default_rng(1)
    samples = [rng.random(size) for size in sizes]

    def mean_of_means(*drawn: NDArray[np.float64], axis: int) -> Any:
        return np.mean([each.mean(axis=axis) for each in drawn], axis=0)

    expected = stats.bootstrap(
        samples,
        mean_of_means,
        n_resamples=RESAMPLES,
        batch=BATCH,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    assert bootstrap(samples) == pytest.approx((expected.low, expected.high))


def test_one_user_has_no_interval() -> None:
    assert np.isnan(bootstrap([np.array([1.0]), np.array([1.0, 2.0])])).all()
