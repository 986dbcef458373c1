"""The nightly job on a cluster: nothing where nothing has changed, else the pipeline."""

from datetime import UTC, datetime
from functools import partial

from batch.data.exclusions import read_exclusions
from batch.generation.publish import Published
from batch.generation.store import Output
from batch.generation.unchanged import up_to_date
from batch.pipeline import Job
from batch.report.build import keep_after_run
from batch.runtime.progress import Progress
from batch.settings import Settings
from batch.spark.pipeline import run as run_pipeline
from batch.spark.session import connected
from batch.spark.tables import find_tables, stop_if_written


def run(settings: Settings, progress: Progress) -> Published:
    """Do what `batch.pipeline.run` does, on the cluster of `settings.master`."""
    started_at = datetime.now(UTC)
    output = Output(settings.output)
    with output.locked(), connected(settings.master, output.work) as spark:
        with progress.step("compare") as step:
            tables = find_tables(spark, settings.data)
            step.status(f"input {tables.fingerprint[:6]}")
        exclusions = read_exclusions(output.folder)
        published = up_to_date(output, tables.fingerprint, exclusions, settings, progress)
        if not published:
            stop = partial(stop_if_written, spark, settings.data, tables)
            job = Job(settings, output, tables.fingerprint, exclusions, started_at, stop)
            try:
                published = run_pipeline(job, spark, tables, progress)
            except Exception:
                # What is being written looks damaged, and no line is where it was.
                stop()
                raise
        if settings.report:
            keep_after_run(output, published.generation, progress)
    return published
