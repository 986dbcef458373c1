"""What an id is, in Python: the rule of the macro `id_of` in `sql/load/ids.sql`, which cleans the input.

A request may write an id as the input may: `18.0` is `18`. `tests/sql/test_ids.py` compares the two.
"""

import re

# What stands around an id and is no part of it, and what is no id at all.
SPACES = " \t\v\f\xa0"
MISSING = frozenset({"", "nan", "NaN", "NAN", "NULL", "null", "\\N", "None", "<NA>"})
_INTEGER_AS_FLOAT = re.compile(r"(-?[0-9]+)\.0+")
_ROUND_NUMBER = re.compile(r"-?[0-9](\.[0-9][0-9]?)?e\+(0[5-9]|[1-9][0-9])")
_LIMIT_OF_INTEGERS = 2**127


def id_of(text: str) -> str | None:
    """Return the id that a text means; None if it means none: it is empty, or stands for a missing value."""
    if text.isascii() and text.isdigit():
        return text
    text = text.strip(SPACES)
    if text in MISSING:
        return None
    if found := _INTEGER_AS_FLOAT.fullmatch(text):
        return found[1]
    if _ROUND_NUMBER.fullmatch(text):
        number = round(float(text))
        return str(number) if abs(number) < _LIMIT_OF_INTEGERS else None
    return text
