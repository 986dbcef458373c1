"""Quality gate: lists worse than what needs no model, or much worse than the best kept ones, stay out."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from batch.evaluation.catalogue import CATALOGUE_SHARE, GENRES_SHARE, YEAR_SHARE
from batch.evaluation.holdout import (
    EVALUATED_USERS,
    MIN_ROLLING_USERS,
    POSITIVES,
    PUBLISHED,
    ROLLING_CUTS,
    SEEN,
    Metrics,
)
from batch.evaluation.metrics import MODEL

QUALITY = "ndcg@10"
COVERAGE = "coverage@10"
OF_MODEL = f"{QUALITY} of the model"
# Of fewer people, a mean says more about chance than about the lists. MIN_ROLLING_USERS are fewer: somebody
# who came back has watched several items, and says more than somebody of whom one is held out.
MIN_LAST_USERS = 100
# With fewer users and their few items, nothing but popularity can be learned.
MIN_USERS = 200

# A catalogue grows with its movies. If it loses titles, genres or years, it was cut, or its ids changed.
MAX_CATALOGUE_FALL = 0.05
# If more titles than this differ, rows were shifted, or the file is of another catalogue.
MAX_TITLES_CHANGED = 0.5
CATALOGUE = {
    "the share of movies with a title": CATALOGUE_SHARE,
    "the share of movies with genres": GENRES_SHARE,
    "the share of movies with a year": YEAR_SHARE,
}


@dataclass(frozen=True)
class Quality:
    """What the gate knows of one generation."""

    metrics: Metrics
    users: int
    titles: Mapping[str, str] = field(default_factory=dict)  # by item id; empty: not compared

    @property
    def is_rolling(self) -> bool | None:
        """Whether people who came back have evaluated it; None if nobody has, or before version 0.6."""
        cuts = self.metrics.get((ROLLING_CUTS, MODEL))
        return None if cuts is None else cuts > 0

    @property
    def way(self) -> tuple[bool | None, bool]:
        """Return in which way it was evaluated; figures of another way are not comparable."""
        return self.is_rolling, (POSITIVES, MODEL) in self.metrics

    def value(self, metric: str, model: str = MODEL) -> float:
        """Return a value; NaN if there is none, or too few users are there or have evaluated it."""
        people = self.metrics.get((EVALUATED_USERS, MODEL), 0)
        enough = MIN_ROLLING_USERS if self.is_rolling else MIN_LAST_USERS
        if people < enough or self.users < MIN_USERS:
            return math.nan
        return self.metrics.get((metric, model), math.nan)

    def figures(self) -> dict[str, float]:
        """Return the figures that should not fall, by name; NaN if one is unknown."""
        return {
            OF_MODEL: self.value(QUALITY),
            f"{COVERAGE} of the lists": self._of_published(COVERAGE),
            "the number of users": float(self.users),
            **{name: self._of_published(metric) for name, metric in CATALOGUE.items()},
        }

    def _of_published(self, metric: str) -> float:
        return self.metrics.get((metric, PUBLISHED), math.nan)


def regressions(candidate: Quality, kept: Mapping[str, Quality], max_fall: float) -> Iterator[str]:
    """Yield, in a sentence each, why lists should not be published; `kept` are the generations by id.

    Each figure is compared with the best of them, so that many small falls are found, too. Quality is
    compared only if enough people, and of the same kind, have evaluated both.
    """
    quality = candidate.value(QUALITY)
    popular = candidate.value(QUALITY, "most_popular")
    if quality <= popular:
        yield (
            f"the lists are no better than the most popular movies ({QUALITY} {quality:.4f} against "
            f"{popular:.4f}, {candidate.metrics[EVALUATED_USERS, MODEL]:,.0f} users evaluated)"
        )
    seen = candidate.value(f"{QUALITY}{SEEN}")
    if seen < quality * (1 - max_fall):
        yield (
            f"the final vectors predict the test ratings much worse ({QUALITY} {seen:.4f}) than the "
            f"evaluated vectors, which were not trained on these ratings ({QUALITY} {quality:.4f})"
        )
    yield from _changed_titles(candidate, kept)
    for name, now in candidate.figures().items():
        before = {
            id_: each.figures()[name]
            for id_, each in kept.items()
            if name != OF_MODEL or each.way == candidate.way
        }
        known = {id_: value for id_, value in before.items() if not math.isnan(value)}
        best = max(known, key=lambda id_: (known[id_], id_), default=None)
        if best and now < known[best] * (1 - (MAX_CATALOGUE_FALL if name in CATALOGUE else max_fall)):
            yield (
                f"{name} fell by {1 - now / known[best]:.0%}, from {known[best]:,.4g} in {best} to {now:,.4g}"
            )


def _changed_titles(candidate: Quality, kept: Mapping[str, Quality]) -> Iterator[str]:
    """Yield a sentence if most movies have another title than in the newest kept generation."""
    newest = max(kept, default=None)
    before = kept[newest].titles if newest else {}
    both = before.keys() & candidate.titles.keys()
    changed = sorted(item_id for item_id in both if before[item_id] != candidate.titles[item_id])
    if len(changed) > MAX_TITLES_CHANGED * len(both):
        yield (
            f"{len(changed):,} of {len(both):,} movies have another title than in {newest}, for example "
            f"'{changed[0]}': {candidate.titles[changed[0]]!r} instead of {before[changed[0]]!r}"
        )
