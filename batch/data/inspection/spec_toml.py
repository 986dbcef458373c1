"""Spec as TOML: an `input.toml` that says what was understood, each key below a line that explains it.

Where something is in doubt, the key has the value `"?"`, which no key may have, below the choices that there
are: `read_spec` refuses the file until one of them is taken.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from batch.data.input_spec import (
    Event,
    HiddenFiles,
    InputSpec,
    InteractionFiles,
    ItemFiles,
    Time,
    UserFiles,
    Value,
)

UNKNOWN = "?"
_SECTIONS: dict[str, type[BaseModel]] = {
    "interactions": InteractionFiles,
    "value": Value,
    "event": Event,
    "time": Time,
    "items": ItemFiles,
    "users": UserFiles,
    "hidden": HiddenFiles,
}
_HEAD = "# What the files of this folder mean. docs/input.md explains every key; others have their default."


def to_toml(spec: InputSpec) -> str:
    """Return the text of an `input.toml` from which `read_spec` makes an equal spec."""
    keys = spec.model_dump(exclude_defaults=True)
    notes = {}
    if spec.value is not None:
        # What a reader may want to change is written though it is the default.
        keys["value"]["kind"] = spec.value.kind
        if spec.value.kind == "stars":
            keys["value"] |= {"scale": spec.value.scale, "positive": spec.value.positive}
            notes["value.positive"] = assignment("positive", spec.value.min_positive)
        else:
            keys["value"]["logarithmic"] = spec.value.logarithmic
    if spec.time is not None:
        keys["time"] |= {"format": spec.time.format, "zone": spec.time.zone}
    return draft_toml(keys, notes)


def draft_toml(draft: Mapping[str, Any], notes: Mapping[str, str]) -> str:
    """Return the text for keys by section; `notes` are comments by section, or section and key."""
    lines = [_HEAD, ""]
    fields = InputSpec.model_fields
    for key in ("noun", "repeats", "max_per_user"):
        if key in draft:
            lines += [f"# {fields[key].description}", assignment(key, draft[key]), ""]
    for section, model in _SECTIONS.items():
        if section in draft:
            lines += [*_section(section, model, draft[section], notes), ""]
    return "\n".join(lines)


def _section(
    section: str, model: type[BaseModel], keys: Mapping[str, Any], notes: Mapping[str, str]
) -> Iterator[str]:
    yield f"# {InputSpec.model_fields[section].description}"
    yield from _comment(notes.get(section, ""))
    yield f"[{section}]"
    tables = {}
    # A class from which another is made has its fields first, but attributes belong to the end.
    for name, about in sorted(model.model_fields.items(), key=lambda each: each[0] == "attributes"):
        if name not in keys:
            continue
        value = keys[name]
        if isinstance(value, Mapping):
            if any(column != key for key, column in value.items()):
                tables[name] = value
                continue
            value = list(value)
        yield f"# {about.description}"
        yield from _comment(notes.get(f"{section}.{name}", ""))
        if value is not None:
            yield assignment(name, value)
    for name, table in tables.items():
        yield ""
        yield f"# {model.model_fields[name].description}"
        yield from _comment(notes.get(f"{section}.{name}", ""))
        yield f"[{section}.{name}]"
        for key, value in table.items():
            yield assignment(key, value)


def _comment(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield f"# {line.strip()}"


def assignment(key: str, value: Any) -> str:
    """Return a line of TOML."""
    name = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _text(key)
    return f"{name} = {written(value)}"


def written(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else repr(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(written, value))}]"
    return str(value)


def _text(text: str) -> str:
    # JSON leaves the last of the control characters as it is, which TOML forbids.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
