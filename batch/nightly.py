"""The nightly job: the input is looked at, then the pipeline runs."""

from datetime import UTC, datetime

from batch.inputs import find_inputs
from batch.output import Output
from batch.progress import Progress
from batch.publish import Published
from batch.settings import Settings


def run(settings: Settings, progress: Progress) -> Published:
    """Publish a new generation of `settings.data` in `settings.output`.

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
        if not settings.force:
            output.refuse_what_was_rolled_back(fingerprint)
        # An input that is refused need not wait for the model, which takes long to import.
        from batch.pipeline import Job, run as run_pipeline  # noqa: PLC0415

        return run_pipeline(Job(settings, output, inputs, fingerprint, started_at), progress)
