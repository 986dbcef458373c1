"""Keys: who has none sees only what is public; without any keys, everything is.

A program sends a key in a header. A browser asks its user for it, as the password of any name, where an
address of the page is refused.
"""

import hmac
from base64 import b64decode
from binascii import Error as NotBase64

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import refusal

# What `--public` can name, and which paths that is.
PUBLIC = {
    "health": frozenset({"/healthz", "/readyz"}),
    "metrics": frozenset({"/metrics"}),
    "docs": frozenset({"/docs", "/openapi.json"}),
    "page": frozenset({"/", "/users", "/random", "/films", "/new", "/system"}),
}
BELOW_PAGE = ("/users/", "/films/", "/static/")
# What a page that is refused needs to be seen tells nothing.
OPEN = ("/static/",)


def is_of_page(path: str) -> bool:
    """Tell whether the page answers at a path."""
    return path in PUBLIC["page"] or path.startswith(BELOW_PAGE)


class _Keys:
    def __init__(
        self, app: ASGIApp, keys: tuple[str, ...], public: tuple[str, ...], *, has_page: bool
    ) -> None:
        self._app = app
        self._keys = [key.encode("utf-8", "surrogateescape") for key in keys]
        self._public = frozenset[str]().union(*(PUBLIC[name] for name in public if name in PUBLIC))
        self._open = BELOW_PAGE if "page" in public else OPEN
        self._has_page = has_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_let_in = scope["type"] != "http" or self._is_public(scope["path"]) or self._has_key(scope)
        await (self._app if is_let_in else self._refused(scope["path"]))(scope, receive, send)

    def _is_public(self, path: str) -> bool:
        return path in self._public or (self._has_page and path.startswith(self._open))

    def _refused(self, path: str) -> ASGIApp:
        if self._has_page and is_of_page(path):
            from api.page.render import refusal as page  # noqa: PLC0415 (loaded where it is served only)

            message = "This service wants a key: load the page again, and give it as the password."
            return page(
                401, message, {"WWW-Authenticate": 'Basic realm="a key as the password", charset="UTF-8"'}
            )
        message = "a key is required: send it as X-API-Key, or as Authorization: Bearer"
        return refusal(401, message, {"WWW-Authenticate": "Bearer"})

    def _has_key(self, scope: Scope) -> bool:
        given = _given(Headers(scope=scope))
        # All are compared, each in constant time: how long it takes tells nothing about them.
        return sum(hmac.compare_digest(given, key) for key in self._keys) > 0


def _given(headers: Headers) -> bytes:
    """Return the key that a request has, in whichever way; empty for none."""
    scheme, _, credentials = headers.get("Authorization", "").partition(" ")
    if own := headers.get("X-API-Key"):
        credentials = own
    elif scheme.lower() == "basic":
        try:
            return b64decode(credentials.strip(" \t"), validate=True).partition(b":")[2]
        except (NotBase64, ValueError):
            return b""
    elif scheme.lower() != "bearer":
        return b""
    # Spaces at the end of a header are no part of it.
    return credentials.strip(" \t").encode("latin-1")


def requiring(
    keys: tuple[str, ...], public: tuple[str, ...], app: ASGIApp, *, has_page: bool = False
) -> ASGIApp:
    """Return the application, closed to who has none of the keys, but for what is public."""
    return _Keys(app, keys, public, has_page=has_page) if keys else app
