"""Whenever the job is killed, what was published stays, and the next run leaves no litter."""

import random
import time
from pathlib import Path

import duckdb

from batch.output import Output
from tests.commands import batch, start_batch
from tests.conftest import publish

STEPS = ("load", "clean", "train", "score", "similar", "judge", "write", "check")
KILLS = 10


def test_kill_9_at_ten_moments(films: Path, tmp_path: Path) -> None:
    output = Output(tmp_path)
    before = publish(films, tmp_path).generation
    moments = random.Random(42)  # noqa: S311  moments, not secrets
    for number in range(KILLS):
        # With another seed each time, there is always something to do.
        options = ("--factors", "4", "--top-n", "10", "--seed", str(number))
        job = start_batch("run", "--data", films, "--output", tmp_path, *options)
        assert job.stderr is not None
        # After the end of a step, which its log line tells, and then somewhere in the next one.
        step = (None, *STEPS)[number % (len(STEPS) + 1)]
        if step is None:
            time.sleep(moments.uniform(0, 1))
        else:
            next(line for line in job.stderr if f" {step} " in line)
            time.sleep(moments.uniform(0, 0.05))
        job.kill()
        job.communicate()
        current = output.current()
        assert current is not None
        assert current >= before
        with duckdb.connect(str(output.published()), read_only=True) as connection:
            assert connection.execute("select id from generation").fetchone() == (current,)
            assert connection.execute("select count(*) from recommendations").fetchone() == (360,)
        before = current
    assert batch("run", "--data", films, "--output", tmp_path, "--quiet").returncode == 0
    after = output.current()
    assert after is not None
    assert after > before
    assert {entry.name for entry in tmp_path.iterdir()} == {".lock", "current.duckdb", "generations"}
    files = sorted(file.name for file in (tmp_path / "generations").iterdir())
    assert files == [f"{generation}.duckdb" for generation in output.generations()]
    for generation in output.generations():
        with duckdb.connect(str(output.file(generation)), read_only=True) as connection:
            assert connection.execute("select id from generation").fetchone() == (generation,)
