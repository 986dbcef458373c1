"""The nightly job: nothing where nothing has changed, else the pipeline; then the report, if wanted."""

import logging
from datetime import UTC, datetime

from batch.exclusions import read_exclusions
from batch.inputs import find_inputs
from batch.output import Output
from batch.progress import Progress
from batch.publish import Published
from batch.report.report import keep
from batch.settings import Settings
from batch.unchanged import unchanged

log = logging.getLogger("batch")


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
            fingerprint = inputs.fingerprint()
            step.finds(f"input {fingerprint[:6]}")
        exclusions = read_exclusions(output.folder)
        if not settings.force:
            output.refuse_what_was_rolled_back(fingerprint)
            file = output.current_file()
            counts = unchanged(file, fingerprint, settings, exclusions) if file else None
            if file and counts:
                if settings.report and not output.report(file.stem).exists():
                    _report(output, file.stem, progress)
                return Published(
                    generation=file.stem,
                    file=file,
                    counts=counts,
                    seconds=progress.seconds,
                    rows={},
                    peak_mb=progress.peak_mb,
                    is_new=False,
                )
        # The model and what it needs take longer to import than it takes to see that nothing has changed.
        from batch.pipeline import Job, run as run_pipeline  # noqa: PLC0415

        published = run_pipeline(Job(settings, output, inputs, fingerprint, exclusions, started_at), progress)
        if settings.report:
            _report(output, published.generation, progress)
    return published


def _report(output: Output, generation: str, progress: Progress) -> None:
    """Make the report; where that fails, say so: what is published is so without it."""
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
