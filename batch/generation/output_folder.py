"""The output folder: which generations are in it, which one is published, and which were rolled back.

output/
├── current.duckdb       relative symbolic link to the published generation
├── generations/         one file per generation; none ever changes
├── reports/             one page per generation that has a report; deleted with the generation
├── refused/             the metrics of the last runs that the gate refused
├── rolled_back.json     the generations that were rolled back, and from what they were made
├── forgotten.json, forgotten.key, hidden.json    who and what is excluded: `batch/data/exclusions.py`
├── .lock                held by the one process that writes
└── .work/               drafts and the journal; the next run removes what a killed one leaves

A change of the folder is a transaction: its files and its journal are on the disk before the link is
switched. If the process dies before that, the next one undoes it; afterwards, the next one finishes it.
"""

import errno
import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import filelock

from batch.errors import BatchError, LockedError, UsageError
from batch.generation.records import (
    RolledBack,
    Transaction,
    next_id,
    rollbacks_from_json,
    rollbacks_to_json,
    time_of,
)

KEPT_GENERATIONS = 7
KEPT_REFUSED = 7

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Output:
    """An output folder; nothing is cached, every call looks."""

    folder: Path

    @property
    def link(self) -> Path:
        """Path of the link to the published generation."""
        return self.folder / "current.duckdb"

    @property
    def work(self) -> Path:
        """Path of the folder for everything that is not yet, or never, published."""
        return self.folder / ".work"

    def file(self, generation: str) -> Path:
        """Path of the file of a generation."""
        return self.folder / "generations" / f"{generation}.duckdb"

    def report(self, generation: str) -> Path:
        """Path of the report on a generation, whether there is one or not."""
        return self.folder / "reports" / f"{generation}.html"

    def generations(self) -> list[str]:
        """Ids of all generations in the folder, oldest first; a transaction adds and removes all at once."""
        files = (self.folder / "generations").glob("*.duckdb")
        found = {file.stem for file in files if time_of(file.stem) and file.is_file()}
        transaction = self._transaction()
        if transaction:
            found -= {*(transaction.old if self._is_committed(transaction) else transaction.new)}
        return sorted(found)

    def current(self) -> str | None:
        """Id of the published generation; None before the first, and if the link shows another place.

        Raises BatchError if there is something else instead of the link.
        """
        try:
            target = self.link.readlink()
            return target.stem if self.folder / target == self.file(target.stem) else None
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            raise BatchError(f"{self.link}: is no symbolic link; move it away and run again") from error

    def published(self) -> Path:
        """Path of the published generation. Raises UsageError before the first, or if the link is lost."""
        current = self.current()
        if current is None and self.generations():
            raise UsageError(
                f"{self.link}: shows no generation of this folder; run again, or go to one by "
                "'python -m batch rollback ID'"
            )
        if current is None:
            raise UsageError(f"{self.folder}: nothing is published yet; run 'python -m batch run' first")
        return self.file(current)

    def existing(self, generation: str | None = None) -> Path:
        """Path of the generation of that id, or of the published one. Raises UsageError without it."""
        if generation is None:
            return self.published()
        if generation not in self.generations():
            raise UsageError(
                f"{self.folder}: has no generation {generation}; 'python -m batch generations' lists them"
            )
        return self.file(generation)

    def current_file(self) -> Path | None:
        """Path of the published generation; None before the first."""
        current = self.current()
        return self.file(current) if current else None

    def keep_refused(self, generation: str, text: str) -> Path:
        """Write down what was refused, under the id that it would have had; the newest few are kept."""
        folder = self.folder / "refused"
        folder.mkdir(exist_ok=True)
        file = folder / f"{generation}.json"
        self._write(file, text + "\n")
        for old in sorted(folder.glob("*.json"))[:-KEPT_REFUSED]:
            old.unlink()
        return file

    def rolled_back(self) -> list[str]:
        """Ids of the generations that were rolled back, oldest first, kept or not.

        Raises BatchError if the record of them is damaged.
        """
        return [each.generation for each in self.rollbacks()]

    def rollbacks(self) -> list[RolledBack]:
        """Return the same generations, with what is recorded of each."""
        transaction = self._transaction()
        if transaction and self._is_committed(transaction):
            return transaction.taken_back
        try:
            return rollbacks_from_json(self._rolled_back.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        except (ValueError, TypeError) as error:
            raise BatchError(
                f"{self._rolled_back}: is damaged; delete it, and repeat each rollback as 'python -m batch "
                "rollback ID'"
            ) from error

    def new_id(self, fingerprint: str, now: datetime) -> str:
        """Return the id of a new generation of the input with that fingerprint."""
        return next_id(max(self.generations(), default=None), fingerprint[:6], now)

    def new_ids(self, olds: list[str], now: datetime) -> list[str]:
        """Return new ids for rewritten generations, in the order of the old ones, greater than all."""
        newest = max(self.generations(), default=None)
        ids = []
        for old in olds:
            newest = next_id(newest, old.rpartition("-")[2], now)
            ids.append(newest)
        return ids

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for the body: one writer at a time, with an empty work folder.

        The lock belongs to the process and ends with it, however it ends. Raises LockedError if
        another process holds it.
        """
        (self.folder / "generations").mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(self.folder / ".lock", blocking=False)
        try:
            held = lock.acquire()
        except filelock.Timeout as error:
            raise LockedError(
                f"{self.folder}: another run is at work here; wait for its end, or name another --output"
            ) from error
        with held:
            self._remove_litter()
            self.work.mkdir()
            try:
                yield
            except OSError as error:
                if error.filename is None and error.errno in _NO_ROOM:
                    # The error of a write does not name the place; a run writes to this folder.
                    error.filename = str(self.folder)
                raise
            finally:
                # What can't be removed now, the next run removes.
                with suppress(OSError):
                    self._remove_litter()

    def publish(self, file: Path, generation: str, accepted: Collection[str] = ()) -> None:
        """Make a closed file the published generation; what is no longer kept goes when the lock does.

        The generations with the ids `accepted` are no longer rolled back: this one has their origin.
        """
        file.replace(self._draft(generation))
        taken_back = [each for each in self.rollbacks() if each.generation not in accepted]
        self.commit(Transaction(generation, taken_back, new=[generation]))

    def roll_back(self, generation: str, taken_back: Iterable[RolledBack] = ()) -> None:
        """Publish an older (or again a newer) generation; `taken_back` are all that are, from then on."""
        self.commit(Transaction(generation, [*taken_back]))

    def commit(self, transaction: Transaction) -> None:
        """Change the folder as the transaction says, all at once as far as anyone sees."""
        for generation in transaction.new:
            self._draft(generation).chmod(0o444)
            _sync(self._draft(generation))
        for name in transaction.records:
            _sync(self.work / name)
        for folder in (self.work, self.folder):
            _sync(folder)
        self._write(self._journal, transaction.to_json())
        for generation in transaction.new:
            self._draft(generation).replace(self.file(generation))
        _sync(self.folder / "generations")
        if not self._is_committed(transaction):
            new_link = self.work / "current.duckdb"
            new_link.symlink_to(f"generations/{transaction.published}.duckdb")
            new_link.replace(self.link)
            _sync(self.folder)
        self._finish(transaction)

    def keep_report(self, generation: str, page: str) -> Path:
        """Write the report on a generation beside it; the folder must be locked.

        It names users, so it must not be written while one is forgotten. It is deleted with its generation.
        """
        file = self.report(generation)
        file.parent.mkdir(exist_ok=True)
        self._write(file, page)
        return file

    @property
    def _rolled_back(self) -> Path:
        return self.folder / "rolled_back.json"

    @property
    def _journal(self) -> Path:
        """Path of the transaction that is not finished; there is none without this file."""
        return self.work / "replacing"

    def _draft(self, generation: str) -> Path:
        return self.work / f"{generation}.duckdb"

    def _transaction(self) -> Transaction | None:
        try:
            return Transaction.from_json(self._journal.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _is_committed(self, transaction: Transaction) -> bool:
        return self.current() == transaction.published

    def _recover(self) -> None:
        """Finish the transaction of a process that died, or undo it if it was not committed."""
        transaction = self._transaction()
        if transaction and self._is_committed(transaction):
            self._finish(transaction)
        elif transaction:
            for generation in transaction.new:
                self.file(generation).unlink(missing_ok=True)
            _sync(self.folder / "generations")

    def _finish(self, transaction: Transaction) -> None:
        """Do what follows the commit, from wherever it has come to."""
        if transaction.taken_back or self._rolled_back.exists():
            self._write(self._rolled_back, rollbacks_to_json(transaction.taken_back))
        for name in transaction.records:
            if (self.work / name).exists():
                (self.work / name).replace(self.folder / name)
        _sync(self.folder)
        for generation in transaction.old:
            # A report names users too.
            self.report(generation).unlink(missing_ok=True)
            self.file(generation).unlink(missing_ok=True)
        _sync(self.folder / "generations")
        if transaction.old and (self.folder / "reports").is_dir():
            _sync(self.folder / "reports")
        self._journal.unlink()
        _sync(self.work)

    def _write(self, file: Path, text: str) -> None:
        """Write a file at once: its readers find the old text or the new one, also after a power cut."""
        draft = self.work / f"{file.name}.new"
        draft.write_text(text, encoding="utf-8")
        _sync(draft)
        draft.replace(file)
        _sync(file.parent)

    def _remove_litter(self) -> None:
        self._recover()
        self._remove_what_is_not_kept()
        # A tool that opened a generation to write has left it. Readers would see what it says, and no
        # generation ever changes.
        for log in (self.folder / "generations").glob("*.duckdb.wal"):
            if time_of(log.name.removesuffix(".duckdb.wal")):
                log.unlink()
        if self.work.is_dir() and not self.work.is_symlink():
            try:
                shutil.rmtree(self.work)
            except OSError as error:
                # Python 3.11 names the file, but not the folder that it is in.
                error.filename = str(self.work)
                raise
        else:
            self.work.unlink(missing_ok=True)

    def _remove_what_is_not_kept(self) -> None:
        for old in self.generations()[:-KEPT_GENERATIONS]:
            if old != self.current():
                # One more than is kept is no reason not to run.
                with suppress(OSError):
                    self.file(old).unlink()
        kept = self.generations()
        for report in (self.folder / "reports").glob("*.html"):
            if time_of(report.stem) and report.stem not in kept:
                with suppress(OSError):
                    report.unlink()


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
