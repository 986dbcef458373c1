"""The interval of a mean, by bootstrap over users."""

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1_000
CONFIDENCE = 0.95
BATCH = 100  # resamples that are held at once

Interval = tuple[float, float]


def bootstrap(samples: list[NDArray[np.float64]]) -> Interval:
    """Return the percentile interval of the mean over samples of their means; users are drawn within each.

    A sample of one user has no interval: NaN. The same as `scipy.stats.bootstrap`, which would add half a
    second to the start of every run.
    """
    if min(len(sample) for sample in samples) < 2:  # noqa: PLR2004 (one user has no interval)
        return float("nan"), float("nan")
    rng = np.random.default_rng(0)
    means = np.concatenate(
        [
            np.mean(
                [
                    sample[rng.integers(len(sample), size=(BATCH, len(sample)))].mean(axis=1)
                    for sample in samples
                ],
                axis=0,
            )
            for _ in range(RESAMPLES // BATCH)
        ]
    )
    outside = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [outside, 1 - outside])
    return float(low), float(high)
