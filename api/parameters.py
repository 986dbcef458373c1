"""Query parameters: `openapi.json` defines them, and they are read by what it says.

Each is known by name, is given once or is a list, and has a value that makes sense.
"""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache, partial, reduce
from operator import getitem
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException

from api import __version__
from api.lookup import Generation
from sql.ids import SPACES, id_of

MAX_VALUE_LENGTH = 256
MAX_WORDS = 100
MAX_PARAMETERS = 16
MAX_LIST = 8_192
DEFAULT_LIMIT = 10
# What is past every list, and still an index.
_PAST_EVERYTHING = 2**31 - 1

# Takes a text, and what is served; raises ValueError with what is wrong, to be read after the name.
Parse = Callable[[str, Generation], Any]


class Parameter(NamedTuple):
    """One parameter of a query; a list may be written with commas, or by repeating it, also as `name[]`."""

    name: str
    parse: Parse
    is_list: bool = False


class UnknownValueError(ValueError):
    """A value makes sense, but nothing that is served has it."""


def _text(text: str, _generation: Generation) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


def _id(text: str, _generation: Generation) -> str:
    found = id_of(text)
    if found is None:
        raise ValueError(f"must be an id, not {text!r}" if text.strip(SPACES) else "is empty")
    return found


def _boolean(text: str, _generation: Generation) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"must be true or false, not {text!r}")
    return text.lower() == "true"


def _whole_number(text: str, _generation: Generation, least: int, most: int | None = None) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if number < least or (most is not None and number > most):
        expected = f"{least} or more" if most is None else f"from {least} to {most}"
        raise ValueError(f"must be a whole number, {expected}, not {text!r}")
    return min(number, _PAST_EVERYTHING)


def _one_of(text: str, _generation: Generation, choices: list[str]) -> str:
    if text not in choices:
        raise ValueError(f"must be one of {', '.join(choices)}, not {text!r}")
    return text


def _words(text: str, what: str, clean: Callable[[str], str | None] = str.strip) -> list[str]:
    found = [clean(word) for word in text.split(",")]
    words = [word for word in found if word]
    if len(words) < len(found):
        raise ValueError(f"must be {what} with commas between them, not {text!r}")
    if len(words) > MAX_WORDS:
        raise ValueError(f"has more than {MAX_WORDS} {what}")
    return words


def _ids(text: str, _generation: Generation) -> list[str]:
    return _words(text, "ids", id_of)


def _genres(text: str, generation: Generation) -> frozenset[str]:
    known = generation.catalogue.known_genres
    found = _words(text, "genres")
    for genre in found:
        if genre.casefold() not in known:
            there_are = ", ".join(known.values())
            raise UnknownValueError(f"has {genre!r}, which no film has; there are {there_are}")
    return frozenset(known[genre.casefold()] for genre in found)


# Of those whose schema does not say it all.
_PARSERS: dict[str, Parse] = {
    "user_id": _id,
    "item_id": _id,
    "user_ids": lambda text, generation: [*dict.fromkeys(_ids(text, generation))],
    # It may be empty: somebody may have taken back the last item.
    "liked": lambda text, generation: _ids(text, generation) if text.strip() else [],
    "exclude": _ids,
    "genres": _genres,
    "not_genres": _genres,
    "limit": lambda text, generation: _whole_number(text, generation, 1, generation.depth),
}


def _parser(schema: Mapping[str, Any]) -> Parse:
    if schema["type"] == "integer":
        return partial(_whole_number, least=schema["minimum"], most=schema.get("maximum"))
    if "enum" in schema:
        return partial(_one_of, choices=schema["enum"])
    return _boolean if schema["type"] == "boolean" else _text


def _resolved(part: Any) -> Any:
    """Put shared parts where the document refers to them; what stands beside a reference goes before."""
    if isinstance(part, list):
        return [_resolved(each) for each in part]
    if not isinstance(part, dict):
        return part
    address = part.get("$ref", "#/components/schemas")
    if address.startswith("#/components/schemas"):
        return {name: _resolved(value) for name, value in part.items()}
    own = {name: value for name, value in part.items() if name != "$ref"}
    return _resolved(reduce(getitem, address.split("/")[1:], _TEMPLATE) | own)


_TEMPLATE = json.loads(Path(__file__).with_name("openapi.json").read_text(encoding="utf-8"))
_DOCUMENT = _resolved(_TEMPLATE)
_DEFINED = _DOCUMENT["components"].pop("parameters")
_SUBJECT = _DOCUMENT["components"]["schemas"]["Subject"]["properties"]
for _name in _SUBJECT:
    _SUBJECT[_name] = _DEFINED[_name]["schema"] | {"description": _DEFINED[_name]["description"]}
for _unneeded in ("headers", "responses"):
    del _DOCUMENT["components"][_unneeded]
del _DOCUMENT["shared"]
_DOCUMENT["info"]["version"] = __version__

PARAMETERS = {
    key: Parameter(
        each["name"], _PARSERS.get(key) or _parser(each["schema"]), each["schema"]["type"] == "array"
    )
    for key, each in _DEFINED.items()
}
# For whom a list is: one of these must be given.
SUBJECT = tuple(_SUBJECT)


def table(*parameters: Parameter | str) -> dict[str, Parameter]:
    """Return parameters by name; those of the document are given as they are called there."""
    found = (PARAMETERS[each] if isinstance(each, str) else each for each in parameters)
    return {parameter.name: parameter for parameter in found}


def document(depth: int, prefix: str = "") -> dict[str, Any]:
    """Return what the service answers, as OpenAPI 3.1, for lists of that depth, served below a prefix."""
    return _document(depth) | {"servers": [{"url": prefix or "/"}]}


@cache
def _document(depth: int) -> dict[str, Any]:
    whole: dict[str, Any] = deepcopy(_DOCUMENT)
    for path, operations in whole["paths"].items():
        for each in operations["get"]["parameters"]:
            if each["name"] == "limit":
                each["schema"]["default"] = min(DEFAULT_LIMIT, depth)
                if path == "/recommendations":
                    each["schema"]["maximum"] = depth
    return whole


def fields(path: str, depth: int) -> list[dict[str, Any]]:
    """Return all parameters of a path, for lists of that depth."""
    found = document(depth)["paths"][path]["get"]["parameters"]
    if path == "/recommendations":
        return [*(_DEFINED[name] for name in SUBJECT), *found[1:]]
    return [*found]


def read(query_string: bytes, allowed: Mapping[str, Parameter], generation: Generation) -> dict[str, Any]:
    """Return the values that a query gives, by name.

    Raises HTTPException 400, or 404 where nothing has a value; the message names the parameter.
    """
    given = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    if len(given) > MAX_PARAMETERS < sum(not _list_named(name, allowed) for name, _ in given):
        raise bad(f"there are more than {MAX_PARAMETERS} parameters")
    texts: dict[str, str] = {}
    for name, text in given:
        parameter = allowed.get(name) or _list_named(name, allowed)
        if parameter is None:
            raise bad(f"unknown parameter {name[:MAX_VALUE_LENGTH]!r}; there are {', '.join(allowed)}")
        known_as = parameter.name
        if known_as not in texts:
            texts[known_as] = text
        elif parameter.is_list:
            texts[known_as] = ",".join(filter(str.strip, (texts[known_as], text)))
        else:
            raise bad(f"{name} is given {sum(each == name for each, _ in given)} times; give it once")
    return {name: _value(allowed[name], text, generation) for name, text in texts.items()}


def _list_named(name: str, allowed: Mapping[str, Parameter]) -> Parameter | None:
    """Return the list that some clients call so, with brackets; None if there is none."""
    parameter = allowed.get(name.removesuffix("[]"))
    return parameter if parameter and parameter.is_list else None


def _value(parameter: Parameter, text: str, generation: Generation) -> Any:
    longest = MAX_LIST if parameter.is_list else MAX_VALUE_LENGTH
    if len(text) > longest:
        raise bad(f"{parameter.name} is longer than {longest} characters")
    try:
        return parameter.parse(text, generation)
    except UnknownValueError as error:
        raise HTTPException(404, f"{parameter.name} {error}") from error
    except ValueError as error:
        raise bad(f"{parameter.name} {error}") from error


def required(values: Mapping[str, Any], name: str) -> Any:
    """Return a value that must be given. Raises HTTPException 400."""
    if name not in values:
        raise bad(f"{name} is required")
    return values[name]


def bad(message: str) -> HTTPException:
    """Return what says that a request is wrong; the message names the parameter."""
    return HTTPException(400, message)
