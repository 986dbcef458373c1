"""Links: every address that a page, a redirect or a message names, encoded, below the prefix."""

import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from api.middleware import prefix

# Proxies and browsers merge slashes, and follow dots: an id with these is no part of a path.
_SEGMENT = re.compile(r"(?!\.{1,2}$)[^/\\\x00-\x1f\x7f]+")


def link(*segments: str, **query: object) -> str:
    """Return the address of a path; of the query, what is empty or 0 is left out."""
    path = "/".join(quote(segment, safe="") for segment in segments)
    encoded = urlencode({name: _written(value) for name, value in query.items() if value})
    return f"{prefix.get()}/{path}{'?' if encoded else ''}{encoded}"


def link_to_user(user_id: str, **query: object) -> str:
    """Return the address of the page of a user."""
    return link("users", user_id, **query) if is_segment(user_id) else link("users", user_id=user_id, **query)


def link_to_item(item_id: str, **query: object) -> str:
    """Return the address of the page of a movie."""
    return link("films", item_id, **query) if is_segment(item_id) else link("films", item_id=item_id, **query)


def is_segment(text: str) -> bool:
    """Tell whether a text arrives as it is if it is a segment of a path."""
    return _SEGMENT.fullmatch(text) is not None


def fields_of(address: str) -> list[tuple[str, str]]:
    """Return the query of an address, as the hidden fields of a form that adds to it."""
    return parse_qsl(urlsplit(address).query)


def _written(value: object) -> str:
    """Return a value as a query has it: lists with commas, sets in order."""
    if isinstance(value, frozenset):
        return ",".join(sorted(value))
    return ",".join(value) if isinstance(value, list) else str(value)
