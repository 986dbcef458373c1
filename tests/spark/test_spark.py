"""The job on a cluster: what it publishes is what the local run would publish, whatever dies."""

import json
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb
import pytest

from batch.data.exclusions import NO_EXCLUSIONS, Exclusions, write_forgotten, write_hidden
from batch.evaluation.evaluate import embedding
from batch.evaluation.metrics import DEPTHS, compute_metrics
from batch.evaluation.rank import whole_catalogue
from batch.evaluation.ratings import cleaned_ratings
from batch.evaluation.splits import by_last
from batch.settings import Settings
from benchmarks.cluster import Cluster
from tests.commands import batch, environment
from tests.spark.conftest import RunOnSpark

COUNTS = "rows_read, rows_kept, rows_repaired, rows_rejected, rows_superseded, rows_held_out, users, items"
# For runs in which it does not matter how good the lists are.
QUICK = ("--factors", "8", "--iterations", "2", "--next-factors", "16")
# How the rows were cleaned, in words that do not depend on who did it.
CLEANED = {
    "counts": f"select {COUNTS} from generation",
    "rejected": "select file, line, rule, raw, user_id from rejected_rows order by all",
    "repaired": "select file, line, rule, raw, user_id from repaired_rows order by all",
    "rating_counts": "select stage, rating, rows from rating_counts order by all",
    "histories": "from histories order by user_id, position",
    "items": (
        "select * replace (round(mean_rating, 9) as mean_rating, round(popularity, 6) as popularity) "
        "from items order by item_id"
    ),
    "users": "from users order by user_id",
    "segments": "from segments order by place",
    "of_segments": "select segment, rank, item_id, round(score, 3) from popular_by_segment order by all",
    "popular": "select rank, item_id, round(score, 6) from popular order by rank",
}


@pytest.fixture(scope="session")
def local(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("local")
    return _published(batch("run", "--data", sample, "--output", output, "--json", *QUICK))


@pytest.fixture(scope="session")
def spark(sample: Path, running: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a cluster publishes that loses one of its two workers in the middle of training."""
    job = _start(running, sample, tmp_path_factory.mktemp("spark"))
    _wait_for(job, "taste is learned")
    running.kill_worker()
    stdout, stderr = job.communicate(timeout=300)
    running.add_worker()
    return _published(CompletedProcess(job.args, job.returncode, stdout, stderr))


def _published(done: CompletedProcess[str]) -> Path:
    assert done.returncode == 0, done.stderr
    return Path(json.loads(done.stdout)["file"])


def _rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("table", CLEANED.keys() - {"segments", "of_segments"})
def test_the_sample_is_cleaned_as_by_the_local_run_also_where_a_worker_is_killed(
    local: Path, spark: Path, table: str
) -> None:
    there, here = _rows(spark, CLEANED[table]), _rows(local, CLEANED[table])
    assert there
    assert there == here


def test_every_promise_of_the_file_holds(spark: Path) -> None:
    done = batch("verify", "--output", spark.parent.parent, "--users", "0")
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["ok"]), done.stdout


def test_rows_were_repaired_rejected_and_superseded(spark: Path) -> None:
    ((repaired, rejected, superseded),) = _rows(
        spark, "select rows_repaired, rows_rejected, rows_superseded from generation"
    )
    assert (repaired > 100, rejected > 100, superseded) == (True, True, 3)


def test_lists_are_within_a_twentieth_as_good_as_those_of_the_local_model(
    sample: Path, on_spark: RunOnSpark
) -> None:
    done = on_spark("evaluate", "--data", sample, "--json")
    there = json.loads(done.stdout)["models"]["embedding"]["ndcg@10"]
    # What `evaluate` does here, too, without the baselines, which take most of its time.
    settings = Settings(data=sample)
    split = by_last(cleaned_ratings(settings).ratings)
    lists = whole_catalogue(embedding(split, settings), split, max(DEPTHS))
    here = compute_metrics(lists, split).means()["ndcg@10"]
    assert here > 0.05
    assert there >= 0.95 * here


@pytest.fixture(scope="session")
def excluded() -> Exclusions:
    return NO_EXCLUSIONS.with_forgotten("17").with_hidden(frozenset({"3"}))


@pytest.fixture(scope="session")
def whole(small: Path, excluded: Exclusions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = _excluding(excluded, tmp_path_factory.mktemp("whole"))
    return _published(batch("run", "--data", small / "whole", "--output", output, "--json", *QUICK))


@pytest.fixture(scope="session")
def parts(
    small: Path,
    excluded: Exclusions,
    running: Cluster,
    on_spark: RunOnSpark,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """What is published of parts after a run whose driver was killed."""
    output = _excluding(excluded, tmp_path_factory.mktemp("parts"))
    job = _start(running, small / "parts", output)
    _wait_for(job, "clean ")
    job.kill()
    job.communicate()
    assert [*(output / "generations").iterdir()] == []
    assert not (output / "current.duckdb").exists()
    assert (output / ".work").exists()
    return _published(on_spark("run", "--data", small / "parts", "--output", output, "--json", *QUICK))


def _excluding(excluded: Exclusions, output: Path) -> Path:
    write_forgotten(excluded, output)
    write_hidden(excluded, output)
    return output


def test_a_driver_that_is_killed_publishes_nothing_and_the_next_run_leaves_nothing_of_it(parts: Path) -> None:
    left = {each.name for each in parts.parent.parent.iterdir()}
    assert left == {
        ".lock", "current.duckdb", "generations", "forgotten.json", "forgotten.key", "hidden.json"
    }  # fmt: skip
    assert [*parts.parent.iterdir()] == [parts]


@pytest.mark.parametrize(
    "table", ["counts", "rating_counts", "histories", "items", "users", "popular", "segments", "of_segments"]
)
def test_parts_are_one_table(parts: Path, whole: Path, table: str) -> None:
    there, here = _rows(parts, CLEANED[table]), _rows(whole, CLEANED[table])
    assert there
    assert there == here


@pytest.mark.parametrize("table", ["rejected_rows", "repaired_rows"])
def test_a_row_of_a_part_is_told_with_its_place_there(
    parts: Path, whole: Path, small: Path, table: str
) -> None:
    told = f"select rule, raw, user_id from {table} order by all"
    assert _rows(parts, told) == _rows(whole, told)
    rows = _rows(parts, f"select file, line, raw from {table} where file like 'ratings%'")
    assert {part for part, _, _ in rows} >= {"ratings.csv/part-00000.csv", "ratings.csv/part-00002.csv"}
    for part, line, raw in rows:
        assert (small / "parts" / part).read_text(encoding="utf-8").splitlines()[line - 1] == raw


def test_who_and_what_is_excluded_stays_out(parts: Path) -> None:
    assert _rows(parts, "select rows_held_out > 0 from generation") == [(True,)]
    assert _rows(parts, "select count(*) from users where user_id = '17'") == [(0,)]
    assert _rows(parts, "select count(*) from recommendations where item_id = '3'") == [(0,)]


def _start(running: Cluster, data: Path, output: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "batch", "run", "--engine", "spark", "--master", running.master),
            *("--data", data, "--output", output, "--json", *QUICK),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**running.variables),
    )


def _wait_for(job: subprocess.Popen[str], words: str) -> None:
    """Wait until a line of the log is about it."""
    assert job.stderr
    told = []
    for line in job.stderr:
        told.append(line)
        if f" {words}" in line:
            return
    raise AssertionError(f"the job ended before: {told}")
