"""Attributes: what the input says of items beside title, genres and year; a column in memory for each.

A column has the code of each item's value. Codes follow the order of the values, so what a condition keeps
is found in a few steps, and tested as fast as a genre.
"""

import json
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import inf, isfinite
from typing import Any, NamedTuple

from api.popular import ByCode

# Keys of an item in an answer; an attribute of such a name would repeat it.
RESERVED = frozenset({"id", "title", "genres", "because", "reason", "source"})
# A text, or JSON of anything else: a number is not the text of its digits.
_Value = str | bytes
_encode = json.JSONEncoder(ensure_ascii=False).encode
# JSON has larger numbers than a float holds.
_NO_VALUE = (None, inf, -inf)
# The attribute that is the address of a picture: of another site, or a path of this one. No other text is
# let through, as an address may be a script.
IMAGE = "image"
_ADDRESS = re.compile(r"(?i:https?:)?//[^\s\\]+|[^\s\\:][^\\:\x00-\x1f]*")


class Attribute:
    """One attribute: the code of each item's value, by number of the item; 0 if it has none.

    Codes count numbers from the lowest up, and then all else as text, letter case aside, by the alphabet.
    """

    def __init__(
        self, name: str, found: "array[int]", places: Mapping[_Value, int], popular: Sequence[int]
    ) -> None:
        """Take the place of each value, from 1, for each item the place that was found, and popular items."""
        self.key = f",{json.dumps(name)}:".encode()
        ordered = sorted(places, key=_rank)
        self._numbers = bisect_left(ordered, (True, ""), key=_rank)
        # One text of all, and where each ends: small objects would take several times the memory.
        text = bytearray(b"null")
        self._ends = array("Q", [len(text)])
        codes = array("I", bytes(4 * (len(ordered) + 1)))
        self._lists_with: dict[str, list[int]] = {}
        for code, value in enumerate(ordered, 1):
            if isinstance(value, bytes) and value.startswith(b"["):
                for member in {str(each).casefold() for each in json.loads(value)}:
                    self._lists_with.setdefault(member, []).append(code)
            codes[places[value]] = code
            text += _encode(value).encode("utf-8", "replace") if isinstance(value, str) else value
            self._ends.append(len(text))
        self._text = bytes(text)
        self.codes = array("I", [codes[place] for place in found])
        # Where in the order of popularity items with a value are.
        self.popular = ByCode(array("I", [self.codes[item] for item in popular]), len(codes))

    def value(self, item: int) -> bytes:
        """Return the value of an item, as JSON; null if it has none."""
        return self._value(self.codes[item])

    def wanted(self, sign: str, text: str) -> Collection[int]:
        """Return the codes of a value, also in lists, or of lower or higher numbers. Raises ValueError."""
        number = _number(text)
        equal = range(0) if number is None else self._between((False, number))
        if sign == ":":
            return {
                *equal,
                *self._between((True, text.casefold())),
                *self._lists_with.get(text.casefold(), ()),
            }
        if number is None:
            raise ValueError(f"compares with {text!r}, which is no number")
        if sign.startswith("<"):
            return range(1, equal.stop if sign.endswith("=") else equal.start)
        return range(equal.start if sign.endswith("=") else equal.stop, self._numbers + 1)

    def _between(self, rank: tuple[bool, Any]) -> range:
        """Return the codes of this rank; if there are none, an empty range where they would be."""
        codes = range(1, len(self._ends))
        first, end = (
            place(codes, rank, key=lambda code: _rank(_value(self._value(code))))
            for place in (bisect_left, bisect_right)
        )
        return range(first + 1, end + 1)

    def _value(self, code: int) -> bytes:
        return self._text[self._ends[code - 1] if code else 0 : self._ends[code]]


class Condition(NamedTuple):
    """What an item must fulfil: its code of an attribute is `wanted`."""

    attribute: Attribute
    wanted: Collection[int]


class Attributes(dict[str, Attribute]):
    """The attributes of a generation, by name."""

    def __init__(self, items: int, rows: Iterable[tuple[int, str]], popular: Sequence[int] = ()) -> None:
        """Take how many items there are, the number and the attributes as JSON of each that has any.

        `popular` has the numbers of popular items, best first.
        """
        found: dict[str, array[int]] = {}
        values: dict[str, dict[_Value, int]] = {}
        for item, text in rows:
            for name, value in json.loads(text).items():
                if value in _NO_VALUE or name in RESERVED:
                    continue
                if name not in found:
                    found[name], values[name] = array("I", bytes(4 * (items + 1))), {}
                if name == IMAGE and not all(map(is_address, value if isinstance(value, list) else [value])):
                    continue
                known = values[name]
                key = value if isinstance(value, str) else _encode(value).encode()
                found[name][item] = known.setdefault(key, len(known) + 1)
        super().__init__(
            {name: Attribute(name, found[name], values.pop(name), popular) for name in sorted(found)}
        )
        names = "|".join(map(re.escape, sorted(self, key=len, reverse=True)))
        # Without attributes there are no conditions.
        self._condition = re.compile(rf"({names or '(?!)'})\s*(:|<=?|>=?)(.+)", re.DOTALL)

    def fields(self, names: Iterable[str]) -> list[Attribute]:
        """Return attributes by their names. Raises ValueError."""
        asked = dict.fromkeys(names)
        for name in asked:
            if name not in self:
                raise ValueError(f"has {name!r}, which is no attribute; {self._there_are()}")
        return [self[name] for name in asked]

    def conditions(self, words: Iterable[str]) -> list[Condition]:
        """Return what must hold, all of it; of the values of one attribute, one must. Raises ValueError."""
        comparisons: list[Condition] = []
        values: dict[str, set[int]] = {}
        for word in words:
            parts = self._condition.fullmatch(word)
            if not parts:
                write = "write NAME:VALUE or NAME<NUMBER"
                raise ValueError(f"has {word!r}, which is no condition; {write}; {self._there_are()}")
            name, sign, text = parts.groups()
            wanted = self[name].wanted(sign, text.strip())
            if sign == ":":
                values.setdefault(name, set()).update(wanted)
            else:
                comparisons.append(Condition(self[name], wanted))
        return [*comparisons, *(Condition(self[name], wanted) for name, wanted in values.items())]

    def _there_are(self) -> str:
        return f"there are {', '.join(self)}" if self else "no item has attributes"


def _value(written: bytes) -> _Value:
    return str(json.loads(written)) if written.startswith(b'"') else written


def is_address(value: Any) -> bool:
    """Tell whether a value is the address of a picture."""
    return isinstance(value, str) and bool(_ADDRESS.fullmatch(value))


def _rank(value: _Value) -> tuple[bool, Any]:
    """Return by what a value is ordered: whether it is no number, and the number or text that it is."""
    number = None if isinstance(value, str) else _number(value.decode())
    if number is not None:
        return False, number
    return True, (value if isinstance(value, str) else value.decode()).casefold()


def _number(text: str) -> float | None:
    """Return the number that a text is; None if it is none, or is too large."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) and "_" not in text else None
