"""Query parameters: each is known by name, is given once or is a list, and has a value that makes sense.

A parameter is a line in a table: how it is read, and what the documentation says of it. `api/answers.py` says
which question takes which.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException

from api.generation import Generation
from sql.ids import MISSING, SPACES, id_of

MAX_VALUE_LENGTH = 256
MAX_WORDS = 100
MAX_PARAMETERS = 16
MAX_LIST = 8_192
LAST_YEAR = 9_999
AGE_GROUPS = ("under-18", "18-24", "25-34", "35-44", "45-49", "50-55", "over-55")
DEFAULT_LIMIT = 10
# What is past every list, and still an index.
_PAST_EVERYTHING = 2**31 - 1

Parse = Callable[[str, Generation], Any]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a query."""

    name: str
    description: str
    # Takes the text, and what is served; raises ValueError with what is wrong, to be read after the name.
    parse: Parse
    schema: Mapping[str, Any]
    example: Any = None
    longest: int = MAX_VALUE_LENGTH
    # A list may be written with commas, or by repeating the parameter, also as `name[]`.
    is_list: bool = False


class UnknownValueError(ValueError):
    """A value makes sense, but nothing that is served has it."""


def table(*parameters: Parameter) -> dict[str, Parameter]:
    """Return parameters by name."""
    return {parameter.name: parameter for parameter in parameters}


def read(query_string: bytes, allowed: Mapping[str, Parameter], generation: Generation) -> dict[str, Any]:
    """Return the values that a query gives, by name.

    Raises HTTPException 400, or 404 where nothing has a value; the message names the parameter.
    """
    given = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    if len(given) > MAX_PARAMETERS:
        _refuse_many(given, allowed)
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


def _refuse_many(given: Sequence[tuple[str, str]], allowed: Mapping[str, Parameter]) -> None:
    """Raise HTTPException 400 if there are many parameters that are no lists."""
    if sum(not _list_named(name, allowed) for name, _ in given) > MAX_PARAMETERS:
        raise bad(f"there are more than {MAX_PARAMETERS} parameters")


def _value(parameter: Parameter, text: str, generation: Generation) -> Any:
    if len(text) > parameter.longest:
        raise bad(f"{parameter.name} is longer than {parameter.longest} characters")
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


def _whole_number(text: str, least: int, most: int | None = None) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if number < least or (most is not None and number > most):
        expected = f"{least} or more" if most is None else f"from {least} to {most}"
        raise ValueError(f"must be a whole number, {expected}, not {text!r}")
    return min(number, _PAST_EVERYTHING)


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
    known = generation.films.known_genres
    found = _words(text, "genres")
    for genre in found:
        if genre.casefold() not in known:
            raise UnknownValueError(
                f"has {genre!r}, which no film has; there are {', '.join(known.values())}"
            )
    return frozenset(known[genre.casefold()] for genre in found)


def _age_group(text: str, _generation: Generation) -> str:
    if text not in AGE_GROUPS:
        raise ValueError(f"must be one of {', '.join(AGE_GROUPS)}, not {text!r}")
    return text


_ITEMS_OF_LIST = {"type": "string", "pattern": "^[^,]*[^,\\s][^,]*$"}
_NO_ID = {"enum": sorted(MISSING)}
_ID_SCHEMA = {"type": "string", "maxLength": MAX_VALUE_LENGTH, "pattern": r"[^ \t\v\f\u00a0]", "not": _NO_ID}
_LISTED_ID_SCHEMA = {"type": "string", "pattern": r"^[^,]*[^ \t\v\f\u00a0,][^,]*$", "not": _NO_ID}
_LIKED_ID_SCHEMA = {"type": "string", "pattern": "^[^,]*$", "not": {"enum": sorted(MISSING - {""})}}
_TEXT_SCHEMA = {"type": "string", "minLength": 1, "maxLength": MAX_VALUE_LENGTH, "pattern": r"\S"}
_BOOLEAN_SCHEMA = {"type": "boolean", "default": False}
_YEAR_SCHEMA = {"type": "integer", "minimum": 0, "maximum": LAST_YEAR}


def _flag(name: str, description: str) -> Parameter:
    return Parameter(name, description, _boolean, _BOOLEAN_SCHEMA, example=True)


def _year(name: str, description: str, example: int) -> Parameter:
    return Parameter(
        name, description, lambda text, _generation: _whole_number(text, 0, LAST_YEAR), _YEAR_SCHEMA, example
    )


def _list(
    name: str, description: str, parse: Parse, example: list[str], items: Mapping[str, Any], **more: Any
) -> Parameter:
    schema = {"type": "array", "items": items, **more}
    return Parameter(name, description, parse, schema, example, longest=MAX_LIST, is_list=True)


USER_ID = Parameter(
    "user_id", "The user, as in the ratings; one who is unknown gets a popular list.", _id, _ID_SCHEMA, "18"
)
USER_IDS = _list(
    "user_ids",
    "Several users at once, each with a list and its source, in this order; each is there once.",
    lambda text, generation: [*dict.fromkeys(_ids(text, generation))],
    ["18", "19"],
    _LISTED_ID_SCHEMA,
    minItems=1,
)
ITEM_ID = Parameter("item_id", "The film, as in the ratings.", _id, _ID_SCHEMA, "1")
LIKED = _list(
    "liked",
    "Films that somebody without a list likes; the answer is films like them. Ids that have a comma can't be "
    "told.",
    # It may be empty: somebody may have taken back the last film.
    lambda text, generation: _ids(text, generation) if text.strip() else [],
    ["1", "50", "260"],
    _LIKED_ID_SCHEMA,
    minItems=1,
)
LIMIT = Parameter(
    "limit",
    "How many films at most; up to the depth of the stored lists.",
    lambda text, generation: _whole_number(text, 1, generation.depth),
    {"type": "integer", "minimum": 1},
)
ANY_LIMIT = replace(
    LIMIT,
    description="How many films at most; as many as you like.",
    parse=lambda text, _generation: _whole_number(text, 1),
)
OFFSET = Parameter(
    "offset",
    "How many films to leave out at the beginning; past the end there is an empty list.",
    lambda text, _generation: _whole_number(text, 0),
    {"type": "integer", "minimum": 0, "default": 0},
)
RETURN_METADATA = _flag("returnMetadata", "Whether to tell title and genres as well; in any letter case.")
EXPLAIN = _flag(
    "explain", "Whether to tell for each film the list that it is from, and the film because of which."
)
GENRES = _list(
    "genres",
    "Only films of one of these genres; in any letter case.",
    _genres,
    ["Drama", "Comedy"],
    _ITEMS_OF_LIST,
)
NOT_GENRES = _list("not_genres", "No film of any of these genres.", _genres, ["Horror"], _ITEMS_OF_LIST)
EXCLUDE = _list("exclude", "None of these films.", _ids, ["1", "2"], _LISTED_ID_SCHEMA)
MIN_YEAR = _year("min_year", "Only films of this year or later; none whose year is not known.", 1990)
MAX_YEAR = _year("max_year", "Only films of this year or earlier; none whose year is not known.", 1999)
GENDER = Parameter(
    "gender", "Gender of somebody without a list, as in the file users.", _text, _TEXT_SCHEMA, "F"
)
AGE_GROUP = Parameter(
    "age_group",
    "Age group of somebody without a list, in years.",
    _age_group,
    {"type": "string", "enum": list(AGE_GROUPS)},
    "25-34",
)
OCCUPATION = Parameter(
    "occupation",
    "Occupation of somebody without a list, as in the file users.",
    _text,
    _TEXT_SCHEMA,
    "writer",
)
