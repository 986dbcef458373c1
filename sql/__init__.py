"""The statements that both halves speak: one file per result, read by name."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@cache
def statement(name: str) -> str:
    """Return the text of `sql/<name>.sql`, for example `statement("lookups/histories")`."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
