"""Summary: an evaluation as tables for people, and as one object for machines."""

import math
from collections.abc import Callable
from typing import Any

from rich.table import Table

from batch.evaluation.bootstrap import CONFIDENCE, Interval
from batch.evaluation.evaluate import ACTIVITIES, Evaluation, activity_of
from batch.evaluation.metrics import MODEL
from batch.runtime.tables import bare_table

MAIN = ("hr@10", "ndcg@10")
OTHERS = ("recall@10", "mrr@10", "hr@50", "ndcg@50", "recall@50", "mrr@50")
OF_LISTS = ("coverage@10", "novelty@10", "popular_tenth@10", "gini@10")
WELCOME = ("recall_disliked@10", "recall_disliked@50")
SHARE = f"{CONFIDENCE:.0%}"


def summary(evaluation: Evaluation) -> list[str]:
    """Return one line on each split: who is evaluated, by what, and how often the file broke a tie."""
    return [
        f"{split.name}: {len(split.train):,} ratings of {split.train.items:,} movies by "
        f"{split.train.users:,} users to learn from; {len(split.users):,} users evaluated by "
        f"{split.relevant.nnz + split.unknown.sum():,} later positives "
        f"({split.unknown.sum():,} of movies that nobody had rated); "
        f"{split.tied:.1%} of them have a later rating at the same second as their last known one"
        for split in evaluation.splits
    ]


def verdict(evaluation: Evaluation) -> tuple[str, str]:
    """Return in a sentence whether the model beats the best baseline, and the colour of that."""
    metric = MAIN[1]
    others = [model for model in evaluation.measured if model != MODEL]
    best = max(others, key=lambda model: evaluation.means(model)[metric])
    lead, (low, high) = evaluation.lead(best, metric)
    colour = "green" if low > 0 else "red" if high < 0 else "yellow"
    is_ahead = "leads over" if lead > 0 else "is behind"
    leads = f"{MODEL} {is_ahead} {best}, the best of the others, by {abs(lead):.4f} of {metric}"
    between = _interval((low, high))
    return f"{leads} ({SHARE}: {between})" if between else leads, colour


def tables(evaluation: Evaluation, *, of_lists: bool = True) -> list[Table]:
    """Return accuracy, the lead of the model, activity, and what lists show of the catalogue."""
    means = {model: evaluation.means(model) for model in evaluation.measured}
    models = sorted(means, key=lambda model: -means[model][MAIN[1]])
    others = [model for model in models if model != MODEL]

    def values_of(names: tuple[str, ...]) -> Callable[[str], list[str]]:
        return lambda model: [f"{means[model][name]:.4f}" for name in names]

    def with_intervals(model: str) -> list[str]:
        return [
            text
            for name in MAIN
            for text in (f"{means[model][name]:.4f}", _interval(evaluation.interval(model, name)))
        ]

    def leads(model: str) -> list[str]:
        found = [evaluation.lead(model, name) for name in MAIN]
        return [text for lead, interval in found for text in (f"{lead:+.4f}", _interval(interval))]

    def by_activity(model: str) -> list[str]:
        found = evaluation.by_activity(model, MAIN[1])
        return [f"{found[each]:.4f}" if each in found else "" for each in ACTIVITIES]

    accuracy = ["model", *(each for name in MAIN for each in (name, f"{SHARE} of {name}"))]
    lead = ["over", *(each for name in MAIN for each in (name, SHARE))]
    activity = ["model", *_activities(evaluation)]
    welcome = ["model", *(name.removeprefix("recall_") for name in WELCOME)]
    shown = [
        _table("Accuracy", accuracy, models, with_intervals),
        _table("Accuracy by other measures", ["model", *OTHERS], models, values_of(OTHERS)),
        _table(f"Lead of {MODEL}, users drawn in pairs", lead, others, leads),
        _table(f"{MAIN[1]} by known ratings", activity, models, by_activity),
        _table(
            "Recall of later movies rated 4 or more (liked) and under 3 (disliked)",
            welcome,
            models,
            values_of(WELCOME),
        ),
        _table("What the lists show of the catalogue", ["model", *OF_LISTS], models, values_of(OF_LISTS)),
    ]
    return shown if of_lists else shown[:-1]


def _table(title: str, columns: list[str], models: list[str], cells: Callable[[str], list[str]]) -> Table:
    """Return a table with a row for each model; on a terminal, our own is found at a glance."""
    table = bare_table(title)
    for name in columns:
        table.add_column(name, justify="left" if name == columns[0] else "right", no_wrap=True)
    for model in models:
        table.add_row(model, *cells(model), style="bold" if model == MODEL else "")
    return table


def _activities(evaluation: Evaluation) -> list[str]:
    """Return the names of the groups, of a single split with their limits."""
    if len(evaluation.splits) > 1:
        return list(ACTIVITIES)
    (split,) = evaluation.splits
    ratings, third = split.train.ratings_of_user[split.users], activity_of(split)
    return [
        f"{name} ({ratings[third == number].min():,} to {ratings[third == number].max():,})"
        if (third == number).any()
        else name
        for number, name in enumerate(ACTIVITIES)
    ]


def _interval(interval: Interval) -> str:
    return f"{interval[0]:.4f} to {interval[1]:.4f}" if math.isfinite(interval[0]) else ""


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return everything that was measured."""
    models = list(evaluation.measured)
    per_user = [name for name in evaluation.measured[MODEL][0].by_user if "liked" not in name]
    leads = {
        model: {name: evaluation.lead(model, name) for name in MAIN} for model in models if model != MODEL
    }
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
                name: {"lead": lead, "interval": list(interval)} for name, (lead, interval) in found.items()
            }
            for model, found in leads.items()
        },
        "by_activity": {
            model: {name: evaluation.by_activity(model, name) for name in MAIN} for model in models
        },
    }
