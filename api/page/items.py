"""Movies: found by words of the title, genre and year; and one of them, who likes it, and what is like it."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api import parameters
from api.catalogue import numbers
from api.lookup import Generation
from api.page.cards import card, cards
from api.page.filters import FILTERS, bound, filters, given, offset, pages
from api.page.links import link
from api.page.render import asked, page, shown
from api.parameters import Parameter, table
from sql.ids import id_of

WORDS = Parameter("q", lambda text, _generation: text.strip())
FOUND = table(WORDS, "item_id", *FILTERS.values(), offset("from"))
AT_A_TIME = 24
LIKE_IT = 12
ADDRESS = partial(link, "films")


@page
async def items(request: Request, generation: Generation) -> Response:
    """Show the movies that are found; without words, all, the most rated first.

    A movie whose id is no part of a path is shown here, too.
    """
    values = asked(request, FOUND, generation)
    if "item_id" in values:
        return await _item(generation, values["item_id"])
    found, total = await search(generation, values, AT_A_TIME)
    return shown(
        "items.html",
        generation,
        here="films",
        words=values.get("q", ""),
        filters=filters(values, generation),
        found=cards(generation.catalogue, found),
        found_pages=pages(ADDRESS, values, "from", AT_A_TIME, total),
    )


@page
async def item(request: Request, generation: Generation) -> Response:
    """Show a movie."""
    return await _item(generation, request.path_params["item_id"])


async def _item(generation: Generation, given_id: str) -> Response:
    item_id = id_of(given_id) or ""
    found = await generation.read("page/item", item_id=item_id)
    if not found or item_id not in generation.catalogue.numbers:
        raise HTTPException(
            404, f"No {generation.noun[0]} has the id {given_id[: parameters.MAX_VALUE_LENGTH]!r}."
        )
    alike = cards(generation.catalogue, numbers(await generation.similar(item_id), LIKE_IT))
    ratings, mean, is_hidden, likes, stars, first, last, lists, top_tens, users, likeness = found[0]
    return shown(
        "item.html",
        generation,
        here="films",
        card=card(generation.catalogue, generation.catalogue.numbers[item_id]),
        ratings=ratings,
        mean=mean if generation.scale else None,
        is_hidden=is_hidden,
        likes=likes,
        stars=[(_stars(place, generation.scale), number) for place, number in enumerate(stars)][::-1],
        first=first,
        last=last,
        lists=lists,
        top_tens=top_tens,
        users=users,
        alike=[(each, round(max(score, 0.0) * 100)) for each, score in zip(alike, likeness, strict=False)],
    )


def _stars(place: int, scale: Sequence[float] | None) -> str:
    """Return the highest stars that a tenth of the scale has, from place 0; nothing without a scale."""
    if not scale:
        return ""
    lowest, highest = scale
    return f"{lowest + (highest - lowest) * place / 9:.1f}"


async def search(
    generation: Generation, values: Mapping[str, Any], size: int, *, only_shown: bool = False
) -> tuple[Sequence[int], int]:
    """Return a page of the items that have the words in their titles, and how many have them.

    Those that are hidden can be found, too, unless `only_shown`.
    """
    words, hidden = values.get("q", ""), generation.catalogue.hidden
    if not words and not given(values) and not (only_shown and hidden):
        every = range(1, len(generation.catalogue.item_ids))
        return pages(ADDRESS, values, "from", size, len(every)).of(every), len(every)
    rows = await generation.read(
        "page/found_items",
        words=words.split(),
        text=words,
        **bound(values),
        only_shown=only_shown,
        offset=values.get("from", 0),
        size=size,
    )
    return [number for number, _ in rows], rows[0][1] if rows else 0
