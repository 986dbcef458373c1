"""The output folder: which generations are in it, which one is published, and what was taken back.

output/
├── current.duckdb       relative symbolic link to the published generation
├── generations/         one file a generation; none ever changes
├── reports/             a page about a generation, where one was made; it goes when the generation does
├── refused/             what the gate measured of runs that it refused; the last ones
├── rolled_back.json     the generations that were taken back, and what is not published again because of them
├── forgotten.json, forgotten.key, hidden.json    who and what is excluded: `batch/data/exclusions.py`
├── .lock                held by the one process that writes
└── .work/               what a run leaves here when it dies, the next one removes
"""

import errno
import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import filelock

from batch.errors import BatchError, LockedError, UsageError
from batch.generation.ids import next_id, time_of
from batch.generation.records import Replacement, RolledBack, replacement_from, rollbacks_from

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
        """Ids of all generations in the folder, oldest first."""
        unseen = self._unseen()
        files = (self.folder / "generations").glob("*.duckdb")
        found = {file.stem for file in files if time_of(file.stem) and file.is_file()}
        return sorted(found - unseen)

    def current(self) -> str | None:
        """Id of the published generation; None before the first, and where the link shows another place.

        Raises BatchError if something else stands in the place of the link.
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
        """Ids of the generations that were taken back, oldest first, kept or not.

        Raises BatchError if the record of them is damaged.
        """
        return [each.generation for each in self.rollbacks()]

    def rollbacks(self) -> list[RolledBack]:
        """Return the same generations, with what is recorded of each."""
        file = self.folder / "rolled_back.json"
        try:
            return rollbacks_from(json.loads(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return []
        except (ValueError, TypeError) as error:
            raise BatchError(f"{file}: is damaged; remove it, and roll back again what was") from error

    def new_id(self, fingerprint: str, now: datetime) -> str:
        """Return the id of a generation that is made of the input with that fingerprint."""
        return next_id(max(self.generations(), default=None), fingerprint[:6], now)

    def new_ids(self, olds: list[str], now: datetime) -> list[str]:
        """Return new ids for generations that are made of these, in their order, greater than all."""
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
                    # A write does not say where there is no room; here is where a run writes.
                    error.filename = str(self.folder)
                raise
            finally:
                # What can't be removed now, the next run removes.
                with suppress(OSError):
                    self._remove_litter()

    def publish(self, file: Path, generation: str, accepted: Collection[str] = ()) -> None:
        """Make a closed file the published generation; what is no longer kept goes when the lock does.

        The generations with the ids `accepted` are no longer taken back: this one is as they were.

        The file is synced before it gets its name, and the name before the link shows it, so that the
        link never shows anything but a whole generation, whatever dies when.
        """
        file.chmod(0o444)
        _sync(file)
        self._announcement.write_text(generation, encoding="utf-8")
        for written in (self._announcement, self.work, self.folder):
            _sync(written)
        file.replace(self.file(generation))
        _sync(self.folder / "generations")
        self._write_rolled_back([each for each in self.rollbacks() if each.generation not in accepted])
        self._switch(generation)

    def replace(self, replacement: Replacement) -> None:
        """Let closed files in the work folder take the place of others, all at once as far as anyone sees.

        Once it is announced it happens, whatever dies when: the next one that takes the lock goes on with it.
        What is seen changes when the link does.
        """
        for generation in replacement.new:
            file = self._draft(generation)
            file.chmod(0o444)
            _sync(file)
        for name in replacement.records:
            _sync(self.work / name)
        for folder in (self.work, self.folder):
            _sync(folder)
        self._write(self._replacing, json.dumps(asdict(replacement)))
        self._go_on_replacing()

    def roll_back(self, generation: str, taken_back: Iterable[RolledBack] = ()) -> None:
        """Publish an older (or again a newer) generation; `taken_back` are all that are, from then on."""
        self._write_rolled_back(taken_back)
        self._switch(generation)

    def keep_report(self, generation: str, page: str) -> Path:
        """Write the report on a generation beside it; the folder must be locked.

        It names users, so nobody may write one while they are forgotten. It goes when its generation does.
        """
        file = self.report(generation)
        file.parent.mkdir(exist_ok=True)
        self._write(file, page)
        return file

    @property
    def _announcement(self) -> Path:
        """Names the generation whose file may have its name already, and is not yet linked."""
        return self.work / "publishing"

    @property
    def _replacing(self) -> Path:
        """Says what takes the place of what; while it is there, not all of it may have happened."""
        return self.work / "replacing"

    def _draft(self, generation: str) -> Path:
        return self.work / f"{generation}.duckdb"

    def _replacement(self) -> Replacement | None:
        try:
            return replacement_from(json.loads(self._replacing.read_text(encoding="utf-8")))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _unseen(self) -> set[str]:
        """Ids of files that are not there yet, as far as anyone sees, or no longer."""
        replacement = self._replacement()
        if replacement is None or replacement.published is None:
            return set()
        return {*(replacement.old if self.current() == replacement.published else replacement.new)}

    def _go_on_replacing(self) -> None:
        """Do what is announced, from wherever it has come to."""
        replacement = self._replacement()
        if replacement is None:
            return
        for generation in replacement.new:
            if self._draft(generation).exists():
                self._draft(generation).replace(self.file(generation))
        _sync(self.folder / "generations")
        if replacement.published is not None:
            # What was taken back is so before and after the link is switched.
            self._write_rolled_back([*self.rollbacks(), *replacement.taken_back])
            if self.current() != replacement.published:
                self._switch(replacement.published)
            self._write_rolled_back(replacement.taken_back)
        for name in replacement.records:
            if (self.work / name).exists():
                (self.work / name).replace(self.folder / name)
        _sync(self.folder)
        for generation in replacement.old:
            # What a report shows must be gone before anybody may think that it is.
            self.report(generation).unlink(missing_ok=True)
            self.file(generation).unlink(missing_ok=True)
        _sync(self.folder / "generations")
        if replacement.old and (self.folder / "reports").is_dir():
            _sync(self.folder / "reports")
        self._replacing.unlink()
        _sync(self.work)

    def _switch(self, generation: str) -> None:
        new_link = self.work / "current.duckdb"
        new_link.unlink(missing_ok=True)
        new_link.symlink_to(self.file(generation).relative_to(self.folder))
        new_link.replace(self.link)
        _sync(self.folder)

    def _write_rolled_back(self, taken_back: Iterable[RolledBack]) -> None:
        """Write one record for each generation, the last one of it, in the order of ids."""
        by_id = {each.generation: each for each in taken_back}
        records = [by_id[generation] for generation in sorted(by_id)]
        if records == self.rollbacks():
            return
        text = json.dumps([asdict(each) for each in records], indent=2) + "\n"
        self._write(self.folder / "rolled_back.json", text)

    def _write(self, file: Path, text: str) -> None:
        """Write a file at once: its readers find the old text or the new one, also after a power cut."""
        draft = self.work / f"{file.name}.new"
        draft.write_text(text, encoding="utf-8")
        _sync(draft)
        draft.replace(file)
        _sync(file.parent)

    def _remove_litter(self) -> None:
        self._go_on_replacing()
        current = self.current()
        if self._announcement.exists():
            announced = self._announcement.read_text(encoding="utf-8")
            if announced in self.generations() and announced != current:
                self.file(announced).unlink()
        self._remove_what_is_not_kept(current)
        # Left by who opened a generation to write. Readers would see what it says, and none ever changes.
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

    def _remove_what_is_not_kept(self, current: str | None) -> None:
        for old in self.generations()[:-KEPT_GENERATIONS]:
            if old != current:
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
