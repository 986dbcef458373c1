"""The run: nothing to do, or load, clean, train, score, because, similar, judge, write, check and publish.

Most modules are imported inside of functions: they take a second to load, and a night with nothing to do
needs none of them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from batch.data.exclusions import Exclusions, read_exclusions
from batch.data.inputs import Snapshot, find_inputs
from batch.generation.publish import Provenance, Published, publish
from batch.generation.store import Output
from batch.generation.unchanged import up_to_date
from batch.report.build import keep_after_run
from sql import statement

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

    from batch.data.clean import Counts
    from batch.data.load import Loaded
    from batch.evaluation.holdout import Metrics
    from batch.generation.write import ItemOutput, UserOutput
    from batch.runtime.progress import Progress
    from batch.settings import Settings

log = logging.getLogger("batch")


@dataclass(frozen=True)
class Job:
    """From what a generation is to be made, where, and since when."""

    settings: Settings
    output: Output  # locked
    fingerprint: str  # of the input
    exclusions: Exclusions
    started_at: datetime  # UTC
    stop_if_written: Callable[[], None]  # raises InputError if somebody has written to the input since


def run(settings: Settings, progress: Progress) -> Published:
    """Publish a new generation of `settings.data` in `settings.output`, unless that would be the same again.

    Raises LockedError, InputError or RefusedError; whatever is raised, and whenever the process dies,
    the generation that was published before stays so.
    """
    started_at = datetime.now(UTC)
    output = Output(settings.output)
    inputs = find_inputs(settings.data)
    with output.locked():
        with progress.step("compare") as step:
            snapshot = inputs.snapshot()
            fingerprint = snapshot.fingerprint
            step.status(f"input {fingerprint[:6]}")
        exclusions = read_exclusions(output.folder)
        published = up_to_date(output, fingerprint, exclusions, settings, progress)
        if not published:
            job = Job(settings, output, fingerprint, exclusions, started_at, snapshot.stop_if_written)
            published = publish_new(job, snapshot, progress)
        if settings.report:
            keep_after_run(output, published.generation, progress)
    return published


def publish_new(job: Job, snapshot: Snapshot, progress: Progress) -> Published:
    """Make a new generation of the inputs, and publish it. Raises InputError or RefusedError."""
    from batch.data.clean import clean
    from batch.data.load import ignored_columns, load
    from batch.runtime.database import connect

    settings, output = job.settings, job.output
    with connect(output.work, settings) as connection:
        with progress.step("load") as step:
            loaded = load(connection, snapshot, output.work)
            step.status(", ".join(file.name for file in snapshot.inputs.files()))
            for line in ignored_columns(loaded.sources()):
                step.notes(line)
        with progress.step("clean") as step:
            counts = clean(connection, loaded, settings.max_rejected, job.started_at, job.exclusions)
            step.status(summary_of_cleaning(connection, loaded, counts))
        warn_if_catalogue_is_lost(connection, loaded, output)
        return finish(job, connection, counts, _made(connection, counts, settings, progress), progress)


@dataclass
class Artifacts:
    """What a generation is to hold, and by how many users it was judged."""

    item_output: ItemOutput
    of_users: UserOutput | None  # None: it is in the connection, see `batch.generation.write`
    evaluated_users: int


def finish(
    job: Job, connection: duckdb.DuckDBPyConnection, counts: Counts, made: Artifacts, progress: Progress
) -> Published:
    """Write, check and publish what was made. Raises RefusedError if it must not be published."""
    from batch.evaluation.catalogue import read_catalogue
    from batch.evaluation.gate import Quality
    from batch.generation.check import INVARIANTS, check, kept_qualities, titles_of
    from batch.generation.refuse import refuse
    from batch.generation.write import TABLES, write

    settings, output = job.settings, job.output
    draft = output.work / "draft.duckdb"
    catalogue = read_catalogue(connection)
    metrics = made.item_output.metrics | catalogue.metrics
    item_output = replace(made.item_output, metrics=metrics)
    evaluated_users = made.evaluated_users
    with progress.step("write") as step:
        step.expect(len(TABLES), "tables")
        written = write(connection, draft, item_output, made.of_users, step.advance)
        step.status(f"{written:,} rows")
    # The checks may want the memory.
    del made, item_output
    with progress.step("check") as step:
        step.expect(len(INVARIANTS), "invariants")
        candidate = Quality(metrics, counts.users, titles_of(connection))
        checked = check(
            connection, candidate, kept_qualities(output), settings.top_n, settings.max_fall, step.advance
        )
        step.status("; ".join(checked.all))
    rows = {
        step: number
        for step, number in _rows(counts, evaluated_users, written).items()
        if step in progress.seconds
    }
    provenance = Provenance(
        settings,
        job.fingerprint,
        job.exclusions.digest,
        counts,
        job.started_at,
        dict(progress.seconds),
        rows,
        dict(progress.peak_mb),
        checked.regressions,
    )
    job.stop_if_written()
    if checked.violations or (checked.regressions and not settings.accept_regression):
        raise refuse(output, provenance, metrics, checked)
    with progress.step("publish") as step:
        generation = publish(connection, draft, output, provenance)
        step.status(generation)
    file = output.file(generation)
    return Published(
        generation=generation,
        file=file,
        counts=counts,
        seconds=progress.seconds,
        rows=rows,
        peak_mb=progress.peak_mb,
        is_new=True,
        catalogue_share=catalogue.share,
    )


def _made(
    connection: duckdb.DuckDBPyConnection, counts: Counts, settings: Settings, progress: Progress
) -> Artifacts:
    """Train, score and judge.

    All else that this takes, the ratings above all, is no longer held afterwards.
    """
    import numpy as np

    from batch.data.interactions import read_interactions, read_sampling_hashes
    from batch.evaluation.holdout import EVALUATED_USERS, hold_out, iterations, judge, learn, of_published
    from batch.evaluation.metrics import MODEL
    from batch.generation.write import ItemOutput, UserOutput
    from batch.model.embedding import fold_in_users
    from batch.recommend.explanations import explain
    from batch.recommend.popular import popular
    from batch.recommend.segments import read_attributes, segments
    from batch.recommend.similar_items import similar
    from batch.recommend.topn import score
    from batch.runtime.database import at_rest

    with progress.step("train") as step:
        ratings = read_interactions(connection)
        splits = hold_out(ratings, read_sampling_hashes(connection), settings.seed)
        step.expect(iterations(settings, splits), "iterations")
        with at_rest(connection, settings):
            candidates, fitted = learn(ratings, splits, settings, step.advance)
            del splits
            model = fold_in_users(fitted, ratings, ratings.days_inactive(), settings)
        step.status(f"{counts.users:,} users, {counts.items:,} movies, loss {model.losses[-1]:.4f}")
    with progress.step("score") as step:
        step.expect(counts.users, "users")
        lists = score(model, settings.top_n, step.advance)
        step.status(f"{len(lists.rank):,} places in lists of up to {settings.top_n:,}")
    with progress.step("because") as step:
        step.expect(counts.users, "users")
        explanations = explain(fitted, model, ratings, lists, settings, step.advance)
        step.status(f"{np.count_nonzero(explanations >= 0):,} of these places have a reason")
    with progress.step("similar") as step:
        step.expect(counts.items, "movies")
        alike = similar(
            fitted.collaborative.item_factors, model.is_candidate, settings.similar_n, step.advance
        )
        step.status(f"{len(alike.rank):,} places in lists of up to {settings.similar_n:,}")
    with progress.step("judge") as step:
        step.expect(len(candidates), "splits")
        metrics = judge(candidates, fitted, settings, step.advance) | of_published(lists, ratings)
        step.status(evaluated(metrics))
    of_segments = segments(ratings, read_attributes(connection), settings.top_n)
    item_output = ItemOutput(
        model.item_factors, model.losses, alike, popular(ratings, settings.top_n), of_segments, metrics
    )
    evaluated_users = round(metrics[EVALUATED_USERS, MODEL])
    return Artifacts(item_output, UserOutput(model.user_factors, lists, explanations), evaluated_users)


def _rows(counts: Counts, evaluated_users: int, written: int) -> dict[str, int]:
    """Return what each step went through; `batch.runtime.step_table.ROWS_OF` says of what."""
    return {
        "load": counts.rows_read,
        "clean": counts.rows_read,
        "train": counts.rows_kept,
        "score": counts.users,
        "because": counts.users,
        "similar": counts.items,
        "judge": evaluated_users,
        "write": written,
        "check": written,
    }


def summary_of_cleaning(connection: duckdb.DuckDBPyConnection, loaded: Loaded, counts: Counts) -> str:
    """Return in a few words what became of the rows of each file, and how many movies have a title."""
    from batch.evaluation.catalogue import read_catalogue

    found = connection.execute(statement("clean/file_counts")).fetchall()
    of_files = {file: _became(*rows) for file, *rows in found}
    of_files[loaded.ratings.name] = _became(
        counts.rows_read,
        counts.rows_rejected,
        counts.rows_superseded,
        counts.rows_held_out,
        counts.rows_repaired,
    )
    kept = [f"{source.name} {of_files[source.name]}" for source in loaded.sources()]
    return f"kept {'; '.join(kept)}; {read_catalogue(connection).summary()}"


def _became(rows: int, rejected: int, superseded: int, held_out: int, repaired: int = 0) -> str:
    found = [f"{rows - rejected - superseded:,} of {rows:,} rows"]
    found += [
        f"{number:,} {name}"
        for number, name in (
            (rejected, "rejected"),
            (superseded, "superseded"),
            (repaired, "repaired"),
            (held_out, "held out"),
        )
        if number
    ]
    return ", ".join(found)


def warn_if_catalogue_is_lost(connection: duckdb.DuckDBPyConnection, loaded: Loaded, output: Output) -> None:
    """Say so if few movies have a title, and nothing is published with which the gate compares that."""
    from batch.evaluation.catalogue import read_catalogue

    warning = read_catalogue(connection).warning(loaded.movies.name)
    if warning and not output.current_file():
        log.warning("%s", warning)


def evaluated(metrics: Metrics) -> str:
    """Return in a few words what was measured."""
    from batch.evaluation.holdout import EVALUATED_USERS
    from batch.evaluation.metrics import MODEL

    if not metrics[EVALUATED_USERS, MODEL]:
        return "nobody to judge by"
    ours, popular = (metrics["ndcg@10", model] for model in (MODEL, "most_popular"))
    return (
        f"ndcg@10 {ours:.4f}, most popular {popular:.4f}, over {metrics[EVALUATED_USERS, MODEL]:,.0f} users"
    )
