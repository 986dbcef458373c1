"""Quality gate: lists worse than what needs no model, or much worse than the best kept ones, stay out."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batch.evaluation.catalogue import CATALOGUE_SHARE
from batch.evaluation.holdout import (
    EVALUATED_USERS,
    MIN_ROLLING_USERS,
    PUBLISHED,
    ROLLING_CUTS,
    SEEN,
    Metrics,
)
from batch.evaluation.metrics import MODEL

QUALITY = "ndcg@10"
COVERAGE = "coverage@10"
# Of fewer people, a mean says more about chance than about the lists. MIN_ROLLING_USERS are fewer: somebody
# who came back has watched several items, and says more than somebody of whom one is held out.
MIN_LAST_USERS = 100
# With fewer users and their few items, nothing but popularity can be learned.
MIN_USERS = 200

# A catalogue grows with its movies; where it loses titles, it was cut, or its ids are others.
MAX_CATALOGUE_FALL = 0.05


@dataclass(frozen=True)
class Quality:
    """What the gate knows of one generation."""

    metrics: Metrics
    users: int

    @property
    def is_rolling(self) -> bool | None:
        """Whether people who came back have evaluated it; None if nobody has, or before version 0.6."""
        cuts = self.metrics.get((ROLLING_CUTS, MODEL))
        return None if cuts is None else cuts > 0

    def value(self, metric: str, model: str = MODEL) -> float:
        """Return a value; NaN where there is none, or too few users are there or have evaluated it."""
        people = self.metrics.get((EVALUATED_USERS, MODEL), 0)
        enough = MIN_ROLLING_USERS if self.is_rolling else MIN_LAST_USERS
        if people < enough or self.users < MIN_USERS:
            return math.nan
        return self.metrics.get((metric, model), math.nan)

    def of_published(self, metric: str) -> float:
        """Return a value of the lists as they are published; NaN where there is none."""
        return self.metrics.get((metric, PUBLISHED), math.nan)


def regressions(candidate: Quality, kept: Mapping[str, Quality], max_fall: float) -> Iterator[str]:
    """Yield, in a sentence each, why lists should not be published; `kept` are the generations by id.

    Each figure is compared with the best of them: who loses a little every night is found out. Quality is
    compared only if enough people, and of the same kind, have evaluated both.
    """
    quality = candidate.value(QUALITY)
    popular = candidate.value(QUALITY, "most_popular")
    if quality <= popular:
        yield (
            f"the lists are no better than the most popular movies ({QUALITY} {quality:.4f} against "
            f"{popular:.4f}, {candidate.metrics[EVALUATED_USERS, MODEL]:,.0f} users judged)"
        )
    seen = candidate.value(f"{QUALITY}{SEEN}")
    if seen < quality * (1 - max_fall):
        yield (
            f"the vectors to publish rank what they were trained on worse ({QUALITY} {seen:.4f}) than those "
            f"that were evaluated, which had not seen it ({quality:.4f})"
        )
    same_kind = {id_: each for id_, each in kept.items() if each.is_rolling is candidate.is_rolling}
    qualities = {id_: each.value(QUALITY) for id_, each in same_kind.items()}
    coverages = {id_: each.of_published(COVERAGE) for id_, each in kept.items()}
    users = {id_: float(each.users) for id_, each in kept.items()}
    catalogues = {id_: each.of_published(CATALOGUE_SHARE) for id_, each in kept.items()}
    for name, now, before, most in (
        (f"{QUALITY} of the model", quality, qualities, max_fall),
        (f"{COVERAGE} of the lists", candidate.of_published(COVERAGE), coverages, max_fall),
        ("the number of users", float(candidate.users), users, max_fall),
        (
            "the share of movies with a title",
            candidate.of_published(CATALOGUE_SHARE),
            catalogues,
            MAX_CATALOGUE_FALL,
        ),
    ):
        known = {id_: value for id_, value in before.items() if not math.isnan(value)}
        best = max(known, key=lambda id_: (known[id_], id_), default=None)
        if best and now < known[best] * (1 - most):
            yield (
                f"{name} fell by {1 - now / known[best]:.0%}, from {known[best]:,.4g} in {best} to {now:,.4g}"
            )
