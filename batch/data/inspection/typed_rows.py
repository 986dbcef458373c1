"""Typed rows: JSON lines and Parquet, whose columns have names and types of their own."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import duckdb

from batch.data.inspection.file_sample import MAX_ROWS, Sniffed, UnreadableError, cleaned, spread
from batch.data.json_columns import flattened, name_of, objects_of, paths_in

# Types of Parquet: lists of texts, and what else is no plain value.
_TEXTS = (duckdb.list_type("varchar"),)
# So few lists and objects in a column of texts or numbers are odd ones.
MAX_OTHERS = 0.1
_NESTED = ("list", "array", "struct", "map", "union", "blob")
_UNGLOBBED = re.compile(r"([\[\]*?])")


def sniff_json(path: Path, lines: list[str], encoding: str, *, is_whole: bool) -> Sniffed:
    """Look at lines of JSON. Raises UnreadableError if they are none."""
    if lines[0].lstrip().startswith("["):
        raise UnreadableError(
            "is one JSON array; write one object a line (jq -c '.[]'), or read it by a query:\n"
            f"  query = \"from read_json('{path.name}')\""
        )
    found = objects_of(spread(lines))
    objects = [each for each in found if each is not None]
    odd = len(found) - len(objects)
    if not objects or odd > len(objects):
        raise UnreadableError("is no JSON with one object a line")
    paths = paths_in(objects)
    values = [dict(flattened(each)) for each in objects]
    rows = [[each.get(path) for path in paths] for each in values]
    names = tuple(map(name_of, paths))
    return _typed(path, "json", names, rows, encoding=encoding, is_whole=is_whole, odd_lines=odd)


def sniff_parquet(path: Path) -> Sniffed:
    """Look at a Parquet file. Raises UnreadableError if it can't be read."""
    try:
        with duckdb.connect(config={"threads": "1"}) as connection:
            relation = connection.read_parquet(_UNGLOBBED.sub(r"[\1]", str(path)))
            names, types = tuple(relation.columns), relation.types
            ((number,),) = relation.count("*").fetchall()
            # A time with a zone, for one, would need a library as a value of Python.
            texts = [
                duckdb.ColumnExpression(name)
                if kind in _TEXTS
                else duckdb.ColumnExpression(name).cast("varchar")
                for name, kind in zip(names, types, strict=True)
            ]
            rows = [list(row) for row in relation.limit(MAX_ROWS).select(*texts).fetchall()]
    except (duckdb.Error, OverflowError, ValueError) as error:
        raise UnreadableError(f"is damaged ({str(error).splitlines()[0]}); export it again") from None
    sniffed = _typed(path, "parquet", names, rows, is_whole=number <= MAX_ROWS)
    others = {place for place, kind in enumerate(types) if kind.id in _NESTED and kind not in _TEXTS}
    return replace(sniffed, nested=sniffed.nested | others)


def _typed(  # noqa: PLR0913 (what a sample is)
    path: Path,
    kind: Literal["json", "parquet"],
    names: tuple[str, ...],
    rows: list[list[Any]],
    *,
    is_whole: bool,
    encoding: str = "utf-8",
    odd_lines: int = 0,
) -> Sniffed:
    nested, lists = set(), set()
    for place in range(len(names)):
        given = [row[place] for row in rows if row[place] is not None]
        others = [value for value in given if isinstance(value, (list, dict, bytes, tuple))]
        if len(others) <= MAX_OTHERS * len(given):
            continue
        if all(isinstance(value, list) and all(map(_is_text, value)) for value in others):
            lists.add(place)
        else:
            nested.add(place)
    texts = [[_text_of(value) for value in row] for row in rows]
    return Sniffed(
        path,
        kind,
        names,
        texts,
        is_whole=is_whole,
        encoding=encoding,
        odd_lines=odd_lines,
        nested=frozenset(nested),
        lists=frozenset(lists),
    )


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _text_of(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "|".join(map(str, value))
    return cleaned(str(value))
