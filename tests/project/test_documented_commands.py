"""Commands, requests, queries and exit statuses of the documents do what the documents say."""

import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import duckdb
import httpx2
import pytest

from batch.generation.output_folder import Output
from tests.cleaned import STARS
from tests.commands import ROOT, environment, invoke, start_batch
from tests.conftest import publish, written
from tests.films import MOVIES, RATINGS
from tests.project.documents import DOCS, DOCUMENTS, README, blocks, commands, part
from tests.servers import serving

LINES = [*dict.fromkeys(line for text in DOCUMENTS.values() for line in commands(text))]
SERVERS = [line for line in LINES if "-m api" in line]
# These are not run here.
ELSEWHERE = {
    "make demo": "is run by tests/project/test_demo.py",
    "make test": "is what runs this",
    "make setup": "installs packages: it has made the environment of this",
    "make dev": "the same",
    "make growth": "measures for a long time",
    "make load": "measures for a long time",
    ".venv/bin/python -m benchmarks.": "measures for a long time",
    'NUMBA_CACHE_DIR="$(mktemp -d)"': "measures: the command in it is run without an empty cache",
    ".venv/bin/python -m batch fetch 1m": "needs the internet: test_fetch.py has a mirror",
    ".venv/bin/pip install": "needs the internet; test_docker.py looks into the files that it names",
    "python3 -m venv .venv-ncf": "makes an environment for a benchmark",
    ".venv-ncf/bin/": "measures in that environment",
    ".venv/bin/python -m batch run --engine spark": "takes minutes: tests/spark",
    "docker compose up": "needs Docker: tests/project/test_docker.py",
    "DATA=./ratings docker compose up": "needs Docker",
    "API_KEYS=... docker compose up": "needs Docker",
    "curl ": "is tested with the requests of the tables, below",
}
COMMANDS = [line for line in LINES if line not in SERVERS and not line.startswith(tuple(ELSEWHERE))]
PYTHON = ".venv/bin/python"
# One after the other, as they stand there.
TUNING = [line for line in COMMANDS if "batch tune" in line or line.startswith("set -a")]
# A movie that one user likes before any cut, and others after it.
HEAT = "1,318,5,1400000000\n" + "".join(f"{user},318,5,{1_600_000_000 + user}\n" for user in range(0, 40, 3))


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a clone, in which two generations of FOLDER are published."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("api", "batch", "sql"):
        (folder / name).symlink_to(ROOT / name)
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    movies = MOVIES + "318,Heat (1995),Crime|Horror\n"
    written(folder / "data", RATINGS + HEAT, movies)
    header, *rows = movies.splitlines()
    with_attributes = "\n".join([f"{header},brand,price", *(f"{row},Acme,9.5" for row in rows)])
    spec = STARS + 'attributes = ["brand", "price"]\n'
    written(folder / "FOLDER", RATINGS + HEAT, with_attributes, spec)
    for seed in (0, 1):
        publish(folder / "FOLDER", folder / "output", seed=seed)
    return folder


@pytest.fixture
def own(clone: Path, tmp_path: Path) -> Path:
    """A copy of it, in which a command may write."""
    return Path(shutil.copytree(clone, tmp_path / "clone", symlinks=True))


def _quick(line: str) -> str:
    """Return a command that is quick, and in place of folders on a server has those of the clone."""
    line = re.sub(r"^[\d*]+ [\d*]+ \* \* \*  cd /srv/recommender && ", "", line)
    line = line.replace("fetch sample --data data", "fetch sample --data new")
    return line.replace("/srv/ratings", "FOLDER").replace("--minutes 10", "--minutes 0.001")


def _run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line in a folder: a command alone in this process, and what needs a shell by one."""
    program, *arguments = shlex.split(_quick(line))
    if program == PYTHON and ">" not in arguments:
        assert arguments[:2] == ["-m", "batch"]
        with chdir(folder):
            return invoke(*arguments[2:])
    return subprocess.run(
        ["bash", "-c", _quick(line)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=environment(PYTHONWARNINGS="error"),
    )


def test_every_command_in_a_block_is_run_or_named() -> None:
    assert len(COMMANDS) >= 24
    assert len(SERVERS) == 2
    assert [each for each in ELSEWHERE if not any(line.startswith(each) for line in LINES)] == []
    # A block without a language is no place for a command.
    hidden = r"^ *(?:\.venv/bin/|make |docker |python -m )"
    assert [line for text in DOCUMENTS.values() for line in blocks(text, "") if re.match(hidden, line)] == []


@pytest.mark.parametrize("line", [line for line in COMMANDS if line not in TUNING])
def test_a_documented_command_ends_with_0(own: Path, line: str) -> None:
    done = _run(line, own)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_the_next_run_on_the_same_data_uses_what_tune_found(own: Path) -> None:
    tune, run = TUNING
    done = _run(f"{_quick(tune)}\n{run}", own)
    assert done.returncode == 0, done.stderr
    tuned = dict(line.split("=") for line in (own / "best.env").read_text(encoding="utf-8").splitlines())
    folders = [re.search(r"--data (\S+)", line) for line in (tune, run)]
    assert [found and found[1] for found in folders] == ["FOLDER", "FOLDER"]
    with duckdb.connect(str(Output(own / "output").published()), read_only=True) as connection:
        ((used, kept),) = connection.execute("select settings, rows_kept from generation").fetchall()
    assert kept == (RATINGS + HEAT).count("\n") - 1
    assert tuned
    assert {name: float(used[name.lower()]) for name in tuned} == {
        name: float(value) for name, value in tuned.items()
    }


@pytest.mark.parametrize("line", SERVERS)
def test_a_documented_service_answers(clone: Path, line: str) -> None:
    server = subprocess.Popen(
        ["bash", "-c", f"exec env {line}" if line.startswith("API_KEYS") else f"exec {line}"],
        cwd=clone,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(PYTHONWARNINGS="error", PORT="0"),
    )
    assert server.stderr is not None
    try:
        start = next(line for line in server.stderr if "running on" in line)
        (url,) = re.findall(r"http://[\w.:]+", start)
        answer = httpx2.get(f"{url}/recommendations?user_id=18", headers={"X-API-Key": "..."})
        assert answer.status_code == 200
        assert answer.headers["X-Recommendation-Source"] == "personal"
    finally:
        server.terminate()
        server.communicate()


def test_every_documented_request_is_answered(clone: Path) -> None:
    tables = part(README, "Requests") + part(DOCS["api.md"], "Requests")
    requests = re.findall(r"`GET (/[^`]+)`", tables)
    requests += [f"/recommendations?user_id=18{rest}" for rest in re.findall(r"`…(&[^`]+)`", tables)]
    curls = [line for line in LINES if line.startswith("curl ")]
    requests += [re.sub(r'curl "http://[\w.:]+(/.*)"', r"\1", line) for line in curls]
    filters = re.findall(r"^\| (`.*?) \|", part(DOCS["api.md"], "Filters"), re.MULTILINE)
    rules = [rule for row in filters for rule in re.findall(r"`(\w+=[^`]+)`", row)]
    requests += [f"/recommendations?user_id=18&{rule}" for rule in rules]
    assert (len(curls), len(rules)) == (4, 6)
    assert len(requests) >= 24
    with serving(clone / "output") as url:
        statuses = {each: httpx2.get(url + each).status_code for each in requests}
    assert set(statuses.values()) == {200}, statuses


def test_every_documented_query_is_answered(clone: Path) -> None:
    queries = [line.partition(";")[0] for line in blocks(DOCS["sql.md"], "sql")]
    with duckdb.connect(str(Output(clone / "output").published()), read_only=True) as connection:
        assert all(connection.execute(each).fetchall() for each in queries)
    assert len(queries) >= 5


def _ends(folder: Path) -> Iterator[tuple[int, int]]:
    """Yield each exit status that a command ends with, and the one that is documented for that."""
    data, output = folder / "FOLDER", folder / "output"
    run = ("run", "--data", data, "--quiet", "--top-n", "10", "--factors", "4", "--iterations", "5")
    yield invoke(*run, "--output", output, "--seed", "1").returncode, 0
    yield invoke("verify", "--output", output).returncode, 0
    yield invoke("diff", "--output", output, "nothing").returncode, 2
    yield invoke(*run, "--output", data / "ratings.csv" / "output").returncode, 1
    yield invoke(*run, "--output", output, "--unknown").returncode, 2
    yield invoke(*run[:2], folder / "api", "--output", output).returncode, 3
    yield invoke("rollback", "--output", output).returncode, 0
    yield invoke(*run, "--output", output, "--seed", "1").returncode, 4
    with Output(output).locked():
        yield invoke(*run, "--output", output).returncode, 5
    job = start_batch(*run[:3], "--output", folder / "other", "--iterations", "10000")
    assert job.stderr is not None
    next(line for line in job.stderr if " clean " in line)
    job.send_signal(signal.SIGINT)
    job.communicate()
    yield job.returncode, 130


def test_every_documented_exit_status_is_that_of_a_real_command(own: Path) -> None:
    table = part(DOCS["operations.md"], "Exit statuses")
    ends = list(_ends(own))
    assert [status for status, _ in ends] == [documented for _, documented in ends]
    assert {str(status) for status, _ in ends} == set(re.findall(r"^\| (\d+) \|", table, re.MULTILINE))
