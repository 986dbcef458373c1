"""How many look-ups a second the service answers beside a constant and others; how soon.

`python -m benchmarks.serve`. One process of each, on one machine with the clients; 64 of them, users of the
file at random:

- ours: `python -m api`. The constant is its `/healthz`, the most that any route can do;
- pageless: the same service with `--no-page`;
- naive: the same service with a query for each request, where ours has one for all that wait (`naive.py`);
- datasette: the same rows in SQLite, with a canned query for each question (`datasette/`).

In every round each question goes to each of them in turn, and a ratio is the median of the ratios of each
round. Before, a user is looked up by all, and the answers must be the same. A request that fails, fails the
benchmark. Then each question is asked of ours at half of the rate that was measured, and every request is
timed; at last stands what memory the process holds.

The file comes from made-up ratings of so many users, by the nightly job. Its training is cut short, for what
stands in a list doesn't matter to how fast it is found. Ratings, file and its copy in SQLite are kept.
"""

import json
import random
import sys
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

import click
import duckdb
import httpx2
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks import datasette
from benchmarks.generate import USERS, Size, generate
from benchmarks.load import CLIENTS, Steady, check_programs, fastest, steady
from benchmarks.machine import machine
from benchmarks.peers.environment import FOLDER, EnvironmentFailedError, environment, version
from benchmarks.processes import run
from benchmarks.servers import Server, serving

OURS, PAGELESS, NAIVE, DATASETTE = "ours", "pageless", "naive", "datasette"
CONSTANT = "constant"
PATHS = {
    "recommendations": "/recommendations?user_id={}",
    "metadata": "/recommendations?user_id={}&returnMetadata=true",
    "features": "/features?user_id={}",
}
# What only ours is asked.
RULES = {"rules": "/recommendations?user_id={}&genres=Comedy,Drama&not_genres=Horror&min_year=1980&limit=20"}
LIKED = {"liked": "/recommendations?liked={}"}
ITEMS_LIKED = 10  # the last of a user
SHORT_TRAINING = ("--iterations=2", "--next-factors=32")
MAX_WARM_UP_SECONDS = 2
USERS_COMPARED = 20
SEED = 42

# Requests a second in each round, by contender and question.
Rates = Mapping[str, Mapping[str, list[float]]]


@dataclass(frozen=True)
class Contender:
    """Who is asked, and how."""

    command: list[str]
    paths: dict[str, str]  # by question, with a place for the user
    variables: dict[str, str] = field(default_factory=dict)  # of the environment, beside ours


@click.command()
@click.option(
    "--output", type=click.Path(path_type=Path, exists=True), help="Folder that is published; else made up."
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".benchmark-serve"),
    show_default=True,
    help="Folder in which what is made up and copied is kept.",
)
@click.option("--users", type=click.IntRange(1_000), default=200_000, show_default=True, help="To make up.")
@click.option("--seconds", type=click.IntRange(1), default=5, show_default=True, help="Of each round.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option(
    "--steady-seconds", type=click.IntRange(1), default=20, show_default=True, help="At half the rate."
)
@click.option(
    "--without",
    type=click.Choice((PAGELESS, NAIVE, DATASETTE)),
    multiple=True,
    help="Leave this one out of it.",
)
@click.option(
    "--environments",
    type=click.Path(path_type=Path),
    default=FOLDER,
    show_default=True,
    help="Folder in which the environment of datasette is made and kept.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
def serve(  # noqa: PLR0913, PLR0917 (one per option)
    output: Path | None,
    folder: Path,
    users: int,
    seconds: int,
    rounds: int,
    steady_seconds: int,
    without: tuple[str, ...],
    environments: Path,
    *,
    as_json: bool,
) -> None:
    """Measure requests a second of the service and of others, and the time that requests to it take."""
    check_programs()
    output = output or _made_up(folder / str(users), users)
    generation = (output / "current.duckdb").resolve()
    if not generation.is_file():
        raise click.ClickException(f"nothing is published in {output}; publish with: python -m batch run")
    contenders = {OURS: _ours(output)}
    if PAGELESS not in without:
        contenders[PAGELESS] = _pageless(output)
    if NAIVE not in without:
        contenders[NAIVE] = _naive(output)
    if DATASETTE not in without:
        contenders[DATASETTE] = _datasette(generation, folder, environments)
    user_ids = _user_ids(generation)
    requests = _written(contenders, user_ids, _liked(generation), folder / "requests")
    with ExitStack() as running:
        servers = {
            name: running.enter_context(serving(each.command, each.variables))
            for name, each in contenders.items()
        }
        _check_answers(contenders, servers, user_ids[:USERS_COMPARED])
        rates = _rates(servers, requests, seconds, rounds)
        times = _times(servers[OURS], requests[OURS], rates[OURS], steady_seconds)
        memory = servers[OURS].memory_mb()
    _show(rates, times, memory, f"{len(user_ids):,} users; {rounds} rounds of {seconds} s")
    if as_json:
        about = {"users": len(user_ids), "machine": machine()}
        click.echo(json.dumps(figures(rates, times) | memory | about))


def _made_up(folder: Path, users: int) -> Path:
    """Return a folder in which made-up lists of so many users are published, by this version of the job."""
    data, output = folder / "data", folder / "output"
    if not data.is_dir():
        click.echo(f"making up ratings of {users:,} users in {data}", err=True)
        draft = folder / "draft"
        generate(draft, Size.of(Fraction(users, USERS)), 0, SEED)
        draft.rename(data)
    # It does nothing where the same has been published.
    click.echo(f"publishing their lists in {output}", err=True)
    command = [sys.executable, "-m", "batch", "run", f"--data={data}", f"--output={output}", "--quiet"]
    # Training that is cut short need not make good lists: what is measured is how they are served.
    job = run([*command, *SHORT_TRAINING, "--accept-regression"])
    if job.failure:
        raise click.ClickException(f"the job {job.failure}")
    return output


def _ours(output: Path) -> Contender:
    command = [sys.executable, "-m", "api", f"--output={output}", "--host=127.0.0.1", "--port=0"]
    return Contender(command, PATHS | RULES | LIKED, {"WORKERS": "1"})


def _pageless(output: Path) -> Contender:
    ours = _ours(output)
    return Contender([*ours.command, "--no-page"], PATHS, ours.variables)


def _naive(output: Path) -> Contender:
    # With the same options as `python -m api` gives to uvicorn.
    command = [sys.executable, "-m", "uvicorn", "--factory", "benchmarks.naive:app", "--workers=1"]
    options = ["--host=127.0.0.1", "--port=0", "--no-server-header", "--no-access-log"]
    return Contender([*command, *options], PATHS, {"OUTPUT": str(output)})


def _datasette(generation: Path, folder: Path, environments: Path) -> Contender:
    try:
        python = environment(DATASETTE, environments)
    except EnvironmentFailedError as error:
        raise click.ClickException(f"{DATASETTE} {error}; or leave it out: --without {DATASETTE}") from error
    click.echo(f"copying {generation.name} to SQLite, if it isn't there", err=True)
    return Contender(datasette.command(python, datasette.copied(generation, folder)), datasette.PATHS)


def _user_ids(generation: Path) -> list[str]:
    """Return all users of the file, in the same random order every time."""
    with duckdb.connect(str(generation), read_only=True) as connection:
        rows = connection.table("users").select("user_id").order("user_id").fetchall()
    user_ids = [str(user_id) for (user_id,) in rows]
    random.Random(SEED).shuffle(user_ids)  # noqa: S311 (no secret)
    return user_ids


def _liked(generation: Path) -> list[str]:
    """Return the last movies of each user as a list that is liked, in the same random order every time."""
    query = """
        select string_agg(item_id, ',' order by position) from histories
        where position <= $items
        group by user_id
        order by user_id
    """
    with duckdb.connect(str(generation), read_only=True) as connection:
        rows = connection.execute(query, {"items": ITEMS_LIKED}).fetchall()
    liked = [str(items) for (items,) in rows]
    random.Random(SEED).shuffle(liked)  # noqa: S311 (no secret)
    return liked


def _written(
    contenders: Mapping[str, Contender], user_ids: list[str], liked: list[str], folder: Path
) -> dict[str, dict[str, Path]]:
    """Write what each contender is asked, a path a line, and return the files by contender and question."""
    files: dict[str, dict[str, Path]] = {}
    for name, contender in contenders.items():
        files[name] = {}
        paths = contender.paths | ({CONSTANT: "/healthz"} if name == OURS else {})
        (folder / name).mkdir(parents=True, exist_ok=True)
        for question, path in paths.items():
            file = folder / name / f"{question}.txt"
            asked = liked if question in LIKED else user_ids if "{}" in path else [""]
            file.write_text(
                "".join(f"{path.format(quote(each, safe=''))}\n" for each in asked), encoding="utf-8"
            )
            files[name][question] = file
    return files


def _check_answers(
    contenders: Mapping[str, Contender], servers: Mapping[str, Server], user_ids: Iterable[str]
) -> None:
    """Raise click.ClickException if not everyone answers the same movies."""
    for user_id in user_ids:
        for question in PATHS:
            answers = {
                name: items(_get(servers[name].url + each.paths[question].format(quote(user_id, safe=""))))
                for name, each in contenders.items()
            }
            if not all(answer == answers[OURS] != [] for answer in answers.values()):
                raise click.ClickException(f"{question} of user {user_id} differ: {answers}")


def _get(url: str) -> Any:
    return httpx2.get(url, timeout=60).raise_for_status().json()


def items(answer: Any) -> list[str]:
    """Return the ids in an answer of ours or of datasette."""
    match answer:
        case {"features": [{"histories": list(found)}]} | {"items": list(found)} | list(found):
            return [each["id"] if isinstance(each, dict) else each for each in found]
    raise click.ClickException(f"no answer to what was asked: {answer}")


def _rates(
    servers: Mapping[str, Server], requests: Mapping[str, Mapping[str, Path]], seconds: int, rounds: int
) -> Rates:
    """Ask everyone everything in turn, several times, after a first time that doesn't count."""
    rates: dict[str, dict[str, list[float]]] = {
        name: {question: [] for question in files} for name, files in requests.items()
    }
    for number in range(rounds + 1):
        is_warm_up = number == 0
        click.echo("warming up" if is_warm_up else f"round {number} of {rounds}", err=True)
        for question in (CONSTANT, *PATHS, *RULES, *LIKED):
            for name, server in servers.items():
                if question in requests[name]:
                    lasting = min(seconds, MAX_WARM_UP_SECONDS) if is_warm_up else seconds
                    try:
                        rate = fastest(server.url, requests[name][question], lasting, seed=number)
                    except click.ClickException as error:
                        raise click.ClickException(f"{name}, {question}: {error.message}") from error
                    if not is_warm_up:
                        rates[name][question].append(rate)
    return rates


def _times(
    ours: Server, requests: Mapping[str, Path], rates: Mapping[str, list[float]], seconds: int
) -> dict[str, Steady]:
    """Ask ours each question at half of the rate at which it was answered."""
    times = {}
    for question in PATHS | RULES | LIKED:
        click.echo(f"{question} at half the rate", err=True)
        times[question] = steady(ours.url, requests[question], median(rates[question]) / 2, seconds)
    return times


def figures(rates: Rates, times: Mapping[str, Steady]) -> dict[str, Any]:
    """Return what was measured by its name.

    Of several questions the worst counts: the smallest ratio to another service, the longest time. Rows with
    rules, and from movies that are liked, which nobody else is asked, have a ratio and times of their own.
    """
    ours = rates[OURS]
    over_constant = {
        question: ratio(each, ours[CONSTANT]) for question, each in ours.items() if question != CONSTANT
    }
    over_others = {
        f"over_{name}": min(ratio(ours[question], theirs) for question, theirs in others.items())
        for name, others in rates.items()
        if name != OURS
    }
    return {
        **over_constant,
        **over_others,
        "p99_ms": max(times[question].p99_ms for question in PATHS),
        "is_rate_held": all(each.is_held for each in times.values()),
        "times": {question: asdict(each) for question, each in times.items()},
        "requests_per_second": {
            name: {question: median(each) for question, each in of_name.items()}
            for name, of_name in rates.items()
        },
    }


def ratio(ours: list[float], theirs: list[float]) -> float:
    """Return the median of the ratios of each round."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))


def _show(rates: Rates, times: Mapping[str, Steady], memory: Mapping[str, float], what: str) -> None:
    console = Console(width=200)
    console.print(f"{what}, {CLIENTS} connections, requests a second; {machine()}")
    others = [name for name in rates if name != OURS]
    table = Table("", OURS, "÷ constant", box=box.SIMPLE_HEAD)
    for name in others:
        table.add_column(f"{name} {version(name)}" if name == DATASETTE else name)
        table.add_column("ours is faster by")
    for column in table.columns[1:]:
        column.justify = "right"
    ours = rates[OURS]
    for question, each in ours.items():
        row = [question, f"{median(each):,.0f}", f"{ratio(each, ours[CONSTANT]):.2f}"]
        for name in others:
            if question in rates[name]:
                theirs = rates[name][question]
                row += [f"{median(theirs):,.0f}", f"{ratio(each, theirs):.2f}"]
        table.add_row(*row)
    console.print(table)
    console.print("ours at half of that rate:")
    console.print(_times_table(times))
    for question, steady_times in times.items():
        if not steady_times.is_held:
            console.print(
                f"{question}: the clients did not keep to the rate; requests waited before they were timed"
            )
    if memory:
        held, most = memory["memory_mb"], memory["peak_memory_mb"]
        console.print(f"memory of its process at the end: {held:,.0f} MiB, at most {most:,.0f} MiB")


def _times_table(times: Mapping[str, Steady]) -> Table:
    table = Table("", box=box.SIMPLE_HEAD)
    for column in ("asked for", "held", "p50 ms", "p99 ms"):
        table.add_column(column, justify="right")
    for question, each in times.items():
        table.add_row(
            question, f"{each.asked:,.0f}", f"{each.held:,.0f}", f"{each.p50_ms:.2f}", f"{each.p99_ms:.2f}"
        )
    return table


if __name__ == "__main__":
    serve()
