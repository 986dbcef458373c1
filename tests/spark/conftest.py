"""What the tests on a cluster stand on: a master and two workers on loopback, and what is to be read."""

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from batch.spark.session import connected
from benchmarks.cluster import Cluster, cluster
from benchmarks.generate import Size, generate

# Blocks so small that every file is read in several pieces.
SETTINGS = {
    "sql_shuffle_partitions": "2",
    "sql_files_maxPartitionBytes": "300000",
    # These processes end before code that is compiled with more care would be worth it.
    "driver_extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "executor_extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), workers=2, **SETTINGS) as started:
        yield started


@pytest.fixture(scope="session")
def spark(running: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One driver for all tests of steps; it keeps its share of the cluster until the end."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in running.variables.items():
            patch.setenv(name, value)
        with connected(running.master, tmp_path_factory.mktemp("session")) as session:
            yield session


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up, dirty input, the ratings in three parts; `whole` beside it has them in one file."""
    folder = tmp_path_factory.mktemp("small")
    whole, parts = folder / "whole", folder / "parts"
    generate(whole, Size(users=190, items=1_500, unrated_items=50, ratings=30_000), 0.02, seed=1)
    (parts / "ratings.csv").mkdir(parents=True)
    users = "".join(f"{user},{'MF'[user % 2]},{15 + user % 60},\n" for user in range(1, 190))
    users += "190,M,1900,\n"
    (whole / "users.csv").write_text(f"userId,gender,age,occupation\n{users}5,M,30,\n", encoding="utf-8")
    for name in ("movies.csv", "users.csv"):
        shutil.copy(whole / name, parts)
    header, *lines = (whole / "ratings.csv").read_bytes().splitlines(keepends=True)
    for number, (first, last) in enumerate(pairwise([0, 9_000, 9_007, len(lines)])):
        part = parts / "ratings.csv" / f"part-{number:05d}.csv"
        part.write_bytes(header + b"".join(lines[first:last]))
    return folder
