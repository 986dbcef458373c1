"""The nightly job on a cluster: nothing where nothing has changed, else the pipeline."""

from datetime import UTC, datetime
from functools import partial

from batch.exclusions import read_exclusions
from batch.nightly import published_before, report_if_wanted
from batch.output import Output
from batch.pipeline import Job
from batch.progress import Progress
from batch.publish import Published
from batch.settings import Settings
from batch.spark.pipeline import run as run_pipeline
from batch.spark.session import connected
from batch.spark.tables import find_tables, stop_if_written


def run(settings: Settings, progress: Progress) -> Published:
    """Do what `batch.nightly.run` does, on the cluster of `settings.master`."""
    started_at = datetime.now(UTC)
    output = Output(settings.output)
    with output.locked(), connected(settings.master, output.work) as spark:
        with progress.step("compare") as step:
            tables = find_tables(spark, settings.data)
            step.finds(f"input {tables.fingerprint[:6]}")
        exclusions = read_exclusions(output.folder)
        published = published_before(output, tables.fingerprint, exclusions, settings, progress)
        if not published:
            stop = partial(stop_if_written, spark, settings.data, tables)
            job = Job(settings, output, tables.fingerprint, exclusions, started_at, stop)
            try:
                published = run_pipeline(job, spark, tables, progress)
            except Exception:
                # What is being written looks damaged, and no line is where it was.
                stop()
                raise
        report_if_wanted(output, published, settings, progress)
    return published
