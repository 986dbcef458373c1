"""The command line: its commands, and how errors become exit statuses."""

import json
import os
import re
import sys
from typing import NoReturn

import click
import duckdb

from batch import __version__
from batch.commands.diff import diff
from batch.commands.evaluate import evaluate
from batch.commands.fetch import fetch
from batch.commands.forget import forget
from batch.commands.generations import generations
from batch.commands.hide import hide
from batch.commands.inspect import inspect
from batch.commands.report import report
from batch.commands.rollback import rollback
from batch.commands.run import run
from batch.commands.sql import sql
from batch.commands.tune import tune
from batch.commands.verify import verify
from batch.errors import BatchError

# Python and DuckDB raise these when the disk is full or memory ends; a commit can fail for no other reason.
_SYSTEM_FAULTS = (
    OSError,
    MemoryError,
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.TransactionException,
    duckdb.FatalException,
)
_REMEDY = "make room or give permission, and run again"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(version)s")
def commands() -> None:
    """Precompute movie recommendations, and manage the published generations.

    Exit status: 0 success; 1 a bug or a system error; 2 wrong usage; 3 bad input; 4 refused; 5 another run
    is working; 130 stopped by Ctrl-C. With 2 to 5, the published generation has not changed. With 1 or 130,
    either the old or the new generation is published, complete.
    """


for command in (
    *(run, fetch, inspect, evaluate, tune, report, generations, rollback, verify, diff, forget, hide, sql),
):
    commands.add_command(command)


def main() -> None:
    """Run the command that the arguments name, and end with its exit status."""
    try:
        commands.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        _fail("stopped", 130)
    except BatchError as error:
        _fail(_printable(str(error)), error.exit_status)
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does; the interpreter must not flush to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except RuntimeError as error:
        # Ctrl-C inside a statement: DuckDB has no class of its own for it.
        if str(error) != "Query interrupted":
            raise
        _fail("stopped", 130)
    except _SYSTEM_FAULTS as error:
        _fail(_message_of(error), 1)


def _printable(text: str) -> str:
    """Return a message in which control characters, which may come from the input, are escape sequences."""
    return "".join(
        each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode()
        for each in text
    )


def _message_of(error: BaseException) -> str:
    """Return in one line what the system could not do, where, and what to do about it."""
    if isinstance(error, MemoryError):
        return f"memory ended ({error}); free some, or ask for shorter lists or vectors, and run again"
    if isinstance(error, OSError):
        # Of two files, the second is the new one.
        named = error.filename2 or error.filename
        place = f"{named}: " if named else ""
        return f"{place}{error.strerror or error}; {_REMEDY}"
    reason = str(error).splitlines()[0]
    # What a thread of its own met, DuckDB says in JSON inside of the line.
    if wrapped := re.search(r'\{"exception_type":.*\}', reason):
        reason = json.loads(wrapped[0])["exception_message"]
    if isinstance(error, duckdb.OutOfMemoryException):
        return f"{reason}; allow more by --memory-gb, or make room on the disk, and run again"
    return f"{reason}; {_REMEDY}"


def _fail(message: str, status: int) -> NoReturn:
    click.echo(f"error: {message}", err=True)
    sys.exit(status)
