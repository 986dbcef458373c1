"""A user: what was watched, beside what is recommended and why."""

import random
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api import parameters, rows, rules
from api.films import numbers
from api.generation import Generation, Page
from api.page.cards import Card, card, cards
from api.page.filters import FILTERS, filters, given, offset, pages
from api.page.render import asked, page, shown
from api.page.words import user_address

WANTED = parameters.table(parameters.USER_ID)
SHOWN = parameters.table(
    *FILTERS.values(), offset("from", "recommended films"), offset("since", "watched films")
)
RECOMMENDED_AT_A_TIME = 20
WATCHED_AT_A_TIME = 20


class Recommended(NamedTuple):
    """A film of a list: `share` of the best score, in per cent; both None if it is from a wider list."""

    rank: int
    card: Card
    because: Card | None
    source: str
    score: float | None
    share: int | None


class Watched(NamedTuple):
    """A film of a history; the others are None where the input has none."""

    card: Card
    rating: float | None
    rated_at: datetime | None


@page
async def users(request: Request, generation: Generation) -> Response:
    """Lead from the form to the page of a user."""
    values = asked(request, WANTED, generation)
    if "user_id" not in values:
        return RedirectResponse("/", 303)
    return RedirectResponse(user_address(values["user_id"].strip()), 303)


@page
async def any_user(_request: Request, generation: Generation) -> Response:
    """Lead to somebody, another one each time."""
    share = random.random()  # noqa: S311 (nothing is secret about it)
    found = await generation.read("page/any_user", share=share)
    if not found:
        raise HTTPException(404, "There are no users.")
    return RedirectResponse(user_address(found[0][0]), 303, {"Cache-Control": "no-store"})


@page
async def user(request: Request, generation: Generation) -> Response:
    """Show a user."""
    user_id: str = request.path_params["user_id"]
    values = asked(request, SHOWN, generation)
    known = await generation.row(user_id)
    told = await generation.read("page/user", user_id=user_id)
    if known is None or not told:
        raise HTTPException(404, f"Nobody has the id {user_id[: parameters.LONGEST_VALUE]!r}.")
    keeps = rules.given(given(values), generation.films)
    recommended, total = await _recommended(generation, user_id, values)
    # The list of everybody is as deep as it is; what fills up a row is not counted before it is asked for.
    watched, history = await _watched(generation, user_id, known[2], keeps, values)
    return shown(
        "user.html",
        generation,
        here="user",
        user_id=user_id,
        about=told[0],
        filters=filters(values, generation),
        recommended=recommended,
        recommended_pages=pages(request.url.path, values, "from", RECOMMENDED_AT_A_TIME, total),
        watched=watched,
        watched_pages=pages(request.url.path, values, "since", WATCHED_AT_A_TIME, history),
    )


async def _recommended(
    generation: Generation, user_id: str, values: dict[str, Any]
) -> tuple[list[Recommended], int]:
    """Return a page of the list of a user under the filters, and how long the whole is."""
    row = await rows.row(generation, {"user_id": user_id, **given(values)}, Page(generation.depth, 0))
    scores = dict(await generation.read("page/scores", user_id=user_id))
    best = max(scores.values(), default=0.0)
    films = generation.films
    start = values.get("from", 0)
    part = row.places[start : start + RECOMMENDED_AT_A_TIME]

    def told(rank: int, place: rows.Place) -> Recommended:
        score = scores.get(films.item_ids[place.film]) if place.source == "personal" else None
        return Recommended(
            rank,
            card(films, place.film),
            card(films, place.because) if place.because else None,
            place.source,
            score,
            _share(score, best),
        )

    return [told(rank, place) for rank, place in enumerate(part, start + 1)], len(row.places)


def _share(score: float | None, best: float) -> int | None:
    """Return a score in per cent of the best; scores below zero leave nothing to show."""
    if score is None:
        return None
    return max(round(100 * score / best), 0) if best > 0 else 0


async def _watched(
    generation: Generation,
    user_id: str,
    history: str,
    keeps: list[Callable[[int], bool]],
    values: dict[str, Any],
) -> tuple[list[Watched], int]:
    """Return a page of the history of a user under the filters, and how long the whole is."""
    kept = [
        (position, film)
        for position, film in enumerate(numbers(history), 1)
        if all(keep(film) for keep in keeps)
    ]
    start = values.get("since", 0)
    part = kept[start : start + WATCHED_AT_A_TIME]
    positions = [position for position, _ in part]
    ratings = {
        position: told
        for position, *told in await generation.read("page/watched", user_id=user_id, positions=positions)
    }
    shown_cards = cards(generation.films, [film for _, film in part])
    return [
        Watched(each, *ratings.get(position, (None, None)))
        for position, each in zip(positions, shown_cards, strict=True)
    ], len(kept)
