"""What is done with every page: one generation answers it, in one frame; a refusal is a page, too."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import wraps
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.attributes import IMAGE
from api.endpoints import served, unreadable
from api.lookup import Generation
from api.middleware import http_error
from api.page import formats
from api.page.links import fields_of, link
from api.page.static import address
from api.parameters import Parameter, read

# Pages load files of this service only, have no inline script or style, and send their own forms only.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# With pictures, whose addresses may be of any site.
POLICY_WITH_IMAGES = POLICY.replace("img-src 'self'", "img-src 'self' https: http:")
# What items are called where nothing says it.
NOUN = ("item", "items")
TITLES = {
    400: "That can\N{RIGHT SINGLE QUOTATION MARK}t be asked",
    401: "A key is needed",
    404: "There is nothing here",
    503: "Not just now",
}
NOTHING_YET = "Nothing to show yet"
# What parameters are called on the page.
LABELS = {
    "q": "What is searched",
    "genres": "Genre",
    "min_year": "From year",
    "max_year": "To year",
    "liked": "The list of your picks",
    "user_id": "The id of a user",
}

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals.update(static=address, link=link, fields_of=fields_of)
_ENVIRONMENT.filters.update(formats.FILTERS)
# Compiled at the start, so that no first request keeps others waiting.
_PAGES = {name: _ENVIRONMENT.get_template(name) for name in _ENVIRONMENT.list_templates()}

View = Callable[[Request, Generation], Awaitable[Response]]


def page(view: View) -> Callable[[Request], Awaitable[Response]]:
    """Make an endpoint of a view; errors become pages."""

    @wraps(view)
    async def endpoint(request: Request) -> Response:
        try:
            try:
                return await view(request, served(request))
            except duckdb.CatalogException:  # no damage: its tables are not those that are asked for
                message = "What is published was written by another version; run the job anew."
                raise HTTPException(503, message) from None
            except duckdb.Error as error:
                raise unreadable(request, error) from error
        except HTTPException as error:
            generation: Generation | None = request.scope["generation"]
            noun = generation.noun if generation else NOUN
            return refusal(
                error.status_code, error.detail, error.headers, noun=noun, is_empty=generation is None
            )

    return endpoint


def asked(request: Request, allowed: Mapping[str, Parameter], generation: Generation) -> dict[str, Any]:
    """Return the values that the address of a page gives, by name. Raises HTTPException 400.

    A form sends fields that are empty, and links that are passed on gather names that are none of ours: both
    are as if they were not there.
    """
    try:
        given = parse_qsl(request.scope["query_string"].decode("latin-1"), max_num_fields=100)
    except ValueError as error:
        raise HTTPException(400, "The address has too many parameters.") from error
    known = [(name, text) for name, text in given if name in allowed and text.strip()]
    try:
        return read(urlencode(known).encode(), allowed, generation)
    except HTTPException as error:
        name, _, wrong = error.detail.partition(" ")
        raise HTTPException(error.status_code, f"{LABELS.get(name, name)} {wrong}") from error


def shown(template: str, generation: Generation, **context: Any) -> Response:
    """Return a page; `generation` is the one that it is made from."""
    headers = {"X-Generation": generation.id}
    if IMAGE in generation.catalogue.attributes:
        headers["Content-Security-Policy"] = POLICY_WITH_IMAGES
    return _html(template, 200, headers, generation=generation, noun=generation.noun, **context)


def refusal(
    status: int,
    message: str,
    headers: Mapping[str, str] | None = None,
    *,
    noun: Sequence[str] = NOUN,
    is_empty: bool = False,
) -> Response:
    """Return a page that says why there is none; if `is_empty`, since nothing is published."""
    title = NOTHING_YET if is_empty else TITLES[status]
    reason = "" if message in ("Not Found", title) else message[:1].upper() + message[1:]
    return _html(
        "refusal.html",
        status,
        headers or {},
        generation=None,
        noun=noun,
        here="",
        title=title,
        is_empty=is_empty,
        reason=reason,
        status=status,
    )


async def http_error_for_people(request: Request, error: Exception) -> Response:
    """Answer what is refused outside of the page: with a page if a browser asks where there is nothing.

    What the questions of programs refuse is JSON, whoever asks.
    """
    answer = await http_error(request, error)
    if answer.status_code == HTTPStatus.NOT_FOUND and "endpoint" not in request.scope:
        if "text/html" in request.headers.get("Accept", ""):
            generation: Generation | None = request.state.watcher.generation
            answer = refusal(HTTPStatus.NOT_FOUND, "Not Found", noun=generation.noun if generation else NOUN)
        answer.headers["Vary"] = "Accept"
    return answer


def _html(template: str, code: int, headers: Mapping[str, str], **context: Any) -> Response:
    # A page changes with the next generation, so browsers ask again.
    own = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    text = _PAGES[template].render(context)
    return HTMLResponse(text.encode("utf-8", "replace"), code, {**own, **headers})
