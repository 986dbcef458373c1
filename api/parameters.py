"""Query parameters: `openapi.json` defines them, and they are read by what it says.

Each is known by name, is given once or is a list, and has a value that makes sense.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import cache, partial, reduce
from operator import getitem
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException

from api import __version__
from api.attributes import Attribute, Condition
from api.lookup import Generation
from sql.ids import SPACES, id_of

MAX_VALUE_LENGTH = 256
MAX_WORDS = 100
MAX_PARAMETERS = 16
MAX_LIST = 8_192
DEFAULT_LIMIT = 10
# What stands for something else in a pattern.
_SPECIAL = re.compile(r"[\\^$.*+?()\[\]{}|/]")
# What is past every list, and still an index.
_PAST_EVERYTHING = 2**31 - 1

# Takes a text, and what is served; raises ValueError with what is wrong, to be read after the name.
Parse = Callable[[str, Generation], Any]


class Parameter(NamedTuple):
    """One parameter of a query; a list may be written with commas, or by repeating it, also as `name[]`."""

    name: str
    parse: Parse
    is_list: bool = False
    is_required: bool = False


def _parsed(key: str, schema: Mapping[str, Any], text: str, generation: Generation) -> Any:
    """Return the value that a text means; `key` is how the document calls the parameter."""
    if key in ("user_id", "item_id"):
        found = id_of(text)
        if found is None:
            raise ValueError(f"must be an id, not {text!r}" if text.strip(SPACES) else "is empty")
        return found
    if schema["type"] == "integer":
        return _whole_number(
            text, schema["minimum"], generation.depth if key == "limit" else schema.get("maximum")
        )
    if schema["type"] == "boolean":
        if text.lower() not in ("true", "false"):
            raise ValueError(f"must be true or false, not {text!r}")
        return text.lower() == "true"
    if key in ("fields", "where"):
        return _of_attributes(key, text, generation)
    if schema["type"] == "array":
        # It may be empty: somebody may have taken back the last item that was liked.
        return _list(key, text, generation) if text.strip() or key != "liked" else []
    if "enum" in schema and text not in schema["enum"]:
        raise ValueError(f"must be one of {', '.join(schema['enum'])}, not {text!r}")
    if not text.strip():
        raise ValueError("is empty")
    return text


def _whole_number(text: str, least: int, most: int | None) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if number < least or (most is not None and number > most):
        expected = f"{least} or more" if most is None else f"from {least} to {most}"
        raise ValueError(f"must be a whole number, {expected}, not {text!r}")
    return min(number, _PAST_EVERYTHING)


def _attributes(text: str, generation: Generation) -> dict[str, str]:
    """Return values by name of the attribute, as segments have both."""
    attributes: dict[str, str] = {}
    pairs = text.split(",")
    for pair in pairs:
        name, _, value = (each.strip() for each in pair.partition(":"))
        if not name or not value:
            raise ValueError(f"must be attributes such as gender:F with commas between them, not {text!r}")
        attributes[name.casefold()] = value.casefold()
    if len(pairs) > MAX_WORDS:
        raise ValueError(f"has more than {MAX_WORDS} attributes")
    known = dict.fromkeys(name for segment in generation.segments.values() for name in segment.attributes)
    for name in attributes:
        if known and name not in known:
            raise HTTPException(
                404, f"segment has {name!r}, which no segment is made of; there are {', '.join(known)}"
            )
    return attributes


def _list(key: str, text: str, generation: Generation) -> list[str] | frozenset[str] | dict[str, str]:
    if key == "segment":
        return _attributes(text, generation)
    what, clean = ("genres", str.strip) if key.endswith("genres") else ("ids", id_of)
    words = _words(what, [clean(word) for word in text.split(",")], text)
    if what == "ids":
        return [*dict.fromkeys(words)] if key == "user_ids" else words
    known = generation.catalogue.known_genres
    for genre in words:
        if genre.casefold() not in known:
            nobody = f"{key} has {genre!r}, which no {generation.noun[0]} has"
            raise HTTPException(404, f"{nobody}; there are {', '.join(known.values())}")
    return frozenset(known[genre.casefold()] for genre in words)


def _of_attributes(key: str, text: str, generation: Generation) -> list[Attribute] | list[Condition]:
    # A comma in a value has a backslash before it.
    found = [word.strip().replace("\\,", ",") for word in re.split(r"(?<!\\),", text)]
    if key == "fields":
        return generation.catalogue.attributes.fields(_words("attributes", found, text))
    return generation.catalogue.attributes.conditions(_words("conditions", found, text))


def _words(what: str, found: Sequence[str | None], text: str) -> list[str]:
    words = [word for word in found if word]
    if len(words) < len(found):
        raise ValueError(f"must be {what} with commas between them, not {text!r}")
    if len(words) > MAX_WORDS:
        raise ValueError(f"has more than {MAX_WORDS} {what}")
    return words


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
    key: Parameter(each["name"], partial(_parsed, key, each["schema"]), each["schema"]["type"] == "array")
    for key, each in _DEFINED.items()
}
# For whom a list is: one of these must be given.
SUBJECT = tuple(_SUBJECT)


def table(*parameters: Parameter | str) -> dict[str, Parameter]:
    """Return parameters by name; those of the document are given as they are called there."""
    found = (PARAMETERS[each] if isinstance(each, str) else each for each in parameters)
    return {parameter.name: parameter for parameter in found}


def taken(path: str) -> dict[str, Parameter]:
    """Return the parameters that a path takes, by name."""
    found = {}
    for each in _TEMPLATE["paths"][path]["get"]["parameters"]:
        if "$ref" in each:
            parameter = PARAMETERS[each["$ref"].rpartition("/")[2]]
            found[parameter.name] = parameter._replace(is_required=each.get("required", False))
        else:
            found |= table(*SUBJECT)
    return found


def document(depth: int, names: tuple[str, ...] = (), prefix: str = "") -> dict[str, Any]:
    """Return what the service answers, as OpenAPI 3.1, below a prefix.

    `depth` is that of the lists, `names` are those of attributes.
    """
    return _document(depth, names) | {"servers": [{"url": prefix or "/"}]}


@cache
def _document(depth: int, names: tuple[str, ...]) -> dict[str, Any]:
    whole: dict[str, Any] = deepcopy(_DOCUMENT)
    for path, operations in whole["paths"].items():
        found = operations["get"]["parameters"]
        if not names:
            found[:] = [each for each in found if each["name"] not in ("fields", "where")]
        for each in found:
            schema = each["schema"]
            if each["name"] == "limit":
                schema["default"] = min(DEFAULT_LIMIT, depth)
                if path == "/recommendations":
                    schema["maximum"] = depth
            elif each["name"] in ("fields", "where"):
                any_name = "|".join(_SPECIAL.sub(r"\\\g<0>", name) for name in names)
                schema["items"]["pattern"] = schema["items"]["pattern"].replace("NAME", f"(?:{any_name})")
                each["example"] = [example.replace("NAME", names[0]) for example in each["example"]]
    # So clients that are generated for a service whose items have no attributes stay as they are.
    whole["components"]["schemas"]["Item"]["additionalProperties"] = bool(names)
    return whole


def fields(path: str, depth: int, names: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Return all parameters of a path, of the same document."""
    found = document(depth, names)["paths"][path]["get"]["parameters"]
    if path == "/recommendations":
        return [*(_DEFINED[name] for name in SUBJECT), *found[1:]]
    return [*found]


def read(query_string: bytes, allowed: Mapping[str, Parameter], generation: Generation) -> dict[str, Any]:
    """Return the values that a query gives, by name.

    Raises HTTPException 400, or 404 where nothing has a value; the message names the parameter.
    """
    given = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    if len(given) > MAX_PARAMETERS < sum(not _list_named(name, allowed) for name, _ in given):
        raise HTTPException(400, f"there are more than {MAX_PARAMETERS} parameters")
    texts: dict[str, str] = {}
    for name, text in given:
        parameter = allowed.get(name) or _list_named(name, allowed)
        if parameter is None:
            raise HTTPException(
                400, f"unknown parameter {name[:MAX_VALUE_LENGTH]!r}; there are {', '.join(allowed)}"
            )
        known_as = parameter.name
        if known_as not in texts:
            texts[known_as] = text
        elif parameter.is_list:
            texts[known_as] = ",".join(filter(str.strip, (texts[known_as], text)))
        else:
            raise HTTPException(
                400, f"{name} is given {sum(each == name for each, _ in given)} times; give it once"
            )
    values = {name: _value(allowed[name], text, generation) for name, text in texts.items()}
    for name, parameter in allowed.items():
        if parameter.is_required and name not in values:
            raise HTTPException(400, f"{name} is required")
    return values


def _list_named(name: str, allowed: Mapping[str, Parameter]) -> Parameter | None:
    """Return the list that some clients call so, with brackets; None if there is none."""
    parameter = allowed.get(name.removesuffix("[]"))
    return parameter if parameter and parameter.is_list else None


def _value(parameter: Parameter, text: str, generation: Generation) -> Any:
    longest = MAX_LIST if parameter.is_list else MAX_VALUE_LENGTH
    if len(text) > longest:
        raise HTTPException(400, f"{parameter.name} is longer than {longest} characters")
    try:
        return parameter.parse(text, generation)
    except ValueError as error:
        raise HTTPException(400, f"{parameter.name} {error}") from error
