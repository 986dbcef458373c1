"""Whether people with a marked taste get what they like: how many of their top ten are of their genre.

`python -m benchmarks.marked --data FOLDER`, or `--file FILE` for a file that is published already. Ten people
are drawn once and for all among those of whose positives, 30 or more, 60 % have one genre that under 15 % of
all ratings have. If there are fewer of them, it is all.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import click
import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

from batch.pipeline import run
from batch.runtime.progress import Progress
from batch.settings import Settings

PEOPLE, DEPTH, ENOUGH = 10, 10, 5
# The rare genres of everybody, and who likes one of them that much.
MARKED = """
with rated as (
    select user_id, weight > 0 as is_positive, unnest(genres) as genre
    from histories inner join items using (item_id)
),
rare as (
    select genre from rated group by genre having count(*) < $rare * (select count(*) from histories)
),
positives as (
    select user_id, count(*) as positives from histories where weight > 0 group by user_id
    having count(*) >= $positives
),
tastes as (
    select user_id, genre, positives, count(*) / positives as share
    from rated inner join rare using (genre) inner join positives using (user_id)
    where is_positive group by user_id, genre, positives having count(*) >= $share * positives
),
counted as (
    select
        tastes.user_id, tastes.genre, positives, round(share, 2) as share,
        count(*) filter (where rank <= $depth and list_contains(genres, tastes.genre)) as of_it,
        min(rank) filter (where list_contains(genres, tastes.genre)) as first_rank,
        last_rated_at::date::varchar as last_seen
    from tastes
    inner join users on users.user_id = tastes.user_id
    inner join recommendations on recommendations.user_id = tastes.user_id
    inner join items using (item_id)
    group by all
)
from counted order by md5(user_id), user_id, share desc, genre
"""


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), default=Path("data"), show_default=True)
@click.option("--file", "published", type=click.Path(path_type=Path, exists=True), help="Instead of a run.")
@click.option("--share", default=0.6, show_default=True, help="Of the positives.")
@click.option("--positives", default=30, show_default=True, help="How many at least.")
@click.option("--rare", default=0.15, show_default=True, help="Share of all ratings that have the genre.")
@click.option("--everybody", is_flag=True, help="Not ten of them.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
def marked(data: Path, published: Path | None, *, everybody: bool, as_json: bool, **rule: float) -> None:
    """Count in the top ten of people with a marked taste what is of their genre."""
    if published:
        found = people_of(published, rule)
    else:
        with tempfile.TemporaryDirectory() as folder:
            file = run(Settings(data=data, output=Path(folder)), Progress(quiet=True)).file
            found = people_of(file, rule)
    # Somebody may have two such genres; the greater share counts.
    shown = [*{each["user_id"]: each for each in reversed(found)}.values()][::-1]
    shown = shown if everybody else shown[:PEOPLE]
    table = Table(*(shown[0] if shown else ("nobody",)), box=box.SIMPLE_HEAD)
    for each in shown:
        table.add_row(*("" if value is None else str(value) for value in each.values()))
    Console(width=100).print(table)
    enough = sum(each["of_it"] >= ENOUGH for each in shown)
    click.echo(f"{enough} of {len(shown)} people have {ENOUGH} or more of their genre in the top {DEPTH}")
    if as_json:
        click.echo(json.dumps({"people": shown, "enough": enough}))


def people_of(file: Path, rule: dict[str, float]) -> list[dict[str, Any]]:
    """Return each person with a marked taste, in an order that stays the same."""
    with duckdb.connect(str(file), read_only=True) as connection:
        found = connection.execute(MARKED, {"depth": DEPTH, **rule})
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


if __name__ == "__main__":
    marked()
