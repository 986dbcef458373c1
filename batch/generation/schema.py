"""The schema of a generation as a page, from the comments in the file: `docs/schema.md`."""

from itertools import groupby
from pathlib import Path

from batch.generation.reader import open_generation
from sql import statement

_OPENING = """# Schema

After this page you know the meaning of every table, column and macro in a published file.

`make docs` writes this page from the comments in the file, which are in `sql/generation/` and `sql/macros/`.
"""
_MACROS = """## Table macros

Macros are queried like tables, as in `from recommend('18')`. They belong to the file: if you attach it under
a name, run `use` with that name first.

| macro | returns |
|---|---|"""


def schema(file: Path) -> str:
    """Return, in Markdown, the tables of a generation with columns, types and meanings, and its macros."""
    with open_generation(file) as connection:
        rows = connection.execute(statement("inspect/schema")).fetchall()
        functions = connection.table_function("duckdb_functions").filter(
            "function_type = 'table_macro' and database_name = current_database() and not internal"
        )
        macros = functions.order("function_name").project("function_name, parameters, comment").fetchall()
    page = [_OPENING]
    for (table, meaning), columns in groupby(rows, key=lambda row: (row[0], row[1])):
        page += [f"## {table}\n", f"{meaning}\n", "| column | type | meaning |", "|---|---|---|"]
        page += [f"| `{name}` | `{kind.lower()}` | {comment} |" for _, _, name, kind, comment in columns]
        page.append("")
    page += [
        _MACROS,
        *(f"| `{name}({', '.join(parameters)})` | {comment} |" for name, parameters, comment in macros),
        "",
    ]
    return "\n".join(page)
