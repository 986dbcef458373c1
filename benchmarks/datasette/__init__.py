"""Datasette, which serves any SQLite file over HTTP: the peer of the look-up service.

It gets the rows that the answers are made of, copied from a generation, and a canned query for each question.

Chosen for speed: rows are stored by user, in the order in which they are shown; the file is opened as one
that never changes; httptools and uvloop are there; facets, downloads and SQL of others are off; JSON comes in
its shortest shape, and genres as one text. Queries run in as many threads as it has unless told (3);
in the thread of the server (`num_sql_threads` 0) it answered about twice as much here. A server that logs no
requests can't be had; here they are logged to nowhere.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb

FOLDER = Path(__file__).parent
ROWS_AT_ONCE = 100_000
# The name of the file is that of the database in `metadata.yml`.
FILE = "published.db"
INSERTS = {
    "recommendations": "insert into recommendations (user_id, rank, item_id) values (?, ?, ?)",
    "histories": "insert into histories (user_id, position, item_id) values (?, ?, ?)",
    "items": "insert into items (item_id, title, genres) values (?, ?, ?)",
}
SETTINGS = {
    "allow_facet": "off",
    "suggest_facets": "off",
    "allow_download": "off",
    "default_allow_sql": "off",
}
PATHS = {
    "recommendations": "/published/best.json?_shape=arrayfirst&user_id={}",
    "metadata": "/published/best_with_metadata.json?_shape=array&user_id={}",
    "features": "/published/watched.json?_shape=arrayfirst&user_id={}",
}


def command(python: Path, database: Path) -> list[str]:
    """Return the command that serves a database on a free port, by the interpreter of its environment."""
    settings = [word for name, value in SETTINGS.items() for word in ("--setting", name, value)]
    return [
        *(str(python), "-m", "datasette", "serve", "--immutable", str(database)),
        *("--metadata", str(FOLDER / "metadata.yml"), "--port", "0", *settings),
    ]


def copied(generation: Path, folder: Path) -> Path:
    """Return a SQLite file with the rows of a generation, made in a folder if it isn't there."""
    file = folder / generation.stem / FILE
    if file.is_file():
        return file
    # It has its name when it is whole.
    draft = file.parent.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    with (
        duckdb.connect(str(generation), read_only=True) as source,
        closing(sqlite3.connect(draft / FILE)) as target,
    ):
        # Whatever goes wrong, the draft is thrown away.
        target.executescript("pragma journal_mode = off; pragma synchronous = off;")
        target.executescript(_text("tables"))
        for table, insert in INSERTS.items():
            rows = source.execute(_text(table))
            while some := rows.fetchmany(ROWS_AT_ONCE):
                target.executemany(insert, some)
        target.execute("analyze")
        target.commit()
    draft.rename(file.parent)
    return file


def _text(name: str) -> str:
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
