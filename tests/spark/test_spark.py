"""The job on a cluster: what it publishes is what the local run would publish, whatever dies."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from batch.data.exclusions import NO_EXCLUSIONS, Exclusions, write_forgotten, write_hidden
from benchmarks.cluster import Cluster
from tests.commands import batch, environment, invoke
from tests.conftest import select, written
from tests.films import ITEMS, RATINGS, START

COUNTS = "rows_read, rows_kept, rows_repaired, rows_rejected, rows_superseded, rows_held_out, users, items"
# For runs in which it does not matter how good the lists are.
QUICK = ("--factors", "8", "--iterations", "2", "--next-factors", "16")
# How the rows were cleaned, in words that do not depend on the engine.
CLEANED = {
    "counts": f"select {COUNTS} from generation",
    "rating_counts": "select stage, rating, rows from rating_counts order by all",
    "histories": "from histories order by user_id, position",
    "items": (
        "select * replace (round(mean_rating, 9) as mean_rating, round(popularity, 6) as popularity) "
        "from items order by item_id"
    ),
    "users": "from users order by user_id",
    "warnings": "select warning, file, rows, text from input_warnings order by all",
    "segments": "from segments order by place",
    "of_segments": "select segment, rank, item_id, round(score, 3) from popular_by_segment order by all",
    "popular": "select rank, item_id, round(score, 6) from popular order by rank",
}


@pytest.fixture(scope="session")
def excluded() -> Exclusions:
    return NO_EXCLUSIONS.with_forgotten("17").with_hidden(frozenset({"3"}))


@pytest.fixture(scope="session")
def whole(small: Path, excluded: Exclusions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the local run publishes of one file of ratings."""
    output = _excluding(excluded, tmp_path_factory.mktemp("whole"))
    done = invoke("run", "--data", small / "whole", "--output", output, "--json", *QUICK)
    return _published(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def parts(
    small: Path, excluded: Exclusions, running: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What a cluster publishes of parts: after a run whose driver was killed, and without one of its workers.

    That is killed in the middle of training.
    """
    output = _excluding(excluded, tmp_path_factory.mktemp("parts"))
    killed = _start(running, small / "parts", output)
    _wait_for(killed, "clean ")
    killed.kill()
    killed.communicate()
    assert [*(output / "generations").iterdir()] == []
    assert not (output / "current.duckdb").exists()
    assert (output / ".work").exists()
    job = _start(running, small / "parts", output)
    _wait_for(job, "taste is learned")
    running.kill_worker()
    stdout, stderr = job.communicate(timeout=300)
    running.add_worker()
    return _published(job.returncode, stdout, stderr)


def _excluding(excluded: Exclusions, output: Path) -> Path:
    write_forgotten(excluded, output)
    write_hidden(excluded, output)
    return output


def _published(status: int, stdout: str, stderr: str) -> Path:
    assert status == 0, stderr
    return Path(json.loads(stdout)["file"])


def test_a_driver_that_is_killed_publishes_nothing_and_the_next_run_leaves_nothing_of_it(parts: Path) -> None:
    left = {each.name for each in parts.parent.parent.iterdir()}
    assert left == {
        ".lock", "current.duckdb", "generations", "forgotten.json", "forgotten.key", "hidden.json"
    }  # fmt: skip
    assert [*parts.parent.iterdir()] == [parts]


@pytest.mark.parametrize("table", CLEANED)
def test_parts_are_cleaned_as_one_file_is_by_the_local_run_also_if_a_worker_is_killed(
    parts: Path, whole: Path, table: str
) -> None:
    there, here = select(parts, CLEANED[table]), select(whole, CLEANED[table])
    assert there
    assert there == here


@pytest.mark.parametrize("table", ["rejected_rows", "repaired_rows"])
def test_a_row_of_a_part_is_named_by_the_part_and_its_line_there(
    parts: Path, whole: Path, small: Path, table: str
) -> None:
    facts = f"select rule, raw, user_id from {table} order by all"
    assert select(parts, facts) == select(whole, facts)
    rows = select(parts, f"select file, line, raw from {table} where file like 'ratings%'")
    assert len(rows) > 100
    assert {part for part, _, _ in rows} >= {"ratings.csv/part-00000.csv", "ratings.csv/part-00002.csv"}
    for part, line, raw in rows:
        assert (small / "parts" / part).read_text(encoding="utf-8").splitlines()[line - 1] == raw


def test_every_invariant_of_the_file_holds(parts: Path) -> None:
    done = invoke("verify", "--output", parts.parent.parent, "--users", "0")
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["ok"]), done.stdout


def test_who_and_what_is_excluded_stays_out(parts: Path) -> None:
    assert select(parts, "select rows_held_out > 0 from generation") == [(True,)]
    assert select(parts, "select count(*) from users where user_id = '17'") == [(0,)]
    assert select(parts, "select count(*) from recommendations where item_id = '3'") == [(0,)]


def test_evaluate_measures_the_model_that_a_cluster_learns(tmp_path: Path, running: Cluster) -> None:
    # Of all 20 movies, each is the last positive of some people, so that others know it.
    header, *rows = RATINGS.splitlines()
    fields = [row.split(",") for row in rows]
    rows = [
        f"{user},{item},{stars},{START + (7 * int(item) + int(user)) % ITEMS}"
        for user, item, stars, _ in fields
    ]
    data = written(tmp_path, "\n".join([header, *rows]))
    engine = ("--engine", "spark", "--master", running.master)
    done = batch("evaluate", "--data", data, "--json", *QUICK, *engine, variables=running.variables)
    assert done.returncode == 0, done.stderr
    # Each of 40 people lacks two movies of their kind; lists of ten have nearly all of the others, too.
    models = json.loads(done.stdout)["models"]
    assert models["embedding"]["hr@10"] == 1
    assert models["embedding"]["ndcg@10"] > 1.5 * models["most_popular"]["ndcg@10"]


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
