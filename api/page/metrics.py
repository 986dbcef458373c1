"""What a generation says of its quality."""

from collections.abc import Mapping
from typing import NamedTuple

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

Metrics = Mapping[tuple[str, str], float]


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
    judged_users: int
    times: float | None

    @property
    def by_hits(self) -> list[Model]:
        """The same, most hits first."""
        return sorted(self.models, key=lambda model: (-model.hit_rate, model.name))

    @classmethod
    def of(cls, metrics: Metrics) -> "Quality | None":
        """Return what was measured; None if nobody could be judged."""
        hits, gains = (
            {
                model: value
                for (metric, model), value in metrics.items()
                if metric == name and model != PUBLISHED
            }
            for name in ("hr@10", "ndcg@10")
        )
        if EMBEDDING not in hits or EMBEDDING not in gains:
            return None
        models = sorted(gains, key=lambda model: (-gains[model], model))
        most_hits, most_gain = (max(each.values()) or 1.0 for each in (hits, gains))
        others = max((hits[model] for model in models if model != EMBEDDING), default=0.0)
        return cls(
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
                if model in hits
            ],
            round(metrics.get(("judged_users", EMBEDDING), 0)),
            hits[EMBEDDING] / others if others else None,
        )


async def read_metrics(generation: Generation) -> dict[tuple[str, str], float]:
    """Return the values by metric and model. Raises duckdb.Error if the file is damaged."""
    return {(metric, model): value for metric, model, value in await generation.read("page/metrics")}
