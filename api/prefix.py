"""The prefix: the part of the path for which a proxy answers, before what it asks here.

It is `--root-path`, or else what the proxy says in `X-Forwarded-Prefix`. A client can say it, too, so one
that is not made of plain words counts for nothing.
"""

from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from api.edge import ROUTES
from api.keys import is_of_page
from api.links import plain_prefix, prefix

HEADER = b"x-forwarded-prefix"


class Prefixed:
    """Wraps the application, and finds the prefix of each request."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on as if there were no prefix; that of a proxy that leaves it in the path is cut."""
        if scope["type"] == "http":
            found = self._root_path or _forwarded(scope["headers"])
            # Always, as a task may have been started by one that answers another request.
            prefix.set(found)
            if found:
                scope = {**scope, "path": _below(found, scope["path"])}
        await self._app(scope, receive, send)


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == HEADER:
            return plain_prefix(value.decode("latin-1")) or ""
    return ""


def _below(root: str, path: str) -> str:
    """Return a path without the prefix; a path of the service is one already."""
    if path in ROUTES or is_of_page(path) or not f"{path}/".startswith(f"{root}/"):
        return path
    return path.removeprefix(root) or "/"
