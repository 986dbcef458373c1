"""The start: where one finds a user or a movie, and what is served in a few figures."""

from starlette.requests import Request
from starlette.responses import Response

from api.catalogue import numbers
from api.lookup import Generation
from api.page.cards import cards
from api.page.figures import headline, read_figures
from api.page.render import page, shown

MAX_POPULAR = 12


@page
async def start(_request: Request, generation: Generation) -> Response:
    """Show the ways in."""
    figures = await read_figures(generation)
    popular = cards(generation.catalogue, numbers(generation.popular, MAX_POPULAR))
    return shown(
        "start.html",
        generation,
        here="start",
        figures=figures,
        popular=popular,
        headline=headline(figures),
    )
