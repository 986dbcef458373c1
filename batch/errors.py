"""What can go wrong, and with which exit status it ends.

BatchError          1  what is in the output folder can't be used, or a data set can't be fetched
├── UsageError      2  asked for what isn't there
├── InputError      3  the input can't be used as it is
├── RefusedError    4  the result, or the input, must not be published
└── LockedError     5  another run, or fetch, is at work

An error of the system, a full disk for instance, stays an OSError or an error of DuckDB, and ends with 1.
Every message says what is wrong, where, and what to do. `batch/cli.py` turns them into exit statuses.
"""


class BatchError(Exception):
    """The job can't go on, for a reason that its user can correct."""

    exit_status = 1


class UsageError(BatchError):
    """A command asks for something that isn't there."""

    exit_status = 2


class InputError(BatchError):
    """The input folder, a file, a line or a column can't be used as it is."""

    exit_status = 3


class RefusedError(BatchError):
    """What would be published breaks an invariant, is worse than before, or was rolled back before."""

    exit_status = 4


class LockedError(BatchError):
    """Another run writes to the same output folder, or another fetch to the same data folder."""

    exit_status = 5
