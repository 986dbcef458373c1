"""Keys: who has none sees only what is public; without any keys, everything is."""

import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import refusal

# What `--public` can name, and which paths that is.
PUBLIC = {
    "health": frozenset({"/healthz", "/readyz"}),
    "metrics": frozenset({"/metrics"}),
    "docs": frozenset({"/docs", "/openapi.json"}),
}


class _Keys:
    def __init__(self, app: ASGIApp, keys: tuple[str, ...], public: tuple[str, ...]) -> None:
        self._app = app
        self._keys = [key.encode("utf-8", "surrogateescape") for key in keys]
        self._public = frozenset[str]().union(*(PUBLIC[name] for name in public if name in PUBLIC))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_let_in = scope["type"] != "http" or scope["path"] in self._public or self._has_key(scope)
        await (self._app if is_let_in else self._refused())(scope, receive, send)

    def _refused(self) -> ASGIApp:
        message = "a key is required: send it as X-API-Key, or as Authorization: Bearer"
        return refusal(401, message, {"WWW-Authenticate": "Bearer"})

    def _has_key(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        scheme, _, bearer = headers.get("Authorization", "").partition(" ")
        given = headers.get("X-API-Key") or (bearer if scheme.lower() == "bearer" else "")
        # Spaces at the end of a header are no part of it.
        given = given.strip(" \t")
        # All are compared, each in constant time: how long it takes tells nothing about them.
        return sum(hmac.compare_digest(given.encode("latin-1"), key) for key in self._keys) > 0


def requiring(keys: tuple[str, ...], public: tuple[str, ...], app: ASGIApp) -> ASGIApp:
    """Return the application, closed to who has none of the keys, but for what is public."""
    return _Keys(app, keys, public) if keys else app
