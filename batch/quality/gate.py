"""Gate: lists worse than what needs no model, or much worse than last night's, stay out."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from batch.quality.evaluate import MODEL
from batch.quality.holdout import JUDGED_USERS, PUBLISHED, Metrics

QUALITY = "ndcg@10"
COVERAGE = "coverage@10"
# Of fewer people, a mean says more about chance than about the lists.
LEAST_JUDGED = 100


@dataclass(frozen=True)
class Night:
    """What the gate knows of one generation."""

    metrics: Metrics
    users: int


def faults(tonight: Night, last: Night | None, max_fall: float) -> Iterator[str]:
    """Yield, in a sentence each, why lists should not be published; `last` is the published generation.

    Quality is not compared where fewer than LEAST_JUDGED users were judged.
    """
    quality = _quality(tonight)
    popular = tonight.metrics.get((QUALITY, "most_popular"), math.nan)
    if quality <= popular:
        yield (
            f"the lists are no better than the most popular films ({QUALITY} {quality:.4f} against "
            f"{popular:.4f}, {tonight.metrics[JUDGED_USERS, MODEL]:,.0f} users judged)"
        )
    if last is None:
        return
    for what, before, now in (
        (f"{QUALITY} of the model", _quality(last), quality),
        (
            f"{COVERAGE} of the lists",
            last.metrics.get((COVERAGE, PUBLISHED), math.nan),
            tonight.metrics.get((COVERAGE, PUBLISHED), math.nan),
        ),
        ("the number of users", last.users, tonight.users),
    ):
        if now < before * (1 - max_fall):
            yield f"{what} fell by {1 - now / before:.0%}, from {before:,.4g} to {now:,.4g}"


def _quality(night: Night) -> float:
    judged = night.metrics.get((JUDGED_USERS, MODEL), 0)
    return night.metrics.get((QUALITY, MODEL), math.nan) if judged >= LEAST_JUDGED else math.nan
