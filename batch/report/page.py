"""Page: facts and plots as HTML. What comes from data is escaped by the template, plots are our own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from batch.evaluation.holdout import EVALUATED_USERS, PUBLISHED
from batch.report import plots
from batch.report.facts import Facts

MODEL, POPULAR = "embedding", "most_popular"


@dataclass(frozen=True)
class Plot:
    """A plot with the question that it answers, and what is seen in it, for who can't see it."""

    title: str
    answers: str
    shows: str
    drawing: Markup


def render(facts: Facts) -> str:
    """Return the whole page."""
    environment = Environment(
        loader=PackageLoader("batch.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": _count, "share": _share, "moment": _moment, "day": _day}
    return environment.get_template("report.html").render(
        facts=facts,
        plots={
            "input": _of_input(facts),
            "tails": _of_tails(facts),
            "quality": [*_of_training(facts), *_of_quality(facts)],
            "shown": _of_lists(facts),
            "changes": _of_changes(facts),
            "steps": _of_steps(facts),
        },
        quality=lambda metric, model=MODEL: facts.tonight.metrics.get((metric, model)),
        catalogue=lambda metric: facts.tonight.metrics.get((metric, PUBLISHED)),
        evaluated=facts.tonight.metrics.get((EVALUATED_USERS, MODEL), 0),
        popular=POPULAR,
    )


def _of_input(facts: Facts) -> list[Plot]:
    boxes = facts.input.boxes
    if not boxes:
        return []
    told = "; ".join(
        f"{row['stage']} cleaning from {row['least']:g} to {row['most']:g}, median {row['middle']:g}, "
        f"middle half from {row['low']:g} to {row['high']:g}"
        for row in boxes
    )
    return [
        Plot(
            "Ratings before and after cleaning",
            "Did anything that can't be meant get through? The box is the middle half of the rows, the bold "
            "line its median; each tick alone is a rating far from the others.",
            f"Box plots of ratings in stars: {told}.",
            Markup(plots.rating_boxes(boxes)),  # noqa: S704 (our own drawing)
        ),
        Plot(
            "How often each rating is given",
            "Which values are in the input, and which of them were taken out? Rows are on a logarithmic "
            "scale, so that a few wrong ones are seen beside many right ones.",
            f"Histogram of ratings in stars: {told}.",
            Markup(plots.rating_histogram(facts.input.counts)),  # noqa: S704
        ),
    ]


def _of_tails(facts: Facts) -> list[Plot]:
    found = [
        Plot(
            f"Ratings a {owner}",
            f"How many {owner}s have few ratings, and how many have many? Read: so many {owner}s have at "
            "least that many ratings; both scales are logarithmic.",
            f"Line that falls from {rows[-1]['at_least']:,} {owner}s with at least {rows[-1]['ratings']:,} "
            f"ratings to {rows[0]['at_least']:,} with {rows[0]['ratings']:,}.",
            Markup(plots.long_tail(f"tail-{owner}", rows, f"{owner}s")),  # noqa: S704
        )
        for owner, rows in (("user", facts.input.of_users), ("movie", facts.input.of_items))
        if rows
    ]
    over_time = facts.input.over_time
    if over_time:
        most = max(over_time, key=lambda row: row["ratings"])
        found.append(
            Plot(
                "Ratings over time",
                "Is the newest data there, and is a stretch missing? "
                f"Each line is a{'n' if most['span'] == 'hour' else ''} {most['span']}.",
                f"Ratings by {most['span']} from {over_time[0]['begins_at']:%Y-%m-%d} to "
                f"{over_time[-1]['begins_at']:%Y-%m-%d}; the most, {most['ratings']:,}, in the "
                f"{most['span']} that begins on {most['begins_at']:%Y-%m-%d}.",
                Markup(plots.ratings_over_time(over_time)),  # noqa: S704
            )
        )
    return found


def _of_training(facts: Facts) -> list[Plot]:
    rows = facts.training
    return [
        Plot(
            "Training loss",
            "Had training settled when it ended? A line that is steep at its end asks for more iterations.",
            f"Line from {rows[0]['loss']:.4f} after iteration 1 to {rows[-1]['loss']:.4f} after iteration "
            f"{rows[-1]['iteration']}.",
            Markup(plots.training(rows)),  # noqa: S704
        )
    ]


def _of_quality(facts: Facts) -> list[Plot]:
    tonight = facts.tonight
    if not tonight.metrics.get((EVALUATED_USERS, MODEL)):
        return []
    whiskers = "" if ("ndcg@10_low", MODEL) in tonight.metrics else " This file has no intervals."
    found = [
        Plot(
            title,
            f"{question} Whiskers are 95 % intervals over the judged users.{whiskers}",
            "Points: " + "; ".join(_told(facts, metric)) + ".",
            Markup(plots.quality(f"quality-{number}", tonight, metric, label)),  # noqa: S704
        )
        for number, (metric, title, question, label) in enumerate(
            (
                (
                    "ndcg@10",
                    "Quality of the ranking",
                    "Do the lists foresee better than what needs no model, and put it higher?",
                    "NDCG@10, from 0 to 1",
                ),
                (
                    "hr@10",
                    "Lists that foresaw a movie",
                    "For which share of people was a movie that they rated afterwards among the first ten?",
                    "hit rate@10, share of users",
                ),
            )
        )
    ]
    values = [night.metrics.get(("ndcg@10", MODEL)) for night in facts.nights]
    told = ", ".join(f"{value:.4f}" for value in values if value is not None)
    return [
        *found,
        Plot(
            "Quality over the generations",
            "Is it as good as it was? The kept generations, but for what was rolled back."
            if len(facts.nights) > 1
            else "Is it as good as it was? This is the oldest that is kept; the next will stand beside it.",
            f"NDCG@10 of the model by generation, oldest first: {told}.",
            Markup(plots.nights(facts.nights, "ndcg@10", "NDCG@10")),  # noqa: S704
        ),
    ]


def _told(facts: Facts, metric: str) -> list[str]:
    metrics = facts.tonight.metrics
    return [f"{model} {value:.4f}" for (each, model), value in metrics.items() if each == metric]


def _of_lists(facts: Facts) -> list[Plot]:
    rows = facts.popularity
    if not rows:
        return []
    return [
        Plot(
            "What is recommended, by popularity",
            "Do lists show more than what everybody knows? Each pair is a tenth of the movies: its share of "
            "all ratings, and its share of the first ten places of all lists.",
            f"Bars: the most rated tenth of the movies has {rows[0]['share_of_ratings']:.0%} of the ratings "
            f"and {rows[0]['share_of_places'] or 0:.0%} of the places.",
            Markup(plots.popularity(rows)),  # noqa: S704
        )
    ]


def _of_changes(facts: Facts) -> list[Plot]:
    if facts.changes is None or not facts.changes.entered:
        return []
    lists = facts.changes.diff.lists
    return [
        Plot(
            "How much the lists changed",
            "Will people find something new, or nothing that they knew? Each bar is the share of lists with "
            "so many movies among the first ten that were not there before.",
            f"Bars: {lists['overlap_at_10']:.0%} of the first ten movies were there before, on average.",
            Markup(plots.entered(facts.changes.entered)),  # noqa: S704
        )
    ]


def _of_steps(facts: Facts) -> list[Plot]:
    rows = facts.steps
    slowest = max(rows, key=lambda row: row["seconds"])
    largest = max(rows, key=lambda row: row["peak_mb"])
    return [
        Plot(
            "Duration of each step",
            "Where did the night's time go?",
            f"Bars: {slowest['step']} took longest, {slowest['seconds']:,.1f} s of "
            f"{sum(row['seconds'] for row in rows):,.1f} s.",
            Markup(plots.steps("seconds", rows, "seconds", "seconds")),  # noqa: S704
        ),
        Plot(
            "Peak memory of each step",
            "Which step needs the machine that it runs on?",
            f"Bars: {largest['step']} held the most, {largest['peak_mb']:,.0f} MiB.",
            Markup(plots.steps("memory", rows, "peak_mb", "MiB")),  # noqa: S704
        ),
    ]


def _count(value: float | None) -> str:
    return "\N{EN DASH}" if value is None else f"{value:,.0f}"


def _share(value: float | None, digits: int = 1) -> str:
    return "\N{EN DASH}" if value is None else f"{value:.{digits}%}"


def _moment(value: datetime | None) -> str:
    return "\N{EN DASH}" if value is None else f"{value.day} {value:%B %Y, %H:%M} UTC"


def _day(value: Any) -> str:
    return "\N{EN DASH}" if value is None else f"{value:%Y-%m-%d}"
