"""Page: facts and plots as HTML. What comes from data is escaped by the template, plots are our own."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from batch.evaluation.holdout import EVALUATED_USERS, PUBLISHED, ROLLING_CUTS
from batch.evaluation.last_night import LAST_NIGHT, MIN_USERS_OF_HEADLINE, POPULAR as LAST_NIGHT_POPULAR
from batch.report import plots
from batch.report.drawing import drawn
from batch.report.facts import Facts

MODEL, POPULAR = "embedding", "most_popular"


@dataclass(frozen=True)
class Headline:
    """The figure in front, and what it is."""

    label: str
    value: float


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
    environment.filters |= {"count": _count, "share": _share, "moment": _moment, "day": _day, "begin": _begin}
    return environment.get_template("report.html").render(
        facts=facts,
        plots={
            "input": [*_of_input(facts)],
            "tails": [*_of_tails(facts)],
            "quality": [*_of_training(facts), *_of_quality(facts)],
            "shown": [*_of_lists(facts)],
            "changes": [*_of_changes(facts)],
            "steps": [*_of_steps(facts)],
        },
        catalogue=lambda metric: facts.metrics.get((metric, PUBLISHED)),
        evaluated=facts.metrics.get((EVALUATED_USERS, MODEL), 0),
        headline=_headline(facts),
    )


def _headline(facts: Facts) -> Headline | None:
    """Return NDCG@10 of the hardest measurement that enough people have made; None if nobody has."""
    if facts.metrics.get((EVALUATED_USERS, LAST_NIGHT), 0) >= MIN_USERS_OF_HEADLINE:
        way, model, popular = "lists before, by what users did since", LAST_NIGHT, LAST_NIGHT_POPULAR
    elif facts.metrics.get((EVALUATED_USERS, MODEL)):
        cuts = facts.metrics.get((ROLLING_CUTS, MODEL))
        rolling, last = "users who came back after a moment", "last positive held out, the easiest question"
        way = "newest ratings held out" if cuts is None else rolling if cuts else last
        model, popular = MODEL, POPULAR
    else:
        return None
    value, low, high = (facts.metrics.get((f"ndcg@10{end}", model)) for end in ("", "_low", "_high"))
    interval = "" if low is None or high is None else f"; 95 %: {low:.3f} to {high:.3f}"
    compared = facts.metrics.get(("ndcg@10", popular))
    beside = "" if compared is None else f"; most popular {compared:.3f}"
    return Headline(f"NDCG@10 ({way}){interval}{beside}", math.nan if value is None else value)


def _of_input(facts: Facts) -> Iterator[Plot]:
    boxes = facts.rating_boxes
    if not boxes:
        return
    shown = "; ".join(
        f"{row['stage']} cleaning from {row['least']:g} to {row['most']:g}, median {row['middle']:g}, "
        f"middle half from {row['low']:g} to {row['high']:g}"
        for row in boxes
    )
    yield Plot(
        "Ratings before and after cleaning",
        "Did cleaning leave an invalid rating? The box is the middle half of the rows, the bold line its "
        "median; each tick alone is a rating far from the others.",
        f"Box plots of ratings in stars: {shown}.",
        drawn("rating-boxes", plots.rating_boxes, boxes),
    )
    yield Plot(
        "How often each rating is given",
        "Which values are in the input, and which of them were taken out? Rows are on a logarithmic "
        "scale, so that a few wrong ones are seen beside many right ones.",
        f"Histogram of ratings in stars: {shown}.",
        drawn("rating-histogram", plots.rating_histogram, facts.rating_counts),
    )


def _of_tails(facts: Facts) -> Iterator[Plot]:
    for owner, group in groupby(facts.long_tails, key=itemgetter("owner")):
        rows = list(group)
        one, several = facts.noun if owner == "movie" else (owner, f"{owner}s")
        yield Plot(
            f"Ratings per {one}",
            f"How many {several} have few ratings, and how many have many? Read: so many {several} have at "
            "least that many ratings; both scales are logarithmic.",
            f"Line that falls from {rows[-1]['at_least']:,} {several} with at least {rows[-1]['ratings']:,} "
            f"ratings to {rows[0]['at_least']:,} with {rows[0]['ratings']:,}.",
            drawn(f"tail-{owner}", plots.long_tail, rows, several),
        )
    over_time = facts.over_time
    if over_time:
        most = max(over_time, key=itemgetter("ratings"))
        yield Plot(
            "Ratings over time",
            "Is the newest data there, and is a stretch missing? "
            f"Each line is a{'n' if most['span'] == 'hour' else ''} {most['span']}.",
            f"Ratings by {most['span']} from {over_time[0]['begins_at']:%Y-%m-%d} to "
            f"{over_time[-1]['begins_at']:%Y-%m-%d}; the most, {most['ratings']:,}, in the "
            f"{most['span']} that begins on {most['begins_at']:%Y-%m-%d}.",
            drawn("ratings-over-time", plots.ratings_over_time, over_time),
        )


def _of_training(facts: Facts) -> Iterator[Plot]:
    rows = facts.training
    # Spark's ALS reports no loss.
    if rows:
        yield Plot(
            "Training loss",
            "Had training settled when it ended? A line that is steep at its end asks for more iterations.",
            f"Line from {rows[0]['loss']:.4f} after iteration 1 to {rows[-1]['loss']:.4f} after iteration "
            f"{rows[-1]['iteration']}.",
            drawn("training", plots.training, rows),
        )


def _of_quality(facts: Facts) -> Iterator[Plot]:
    if not facts.metrics.get((EVALUATED_USERS, MODEL)):
        return
    several = facts.noun.several
    # What was held out, and what people did since, are other questions of other people.
    metrics = {name: value for name, value in facts.metrics.items() if not name[1].startswith(LAST_NIGHT)}
    whiskers = "" if ("ndcg@10_low", MODEL) in metrics else " This file has no intervals."
    for name, metric, title, question, label in (
        (
            "quality-0",
            "ndcg@10",
            "Quality of the ranking",
            f"Do the lists predict later {several} better than popularity alone, and rank them higher?",
            "NDCG@10, from 0 to 1",
        ),
        (
            "quality-1",
            "hr@10",
            "Lists with a hit",
            f"For which share of users was one of the {several} that they rated later among the first ten?",
            "hit rate@10, share of users",
        ),
    ):
        found = [f"{model} {value:.4f}" for (each, model), value in metrics.items() if each == metric]
        yield Plot(
            title,
            f"{question} Whiskers are 95 % intervals over the evaluated users.{whiskers}",
            f"Points: {'; '.join(found)}.",
            drawn(name, plots.quality, metrics, metric, label),
        )
    values = [quality.metrics.get(("ndcg@10", MODEL)) for quality in facts.qualities]
    by_generation = ", ".join(f"{value:.4f}" for value in values if value is not None)
    yield Plot(
        "Quality over the generations",
        "Is the quality as good as before? All kept generations except those rolled back."
        if len(facts.qualities) > 1
        else "Is the quality as good as before? No older generation is kept; the next one will be beside it.",
        f"NDCG@10 of the model by generation, oldest first: {by_generation}.",
        drawn("qualities", plots.qualities, facts.qualities, "ndcg@10", "NDCG@10"),
    )


def _of_lists(facts: Facts) -> Iterator[Plot]:
    rows, several = facts.popularity, facts.noun.several
    if rows:
        yield Plot(
            "What is recommended, by popularity",
            "Do lists show more than what everybody knows? Each pair is a tenth of the "
            f"{several}: its share of "
            "all ratings, and its share of the first ten places of all lists.",
            f"Bars: the most rated tenth of the {several} has {rows[0]['share_of_ratings']:.0%} of the "
            f"ratings and {rows[0]['share_of_places'] or 0:.0%} of the places.",
            drawn("popularity", plots.popularity, rows, several),
        )


def _of_changes(facts: Facts) -> Iterator[Plot]:
    if facts.changes and facts.changes.entered:
        overlap, several = facts.changes.diff.lists["overlap_at_10"], facts.noun.several
        yield Plot(
            "How much the lists changed",
            "Are the lists new enough, but still familiar? Each bar is the share of lists with "
            f"so many {several} among the first ten that were not there before.",
            f"Bars: {overlap:.0%} of the first ten {several} were there before, on average.",
            drawn("entered", plots.entered, facts.changes.entered, several),
        )


def _of_steps(facts: Facts) -> Iterator[Plot]:
    rows = facts.steps
    slowest, largest = max(rows, key=itemgetter("seconds")), max(rows, key=itemgetter("peak_mb"))
    yield Plot(
        "Duration of each step",
        "Which step took the most time?",
        f"Bars: {slowest['step']} took longest, {slowest['seconds']:,.1f} s of "
        f"{sum(row['seconds'] for row in rows):,.1f} s.",
        drawn("seconds", plots.steps, rows, "seconds", "seconds"),
    )
    yield Plot(
        "Peak memory of each step",
        "Which step held the most memory?",
        f"Bars: {largest['step']} held the most, {largest['peak_mb']:,.0f} MiB.",
        drawn("memory", plots.steps, rows, "peak_mb", "MiB"),
    )


def _count(value: float | None) -> str:
    return "\N{EN DASH}" if value is None else f"{value:,.0f}"


def _begin(text: str) -> str:
    """Return a text as it is at the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def _share(value: float | None, digits: int = 1) -> str:
    return "\N{EN DASH}" if value is None else f"{value:.{digits}%}"


def _moment(value: datetime | None) -> str:
    return "\N{EN DASH}" if value is None else f"{value.day} {value:%B %Y, %H:%M} UTC"


def _day(value: Any) -> str:
    return "\N{EN DASH}" if value is None else f"{value:%Y-%m-%d}"
