"""Try it: pick some movies, and see at once what they lead to."""

import asyncio
from collections.abc import Iterable
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from api.filters import REASONS, filtered
from api.lookup import Generation, Page
from api.page.cards import Card, card, cards
from api.page.filters import FILTERS, filters, given
from api.page.items import WORDS, search
from api.page.links import link
from api.page.render import asked, page, shown
from api.parameters import MAX_WORDS, table

PICKED = table(WORDS, "liked", *FILTERS.values())
OFFERED = 6
SHOWN = 20


class Offer(NamedTuple):
    """A movie that can be picked, or taken back, and the address where it is."""

    card: Card
    is_picked: bool
    address: str


class Suggested(NamedTuple):
    """A movie of the list, the picked one that speaks most for it, and the reason."""

    rank: int
    card: Card
    because: Card | None
    reason: str | None


@page
async def new(request: Request, generation: Generation) -> Response:
    """Show what is picked, what can be, and the list that comes of it."""
    values = asked(request, PICKED, generation)
    catalogue = generation.catalogue
    # What no movie has any longer is left out of what is passed on.
    liked = [each for each in dict.fromkeys(values.get("liked", ())) if each in catalogue.numbers]
    row = await filtered(generation, {"liked": liked, **given(values)}, Page(min(SHOWN, generation.depth), 0))
    found, total = await search(
        generation, {name: value for name, value in values.items() if name == "q"}, OFFERED, only_shown=True
    )

    async def offers(numbers: Iterable[int]) -> list[Offer]:
        found = []
        for each in cards(catalogue, numbers):
            found.append(_offer(each, liked, values))
            # The address of each has all picks, of which there may be many.
            await asyncio.sleep(0)
        return found

    return shown(
        "new.html",
        generation,
        here="new",
        words=values.get("q", ""),
        liked=",".join(liked),
        picked=await offers(catalogue.numbers[each] for each in liked),
        offered=await offers(found),
        found=total,
        most=MAX_WORDS,
        filters=filters(values, generation),
        suggested=[
            Suggested(
                rank,
                card(catalogue, entry.item),
                card(catalogue, entry.because) if entry.because else None,
                REASONS.get(entry.reason),
            )
            for rank, entry in enumerate(row.entries, 1)
        ],
        nobody=link("new"),
    )


def _offer(each: Card, liked: list[str], values: dict[str, object]) -> Offer:
    is_picked = each.item_id in liked
    picks = [other for other in liked if other != each.item_id] if is_picked else [*liked, each.item_id]
    return Offer(each, is_picked, link("new", **{**values, "liked": picks}))
