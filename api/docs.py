"""What can be asked: as OpenAPI for machines, and as a page that needs nothing from elsewhere."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from api.held import held_or_none
from api.links import prefix
from api.openapi import ASKED, document, fields
from api.parameters import DEFAULT_LIMIT

TEMPLATES = Path(__file__).parent / "templates"


async def openapi(request: Request) -> Response:
    """Everything that can be asked, and what comes back."""
    return JSONResponse(document(_depth(request), prefix.get()))


async def docs(request: Request) -> Response:
    """Return the same as a page with a form for each question."""
    page, policy = _page(_depth(request))
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})


def _depth(request: Request) -> int:
    """Return the depth of the lists that are served."""
    generation = held_or_none(request)
    return generation.depth if generation else DEFAULT_LIMIT


def _written(value: Any) -> str:
    """Return a value as a query has it."""
    if isinstance(value, list):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_ENVIRONMENT.filters["written"] = _written
# Compiled here, and not by the first request, which would keep others waiting.
_TEMPLATE = _ENVIRONMENT.get_template("docs.html")


@cache
def _page(depth: int) -> tuple[str, str]:
    """Return the page, and what a browser may do with it: its own style, and forms to this service."""
    style = (TEMPLATES / "docs.css").read_text(encoding="utf-8")
    asked = {path: fields(path, depth) for path in ASKED}
    page = _TEMPLATE.render(document=document(depth), asked=asked, style=style)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    allowed = f"style-src 'sha256-{digest}'; form-action 'self'; frame-ancestors 'none'"
    return page, f"default-src 'none'; {allowed}"
