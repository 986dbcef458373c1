"""The schema of a generation as a page, made from the comments in the file: `docs/schema.md`."""

import sys
from itertools import groupby
from pathlib import Path

from batch.errors import BatchError
from batch.generation.reader import open_generation
from batch.generation.store import Output
from sql import statement

_OPENING = """# What a generation holds

Made by `make schema` from the comments in a published file; they are written in `sql/generation/`
and `sql/macros/`.
"""
_MACROS = """## Table macros

To be asked like tables, as in `from recommend('18')`. They belong to the file: who attaches it
under a name says `use` first.

| macro | returns |
|---|---|"""


def schema(file: Path) -> str:
    """Return, in Markdown, the tables of a generation with columns, types and meanings, and its macros."""
    with open_generation(file) as connection:
        rows = connection.execute(statement("inspect/schema")).fetchall()
        macros = connection.execute(statement("generations/macros")).fetchall()
    page = [_OPENING]
    for (table, meaning), columns in groupby(rows, key=lambda row: (row[0], row[1])):
        page += [f"## {table}\n", f"{meaning}\n", "| column | type | meaning |", "|---|---|---|"]
        page += [f"| `{name}` | `{kind.lower()}` | {comment} |" for _, _, name, kind, comment in columns]
        page.append("")
    page += [_MACROS, *(f"| `{call}` | {comment} |" for call, comment in macros), ""]
    return "\n".join(page)


if __name__ == "__main__":
    try:
        sys.stdout.write(schema(Output(Path(sys.argv[1])).published()))
    except BatchError as error:
        sys.exit(f"error: {error}")
