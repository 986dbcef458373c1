"""Night: a folder with what was published before, the run that meets a fault, and what must hold after it."""

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from batch.generation.check import violations
from batch.generation.output_folder import KEPT_GENERATIONS, Output
from tests.commands import batch, invoke, start_batch

TOP_N = 20
OPTIONS = (
    *("--top-n", str(TOP_N), "--factors", "8", "--next-factors", "8", "--iterations", "3"),
    # Of so few people, it is chance what a seed changes.
    *("--max-fall", "1"),
)

# With these the histories of a generation are compared: the input, by user, newest first.
INTERACTIONS = """
create temp table interactions as
with rows as (
    select
        userId as user_id,
        movieId as item_id,
        cast(timestamp as bigint) as time,
        row_number() over () as line
    from read_csv($file, all_varchar = true)
)
select user_id, item_id, row_number() over (partition by user_id order by time desc, line desc) as position
from rows
"""

# A line of the log that tells the end of a step, and one of the table at the end of a run.
_STEP = re.compile(r"\S+Z (\w+) +\d+\.\d\d s")
_FIGURES = re.compile(r"\S+Z (step +seconds|\w+ +\d+\.\d\d )")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\S+Z ")

Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Seen:
    """What a reader of the folder finds published: a generation that was found to be whole."""

    generation: str
    digest: str  # of every byte of the file


@dataclass(frozen=True)
class Night:
    """An output folder, and the input of its runs."""

    folder: Path  # as seen by the tests
    data: Path
    within: Sequence[str] = ()  # the command that runs a run
    name: Path | None = None  # of the folder, as seen by a run; if it is another

    @property
    def output(self) -> Output:
        """The folder, as the job knows it."""
        return Output(self.folder)

    def run(self, seed: int, *options: str, within: Sequence[str] = ()) -> Done:
        """Run the job; another seed is another result, so that there is something to do."""
        return self.command("run", "--data", self.data, *self.options(seed), *options, within=within)

    def start(self, seed: int) -> subprocess.Popen[str]:
        """Start the job; its log lines are to be read from `stderr`."""
        return start_batch(
            "run", "--data", self.data, "--output", self.name or self.folder, *self.options(seed)
        )

    def options(self, seed: int) -> tuple[str, ...]:
        """Return the options of a run with that seed."""
        return (*OPTIONS, "--seed", str(seed))

    def command(self, *arguments: str | Path, within: Sequence[str] = ()) -> Done:
        """Run a command on the folder; in this process if it may be, since a start takes seconds."""
        command, within = (*arguments, "--output", self.name or self.folder), (*self.within, *within)
        return batch(*command, within=within) if within else invoke(*command)

    def seen(self) -> Seen:
        """Open what the link shows, as readers do, and assert that it is whole: every invariant holds."""
        link = self.folder / "current.duckdb"
        generation = link.readlink().stem
        with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
            # DuckDB does not find its way into another namespace.
            file = link if self.name is None else shutil.copy(link, folder)
            connection.execute(f"attach '{file}' as draft (read_only)")
            assert connection.execute("select id from draft.generation").fetchall() == [(generation,)]
            connection.execute(INTERACTIONS, {"file": str(self.data / "ratings.csv")})
            assert [*violations(connection, TOP_N, TOP_N)] == []
            assert connection.execute("from draft.recommendations limit 1").fetchall() != []
        return Seen(generation, _digest(link))

    def kept(self) -> dict[str, str]:
        """Return the digest of the file of each generation that is to be kept, by id."""
        newest = self.output.generations()[-KEPT_GENERATIONS:]
        return {each: _digest(self.output.file(each)) for each in newest}

    @staticmethod
    def steps(log: str) -> list[str]:
        """Return the steps of which a log tells the end."""
        return _STEP.findall(log)

    def old_or_new(self, before: Seen) -> Seen:
        """Assert that what is published is whole, and what it was before, or new; return it."""
        after = self.seen()
        assert after == before or after.generation > before.generation
        return after

    def has_nothing_else(self, *others: str) -> None:
        """Assert that the folder has generations, a link to one of them, a lock, `others`, and no more."""
        generations = [f"generations/{each}.duckdb" for each in self.output.generations()]
        expected = {".lock", "current.duckdb", "generations", *generations, *others}
        found = {str(entry.relative_to(self.folder)) for entry in self.folder.rglob("*")}
        assert found == expected
        assert len(generations) <= KEPT_GENERATIONS
        assert self.output.current() in self.output.generations()

    def is_well(self, done: Done, before: Seen, *others: str, kept: Mapping[str, str]) -> Seen:
        """Assert what holds after a run that has met a fault, and ended well; return what is published.

        That is what was published before, or new; nothing that was `kept` has changed, though the oldest may
        have gone; and nothing is left but `others`.
        """
        assert done.returncode == 0, done.stderr
        after = self.old_or_new(before)
        assert self.kept().items() <= kept.items() | {(after.generation, after.digest)}
        self.has_nothing_else(*others)
        return after

    def goes_on(self, before: Seen, *others: str, seed: int = 1_000_000, has_to_do: bool = True) -> None:
        """Assert what holds after every fault: what is published, and that the next run makes all well.

        It ends with 0 and without a word, and publishes if it `has_to_do`.
        """
        after, kept = self.old_or_new(before), self.kept()
        assert kept[after.generation] == after.digest
        done = self.run(seed, "--quiet", "--json")
        assert not done.stderr
        now = self.is_well(done, after, *others, kept=kept)
        assert json.loads(done.stdout)["is_new"] == has_to_do
        assert now.generation > max(kept) if has_to_do else now == after

    def says(self, done: Done) -> str:
        """Return what a command printed beside the lines for its steps, without the names of the folders."""
        lines = [line for line in done.stderr.splitlines() if not (_STEP.match(line) or _FIGURES.match(line))]
        text = " ".join([*lines, *done.stdout.splitlines()])
        for place, name in ((self.name or self.folder, "output"), (self.data, "data")):
            text = text.replace(str(place), name)
        return _TIME.sub("", text)


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def assert_told(done: Done, *parts: str, status: int = 1) -> None:
    """Assert that a command failed as it should: by its status, and a line that has these parts."""
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    for part in parts:
        assert part in last
