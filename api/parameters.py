"""Query parameters: each is known by name, is given once, and has a value that makes sense."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException

from api.generation import Page

Value = TypeVar("Value")

LONGEST_VALUE = 256
MOST_PARAMETERS = 16
DEFAULT_LIMIT = 10
# What is past every list, and still an index.
_PAST_EVERYTHING = 2**31 - 1


@dataclass(frozen=True)
class Lookup:
    """What a request asks for."""

    user_id: str
    page: Page
    return_metadata: bool


def read(query_string: bytes, allowed: Collection[str], depth: int | None) -> Lookup:
    """Return what the query asks for.

    `allowed` are the names that may stand in it, `depth` is the highest limit, None for any. Raises
    HTTPException 400, naming the parameter.
    """
    query = _values(query_string, allowed)
    user_id = query.get("user_id")
    if user_id is None:
        raise _bad("user_id is required")
    if not user_id.strip():
        raise _bad("user_id is empty")
    return Lookup(
        user_id,
        Page(
            limit=_parsed(query, "limit", partial(_limit, depth=depth)),
            offset=_parsed(query, "offset", _offset),
        ),
        return_metadata=_parsed(query, "returnMetadata", _boolean),
    )


def _values(query_string: bytes, allowed: Collection[str]) -> dict[str, str]:
    try:
        given = parse_qsl(
            query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_PARAMETERS
        )
    except ValueError as error:
        raise _bad(f"there are more than {MOST_PARAMETERS} parameters") from error
    query: dict[str, str] = {}
    for name, value in given:
        if name not in allowed:
            raise _bad(f"unknown parameter {name[:LONGEST_VALUE]!r}; there are {', '.join(allowed)}")
        if name in query:
            raise _bad(f"{name} is given {sum(each == name for each, _ in given)} times; give it once")
        if len(value) > LONGEST_VALUE:
            raise _bad(f"{name} is longer than {LONGEST_VALUE} characters")
        query[name] = value
    return query


def _parsed(query: Mapping[str, str], name: str, parse: Callable[[str | None], Value]) -> Value:
    try:
        return parse(query.get(name))
    except ValueError as error:
        raise _bad(f"{name} {error}, not {query[name]!r}") from error


def _limit(text: str | None, depth: int | None) -> int:
    if text is None:
        return DEFAULT_LIMIT if depth is None else min(DEFAULT_LIMIT, depth)
    number = _whole_number(text)
    if number is None or number < 1 or (depth is not None and number > depth):
        expected = "1 or more" if depth is None else f"from 1 to {depth}"
        raise ValueError(f"must be a whole number, {expected}")
    return min(number, _PAST_EVERYTHING)


def _offset(text: str | None) -> int:
    if text is None:
        return 0
    number = _whole_number(text)
    if number is None:
        raise ValueError("must be a whole number, 0 or more")
    return min(number, _PAST_EVERYTHING)


def _boolean(text: str | None) -> bool:
    if text is None:
        return False
    if text.lower() not in ("true", "false"):
        raise ValueError("must be true or false")
    return text.lower() == "true"


def _whole_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def _bad(message: str) -> HTTPException:
    return HTTPException(400, message)
