"""The nightly job: nothing where nothing has changed, else the pipeline."""

from datetime import UTC, datetime

from batch.exclusions import read_exclusions
from batch.inputs import find_inputs
from batch.output import Output
from batch.progress import Progress
from batch.publish import Published
from batch.settings import Settings
from batch.unchanged import unchanged


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

        return run_pipeline(Job(settings, output, inputs, fingerprint, exclusions, started_at), progress)
