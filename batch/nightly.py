"""The nightly job: nothing where nothing has changed, else the pipeline; then the report, if wanted."""

import importlib
import logging
from datetime import UTC, datetime

from batch.errors import UsageError
from batch.exclusions import Exclusions, read_exclusions
from batch.inputs import find_inputs
from batch.output import Output
from batch.progress import Progress
from batch.publish import Published
from batch.report.report import keep
from batch.rolled_back import origin_of_run, refuse_what_was_rolled_back
from batch.settings import Settings
from batch.unchanged import unchanged

log = logging.getLogger("batch")


def run(settings: Settings, progress: Progress) -> Published:
    """Publish a new generation of `settings.data` in `settings.output`, unless that would be the same again.

    Raises LockedError, InputError or RefusedError; whatever is raised, and whenever the process dies,
    the generation that was published before stays so.
    """
    if settings.engine == "spark":
        return _run_on_spark(settings, progress)
    started_at = datetime.now(UTC)
    output = Output(settings.output)
    inputs = find_inputs(settings.data)
    with output.locked():
        with progress.step("compare") as step:
            snapshot = inputs.snapshot()
            fingerprint = snapshot.fingerprint
            step.finds(f"input {fingerprint[:6]}")
        exclusions = read_exclusions(output.folder)
        published = published_before(output, fingerprint, exclusions, settings, progress)
        if not published:
            # The model and what it needs take longer to import than it takes to see that nothing has changed.
            from batch.pipeline import Job, run as run_pipeline  # noqa: PLC0415

            job = Job(settings, output, fingerprint, exclusions, started_at, snapshot.stop_if_written)
            published = run_pipeline(job, snapshot, progress)
        report_if_wanted(output, published, settings, progress)
    return published


def published_before(
    output: Output, fingerprint: str, exclusions: Exclusions, settings: Settings, progress: Progress
) -> Published | None:
    """Return what is published if it is of that input, and made as it would be now; None if not.

    Raises RefusedError if what would be made was rolled back.
    """
    file = None if settings.rebuild else output.current_file()
    counts = unchanged(file, fingerprint, settings, exclusions) if file else None
    if not file or not counts:
        if not settings.accept_rolled_back:
            refuse_what_was_rolled_back(output, origin_of_run(fingerprint, settings, exclusions.digest))
        return None
    return Published(
        generation=file.stem,
        file=file,
        counts=counts,
        seconds=progress.seconds,
        rows={},
        peak_mb=progress.peak_mb,
        is_new=False,
    )


def _run_on_spark(settings: Settings, progress: Progress) -> Published:
    """Do the same on a cluster. Raises UsageError if PySpark is missing."""
    try:
        nightly = importlib.import_module("batch.spark.nightly")
    except ModuleNotFoundError as error:
        raise without_spark(error) from error
    published: Published = nightly.run(settings, progress)
    return published


def without_spark(error: ModuleNotFoundError) -> UsageError:
    """Return the error of an installation without Spark, which is optional."""
    return UsageError(
        f"--engine spark: needs the packages pyspark and pyarrow ({error.name} is missing); install them by "
        "'pip install -r requirements-spark.txt', and Java 17"
    )


def report_if_wanted(output: Output, published: Published, settings: Settings, progress: Progress) -> None:
    """Make the report, if there is none; where that fails, say so: what is published is so without it."""
    generation = published.generation
    if not settings.report or output.report(generation).exists():
        return
    try:
        with progress.step("report") as step:
            step.finds(str(keep(output, generation)))
    except Exception as error:  # noqa: BLE001 (whatever it is, the night's work is done and published)
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        log.warning(
            "%s is published, but has no report (%s); make it by 'python -m batch report --generation %s'",
            generation,
            reason,
            generation,
        )
