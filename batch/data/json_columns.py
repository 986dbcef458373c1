"""JSON columns: the values in an object, also in objects inside of it, by a path such as `product.id`."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

# Objects inside of objects are opened so deep, and no more names are made of them: keys may be data.
MAX_DEPTH = 3
MAX_NAMES = 1_000

Path = tuple[str, ...]


def flattened(found: dict[str, Any], above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every value of an object with its path; those of objects inside of it instead of these."""
    for name, value in found.items():
        if not name:
            continue
        path = (*above, name)
        if isinstance(value, dict) and len(path) < MAX_DEPTH:
            yield from flattened(value, path)
        else:
            yield path, value


def paths_in(objects: Iterable[dict[str, Any]]) -> list[Path]:
    """Return the paths of all values, in the order in which they come; no more nested ones than are kept."""
    paths: dict[Path, None] = {}
    for each in objects:
        for path, _ in flattened(each):
            if len(path) == 1 or len(paths) < MAX_NAMES:
                paths[path] = None
    return list(paths)


def objects_of(lines: Iterable[str]) -> list[dict[str, Any] | None]:
    """Return the object in each line; None if there is none."""
    return [_object_of(line) for line in lines]


def _object_of(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def name_of(path: Path) -> str:
    """Return the name of a column."""
    return ".".join(path)


def pointer_to(path: Path) -> str:
    """Return the path as DuckDB writes it."""
    return "$" + "".join(f".{json.dumps(name)}" for name in path)
