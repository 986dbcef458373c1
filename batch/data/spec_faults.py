"""Spec faults: what is wrong with an `input.toml`, in a line for each key at fault."""

import json
import re
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

# A longer value is cut in a message.
MAX_SHOWN = 80

# What a value must be, by what pydantic found that it isn't.
_WANTED: dict[str, Callable[[dict[str, Any]], str]] = {
    "string_type": lambda _: "a text",
    "string_too_short": lambda limits: f"a text of at least {limits['min_length']} character",
    "string_too_long": lambda limits: f"a text of at most {limits['max_length']} characters",
    "string_pattern_mismatch": lambda _: "a text in one line",
    "bool_type": lambda _: "true or false",
    "bool_parsing": lambda _: "true or false",
    "int_type": lambda _: "a whole number",
    "int_parsing": lambda _: "a whole number",
    "int_parsing_size": lambda _: "a whole number",
    "int_from_float": lambda _: "a whole number",
    "float_type": lambda _: "a number",
    "float_parsing": lambda _: "a number",
    "finite_number": lambda _: "a finite number",
    "greater_than": lambda limits: f"a number above {limits['gt']:,.0f}",
    "greater_than_equal": lambda limits: f"a number from {limits['ge']:,.0f} on",
    "less_than_equal": lambda limits: f"a number of at most {limits['le']:,.0f}",
    "tuple_type": lambda _: "a list",
    "dict_type": lambda _: "a table",
    "model_type": lambda _: "a table",
    "model_attributes_type": lambda _: "a table",
    "too_short": lambda limits: f"of at least {limits['min_length']} value",
    "too_long": lambda limits: f"of at most {limits['max_length']} values",
}

Path = tuple[str | int, ...]


def faults_of(error: ValidationError, values: dict[str, Any]) -> list[str]:
    """Return a line for each key of `values` at fault: its path in the file, its value, what it must be.

    A key that may be one of several kinds of value has an error for each of them, and one line.
    """
    by_path: dict[Path, list[Any]] = {}
    for each in error.errors():
        by_path.setdefault(_path(each, values), []).append(each)
    # A list that is no text either is at fault for what is in it.
    paths = [
        path for path in by_path if not any(other[: len(path)] == path and other != path for other in by_path)
    ]
    return [f"{_written(path)}: {_fault(by_path[path], path, _at(path, values))}" for path in paths]


def _path(error: Any, values: Any) -> Path:
    """Return the place of an error in the file: pydantic also has names of types in it."""
    path: list[str | int] = []
    for part in error["loc"]:
        is_there = part in values if isinstance(values, dict) else isinstance(values, list)
        if is_there and (isinstance(values, dict) or (isinstance(part, int) and part < len(values))):
            path.append(part)
            values = values[part]
    if error["type"] == "missing" and isinstance(error["loc"][-1], str):
        path.append(error["loc"][-1])
    return tuple(path)


def _at(path: Path, values: Any) -> Any:
    for part in path:
        values = values.get(part) if isinstance(values, dict) else values[part]
    return values


def _written(path: Path) -> str:
    keys = [part for part in path if isinstance(part, str)]
    return ".".join(
        key if re.fullmatch(r"[\w-]+", key) else json.dumps(key, ensure_ascii=False) for key in keys
    )


def _fault(errors: list[Any], path: Path, value: Any) -> str:
    kinds = [each["type"] for each in errors]
    if "extra_forbidden" in kinds:
        return "is no key; remove it, or correct its name"
    if "missing" in kinds:
        return "has too few values; add one" if isinstance(value, list) else "is missing; add it"
    if "value_error" in kinds:
        return str(errors[kinds.index("value_error")]["ctx"]["error"])
    *most, last = dict.fromkeys(name for each in errors for name in _wanted(each))
    wanted = f"{', '.join(most)} or {last}" if most else last
    # A position in a list is no part of a path in TOML.
    return f"{'has' if isinstance(path[-1], int) else 'is'} {_shown(value)}, but must be {wanted}"


def _wanted(error: Any) -> list[str]:
    if error["type"] == "literal_error":
        return [word.replace("'", '"') for word in re.findall(r"'[^']*'", error["ctx"]["expected"])]
    name = _WANTED.get(error["type"])
    return [name(error.get("ctx", {})) if name else f"something else ({error['msg']})"]


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return str(value)
    try:
        text = json.dumps(value, ensure_ascii=False)
    except TypeError:
        text = str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
