"""What a generation says of itself in figures, and how good it was found to be."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from api.lookup import Generation

EMBEDDING = "embedding"
PUBLISHED = "published"
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
    models = sorted(gains.keys() & hits.keys() - {PUBLISHED}, key=lambda model: (-gains[model], model))
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
