"""What a generation says of itself in figures, and how good it was found to be."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from api.lookup import Generation

EMBEDDING = "embedding"
PUBLISHED = "published"
# The lists that were published before, by what people did since, and the popular list of then.
LAST_NIGHT = "last_night"
LAST_NIGHT_POPULAR = "last_night_popular"
# If fewer came back, what people did since says more about chance than about the lists.
MIN_USERS_OF_LAST_NIGHT = 50
NAMES = {
    EMBEDDING: "This system",
    "most_popular": "Most popular ever",
    "popular_lately_5%": "Popular lately, 5 %",
    "popular_lately_10%": "Popular lately, 10 %",
    "popular_lately_20%": "Popular lately, 20 %",
}


class Model(NamedTuple):
    """One way to recommend, and how good it was found to be; shares are of the best of them, in per cent."""

    name: str
    is_ours: bool
    hit_rate: float
    ndcg: float
    hit_share: int
    ndcg_share: int


class Quality(NamedTuple):
    """This system beside what it must beat, best NDCG first; `times`: its hits for one of the next best."""

    models: list[Model]
    evaluated_users: int
    times: float | None

    @property
    def by_hits(self) -> list[Model]:
        """The same, most hits first."""
        return sorted(self.models, key=lambda model: (-model.hit_rate, model.name))


class Headline(NamedTuple):
    """The hit rate of the hardest measurement that enough people have made: `way` says of which.

    `last_night`: of lists that were published, by what people did since; `rolling`: of lists as they would
    have been published earlier, by people who came back; `last`: of users who were there a moment ago, which
    is the easiest; `unknown`: an older version does not say.
    """

    way: str
    users: int
    hit_rate: float
    interval: tuple[float, float] | None  # 95 %
    times: float | None  # of the hit rate of the best popular list


class LastNight(NamedTuple):
    """The columns of `sql/inspect/last_night.sql`: how good published lists were for a band of users."""

    band: str
    users: int
    hit_rate: float
    hit_rate_low: float | None
    hit_rate_high: float | None
    hit_rate_of_popular: float
    ndcg: float
    ndcg_low: float | None
    ndcg_high: float | None
    ndcg_of_popular: float


class Figures(NamedTuple):
    """The columns of `sql/page/figures.sql`."""

    id: str
    finished_at: datetime
    made_by: str
    overridden: Sequence[str]
    seconds: Mapping[str, float]
    rows: Mapping[str, int]
    peak_mb: Mapping[str, float]
    rows_read: int
    rows_kept: int
    rows_repaired: int
    rows_rejected: int
    rows_superseded: int
    rows_held_out: int
    users: int
    items: int
    metrics: Sequence[Mapping[str, Any]] | None

    def metric(self, name: str) -> dict[str, float]:
        """Return the values of a metric, by model."""
        return {each["model"]: each["value"] for each in self.metrics or () if each["metric"] == name}


async def read_figures(generation: Generation) -> Figures:
    """Return the figures. Raises duckdb.Error if the file is damaged."""
    (row,) = await generation.read("page/figures")
    return Figures(*row)


def quality(figures: Figures) -> Quality | None:
    """Return what was measured; None if nobody could be evaluated."""
    hits, gains = figures.metric("hr@10"), figures.metric("ndcg@10")
    # What people did since is another question, of other people.
    held_out = {model for model in gains.keys() & hits.keys() if not model.startswith(LAST_NIGHT)}
    models = sorted(held_out - {PUBLISHED}, key=lambda model: (-gains[model], model))
    if EMBEDDING not in models:
        return None
    most_hits, most_gain = (max(each[model] for model in models) or 1.0 for each in (hits, gains))
    others = max((hits[model] for model in models if model != EMBEDDING), default=0.0)
    return Quality(
        [
            Model(
                NAMES.get(model, model.replace("_", " ")),
                model == EMBEDDING,
                hits[model],
                gains[model],
                round(100 * hits[model] / most_hits),
                round(100 * gains[model] / most_gain),
            )
            for model in models
        ],
        round(figures.metric("judged_users").get(EMBEDDING, 0)),
        hits[EMBEDDING] / others if others else None,
    )


def headline(figures: Figures) -> Headline | None:
    """Return the figure that stands in front; None if nobody could be evaluated."""
    hits, users = figures.metric("hr@10"), figures.metric("judged_users")
    if users.get(LAST_NIGHT, 0) >= MIN_USERS_OF_LAST_NIGHT:
        return _headline(figures, "last_night", LAST_NIGHT, hits.get(LAST_NIGHT_POPULAR))
    if EMBEDDING not in hits:
        return None
    popular = [hits[model] for model in hits if model in NAMES and model != EMBEDDING]
    cuts = figures.metric("rolling_cuts").get(EMBEDDING)
    way = "unknown" if cuts is None else "rolling" if cuts else "last"
    return _headline(figures, way, EMBEDDING, max(popular, default=None))


def _headline(figures: Figures, way: str, model: str, popular: float | None) -> Headline:
    hits = figures.metric("hr@10")[model]
    low, high = (figures.metric(f"hr@10_{end}").get(model) for end in ("low", "high"))
    interval = None if low is None or high is None else (low, high)
    users = round(figures.metric("judged_users").get(model, 0))
    return Headline(way, users, hits, interval, hits / popular if popular else None)
