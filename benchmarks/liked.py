"""How good an answer is that knows a few liked movies only, beside the list of the user.

`python -m benchmarks.liked --data FOLDER`. The last rating of everyone is held out, the job publishes the
rest, and two lists of ten are judged by that movie: the stored one of the user, and what `liked=` with the
user's last movies answers, both by the statements of the service. NDCG@10, where one movie counts.
"""

import asyncio
import json
import math
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean

import click
import duckdb

from api.lookup import CONFIG, Generation
from batch.pipeline import run
from batch.runtime.progress import Progress
from batch.settings import Settings
from benchmarks.machine import machine

DEPTH = 10
# Everyone's history but for its last movie, oldest first; so the order of lines is that of time.
KNOWN = """
copy (
    select user_id as "userId", item_id as "movieId", rating, epoch(rated_at) as timestamp
    from histories where position > 1 order by user_id, position desc
) to $ratings (header)
"""
MOVIES = """
copy (
    select item_id as "movieId", title, array_to_string(genres, '|') as genres from items order by item_id
) to $movies (header)
"""
HELD_OUT = "select user_id, item_id from histories where position = 1 order by user_id"
LAST = """
select user_id, list(item_id order by position) filter (position <= $items) as liked from histories
group by user_id
"""
LISTS = """
select user_id, list(item_id order by rank) filter (rank <= $depth) as found from recommendations
group by user_id
"""


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), default=Path("data"), show_default=True)
@click.option("--items", type=click.IntRange(1), default=20, show_default=True, help="Liked ones, the last.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
def liked(data: Path, items: int, *, as_json: bool) -> None:
    """Measure NDCG@10 of lists from liked movies, and of those of the users."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = run(Settings(data=data, output=folder / "whole"), Progress(quiet=True)).file
        known = folder / "known"
        known.mkdir()
        with duckdb.connect(str(whole), read_only=True) as connection:
            connection.execute(KNOWN, {"ratings": str(known / "ratings.csv")})
            connection.execute(MOVIES, {"movies": str(known / "movies.csv")})
            held_out = dict(connection.execute(HELD_OUT).fetchall())
        file = run(Settings(data=known, output=folder / "judged"), Progress(quiet=True)).file
        with duckdb.connect(str(file), read_only=True, config=CONFIG) as connection:
            last = dict(connection.execute(LAST, {"items": items}).fetchall())
            lists = dict(connection.execute(LISTS, {"depth": DEPTH}).fetchall())
        answers = asyncio.run(_answers(file, last))
    users = [user for user in held_out if user in last]
    personal, alike = (
        mean(_ndcg(found.get(user, ()), held_out[user]) for user in users) for found in (lists, answers)
    )
    click.echo(f"{len(users):,} users, ndcg@{DEPTH}; {machine()}")
    click.echo(f"own list {personal:.4f}, from the last {items} movies {alike:.4f}: {alike / personal:.2f}")
    if as_json:
        click.echo(json.dumps({"personal": personal, "liked": alike, "ratio": alike / personal}))


async def _answers(file: Path, last: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return what the service answers to the last movies of each user."""
    generation = Generation(file)
    answers = {
        user: [generation.catalogue.item_ids[item] for item, _ in await generation.liked(positives)][:DEPTH]
        for user, positives in last.items()
    }
    generation.close()
    return answers


def _ndcg(found: Iterable[str], held_out: str) -> float:
    return sum(1 / math.log2(rank + 1) for rank, item in enumerate(found, start=1) if item == held_out)


if __name__ == "__main__":
    liked()
