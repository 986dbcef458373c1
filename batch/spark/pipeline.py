"""The pipeline on a cluster: load, clean, train, score, similar, judge, write, check, publish.

The steps have the names of the local ones, and those after scoring are the local ones.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession
from scipy import sparse

from batch.data.clean import relations_of
from batch.data.interactions import read_hidden, read_item_ids, read_item_numbers
from batch.data.load import ignored_columns
from batch.evaluation.catalogue import read_catalogue
from batch.evaluation.holdout import Metrics, judge, of_places
from batch.evaluation.metrics import DEPTHS
from batch.generation.publish import Published
from batch.generation.write import ItemOutput
from batch.pipeline import (
    Artifacts,
    Job,
    finish,
    summary_of_cleaning,
    summary_of_metrics,
    warn_if_catalogue_is_lost,
)
from batch.recommend.popular import most_watched
from batch.recommend.segments import ATTRIBUTES, Segments, segments_of
from batch.recommend.similar_items import similar
from batch.runtime.database import at_rest, connect
from batch.runtime.progress import Progress
from batch.settings import Settings
from batch.spark.clean import Cleaned, clean, read
from batch.spark.holdout import hold_out
from batch.spark.known import Known
from batch.spark.lately import Lately, count_lately, count_people, now_there
from batch.spark.score import Given, score_users
from batch.spark.shares import Catalogue
from batch.spark.tables import Tables
from batch.spark.train import candidate_of, fit_items
from sql import statement

# What the local run has in tables and frames, read from the files that the workers write.
VIEWS = ("spark/users_written", "spark/interactions", "spark/lists", "spark/rendered", "spark/user_vectors")


@dataclass(frozen=True)
class Kinds:
    """Kinds of people: those of one gender, age group and occupation, as far as that is known."""

    of_user: dict[str, int]  # by id; who is not in it is of the last kind, of whom nothing is known
    attributes: pd.DataFrame  # a row for each kind


def run(job: Job, spark: SparkSession, tables: Tables, progress: Progress) -> Published:
    """Make a new generation of the tables, and publish it. Raises InputError or RefusedError."""
    settings, output = job.settings, job.output
    # Workers of a driver that has died may go on for a while, but in a folder of their own.
    work = output.work / spark.sparkContext.applicationId
    work.mkdir()
    with connect(output.work, settings) as connection:
        with progress.step("load") as step:
            found = read(spark, connection, tables, work)
            step.status(", ".join(f"{each.name} in {len(each.files):,} files" for each in tables.all()))
            for line in ignored_columns(found.loaded.sources()):
                step.notes(line)
        with progress.step("clean") as step:
            cleaned = clean(
                spark, connection, found, settings.max_rejected, job.started_at, job.exclusions, work
            )
            catalogue = read_catalogue(connection.table("items"))
            step.status(f"{summary_of_cleaning(found.loaded, cleaned.counts)}; {catalogue.summary()}")
        warn_if_catalogue_is_lost(catalogue, found.loaded, output)
        made = _made(settings, spark, connection, cleaned, work, progress)
        return finish(job, relations_of(connection, cleaned.counts), catalogue, made, progress)


def catalogue_of(connection: duckdb.DuckDBPyConnection) -> Catalogue:
    """Return the movies that were rated."""
    items = connection.table("items")
    ratings = connection.execute(statement("spark/ratings_of_items")).fetchnumpy()["ratings"]
    return Catalogue(
        item_ids=pa.array(read_item_ids(items).tolist(), pa.string()),
        is_hidden=read_hidden(items),
        ratings_of_item=np.asarray(ratings, np.int64),
    )


def _made(  # noqa: PLR0913, PLR0917 (where it is made, and of what)
    settings: Settings,
    spark: SparkSession,
    connection: duckdb.DuckDBPyConnection,
    cleaned: Cleaned,
    work: Path,
    progress: Progress,
) -> Artifacts:
    """Train, score and judge; what the workers write of users is in `work` until it is published."""
    counts, ratings = cleaned.counts, cleaned.ratings
    catalogue = catalogue_of(connection)
    kinds = _kinds(connection)
    with progress.step("train") as step, at_rest(connection, settings):
        now = now_there(ratings)
        sample = hold_out(ratings, catalogue, counts.users, now)
        users = cleaned.users_of_share
        held_back = Known(ratings, users, catalogue, sample.known_of_item, sample.held_out)
        before = count_lately(held_back, kinds.of_user, settings)
        candidate = candidate_of(fit_items(held_back, before, settings, step.says), sample, held_back, before)
        # Spark's ALS begins with random vectors: it learns anew from all ratings.
        known = Known(ratings, users, catalogue, catalogue.ratings_of_item)
        lately = count_lately(known, kinds.of_user, settings)
        fitted = fit_items(known, lately, settings, step.says)
        of_segments = _segments(ratings, kinds, lately, catalogue, settings)
        step.status(f"{counts.users:,} users, {counts.items:,} movies")
    with progress.step("score") as step, at_rest(connection, settings):
        given = Given(
            fitted=fitted,
            catalogue=catalogue,
            numbers=_numbers(connection),
            now=now,
            segments=of_segments.names,
            segment_of_kind=of_segments.of_user,
            kind_of_user=kinds.of_user,
            settings=settings,
        )
        files = score_users(spark, ratings, given, work / "users")
        step.status(f"lists of up to {settings.top_n:,} movies, in {len(files):,} files")
    connection.execute("set variable users_written = $files", {"files": files})
    for view in VIEWS:
        connection.execute(statement(view))
    connection.execute(statement("clean/users"))
    with progress.step("similar") as step:
        step.expect(counts.items, "movies")
        alike = similar(
            fitted.collaborative.item_factors, ~catalogue.is_hidden, settings.similar_n, step.advance
        )
        step.status(f"{len(alike.rank):,} places in lists of up to {settings.similar_n:,}")
    with progress.step("judge") as step:
        candidates = [candidate] if len(sample.split.users) else []
        metrics = judge(candidates, fitted, settings) | _of_published(connection, catalogue, counts.users)
        step.status(summary_of_metrics(metrics))
    of_everybody = most_watched(lately.popular.sum(axis=0), catalogue.is_hidden, settings.top_n)
    # Spark's ALS tells no loss.
    item_output = ItemOutput(fitted.factors, [], alike, of_everybody, of_segments, metrics)
    return Artifacts(item_output, None)


def _kinds(connection: duckdb.DuckDBPyConnection) -> Kinds:
    known = connection.execute(statement("spark/kinds_of_users")).df()
    groups = known.groupby(list(ATTRIBUTES), dropna=False, sort=True)
    attributes = known.assign(kind=groups.ngroup()).drop_duplicates("kind").sort_values("kind")
    nothing = pd.DataFrame([dict.fromkeys(ATTRIBUTES)], dtype=object)
    return Kinds(
        of_user=dict(zip(known["user_id"], groups.ngroup().tolist(), strict=True)),
        attributes=pd.concat([attributes[list(ATTRIBUTES)].astype(object), nothing], ignore_index=True),
    )


def _segments(
    ratings: DataFrame, kinds: Kinds, lately: Lately, catalogue: Catalogue, settings: Settings
) -> Segments:
    people = count_people(ratings, kinds.of_user, len(kinds.attributes))
    weights = sparse.csr_matrix(lately.popular.astype(np.float32))
    return segments_of(weights, kinds.attributes, people, catalogue.is_hidden, settings.top_n)


def _numbers(connection: duckdb.DuckDBPyConnection) -> NDArray[np.object_]:
    """Return (items + 1,), the numbers of movies as texts; the last one is none."""
    return np.array([*map(str, read_item_numbers(connection.table("items"))), ""], dtype=object)


def _of_published(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, users: int) -> Metrics:
    places = {}
    for depth in DEPTHS:
        found = connection.execute(statement("spark/places"), {"depth": depth}).fetchnumpy()
        places[depth] = np.zeros(len(catalogue.is_hidden), np.int64)
        places[depth][np.asarray(found["item_index"], np.int64)] = found["places"]
    return of_places(places, catalogue.ratings_of_item, users, catalogue.is_hidden)
