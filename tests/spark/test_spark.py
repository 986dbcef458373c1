"""The job on a cluster: what it publishes is what the local run would publish, whatever dies."""

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb
import pytest

from tests.commands import batch
from tests.spark.conftest import RunOnSpark

COUNTS = "rows_read, rows_kept, rows_repaired, rows_rejected, rows_superseded, rows_held_out, users, items"
# How the rows were cleaned, in words that do not depend on who did it.
CLEANED = {
    "counts": f"select {COUNTS} from generation",
    "rejected": "select file, line, rule, raw, user_id from rejected_rows order by all",
    "repaired": "select file, line, rule, raw, user_id from repaired_rows order by all",
    "rating_counts": "select stage, rating, rows from rating_counts order by all",
    "histories": "from histories order by user_id, position",
    "items": "select item_id, number, title, year, genres, ratings, round(mean_rating, 9), is_hidden from items order by all",
    "users": "from users order by user_id",
    "popular": "select rank, item_id, round(score, 6) from popular order by rank",
}


@pytest.fixture(scope="session")
def local(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _published(batch("run", "--data", sample, "--output", tmp_path_factory.mktemp("local"), "--json"))


@pytest.fixture(scope="session")
def spark(sample: Path, on_spark: RunOnSpark, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("spark")
    return _published(on_spark("run", "--data", sample, "--output", output, "--json"))


def _published(done: CompletedProcess[str]) -> Path:
    assert done.returncode == 0, done.stderr
    return Path(json.loads(done.stdout)["file"])


def _rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("table", CLEANED)
def test_the_sample_is_cleaned_as_by_the_local_run(local: Path, spark: Path, table: str) -> None:
    there, here = _rows(spark, CLEANED[table]), _rows(local, CLEANED[table])
    assert there
    assert there == here


def test_every_promise_of_the_file_holds(spark: Path) -> None:
    done = batch("verify", "--output", spark.parent.parent, "--users", "0")
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["ok"]), done.stdout
