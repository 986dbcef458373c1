"""The interval of a mean, by bootstrap over people."""

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1_000
CONFIDENCE = 0.95
BATCH = 100  # resamples that are held at once

Interval = tuple[float, float]


def bootstrap(values: NDArray[np.float64], people: NDArray[np.integer] | None = None) -> Interval:
    """Return the percentile interval of the mean of values; NaN says nothing.

    `people` (values,) says of whom each is; None: each of somebody else. Who is drawn comes with all of
    theirs, since somebody who evaluates at several moments is still one person. Fewer than two people have
    no interval: NaN. With one value of each, the same as `scipy.stats.bootstrap`, which would add half a
    second to the start of every run.
    """
    known = np.isfinite(values)
    whose = np.arange(len(values)) if people is None else people
    _, place = np.unique(whose[known], return_inverse=True)
    sums, counts = np.bincount(place, weights=values[known]), np.bincount(place)
    if len(sums) < 2:  # noqa: PLR2004 (one person has no interval)
        return float("nan"), float("nan")
    rng = np.random.default_rng(0)
    means = []
    for _ in range(RESAMPLES // BATCH):
        drawn = rng.integers(len(sums), size=(BATCH, len(sums)))
        means.append(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1))
    outside = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.concatenate(means), [outside, 1 - outside])
    return float(low), float(high)
