"""The system: age, quality, data and durations of what is served."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import duckdb
from starlette.requests import Request
from starlette.responses import Response

from api.lookup import Generation
from api.page.figures import PUBLISHED, Figures, LastNight, headline, quality, read_figures
from api.page.past import KeptFiles
from api.page.render import shown

# Measures of the drawings, in their own units.
WIDTH, HEIGHT = 100, 40


class Step(NamedTuple):
    """A step of the run: its share of the longest in per cent."""

    name: str
    seconds: float
    share: int
    rows: int | None
    peak_mb: float | None


class Rule(NamedTuple):
    """A rule that rows of the input broke."""

    outcome: str
    file: str
    rule: str
    rows: int
    examples: Sequence[Mapping[str, Any]]


class Warned(NamedTuple):
    """What was odd in the input; `rows` is None if it is not about rows."""

    warning: str
    file: str
    rows: int | None
    text: str


class Tail(NamedTuple):
    """How ratings and places in lists are spread over the items, the most rated first: two lines to draw."""

    ratings: str
    places: str
    ratings_of_tenth: float
    places_of_tenth: float
    shown_items: int
    items: int


class Line(NamedTuple):
    """A line of a drawing: its points, and where each is."""

    points: str
    dots: list[tuple[float, float]]


async def system(request: Request, generation: Generation, *, files: KeptFiles) -> Response:
    """Show the system."""
    figures = await read_figures(generation)
    current = request.state.watcher
    past, total, rolled_back = await files.read(current.output)
    # What was taken back was nobody's list for long. What is served is no such, though it may have been once.
    taken_back = rolled_back - {figures.id}
    evaluated = [each for each in past if each.ndcg is not None and each.id not in taken_back]
    top = max((max(each.ndcg or 0, each.ndcg_of_popular or 0) for each in evaluated), default=0) or 1.0
    return shown(
        "system.html",
        generation,
        here="system",
        figures=figures,
        steps=_steps(figures),
        rules=[Rule(*each) for each in await generation.read("page/rows_by_rule")],
        warnings=await _warnings(generation),
        headline=headline(figures),
        last_night=[LastNight(*each) for each in await generation.read("inspect/last_night")],
        quality=quality(figures),
        **{
            name: figures.metric(f"{name}@10").get(PUBLISHED)
            for name in ("coverage", "top_item_share", "overlap")
        },
        fault=current.fault,
        past=past,
        total=total,
        taken_back=taken_back,
        evaluated=evaluated,
        top=top,
        ours=_line([each.ndcg or 0 for each in evaluated], top),
        popular=_line([each.ndcg_of_popular or 0 for each in evaluated], top),
        tail=_tail(await generation.read("page/long_tail")),
    )


async def _warnings(generation: Generation) -> list[Warned]:
    """Return what was odd in the input; nothing of a file of an older version, which does not say."""
    try:
        return [Warned(*each) for each in await generation.read("page/input_warnings")]
    except duckdb.CatalogException:
        return []


def _steps(figures: Figures) -> list[Step]:
    """Return the steps in their order; the map has it."""
    longest = max(figures.seconds.values(), default=0) or 1.0
    return [
        Step(name, each, round(100 * each / longest), figures.rows.get(name), figures.peak_mb.get(name))
        for name, each in figures.seconds.items()
    ]


def _tail(hundredths: list[tuple[int, int, int, int, int]]) -> Tail | None:
    if not hundredths:
        return None
    items, ratings, places, shown_items = ([each[place] for each in hundredths] for place in (1, 2, 3, 4))
    of_items, of_ratings, of_places = (_shares(each) for each in (items, ratings, places))
    tenth = next(place for place, share in enumerate(of_items) if share >= 0.1)  # noqa: PLR2004
    return Tail(
        _curve(of_items, of_ratings),
        _curve(of_items, of_places),
        of_ratings[tenth],
        of_places[tenth],
        sum(shown_items),
        sum(items),
    )


def _shares(numbers: list[int]) -> list[float]:
    """Return the share of the whole that numbers have up to each."""
    whole = sum(numbers) or 1
    return [number / whole for number in accumulate(numbers)]


def _curve(across: list[float], up: list[float]) -> str:
    points = zip([0.0, *across], [0.0, *up], strict=True)
    return " ".join(f"{WIDTH * x:.1f},{HEIGHT * (1 - y):.2f}" for x, y in points)


def _line(values: list[float], top: float) -> Line:
    """Draw values over the generations, from left to right."""
    between = WIDTH / max(len(values) - 1, 1)
    dots = [
        (round(between * place if len(values) > 1 else WIDTH / 2, 2), round(HEIGHT * (1 - value / top), 2))
        for place, value in enumerate(values)
    ]
    return Line(" ".join(f"{x},{y}" for x, y in dots), dots)
