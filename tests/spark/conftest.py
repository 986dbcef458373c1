"""What the tests on a cluster stand on: a master and two workers on loopback, and what is to be read."""

import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from benchmarks.cluster import Cluster, cluster
from benchmarks.generate import Size, generate
from tests.commands import batch

# Blocks so small that every file is read in several pieces.
SETTINGS = {
    "sql_shuffle_partitions": "2",
    "sql_files_maxPartitionBytes": "300000",
    # These processes end before code that is compiled with more care would be worth it.
    "driver_extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "executor_extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}

RunOnSpark = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), workers=2, **SETTINGS) as started:
        yield started


@pytest.fixture(scope="session")
def on_spark(running: Cluster) -> RunOnSpark:
    """Return a function that runs a command on the cluster to its end."""

    def run(*arguments: str | Path) -> CompletedProcess[str]:
        return batch(*arguments, "--engine", "spark", "--master", running.master, variables=running.variables)

    return run


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample of `fetch sample`, in which some rows are dirty, and the ids of two users are missing."""
    folder = tmp_path_factory.mktemp("sample")
    assert batch("fetch", "sample", "--data", folder).returncode == 0
    file = folder / "ratings.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        user, item, rating, time = line.split(",")
        if user in {"20", "400"}:
            user = ""
        if number % 500 == 7:
            rating = ("7", "none", "-1")[number // 500 % 3]
        lines[number] = f"{user},{item},{rating},{time}"
    for number in (90_000, 5_000, 100):
        lines.insert(number, lines[number])
    file.write_text("\n".join([*lines, "torn,line"]) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up, dirty input, the ratings in three parts; `whole` beside it has them in one file."""
    folder = tmp_path_factory.mktemp("small")
    whole, parts = folder / "whole", folder / "parts"
    generate(whole, Size(users=190, items=1_500, unrated_items=50, ratings=30_000), 0.02, seed=1)
    (parts / "ratings.csv").mkdir(parents=True)
    users = "".join(f"{user},{'MF'[user % 2]},{15 + user % 60},\n" for user in range(1, 191))
    (whole / "users.csv").write_text(f"userId,gender,age,occupation\n{users}5,M,30,\n", encoding="utf-8")
    for name in ("movies.csv", "users.csv"):
        shutil.copy(whole / name, parts)
    header, *lines = (whole / "ratings.csv").read_bytes().splitlines(keepends=True)
    for number, (first, last) in enumerate(pairwise([0, 9_000, 9_007, len(lines)])):
        part = parts / "ratings.csv" / f"part-{number:05d}.csv"
        part.write_bytes(header + b"".join(lines[first:last]))
    return folder
