"""Plots: rows as vector graphics that stand in a page, and take their colours and letters from it.

Matplotlib draws them with colours that stand for those of the page, which has others for dark screens and for
print. Text stays text: it can be searched, read aloud and enlarged.
"""

from collections.abc import Sequence
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import MaxNLocator, PercentFormatter

from batch.evaluation.holdout import Metrics
from batch.generation.reader import Row
from batch.report.drawing import ACCENT, INCHES, MUTED, RULE, counted, legend
from batch.report.facts import Quality

# Valid ratings; beyond it the axis is logarithmic, so that -8 and 99 are seen beside the stars.
_STARS = (0.5, 5.0)
MAX_GENERATIONS_NAMED = 6
_NAMES = {"embedding": "this model", "most_popular": "most popular"}


def rating_boxes(axes: Axes, boxes: Sequence[Row]) -> None:
    """Draw quartiles, whiskers and what is beyond, before and after cleaning."""
    rows = list(reversed(boxes))
    axes.axvspan(*_STARS, color=RULE, alpha=0.35, linewidth=0)
    for place, row in enumerate(rows):
        colour = ACCENT if row["stage"] == "after" else MUTED
        line = {"color": colour, "linewidth": 1.2}
        axes.bxp(
            [
                {
                    "med": row["middle"],
                    "q1": row["low"],
                    "q3": row["high"],
                    "whislo": row["whisker_low"],
                    "whishi": row["whisker_high"],
                    "fliers": row["alone"],
                }
            ],
            positions=[place],
            orientation="horizontal",
            widths=0.45,
            boxprops=line,
            whiskerprops=line,
            capprops=line,
            medianprops={"color": colour, "linewidth": 2.5},
            flierprops={"marker": "|", "markeredgecolor": colour, "markersize": 6},
            manage_ticks=False,
        )
    axes.set_yticks(range(len(rows)), [row["stage"] for row in rows])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.grid(visible=False, axis="y")
    _stars(axes, [value for row in rows for value in (row["least"], row["most"])])


def rating_histogram(axes: Axes, counts: Sequence[Row]) -> None:
    """Draw how many rows have each rating, before and after cleaning, on a logarithmic scale."""
    axes.axvspan(*_STARS, color=RULE, alpha=0.35, linewidth=0)
    for stage, colour, width in (("before", MUTED, 5.0), ("after", ACCENT, 2.2)):
        rows = [row for row in counts if row["stage"] == stage]
        axes.vlines(
            [row["rating"] for row in rows],
            0.5,
            [row["rows"] for row in rows],
            colors=colour,
            linewidth=[width if _STARS[0] <= row["rating"] <= _STARS[1] else 1.2 for row in rows],
            alpha=0.45 if stage == "before" else 1,
            label=f"{stage} cleaning",
        )
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.5)
    counted(axes.yaxis)
    axes.set_ylabel("rows")
    legend(axes)
    _stars(axes, [row["rating"] for row in counts])


def _plain(text: str) -> str:
    """Return a text of the input as Matplotlib writes it as it is; between dollars it would be a formula."""
    return text.replace("$", r"\$")


def long_tail(axes: Axes, rows: Sequence[Row], owners: str) -> None:
    """Draw how many users, or movies, have at least so many ratings; both scales are logarithmic."""
    ratings = [row["ratings"] for row in rows]
    at_least = [row["at_least"] for row in rows]
    axes.step([*ratings, 0.9], [*at_least, at_least[-1]], where="pre", color=ACCENT)
    axes.set(xscale="log", yscale="log", xlabel="ratings", ylabel=f"{_plain(owners)} with at least as many")
    axes.set_xlim(left=0.9)
    axes.set_ylim(bottom=0.8)
    counted(axes.xaxis)
    counted(axes.yaxis)


def ratings_over_time(axes: Axes, rows: Sequence[Row]) -> None:
    """Draw how many ratings there are in each span of time."""
    times, ratings = [row["begins_at"] for row in rows], [row["ratings"] for row in rows]
    axes.vlines(times, 0, ratings, colors=ACCENT, linewidth=max(0.7, min(6, 220 / len(rows))))
    axes.set(ylabel=f"ratings in a{'n hour' if rows[0]['span'] == 'hour' else ' ' + rows[0]['span']}")
    axes.set_ylim(bottom=0)
    locator = AutoDateLocator(minticks=2, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.set_xlabel("time of the rating, UTC")
    counted(axes.yaxis)


def training(axes: Axes, rows: Sequence[Row]) -> None:
    """Draw the loss after each iteration."""
    axes.plot([row["iteration"] for row in rows], [row["loss"] for row in rows], color=ACCENT, marker="o")
    axes.set(xlabel="iteration", ylabel="loss: weighted squared error")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def quality(axes: Axes, metrics: Metrics, metric: str, label: str) -> None:
    """Draw a metric of every model with its interval, best first."""
    found = sorted((value, model) for (each, model), value in metrics.items() if each == metric)
    for place, (value, model) in enumerate(found):
        colour = ACCENT if model == "embedding" else MUTED
        errors = _distances(metrics, metric, model)
        axes.errorbar(value, place, xerr=[[error] for error in errors], fmt="o", color=colour, capsize=3)
        axes.annotate(
            f"{value:.3f}", (value, place), (0, 6), textcoords="offset points", ha="center", color=colour
        )
    axes.set_yticks(range(len(found)), [_model(model) for _, model in found])
    axes.set_ylim(-0.6, len(found) - 0.3)
    axes.set_xlim(left=0)
    axes.set_xlabel(label)
    axes.grid(visible=False, axis="y")


def qualities(axes: Axes, of: Sequence[Quality], metric: str, label: str) -> None:
    """Draw a metric over the generations, beside what is popular."""
    for model, colour in (("most_popular", MUTED), ("embedding", ACCENT)):
        known = [(at, each.metrics) for at, each in enumerate(of) if (metric, model) in each.metrics]
        places = [at for at, _ in known]
        values = [metrics[metric, model] for _, metrics in known]
        errors = np.array([_distances(metrics, metric, model) for _, metrics in known]).reshape(-1, 2).T
        axes.errorbar(places, values, yerr=errors, fmt="o-", color=colour, capsize=3, label=_model(model))
    named = range(len(of) - 1, -1, -ceil(len(of) / MAX_GENERATIONS_NAMED))
    axes.set_xticks(named, [_moment(of[at].generation) for at in named])
    axes.set_xlim(-0.5, len(of) - 0.5)
    axes.set_ylim(bottom=0)
    axes.set(xlabel="generation, UTC", ylabel=label)
    legend(axes)


def _distances(metrics: Metrics, metric: str, model: str) -> tuple[float, float]:
    """Return how far the ends of an interval are from its value; zeros without an interval."""
    value = metrics[metric, model]
    low, high = (metrics.get((f"{metric}_{end}", model), value) for end in ("low", "high"))
    return value - low, high - value


def popularity(axes: Axes, rows: Sequence[Row], several: str) -> None:
    """Draw which share of ratings, and of places in lists, the tenths of the items have, called `several`."""
    for shift, column, colour, label in (
        (-0.2, "share_of_ratings", MUTED, "of all ratings"),
        (0.2, "share_of_places", ACCENT, "of the first ten places"),
    ):
        axes.bar(
            [row["tenth"] + shift for row in rows],
            [row[column] or 0 for row in rows],
            width=0.38,
            color=colour,
            label=label,
        )
    axes.set_xticks([row["tenth"] for row in rows])
    axes.set(xlabel=f"tenth of the {_plain(several)}, the most rated first", ylabel="share")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(visible=False, axis="x")
    legend(axes)


def entered(axes: Axes, rows: Sequence[Row], several: str) -> None:
    """Draw how many lists have how many new items, called `several`, among their first ten."""
    lists = sum(row["lists"] for row in rows)
    shares = {row["entered"]: row["lists"] / lists for row in rows}
    axes.bar(range(11), [shares.get(items, 0) for items in range(11)], width=0.7, color=ACCENT)
    axes.set_xticks(range(11))
    axes.set(xlabel=f"new {_plain(several)} among the first ten", ylabel="share of lists")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(visible=False, axis="x")


def steps(axes: Axes, rows: Sequence[Row], column: str, unit: str) -> None:
    """Draw what each step took, on a drawing that is high enough for all of their names."""
    figure = axes.get_figure(root=True)
    assert figure
    figure.set_size_inches(INCHES[0], 3.1)
    values = [row[column] for row in rows]
    bars = axes.barh([row["step"] for row in rows], values, height=0.62, color=ACCENT)
    digits = 2 if column == "seconds" else 0
    axes.bar_label(bars, [f"{value:,.{digits}f}" for value in values], padding=3, color=MUTED)
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    axes.margins(x=0.12)
    axes.grid(visible=False, axis="y")
    counted(axes.xaxis)


def _model(name: str) -> str:
    return _NAMES.get(name, name.replace("popular_lately_", "popular, last "))


def _moment(generation: str) -> str:
    """Return month and day, and below them the time, of an id."""
    return f"{generation[4:6]}-{generation[6:8]}\n{generation[9:11]}:{generation[11:13]}"


def _stars(axes: Axes, values: Sequence[float]) -> None:
    """Make an axis of ratings: linear over the stars, logarithmic beyond, where something is."""
    least, most = min(values), max(values)
    axes.set_xlabel("rating (stars); shaded: valid")
    ticks = [1.0, 2.0, 3.0, 4.0, 5.0]
    if least < 0 or most > _STARS[1]:
        axes.set_xscale("symlog", linthresh=_STARS[1], linscale=2.2)
        ticks = [*([least] if least < 0 else []), 0.0, *ticks]
        ticks += [each for each in (20.0, 100.0, 1_000.0) if each < most / 2]
        ticks += [most] if most > _STARS[1] else []
        axes.set_xlim(min(least * 1.5, -0.5), max(most * 1.3, 5.5))
    else:
        axes.set_xlim(0, 5.5)
    axes.set_xticks(ticks, [f"{each:g}".replace("-", "\N{MINUS SIGN}") for each in ticks])
    axes.set_xticks([], minor=True)
