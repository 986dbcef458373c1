"""Where memory ends, a run ends with 1 and a line that says what takes less, or where to allow more."""

from dataclasses import replace
from pathlib import Path

import duckdb

from tests.faults.conftest import Recorded
from tests.faults.night import Night, assert_told
from tests.faults.system import of_memory

MIN_MEMORY = ("--memory-gb", "0.25")
# A list of 10,000 others for each of 100,000 movies takes more than can be addressed.
ITEMS = 100_000
ADDRESSABLE_KB = 3_600_000


def test_a_value_beyond_the_memory_of_the_database_ends_a_run_with_1(
    night: Night, data: Path, tmp_path: Path, recorded: Recorded
) -> None:
    before = night.seen()
    folder = tmp_path / "long"
    folder.mkdir()
    (folder / "ratings.csv").symlink_to(data / "ratings.csv")
    with duckdb.connect() as connection:
        connection.execute("create table movies as select 1 as movieId, 'Drama' as genres")
        connection.execute(
            f"copy (select *, repeat('x', 300_000_000) as title from movies) to '{folder / 'movies.parquet'}'"
        )
    done = replace(night, data=folder).run(3, *MIN_MEMORY)
    assert_told(done, "Out of Memory", "--memory-gb")
    recorded("job_faults", "a title of 300 MB, with 0.25 GB", 1, "1", "the one before", night.says(done))
    assert night.old_or_new(before) == before
    night.goes_on(before)


def test_a_result_beyond_the_memory_of_the_process_ends_a_run_with_1(
    night: Night, tmp_path: Path, recorded: Recorded
) -> None:
    before = night.seen()
    folder = tmp_path / "wide"
    folder.mkdir()
    with duckdb.connect() as connection:
        connection.execute(f"create view items as select range as movieId from range({ITEMS})")
        for name, columns in (
            (
                "ratings",
                "movieId % 190 as userId, movieId, 4 as rating, 1_500_000_000 + movieId as timestamp",
            ),
            ("movies", "movieId, 'Movie' as title, 'Drama' as genres"),
        ):
            connection.execute(f"copy (select {columns} from items) to '{folder / name}.csv'")
    done = replace(night, data=folder).run(3, "--similar-n", "10000", within=of_memory(ADDRESSABLE_KB))
    assert_told(done, "memory ended", "shorter lists")
    recorded("job_faults", "lists longer than memory", 1, "1", "the one before", night.says(done))
    assert night.old_or_new(before) == before
    night.goes_on(before)


def test_the_least_memory_is_enough_for_a_run(night: Night, recorded: Recorded) -> None:
    before, kept = night.seen(), night.kept()
    done = night.run(3, *MIN_MEMORY)
    assert night.is_well(done, before, kept=kept) != before
    recorded("job_faults", "no more than 0.25 GB", 1, "0", "the new one", night.says(done))
