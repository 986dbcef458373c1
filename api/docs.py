"""What can be asked: as OpenAPI for machines, and as a page that needs nothing from elsewhere."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from api.held import held_or_none
from api.openapi import document
from api.parameters import DEFAULT_LIMIT

TEMPLATES = Path(__file__).parent / "templates"
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
# Compiled here, and not by the first request, which would keep others waiting.
_TEMPLATE = _ENVIRONMENT.get_template("docs.html")


async def openapi(request: Request) -> Response:
    """Everything that can be asked, and what comes back."""
    return JSONResponse(document(*_of_generation(request)))


async def docs(request: Request) -> Response:
    """Return the same as a page with a form for each question."""
    page, policy = _page(*_of_generation(request))
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})


def _of_generation(request: Request) -> tuple[int, tuple[str, ...]]:
    """Return the depth of the lists that are served, and the genres of their films."""
    generation = held_or_none(request)
    if generation is None:
        return DEFAULT_LIMIT, ()
    return generation.depth, tuple(generation.films.known_genres.values())


@cache
def _page(depth: int, genres: tuple[str, ...]) -> tuple[str, str]:
    """Return the page, and what a browser may do with it: its own style, and forms to this service."""
    style = (TEMPLATES / "docs.css").read_text(encoding="utf-8")
    page = _TEMPLATE.render(document=document(depth, genres), style=style)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    allowed = f"style-src 'sha256-{digest}'; form-action 'self'; frame-ancestors 'none'"
    return page, f"default-src 'none'; {allowed}"
