"""Report: an evaluation as tables for people, and as one object for machines."""

import math
from typing import Any

from rich.table import Table

from batch.evaluation.bootstrap import CONFIDENCE
from batch.evaluation.evaluate import ACTIVITIES, Evaluation, activity_of
from batch.evaluation.metrics import MODEL
from batch.runtime.tables import bare_table

MAIN = ("hr@10", "ndcg@10")
OTHERS = ("recall@10", "mrr@10", "hr@50", "ndcg@50", "recall@50", "mrr@50")
OF_LISTS = ("coverage@10", "novelty@10", "popular_tenth@10", "gini@10")
WELCOME = ("recall_liked@10", "recall_disliked@10", "recall_liked@50", "recall_disliked@50")


def summary(evaluation: Evaluation) -> list[str]:
    """Return one line on each split: who is judged, by what, and how often the file broke a tie."""
    return [
        f"{split.name}: {len(split.train):,} ratings of {split.train.items:,} movies by "
        f"{split.train.users:,} users to learn from; {len(split.users):,} users judged by "
        f"{split.relevant.nnz + split.unknown.sum():,} later ratings "
        f"({split.unknown.sum():,} of movies that nobody had rated); "
        f"{split.tied:.1%} of them have a later rating at the same second as their last known one"
        for split in evaluation.splits
    ]


def verdict(evaluation: Evaluation) -> tuple[str, str]:
    """Return in a sentence whether the model beats the best of what it must beat, and the colour of that."""
    metric = MAIN[1]
    others = [model for model in evaluation.measured if model != MODEL]
    best = max(others, key=lambda model: evaluation.means(model)[metric])
    lead, (low, high) = evaluation.lead(best, metric)
    colour = "green" if low > 0 else "red" if high < 0 else "yellow"
    is_ahead = "leads over" if lead > 0 else "is behind"
    leads = f"{MODEL} {is_ahead} {best}, the best of the others, by {abs(lead):.4f} of {metric}"
    between = _interval((low, high))
    return f"{leads} ({CONFIDENCE:.0%}: {between})" if between else leads, colour


def tables(evaluation: Evaluation, *, of_lists: bool = True) -> list[Table]:
    """Return accuracy, then what lists show of the catalogue, activity and the lead of the model."""
    models = sorted(evaluation.measured, key=lambda model: -evaluation.means(model)["ndcg@10"])
    means = {model: evaluation.means(model) for model in models}
    share = f"{CONFIDENCE:.0%}"
    accuracy = _table("Accuracy", "model", *(each for name in MAIN for each in (name, f"{share} of {name}")))
    more = _table("Accuracy by other measures", "model", *OTHERS)
    for model in models:
        cells = [
            text
            for name in MAIN
            for text in (f"{means[model][name]:.4f}", _interval(evaluation.interval(model, name)))
        ]
        accuracy.add_row(model, *cells, style=_style(model))
        more.add_row(model, *(f"{means[model][name]:.4f}" for name in OTHERS), style=_style(model))
    lead = _table(
        f"Lead of {MODEL}, users drawn in pairs", "over", *(each for name in MAIN for each in (name, share))
    )
    for model in models:
        if model != MODEL:
            leads = [evaluation.lead(model, name) for name in MAIN]
            lead.add_row(model, *(text for value, at in leads for text in (f"{value:+.4f}", _interval(at))))
    activity = _table(f"{MAIN[1]} by known ratings", "model", *_activities(evaluation))
    for model in models:
        by_activity = evaluation.by_activity(model, MAIN[1])
        activity.add_row(
            model,
            *(f"{by_activity[each]:.4f}" if each in by_activity else "" for each in ACTIVITIES),
            style=_style(model),
        )
    welcome = _table(
        "Recall of later liked (4 stars or more) and disliked (under 3)",
        "model",
        *(name.removeprefix("recall_") for name in WELCOME),
    )
    catalogue = _table("What the lists show of the catalogue", "model", *OF_LISTS)
    for model in models:
        welcome.add_row(model, *(f"{means[model][name]:.4f}" for name in WELCOME), style=_style(model))
        catalogue.add_row(model, *(f"{means[model][name]:.4f}" for name in OF_LISTS), style=_style(model))
    return [accuracy, more, lead, activity, welcome, *([catalogue] if of_lists else [])]


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return everything that was measured."""
    models = list(evaluation.measured)
    per_user = [name for name in evaluation.measured[MODEL][0].by_user if "liked" not in name]
    return {
        "splits": [
            {
                "name": split.name,
                "known_ratings": len(split.train),
                "known_users": split.train.users,
                "known_films": split.train.items,
                "judged_users": len(split.users),
                "later_ratings": int(split.relevant.nnz + split.unknown.sum()),
                "later_ratings_of_unknown_films": int(split.unknown.sum()),
                "tied": split.tied,
            }
            for split in evaluation.splits
        ],
        "models": {model: evaluation.means(model) for model in models},
        "intervals": {
            model: {name: list(evaluation.interval(model, name)) for name in per_user} for model in models
        },
        "leads": {
            model: {
                name: {"lead": lead, "interval": list(interval)}
                for name in MAIN
                for lead, interval in [evaluation.lead(model, name)]
            }
            for model in models
            if model != MODEL
        },
        "by_activity": {
            model: {name: evaluation.by_activity(model, name) for name in MAIN} for model in models
        },
    }


def _activities(evaluation: Evaluation) -> list[str]:
    """Return the names of the groups, of a single split with their limits."""
    if len(evaluation.splits) > 1:
        return list(ACTIVITIES)
    (split,) = evaluation.splits
    ratings, third = split.train.ratings_of_user[split.users], activity_of(split)
    return [
        f"{name} ({ratings[third == place].min():,} to {ratings[third == place].max():,})"
        if (third == place).any()
        else name
        for place, name in enumerate(ACTIVITIES)
    ]


def _interval(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.4f} to {interval[1]:.4f}" if math.isfinite(interval[0]) else ""


def _style(model: str) -> str:
    """Return how the row of a model looks on a terminal: our own is found at a glance."""
    return "bold" if model == MODEL else ""


def _table(title: str, *columns: str) -> Table:
    table = bare_table(title)
    table.add_column(columns[0], no_wrap=True)
    for column in columns[1:]:
        table.add_column(column, justify="right", no_wrap=True)
    return table
