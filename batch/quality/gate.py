"""Quality gate: lists worse than what needs no model, or much worse than the best kept ones, stay out."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batch.quality.evaluate import MODEL
from batch.quality.holdout import JUDGED_USERS, PUBLISHED, ROLLING_CUTS, SEEN, Metrics

QUALITY = "ndcg@10"
COVERAGE = "coverage@10"
# Of fewer people, a mean says more about chance than about the lists. Somebody who came back has watched
# several items, and says more than somebody of whom one is held out.
MIN_ROLLING_USERS = 50
MIN_LAST_USERS = 100


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
        """Return a value; NaN where there is none, or too few people have evaluated it."""
        people = self.metrics.get((JUDGED_USERS, MODEL), 0)
        enough = MIN_ROLLING_USERS if self.is_rolling else MIN_LAST_USERS
        return self.metrics.get((metric, model), math.nan) if people >= enough else math.nan


def regressions(candidate: Quality, kept: Mapping[str, Quality], max_fall: float) -> Iterator[str]:
    """Yield, in a sentence each, why lists should not be published; `kept` are the generations by id.

    Each figure is compared with the best of them: who loses a little every night is found out. Quality is
    compared only if enough people, and of the same kind, have evaluated both.
    """
    quality = candidate.value(QUALITY)
    popular = candidate.value(QUALITY, "most_popular")
    if quality <= popular:
        yield (
            f"the lists are no better than the most popular films ({QUALITY} {quality:.4f} against "
            f"{popular:.4f}, {candidate.metrics[JUDGED_USERS, MODEL]:,.0f} users judged)"
        )
    seen = candidate.value(f"{QUALITY}{SEEN}")
    if seen < quality * (1 - max_fall):
        yield (
            f"the vectors to publish rank what they were trained on worse ({QUALITY} {seen:.4f}) than those "
            f"that were evaluated, which had not seen it ({quality:.4f})"
        )
    same_kind = {id_: each for id_, each in kept.items() if each.is_rolling is candidate.is_rolling}
    for name, now, before in (
        (f"{QUALITY} of the model", quality, {id_: each.value(QUALITY) for id_, each in same_kind.items()}),
        (
            f"{COVERAGE} of the lists",
            _coverage(candidate),
            {id_: _coverage(each) for id_, each in kept.items()},
        ),
        (
            "the number of users",
            float(candidate.users),
            {id_: float(each.users) for id_, each in kept.items()},
        ),
    ):
        known = {id_: value for id_, value in before.items() if not math.isnan(value)}
        if not known:
            continue
        best = max(known, key=lambda id_: (known[id_], id_))
        if now < known[best] * (1 - max_fall):
            yield (
                f"{name} fell by {1 - now / known[best]:.0%}, from {known[best]:,.4g} in {best} to {now:,.4g}"
            )


def _coverage(quality: Quality) -> float:
    return quality.metrics.get((COVERAGE, PUBLISHED), math.nan)
