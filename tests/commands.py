"""Commands and servers as a user starts them, in processes of their own; and commands in this one."""

import errno
import io
import logging
import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import fields
from functools import partial
from pathlib import Path
from unittest.mock import patch

from api.settings import Settings
from batch.cli import main
from batch.settings import by_name

ROOT = Path(__file__).parent.parent
# The steps of a run, in order.
STEPS = ["compare", "load", "clean", "train", "score", "explain", "similar", "evaluate", "write", "check"]
STEPS += ["publish"]


# What would change the answers of the commands, if whoever starts the tests has it set.
OWN_VARIABLES = {name.upper() for name in by_name()} | {
    *(field.name.upper() for field in fields(Settings)),
    "QUIET",
    "JSON",
    "MIRROR",
    "RETRIES",
    "FILE",
    "FORCE",
    "WRITE",
    "OVERWRITE",
    "IN_ADVANCE",
    "FILMS",
    "ITEMS",
    "GENERATION",
    "UNDO",
    "USERS",
    "USER_ID",
}
OTHER_VARIABLES = {"COLUMNS", "FORCE_COLOR", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}


def environment(**variables: str) -> dict[str, str]:
    """Return the environment of a user who has set nothing but the variables given."""
    unwanted = OWN_VARIABLES | OTHER_VARIABLES
    return {**{key: value for key, value in os.environ.items() if key not in unwanted}, **variables}


def invoke(
    *arguments: str | Path, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command as `batch` does, but in this process: without the seconds that a start takes."""
    output, errors = io.StringIO(), io.StringIO()
    return _invoke(arguments, variables or {}, output, errors)


class _Terminal(io.StringIO):
    """What a terminal shows."""

    def isatty(self) -> bool:
        return True


def invoke_on_terminal(*arguments: str | Path, **variables: str) -> tuple[int, str]:
    """Run a command in this process as on a terminal; return exit status and what that shows."""
    shown = _Terminal()
    done = _invoke(arguments, {"TERM": "xterm", "COLUMNS": "120"} | variables, shown, shown)
    return done.returncode, shown.getvalue()


def _invoke(
    arguments: Sequence[str | Path], variables: dict[str, str], output: io.StringIO, errors: io.StringIO
) -> subprocess.CompletedProcess[str]:
    log, status = logging.getLogger("batch"), 0
    handlers, level = [*log.handlers], log.level
    command = ["python -m batch", *map(str, arguments)]
    try:
        with (
            patch.dict(os.environ, environment(**variables), clear=True),
            patch.object(sys, "argv", command),
            redirect_stdout(output),
            redirect_stderr(errors),
        ):
            main()
    except SystemExit as ended:
        status = int(ended.code or 0)
    finally:
        log.handlers[:] = handlers
        log.setLevel(level)
    return subprocess.CompletedProcess(command, status, output.getvalue(), errors.getvalue())


def batch(
    *arguments: str | Path,
    variables: dict[str, str] | None = None,
    largest_file: int | None = None,
    within: Sequence[str] = (),
) -> subprocess.CompletedProcess[str]:
    """Run `python -m batch` to its end; no file can grow beyond `largest_file` KiB.

    `within` is a command that runs it, for instance in another namespace, as `env` does.
    """
    limit = [] if largest_file is None else ["bash", "-c", f'ulimit -f {largest_file}; exec "$@"', "bash"]
    return subprocess.run(
        [*within, *limit, sys.executable, "-m", "batch", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment(PYTHONWARNINGS="error", **(variables or {})),
        stdin=subprocess.DEVNULL,
    )


def start_batch(*arguments: str | Path) -> subprocess.Popen[str]:
    """Start `python -m batch`; its log lines are to be read from `stderr`."""
    return subprocess.Popen(
        [sys.executable, "-m", "batch", *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        # An import that Ctrl-C interrupts leaves a file open.
        env=environment(PYTHONWARNINGS="error,ignore::ResourceWarning"),
    )


def batch_on_terminal(*arguments: str | Path, **variables: str) -> tuple[int, str]:
    """Run `python -m batch` with its errors on a terminal; return exit status and what that shows."""
    terminal, side = pty.openpty()
    job = subprocess.Popen(
        [sys.executable, "-m", "batch", *arguments],
        stderr=side,
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment(**{"TERM": "xterm", "COLUMNS": "120"} | variables),
    )
    os.close(side)
    with job:
        shown = _all_of(terminal)
    return job.returncode, shown


def _all_of(terminal: int) -> str:
    """Read what a terminal shows until its program has ended, which Linux tells by an error."""
    pieces = []
    try:
        for piece in iter(partial(os.read, terminal, 4096), b""):
            pieces.append(piece)  # noqa: PERF402  they stay when reading fails
    except OSError as error:
        if error.errno != errno.EIO:
            raise
    finally:
        os.close(terminal)
    return b"".join(pieces).decode()
