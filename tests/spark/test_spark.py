"""The job on a cluster: what it publishes is what the local run would publish, whatever dies."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb
import numpy as np
import pytest

from batch.exclusions import NO_EXCLUSIONS, write_forgotten, write_hidden
from batch.quality.ratings import cleaned_ratings
from batch.score import score
from batch.settings import Settings
from batch.spark.evaluate import catalogue_of, hand_over
from batch.spark.score import Given, score_users
from batch.spark.session import connected
from batch.train import learn_films, place_users
from benchmarks.cluster import Cluster, cluster
from tests.commands import batch, environment
from tests.spark.conftest import SETTINGS, RunOnSpark

COUNTS = "rows_read, rows_kept, rows_repaired, rows_rejected, rows_superseded, rows_held_out, users, items"
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


def test_rows_were_repaired_rejected_and_superseded(spark: Path) -> None:
    ((repaired, rejected, superseded),) = _rows(
        spark, "select rows_repaired, rows_rejected, rows_superseded from generation"
    )
    assert (repaired > 100, rejected > 100, superseded) == (True, True, 3)


def test_the_same_input_again_is_nothing_to_do(spark: Path, sample: Path, on_spark: RunOnSpark) -> None:
    done = on_spark("run", "--data", sample, "--output", spark.parent.parent, "--json")
    assert json.loads(done.stdout)["is_new"] is False
    assert _published(done) == spark


def test_lists_are_within_a_twentieth_as_good_as_those_of_the_local_model(
    sample: Path, on_spark: RunOnSpark
) -> None:
    done = [evaluate("evaluate", "--data", sample, "--json") for evaluate in (batch, on_spark)]
    here, there = (json.loads(each.stdout)["models"]["embedding"]["ndcg@10"] for each in done)
    assert here > 0.05
    assert there >= 0.95 * here


def test_parts_are_one_table_and_who_and_what_is_excluded_stays_out(
    small: Path, on_spark: RunOnSpark, tmp_path: Path
) -> None:
    excluded = NO_EXCLUSIONS.with_forgotten("17").with_hidden(frozenset({"3"}))
    files = []
    for name, data, run in (("here", "whole", batch), ("there", "parts", on_spark)):
        output = tmp_path / name
        output.mkdir()
        write_forgotten(excluded, output)
        write_hidden(excluded, output)
        files.append(_published(run("run", "--data", small / data, "--output", output, "--json")))
    in_one_file = "select rule, raw, user_id from {} order by all"
    for query in (
        *(CLEANED[each] for each in ("counts", "rating_counts", "histories", "items", "users", "popular")),
        *(in_one_file.format(each) for each in ("rejected_rows", "repaired_rows")),
    ):
        here, there = (_rows(file, query) for file in files)
        assert here
        assert here == there
    assert _rows(files[1], "select count(*) from users where user_id = '17'") == [(0,)]
    assert _rows(files[1], "select count(*) from recommendations where item_id = '3'") == [(0,)]
    _assert_that_raw_text_stands_where_it_is_said_to(files[1], small / "parts")


def _assert_that_raw_text_stands_where_it_is_said_to(file: Path, data: Path) -> None:
    rows = _rows(file, "select file, line, raw from rejected_rows where file like 'ratings%'")
    assert {part for part, _, _ in rows} >= {"ratings.csv/part-00000.csv", "ratings.csv/part-00002.csv"}
    for part, line, raw in rows:
        assert (data / part).read_text(encoding="utf-8").splitlines()[line - 1] == raw


def test_parts_in_another_order_are_undetermined_and_never_another_answer(
    on_spark: RunOnSpark, tmp_path: Path
) -> None:
    folder = tmp_path / "data" / "ratings.csv"
    folder.mkdir(parents=True)
    header = "userId,movieId,rating,timestamp\n"
    films = [f"{{}},{film},4,{film}\n" for film in range(8)]
    first = [film.format(user) for user in ("1", "", "3") for film in films]
    (folder / "part-1.csv").write_text(header + "".join(first), encoding="utf-8")
    (folder / "part-2.csv").write_text(header + "".join(film.format("0") for film in films), encoding="utf-8")
    (tmp_path / "data" / "movies.csv").write_text("movieId,title,genres\n", encoding="utf-8")
    options = ("--max-rejected", "1", "--force", "--json", "--factors", "4")
    output = tmp_path / "output"
    file = _published(on_spark("run", "--data", tmp_path / "data", "--output", output, *options))
    assert _rows(file, "select rows_repaired, rows_rejected, users from generation") == [(0, 8, 3)]


def test_a_part_with_another_header_ends_with_3(small: Path, on_spark: RunOnSpark, tmp_path: Path) -> None:
    shutil.copytree(small / "parts", tmp_path / "data")
    part = tmp_path / "data" / "ratings.csv" / "part-00001.csv"
    part.write_text("movieId,userId,rating,timestamp\n1,1,4,1\n", encoding="utf-8")
    done = on_spark("run", "--data", tmp_path / "data", "--output", tmp_path / "output")
    assert done.returncode == 3
    assert "ratings.csv/part-00001.csv: begins with" in done.stderr
    assert "give every part the same header" in done.stderr


def test_a_worker_that_is_killed_costs_time_and_nothing_else(small: Path, tmp_path: Path) -> None:
    with cluster(tmp_path / "cluster", workers=2, **SETTINGS) as running:
        job = _start(running, small / "parts", tmp_path / "output")
        _wait_for(job, "clean ")
        running.kill(0)
        job.communicate(timeout=300)
    assert job.returncode == 0
    here = _published(batch("run", "--data", small / "whole", "--output", tmp_path / "here", "--json"))
    (there,) = (tmp_path / "output" / "generations").glob("*.duckdb")
    for table in ("counts", "rating_counts", "histories", "items", "users", "popular"):
        assert _rows(there, CLEANED[table]) == _rows(here, CLEANED[table])
    assert batch("verify", "--output", tmp_path / "output", "--users", "0").returncode == 0


def test_a_driver_that_is_killed_publishes_nothing_and_leaves_nothing(
    small: Path, running: Cluster, on_spark: RunOnSpark, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    job = _start(running, small / "parts", output)
    _wait_for(job, "clean ")
    job.kill()
    job.communicate()
    assert [*(output / "generations").iterdir()] == []
    assert not (output / "current.duckdb").exists()
    _published(on_spark("run", "--data", small / "parts", "--output", output, "--json"))
    assert sorted(each.name for each in output.iterdir()) == [".lock", "current.duckdb", "generations"]
    assert len([*(output / "generations").iterdir()]) == 1


def _start(running: Cluster, data: Path, output: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "batch", "run", "--engine", "spark", "--master", running.master),
            *("--data", data, "--output", output),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**running.variables),
    )


def _wait_for(job: subprocess.Popen[str], step: str) -> None:
    """Wait until a step is over."""
    assert job.stderr
    assert any(f" {step}" in line for line in job.stderr), "the job ended before"


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of Spark's own sockets
def test_with_the_vectors_of_a_local_run_the_lists_are_the_same(
    sample: Path, running: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data=sample, iterations=3)
    ratings = cleaned_ratings(settings).ratings.without_superseded()
    films = learn_films(ratings, settings)
    here = score(place_users(films, ratings, ratings.gaps(), settings), settings.top_n)
    for name, value in running.variables.items():
        monkeypatch.setenv(name, value)
    with connected(running.master, tmp_path) as spark:
        given = Given(
            films=films,
            catalogue=catalogue_of(ratings),
            numbers=np.array([*map(str, range(ratings.items)), ""], dtype=object),
            newest=float(ratings.rated_at.max()),
            segments=[],
            segment_of_kind=np.array([-1], np.int32),
            kind_of_user={},
            settings=settings,
        )
        files = score_users(spark, hand_over(spark, ratings), given, tmp_path / "users")
    there = duckdb.execute(
        "select unnest(listed), unnest(scores) from read_parquet($files)", {"files": files}
    ).fetchnumpy()
    items, scores = (np.asarray(each) for each in there.values())
    # Equal films, but for scores that single precision can't tell apart.
    differ = items.astype(np.int64) != here.item_index
    np.testing.assert_allclose(scores, here.score, rtol=1e-5)
    assert differ.mean() < 0.001
