"""Summary: an evaluation as tables for people, and as one object for machines."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from rich.table import Table

from batch.evaluation.bootstrap import CONFIDENCE, Interval
from batch.evaluation.evaluate import ACTIVITIES, Evaluation
from batch.evaluation.metrics import MODEL
from batch.runtime.tables import bare_table

MAIN = ("hr@10", "ndcg@10")
OTHERS = ("recall@10", "mrr@10", "hr@50", "ndcg@50", "recall@50", "mrr@50")
OF_LISTS = (
    "coverage@10",
    "top_item_share@10",
    "overlap@10",
    "calibration@10",
    "recall_disliked@10",
    "novelty@10",
    "popular_tenth@10",
    "gini@10",
)
PART = "share_of_"
SHARE = f"{CONFIDENCE:.0%}"


def summary(evaluation: Evaluation) -> list[str]:
    """Return what kind of lists were evaluated, and who evaluated them, by what."""
    splits = evaluation.splits
    first, last = splits[0], splits[-1]
    names = f"{len(splits)} moments, {first.name} to {last.name}" if len(splits) > 1 else first.name
    cases = sum(len(split.ratings_of_user) for split in splits)
    positives, unknown = (
        sum(getattr(split, name) for split in splits) for name in ("later_positives", "of_unknown_items")
    )
    tied = sum(split.is_tied.sum() for split in splits) / cases
    by = f" ({evaluation.people:,} people, each counted for each moment)" if len(splits) > 1 else ""
    what = (
        "Rolling cuts in time: lists as a night would make them, for people who came back."
        if evaluation.is_rolling
        else "Somebody just seen: the last rating of each is held out, and lists are made a moment before it."
    )
    lines = [
        what,
        (
            f"{names}: {last.known_ratings:,} ratings of {last.known_items:,} movies by "
            f"{last.known_users:,} users to learn from{' at last' if len(splits) > 1 else ''}; "
            f"{cases:,} users evaluated{by} by {positives:,} later positives "
            f"({unknown:,} of movies that nobody had rated); "
            f"{tied:.1%} of them have a later rating at the same second as their last known one"
        ),
    ]
    if evaluation.left_out:
        cuts = ", ".join(f"{100 * cut:g}%" for cut in evaluation.left_out)
        lines.append(f"left out, since nobody who can evaluate came back: time {cuts}")
    return lines


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
    """Return accuracy, the lead of the model, activity, and what lists are, accuracy first."""
    means = {model: evaluation.means(model) for model in evaluation.measured}
    models = sorted(means, key=lambda model: -means[model][MAIN[1]])
    others = [model for model in models if model != MODEL]

    def values_of(names: tuple[str, ...]) -> Callable[[str], list[str]]:
        return lambda model: [_number(means[model][name]) for name in names]

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
    parts = tuple(name for name in means[MODEL] if name.startswith(PART))
    shown = [
        _table("Accuracy", accuracy, models, with_intervals),
        _table("Accuracy by other measures", ["model", *OTHERS], models, values_of(OTHERS)),
        _table(f"Lead of {MODEL}, people drawn in pairs", lead, others, leads),
        _table(f"{MAIN[1]} by known ratings", activity, models, by_activity),
    ]
    if of_lists:
        names = ["part of the score", *(name.removeprefix(PART) for name in parts)]
        shown += [
            _table("What the lists are", ["model", *OF_LISTS], models, values_of(OF_LISTS)),
            _table("Share of the score by part, first ten of each list", names, [MODEL], values_of(parts)),
        ]
    return shown


def _table(title: str, columns: list[str], models: list[str], cells: Callable[[str], list[str]]) -> Table:
    """Return a table with a row for each model; on a terminal, our own is found at a glance."""
    table = bare_table(title)
    for name in columns:
        table.add_column(name, justify="left" if name == columns[0] else "right", no_wrap=True)
    for model in models:
        table.add_row(model, *cells(model), style="bold" if model == MODEL else "")
    return table


def _activities(evaluation: Evaluation) -> list[str]:
    """Return the names of the groups with their limits."""
    ratings, third = evaluation.ratings_of_user, evaluation.activity
    return [
        f"{name} ({ratings[third == number].min():,} to {ratings[third == number].max():,})"
        if (third == number).any()
        else name
        for number, name in enumerate(ACTIVITIES)
    ]


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.4f}"


def _interval(interval: Interval) -> str:
    return f"{interval[0]:.4f} to {interval[1]:.4f}" if math.isfinite(interval[0]) else ""


def evaluations_as_json(evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    """Return everything that was measured; under `last` the second evaluation, if there are two."""
    leading, *second = map(as_json, evaluations)
    return {**leading, "last": second[0]} if second else leading


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return everything that was measured in one way."""
    models = list(evaluation.measured)
    leads = {
        model: {name: evaluation.lead(model, name) for name in MAIN} for model in models if model != MODEL
    }
    return {
        "is_rolling": evaluation.is_rolling,
        "people": evaluation.people,
        "left_out": list(evaluation.left_out),
        "splits": [
            {
                "name": split.name,
                "known_ratings": split.known_ratings,
                "known_users": split.known_users,
                "known_films": split.known_items,
                "judged_users": len(split.ratings_of_user),
                "later_ratings": split.later_positives,
                "later_ratings_of_unknown_films": split.of_unknown_items,
                "tied": split.tied,
            }
            for split in evaluation.splits
        ],
        "models": {model: evaluation.means(model) for model in models},
        "intervals": {
            model: {name: list(evaluation.interval(model, name)) for name in measured.by_user}
            for model, measured in evaluation.measured.items()
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
