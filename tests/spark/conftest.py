"""What the tests on a cluster stand on: a master and two workers on loopback, the sample, and both runs of it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from benchmarks.cluster import Cluster, cluster
from tests.commands import batch

RunOnSpark = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), workers=2, sql_shuffle_partitions="4") as started:
        yield started


@pytest.fixture(scope="session")
def on_spark(running: Cluster) -> RunOnSpark:
    """Return a function that runs a command on the cluster to its end."""

    def run(*arguments: str | Path) -> CompletedProcess[str]:
        return batch(
            *arguments, "--engine", "spark", "--master", running.master, variables=running.variables
        )

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
        lines[number] = ",".join([user, item, rating, time])
    again = [lines[100], lines[5_000], lines[90_000]]
    file.write_text("\n".join([*lines, "torn,line", *again]) + "\n", encoding="utf-8")
    return folder
