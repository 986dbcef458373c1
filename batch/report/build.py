"""Build: the report on a generation becomes a page beside it."""

import logging
from pathlib import Path

from batch.generation.output_folder import Output
from batch.runtime.progress import Progress

log = logging.getLogger("batch")


def page(output: Output, generation: str) -> str:
    """Return the report on a generation as HTML. Raises BatchError if its file can't be read."""
    from batch.report.facts import read  # noqa: PLC0415 (they take a second to import, if at all)
    from batch.report.page import render  # noqa: PLC0415

    return render(read(output, generation))


def keep(output: Output, generation: str) -> Path:
    """Make the report on a generation, and keep it beside it; the folder must be locked.

    It names users, so it must go with the generation: a user forgotten in between would still be in it.
    """
    return output.keep_report(generation, page(output, generation))


def keep_after_run(output: Output, generation: str, progress: Progress) -> None:
    """Make the report, if there is none; if that fails, say so: the generation is published without it."""
    if output.report(generation).exists():
        return
    try:
        with progress.step("report") as step:
            step.status(str(keep(output, generation)))
    except Exception as error:  # noqa: BLE001 (whatever it is, the run has published its generation)
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        log.warning(
            "%s is published, but has no report (%s); make it by 'python -m batch report --generation %s'",
            generation,
            reason,
            generation,
        )
