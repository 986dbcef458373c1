"""A user: what was watched, beside what is recommended and why."""

import random
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.filters import REASONS, Entry, filtered
from api.lookup import Generation, Page
from api.page.cards import Card, card
from api.page.filters import FILTERS, Pages, bound, filters, given, offset, pages
from api.page.links import is_segment, link, link_to_user
from api.page.render import asked, page, shown
from api.parameters import MAX_VALUE_LENGTH, Parameter, table
from sql.ids import id_of

EXPLAINED = Parameter("explained", lambda text, _generation: id_of(text))
SHOWN = table(*FILTERS.values(), offset("from"), offset("since"), EXPLAINED)
WANTED = table("user_id", *SHOWN.values())
RECOMMENDED_AT_A_TIME = 20
WATCHED_AT_A_TIME = 20


class Recommended(NamedTuple):
    """A movie of a list: `share` of the best score, in per cent; both None if it is from a wider list.

    Files of older versions have no reasons. At `explained_at` the page shows the parts of its score: by name.
    """

    rank: int
    card: Card
    because: Card | None
    reason: str | None
    source: str
    score: float | None
    share: int | None
    explained_at: str
    parts: list[tuple[str, float]] | None


class Watched(NamedTuple):
    """A movie of a history; the others are None where the input has none."""

    card: Card
    rating: float | None
    rated_at: datetime | None


@page
async def users(request: Request, generation: Generation) -> Response:
    """Lead from the form to the page of a user; show it here if the id is no part of a path."""
    values = asked(request, WANTED, generation)
    if "user_id" not in values:
        return RedirectResponse(link(), 303)
    user_id = values.pop("user_id")
    if is_segment(user_id):
        return RedirectResponse(link_to_user(user_id), 303)
    return await _user(generation, user_id, values)


@page
async def any_user(_request: Request, generation: Generation) -> Response:
    """Lead to somebody, another one each time."""
    share = random.random()  # noqa: S311 (nothing is secret about it)
    found = await generation.read("page/any_user", share=share)
    if not found:
        raise HTTPException(404, "There are no users.")
    return RedirectResponse(link_to_user(found[0][0]), 303, {"Cache-Control": "no-store"})


@page
async def user(request: Request, generation: Generation) -> Response:
    """Show a user."""
    values = asked(request, SHOWN, generation)
    return await _user(generation, request.path_params["user_id"], values)


async def _user(generation: Generation, given_id: str, values: dict[str, Any]) -> Response:
    user_id = id_of(given_id) or ""
    found = await generation.read("page/user", user_id=user_id)
    if not found:
        raise HTTPException(404, f"Nobody has the id {given_id[:MAX_VALUE_LENGTH]!r}.")
    *about, scores = found[0]
    recommended, recommended_pages = await _recommended(generation, user_id, values, scores or {})
    watched, watched_pages = await _watched(generation, user_id, values)
    return shown(
        "user.html",
        generation,
        here="user",
        user_id=user_id,
        address=link_to_user(user_id),
        about=about,
        filters=filters(values, generation),
        recommended=recommended,
        recommended_pages=recommended_pages,
        watched=watched,
        watched_pages=watched_pages,
    )


async def _recommended(
    generation: Generation, user_id: str, values: dict[str, Any], scores: dict[int, float]
) -> tuple[list[Recommended], Pages]:
    """Return a page of the list of a user under the filters, and where that is in the whole."""
    row = await filtered(generation, {"user_id": user_id, **given(values)}, Page(generation.depth, 0))
    best = max(scores.values(), default=0.0)
    catalogue = generation.catalogue
    address = partial(link_to_user, user_id)
    where = pages(address, values, "from", RECOMMENDED_AT_A_TIME, len(row.entries))
    unexplained = {name: value for name, value in values.items() if name != "explained"}

    async def recommended(rank: int, entry: Entry) -> Recommended:
        item_id = catalogue.item_ids[entry.item]
        score = scores.get(entry.item) if entry.source == "personal" else None
        parts = None
        if score is not None and item_id == values.get("explained"):
            parts = await generation.read("page/why", user_id=user_id, item_id=item_id)
        return Recommended(
            rank,
            card(catalogue, entry.item),
            card(catalogue, entry.because) if entry.because else None,
            REASONS.get(entry.reason),
            entry.source,
            score,
            # Scores below zero leave nothing to show.
            max(round(100 * score / best), 0) if score is not None and best > 0 else 0,
            address(**unexplained) if parts else address(**unexplained, explained=item_id),
            parts,
        )

    entries = enumerate(where.of(row.entries), where.first)
    return [await recommended(rank, entry) for rank, entry in entries], where


async def _watched(
    generation: Generation, user_id: str, values: dict[str, Any]
) -> tuple[list[Watched], Pages]:
    """Return a page of the history of a user under the filters, and where that is in the whole."""
    rows = await generation.read(
        "page/watched",
        user_id=user_id,
        **bound(values),
        offset=values.get("since", 0),
        size=WATCHED_AT_A_TIME,
    )
    total = rows[0][-1] if rows else 0
    where = pages(partial(link_to_user, user_id), values, "since", WATCHED_AT_A_TIME, total)
    catalogue = generation.catalogue
    return [Watched(card(catalogue, number), rating, rated_at) for number, rating, rated_at, _ in rows], where
