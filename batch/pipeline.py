"""The run: nothing to do, or load, clean, train, score, explain, similar, evaluate, write, check and publish.

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
from batch.generation.output_folder import Output
from batch.generation.publish import Provenance, Published, publish
from batch.generation.unchanged import up_to_date
from batch.report.build import keep_after_run
from sql import statement

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from batch.data.clean import Cleaned, Counts
    from batch.data.input_spec import InputSpec
    from batch.data.load import Loaded
    from batch.evaluation.catalogue import Catalogue
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
    spec: InputSpec | None = None  # of the input


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
            snapshot = inputs.with_results(output.work).snapshot()
            fingerprint = snapshot.fingerprint
            step.status(f"input {fingerprint[:6]}")
        exclusions = read_exclusions(output.folder)
        published = up_to_date(output, fingerprint, exclusions, settings, progress)
        if not published:
            stop = snapshot.stop_if_written
            job = Job(settings, output, fingerprint, exclusions, started_at, stop, inputs.spec)
            published = publish_new(job, snapshot, progress)
        if settings.report:
            keep_after_run(output, published.generation, progress)
    return published


def publish_new(job: Job, snapshot: Snapshot, progress: Progress) -> Published:
    """Make a new generation of the inputs, and publish it. Raises InputError or RefusedError."""
    from batch.data.clean import clean
    from batch.data.load import ignored_columns, load
    from batch.evaluation.catalogue import read_catalogue
    from batch.runtime.database import connect

    settings, output = job.settings, job.output
    with connect(output.work, settings) as connection:
        with progress.step("load") as step:
            loaded = load(connection, snapshot, output.work)
            step.status(", ".join(table.name for table in snapshot.inputs.tables()))
            for line in snapshot.inputs.findings:
                step.notes(line)
            for line in ignored_columns(loaded.sources()):
                step.notes(line)
        with progress.step("clean") as step:
            cleaned = clean(loaded, settings.max_rejected, job.started_at, job.exclusions)
            catalogue = read_catalogue(cleaned.items)
            step.status(summary_of_cleaning(loaded, cleaned.counts, catalogue))
        warn_if_catalogue_is_lost(catalogue, loaded, output)
        previous = output.current_file()
        return finish(job, cleaned, catalogue, _make(cleaned, settings, previous, progress), progress)


@dataclass
class Artifacts:
    """What a generation is to hold, beside what was cleaned."""

    item_output: ItemOutput
    user_output: UserOutput | None  # None: it is in the database of `Cleaned`, see `batch.generation.write`


def finish(
    job: Job, cleaned: Cleaned, catalogue: Catalogue, artifacts: Artifacts, progress: Progress
) -> Published:
    """Write, check and publish a generation. Raises RefusedError if it must not be published."""
    from batch.data.input_spec import InputSpec
    from batch.evaluation.gate import Quality
    from batch.generation.check import INVARIANTS, check, kept_qualities, refuse, titles_of
    from batch.generation.write import TABLES, write

    settings, output, counts = job.settings, job.output, cleaned.counts
    metrics = artifacts.item_output.metrics | catalogue.metrics
    item_output = replace(artifacts.item_output, metrics=metrics)
    with progress.step("write") as step:
        step.expect(len(TABLES), "tables")
        file = output.work / "draft.duckdb"
        draft = write(cleaned, item_output, artifacts.user_output, file, step.advance)
        step.status(f"{draft.rows:,} rows")
    parts = item_output.parts
    # The checks may want the memory.
    del artifacts, item_output
    with progress.step("check") as step:
        step.expect(len(INVARIANTS), "invariants")
        candidate = Quality(metrics, counts.users, titles_of(cleaned.connection))
        checked = check(
            draft,
            candidate,
            kept_qualities(output),
            settings.top_n,
            settings.max_fall,
            parts=parts,
            repeats=cleaned.meaning.repeats,
            new_share=settings.new_share,
            advance=step.advance,
        )
        step.status("; ".join(checked.all))
    # Without a spec its defaults hold.
    spec = job.spec or InputSpec.model_construct()
    provenance = Provenance(
        settings,
        job.fingerprint,
        job.exclusions.digest,
        counts,
        job.started_at,
        dict(progress.seconds),
        _rows_of_steps(counts, metrics, draft.rows, progress),
        dict(progress.peak_mb),
        checked.regressions,
        spec.noun,
        spec.repeats,
        spec.scale,
        parts,
    )
    job.stop_if_written()
    if checked.violations or (checked.regressions and not settings.accept_regression):
        raise refuse(output, provenance, metrics, checked)
    with progress.step("publish") as step:
        generation = publish(draft, output, provenance)
        step.status(generation)
    return Published(
        generation=generation,
        file=output.file(generation),
        counts=counts,
        seconds=progress.seconds,
        rows=provenance.rows,
        peak_mb=progress.peak_mb,
        is_new=True,
        catalogue_share=catalogue.share,
    )


def _make(cleaned: Cleaned, settings: Settings, previous: Path | None, progress: Progress) -> Artifacts:
    """Train, score and evaluate; `previous` is the file that is published now.

    The interactions in memory, and all else that this takes, are released when it returns.
    """
    from batch.data.interactions import read_interactions, read_only_seen, read_sampling_hashes
    from batch.evaluation.holdout import evaluate_candidates, hold_out, iterations, learn, of_published
    from batch.evaluation.last_night import last_night
    from batch.generation.write import ItemOutput, UserOutput
    from batch.model.attributes import fit_new_items
    from batch.model.weighted_parts import fold_in_users, with_seen
    from batch.recommend.explanations import explain
    from batch.recommend.item_weights import item_weights
    from batch.recommend.new_items import score_with_new
    from batch.recommend.popular import popular
    from batch.recommend.reasons import everybody, read_is_recent
    from batch.recommend.segments import read_attributes, segments
    from batch.recommend.similar_items import similar
    from batch.runtime.database import at_rest

    counts = cleaned.counts
    with progress.step("train") as step:
        interactions = read_interactions(cleaned)
        given = read_interactions(cleaned, as_given=True) if interactions.has_repeats else interactions
        splits = hold_out(given.without_new_items(), read_sampling_hashes(cleaned), settings.seed)
        del given
        known = interactions.without_new_items()
        step.expect(iterations(settings, splits), "iterations")
        with at_rest(cleaned.connection, settings):
            candidates, of_known = learn(known, splits, settings, step.advance)
            del splits
            model = fold_in_users(of_known, known, known.days_inactive(), settings)
            model = with_seen(model, *read_only_seen(cleaned))
            new = fit_new_items(of_known, interactions, settings)
            fitted, interactions = new.added_to(of_known), new.known_to(interactions)
            model = new.offered_by(model, fitted)
        step.status(f"{counts.users:,} users, {counts.items:,} movies, loss {model.losses[-1]:.4f}")
    with progress.step("score") as step:
        step.expect(counts.users, "users")
        lists = score_with_new(model, settings.top_n, settings.new_share, step.advance)
        step.status(f"{len(lists.rank):,} places in lists of up to {settings.top_n:,}")
    with progress.step("explain") as step:
        step.expect(counts.users, "users")
        explanations = explain(
            fitted,
            model,
            interactions,
            lists,
            everybody(fitted, interactions, read_is_recent(cleaned.items)),
            settings,
            step.advance,
        )
        step.status(f"{explanations.because:,} of these places because of a movie of the history")
    with progress.step("similar") as step:
        step.expect(counts.items, "movies")
        similar_items = similar(
            fitted, interactions.ratings_of_item, model.is_candidate, settings.similar_n, step.advance
        )
        step.status(f"{len(similar_items.rank):,} places in lists of up to {settings.similar_n:,}")
    with progress.step("evaluate") as step:
        step.expect(len(candidates), "splits")
        metrics = evaluate_candidates(candidates, of_known, settings, step.advance)
        metrics |= of_published(lists, model, interactions) | last_night(cleaned.connection, previous)
        step.status(summary_of_metrics(metrics))
    item_output = ItemOutput(
        item_factors=model.item_factors,
        parts=fitted.columns,
        part_weights=fitted.part_weights,
        losses=model.losses,
        similar=similar_items,
        similar_weights=item_weights(fitted, interactions.ratings_of_item, similar_items),
        popular=popular(interactions, settings.top_n),
        segments=segments(interactions, read_attributes(cleaned.users, cleaned.segments), settings.top_n),
        metrics=metrics,
    )
    return Artifacts(item_output, UserOutput(model.user_factors, lists, explanations))


def _rows_of_steps(counts: Counts, metrics: Metrics, written: int, progress: Progress) -> dict[str, int]:
    """Return how many rows each step went through; `batch.runtime.step_table.ROWS_OF` says of what."""
    from batch.evaluation.holdout import EVALUATED_USERS
    from batch.evaluation.metrics import MODEL

    rows = {
        "load": counts.rows_read,
        "clean": counts.rows_read,
        "train": counts.rows_kept,
        "score": counts.users,
        "explain": counts.users,
        "similar": counts.items,
        "evaluate": round(metrics[EVALUATED_USERS, MODEL]),
        "write": written,
        "check": written,
    }
    return {step: number for step, number in rows.items() if step in progress.seconds}


def summary_of_cleaning(loaded: Loaded, counts: Counts, catalogue: Catalogue) -> str:
    """Return in a few words what became of the rows of each file, and how many movies have a title."""
    found = loaded.connection.execute(statement("clean/file_counts")).fetchall()
    of_files = {
        file: _summary_of_rows(rows, {"rejected": rejected, "superseded": superseded}, excluded=held_out)
        for file, rows, rejected, superseded, held_out, _ in found
    }
    others = {
        "rejected": counts.rows_rejected,
        "superseded": counts.rows_superseded,
        "added to newer ones": counts.rows_merged,
        "beyond max_per_user": counts.rows_capped,
        "of events to ignore": counts.rows_ignored,
    }
    of_files[loaded.ratings.name] = _summary_of_rows(
        counts.rows_read, others, repaired=counts.rows_repaired, excluded=counts.rows_held_out
    )
    kept = "; ".join(f"{source.name} {of_files[source.name]}" for source in loaded.sources())
    return f"kept {kept}; {catalogue.summary() if loaded.movies else 'ids as titles, since no file has any'}"


def _summary_of_rows(rows: int, others: dict[str, int], **more: int) -> str:
    """Return how many rows are kept, and what became of the others; `more` are kept, or were never read."""
    found = [f"{rows - sum(others.values()):,} of {rows:,} rows"]
    return ", ".join(found + [f"{number:,} {name}" for name, number in {**others, **more}.items() if number])


def warn_if_catalogue_is_lost(catalogue: Catalogue, loaded: Loaded, output: Output) -> None:
    """Warn if few movies have a title, and there is no generation with which the gate compares that."""
    warning = catalogue.warning(loaded.movies.name) if loaded.movies else None
    if warning and not output.current_file():
        log.warning("%s", warning)


def summary_of_metrics(metrics: Metrics) -> str:
    """Return in a few words how good the lists are, and how good those published before were."""
    from batch.evaluation.holdout import EVALUATED_USERS
    from batch.evaluation.last_night import summary_of_last_night
    from batch.evaluation.metrics import MODEL

    before = summary_of_last_night(metrics)
    more = f"; {before}" if before else ""
    if not metrics[EVALUATED_USERS, MODEL]:
        return f"no user could be evaluated{more}"
    ours, popular = (metrics["ndcg@10", model] for model in (MODEL, "most_popular"))
    people = metrics[EVALUATED_USERS, MODEL]
    return f"ndcg@10 {ours:.4f}, most popular {popular:.4f}, over {people:,.0f} users{more}"
