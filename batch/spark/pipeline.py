"""The run on a cluster: load, clean, train, score, similar, evaluate, write, check and publish.

The steps have the names of the local ones, and those after scoring are the local ones.
"""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from scipy import sparse

from batch.data.attributes import read_item_attributes
from batch.data.check_meaning import check_meaning
from batch.data.clean import relations_of
from batch.data.exclusions import read_exclusions
from batch.data.interactions import (
    count_new_items,
    indexed,
    read_genres,
    read_hidden,
    read_item_ids,
    read_item_numbers,
    read_users_of_item,
)
from batch.data.load import ignored_columns
from batch.data.meaning import Meaning
from batch.evaluation.catalogue import read_catalogue
from batch.evaluation.choices import learned_weights
from batch.evaluation.holdout import Metrics, evaluate_candidates, of_places
from batch.evaluation.last_night import last_night
from batch.evaluation.metrics import DEPTHS
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.generation.unchanged import up_to_date
from batch.generation.write import ItemOutput
from batch.pipeline import (
    Artifacts,
    Job,
    finish,
    summary_of_cleaning,
    summary_of_metrics,
    warn_if_catalogue_is_lost,
)
from batch.recommend.item_weights import item_weights
from batch.recommend.popular import most_watched
from batch.recommend.reasons import everybody_of, read_is_recent
from batch.recommend.segments import segments_of
from batch.recommend.similar_items import similar
from batch.report.build import keep_after_run
from batch.runtime.database import at_rest, connect
from batch.runtime.progress import Progress
from batch.settings import Settings
from batch.spark.clean import Cleaned, Driver, clean, read
from batch.spark.holdout import hold_out
from batch.spark.score import Given, score_users
from batch.spark.session import connected
from batch.spark.shares import Catalogue, Known
from batch.spark.tables import Tables, find_tables, stop_if_written
from batch.spark.train import candidate_of, fit_items, fit_new_items
from batch.spark.trend import count_lately, now_there, unit_there
from sql import statement


def run(settings: Settings, progress: Progress) -> Published:
    """Do what `batch.pipeline.run` does, on the cluster of `settings.master`."""
    started_at = datetime.now(UTC)
    output = Output(settings.output)
    with output.locked(), connected(settings.master, output.work) as spark:
        with progress.step("compare") as step:
            tables = find_tables(spark, settings.data, output.work)
            step.status(f"input {tables.fingerprint[:6]}")
        exclusions = read_exclusions(output.folder)
        published = up_to_date(output, tables.fingerprint, exclusions, settings, progress)
        if not published:
            stop = partial(stop_if_written, spark, settings.data, tables)
            job = Job(settings, output, tables.fingerprint, exclusions, started_at, stop, tables.spec)
            try:
                published = _publish_new(job, spark, tables, progress)
            except Exception:
                # A file that is being written looks damaged, and its lines are not where they were.
                stop()
                raise
        if settings.report:
            keep_after_run(output, published.generation, progress)
    return published


def _publish_new(job: Job, spark: SparkSession, tables: Tables, progress: Progress) -> Published:
    """Make a new generation of the tables, and publish it. Raises InputError or RefusedError."""
    settings, output = job.settings, job.output
    # Workers of a driver that has died may go on for a while, but in a folder of their own.
    work = output.work / spark.sparkContext.applicationId
    work.mkdir()
    with connect(output.work, settings) as connection:
        driver = Driver(spark, connection, work)
        with progress.step("load") as step:
            found = read(driver, tables)
            step.status(", ".join(f"{each.name} in {len(each.files):,} files" for each in tables.all()))
            for line in tables.findings:
                step.notes(line)
            for line in ignored_columns(found.loaded.sources()):
                step.notes(line)
        with progress.step("clean") as step:
            cleaned = clean(driver, found, settings.max_rejected, job.started_at, job.exclusions)
            catalogue = read_catalogue(connection.table("items"))
            step.status(summary_of_cleaning(found.loaded, cleaned.counts, catalogue))
        warn_if_catalogue_is_lost(catalogue, found.loaded, output)
        artifacts = _make(settings, driver, cleaned, output.current_file(), progress)
        segments = tables.spec.users.segments if tables.spec.users else ()
        # Who has an interaction is known now; rows of interactions, and so their times, are not here.
        check_meaning(found.loaded, segments)
        relations = relations_of(connection, cleaned.counts, cleaned.meaning, segments)
        return finish(job, relations, catalogue, artifacts, progress)


def _make(
    settings: Settings, driver: Driver, cleaned: Cleaned, previous: Path | None, progress: Progress
) -> Artifacts:
    """Train, score and evaluate; what the workers write of users stays in the work folder until published.

    `previous` is the file that is published now.
    """
    connection, counts, ratings, kinds = driver.connection, cleaned.counts, cleaned.ratings, cleaned.kinds
    with progress.step("train") as step, at_rest(connection, settings):
        now = now_there(ratings)
        of_all = _catalogue(connection, ratings, cleaned.meaning, now)
        catalogue = of_all.without_new_items()
        sample = hold_out(ratings, catalogue, counts.users, now)
        users = cleaned.users.sum(axis=1)
        held_back = Known(ratings, users, catalogue, sample.known_of_item, sample.held_out)
        before = count_lately(held_back, kinds, settings)
        candidate = candidate_of(fit_items(held_back, before, settings, step.says), sample, held_back, before)
        # Spark's ALS begins with random vectors: it learns anew from all ratings.
        known = Known(ratings, users, catalogue, catalogue.ratings_of_item)
        lately = count_lately(known, kinds, settings)
        fitted = fit_items(known, lately, settings, step.says)
        part_weights = learned_weights([(candidate.fitted, candidate.split)], None, settings)
        fitted = replace(fitted, part_weights=part_weights)
        new = fit_new_items(known, fitted, of_all, settings)
        of_all = of_all if len(new) else catalogue
        weights = sparse.csr_matrix(lately.popular.astype(np.float32))
        of_segments = segments_of(
            weights, kinds.attributes, cleaned.users.sum(axis=0), catalogue.is_hidden, settings.top_n
        )
        step.status(f"{counts.users:,} users, {counts.items:,} movies")
    with progress.step("score") as step, at_rest(connection, settings):
        given = Given(
            fitted=fitted,
            new=new,
            catalogue=catalogue,
            everybody=everybody_of(
                new.added_to(fitted),
                np.pad(catalogue.ratings_of_item, (0, len(new))),
                np.pad(lately.popular.sum(axis=0), (0, len(new))),
                read_is_recent(connection.table("items"))[: len(of_all.is_hidden)],
            ),
            item_ids=of_all.item_ids,
            numbers=np.array([*map(str, read_item_numbers(connection.table("items"))), ""], dtype=object),
            now=now,
            kinds=kinds,
            only_seen=connection.table("seen_items").order("user_id, item_id").to_arrow_table(),
            segment_of_kind=np.array([*of_segments.names, None], dtype=object)[of_segments.of_user],
            settings=settings,
        )
        files = score_users(driver.spark, ratings, given, driver.work / "users")
        step.status(f"lists of up to {settings.top_n:,} movies, in {len(files):,} files")
    connection.read_parquet(files).create_view("users_written")
    driver.execute("spark/user_views")
    driver.execute("clean/users")
    with progress.step("similar") as step:
        step.expect(counts.items, "movies")
        with_new = new.added_to(fitted)
        is_candidate = ~of_all.is_hidden & (np.arange(len(of_all.is_hidden)) < catalogue.known_items)
        alike = similar(with_new, of_all.ratings_of_item, is_candidate, settings.similar_n, step.advance)
        says = item_weights(with_new, of_all.ratings_of_item, alike)
        step.status(f"{len(alike.rank):,} places in lists of up to {settings.similar_n:,}")
    with progress.step("evaluate") as step:
        candidates = [candidate] if len(sample.split.users) else []
        metrics = evaluate_candidates(candidates, fitted, settings)
        metrics |= _of_published(connection, of_all, counts.users) | last_night(connection, previous)
        step.status(summary_of_metrics(metrics))
    of_everybody = most_watched(lately.popular.sum(axis=0), catalogue.is_hidden, settings.top_n)
    # Spark's ALS tells no loss.
    item_output = ItemOutput(
        with_new.factors,
        fitted.columns,
        fitted.part_weights,
        [],
        alike,
        says,
        of_everybody,
        of_segments,
        metrics,
    )
    return Artifacts(item_output, None)


def _catalogue(
    connection: duckdb.DuckDBPyConnection, interactions: DataFrame, meaning: Meaning, now: float
) -> Catalogue:
    """Return the movies that were rated, and the new ones; `now` is in seconds since 1970."""
    year = datetime.fromtimestamp(now, UTC).year if np.isfinite(now) else None
    connection.execute(statement("clean/new_items"), {"newest_year": year})
    items = connection.table("items")
    return Catalogue(
        item_ids=pa.array(read_item_ids(items).tolist(), pa.string()),
        is_hidden=read_hidden(items),
        ratings_of_item=read_users_of_item(items),
        meaning=meaning,
        unit=unit_there(interactions) if meaning.adds_up else 1.0,
        genres=read_genres(items),
        attributes=read_item_attributes(indexed(items)),
        new_items=count_new_items(items),
    )


def _of_published(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, users: int) -> Metrics:
    places = {}
    # Each list has one first place.
    for depth in (1, *DEPTHS):
        found = connection.execute(statement("spark/places"), {"depth": depth}).fetchnumpy()
        places[depth] = np.zeros(len(catalogue.is_hidden), np.int64)
        places[depth][np.asarray(found["item_index"], np.int64)] = found["places"]
    lists = int(places.pop(1).sum())
    return of_places(places, lists, catalogue.ratings_of_item, users, catalogue.is_hidden)
