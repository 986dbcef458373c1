"""Somebody new: picks some films, and sees at once what that would recommend."""

from collections.abc import Iterable
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from api.filters import filtered, next_turn
from api.lookup import Generation, Page
from api.page.cards import Card, card, cards
from api.page.films import WORDS, search
from api.page.filters import FILTERS, filters, given
from api.page.links import link
from api.page.render import asked, page, shown
from api.parameters import MAX_WORDS, table

PICKED = table(WORDS, "liked", *FILTERS.values())
OFFERED = 6
SHOWN = 20


class Offer(NamedTuple):
    """A film that can be picked, or taken back, and the address where it is."""

    card: Card
    is_picked: bool
    address: str


class Suggested(NamedTuple):
    """A film of the list, and the picked one because of which."""

    rank: int
    card: Card
    because: Card | None
    source: str


@page
async def new(request: Request, generation: Generation) -> Response:
    """Show what is picked, what can be, and the list that comes of it."""
    values = asked(request, PICKED, generation)
    films = generation.catalogue
    # What no film has any longer is left out of what is passed on.
    liked = [each for each in dict.fromkeys(values.get("liked", ())) if each in films.numbers]
    row = await filtered(generation, {"liked": liked, **given(values)}, Page(min(SHOWN, generation.depth), 0))
    found, total = await search(
        generation, {name: value for name, value in values.items() if name == "q"}, OFFERED
    )

    async def offers(numbers: Iterable[int]) -> list[Offer]:
        found = []
        for each in cards(films, numbers):
            found.append(_offer(each, liked, values))
            # The address of each has all picks, of which there may be many.
            await next_turn()
        return found

    return shown(
        "new.html",
        generation,
        here="new",
        words=values.get("q", ""),
        liked=",".join(liked),
        picked=await offers(films.numbers[each] for each in liked),
        offered=await offers(found),
        found=total,
        most=MAX_WORDS,
        filters=filters(values, generation),
        suggested=[
            Suggested(
                rank,
                card(films, place.item),
                card(films, place.because) if place.because else None,
                place.source,
            )
            for rank, place in enumerate(row.entries, 1)
        ],
        nobody=link("new"),
    )


def _offer(each: Card, liked: list[str], values: dict[str, object]) -> Offer:
    is_picked = each.item_id in liked
    picks = [other for other in liked if other != each.item_id] if is_picked else [*liked, each.item_id]
    return Offer(each, is_picked, link("new", **{**values, "liked": picks}))
