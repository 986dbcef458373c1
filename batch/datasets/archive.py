"""Archive: the zip of a data set, from its publisher, a mirror, or the hands of the user; and checked."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from batch.datasets.catalogue import DataSet
from batch.datasets.download import Downloads, NotThereError, Source, downloads, remove, size_of
from batch.datasets.folder import unfinished
from batch.errors import InputError
from batch.runtime.progress import Progress, Step


@dataclass(frozen=True)
class Archive:
    """A whole archive, and by what it was checked: `md5`, or `crc` where there is no checksum."""

    file: Path
    part: Path  # what a download has left; the same, unless the user put the archive there
    checked: str

    def remove(self) -> None:
        """Remove what was downloaded, and never what the user put there."""
        remove(self.part)


def archive_of(data_set: DataSet, folder: Path, source: Source, progress: Progress) -> Archive:
    """Return the archive of a data set: the one that lies in the folder, else it is downloaded.

    Raises BatchError if it can't be had, and InputError, after removing it, if its checksum is wrong.
    """
    by_hand = folder / data_set.archive
    part = unfinished(by_hand)
    if by_hand.exists():
        file, checksum = by_hand, _checksum_by_hand(by_hand)
    else:
        file, checksum = part, _download(data_set, part, source, progress)
    archive = Archive(file, part, "md5" if checksum else "crc")
    if checksum:
        with progress.step("check") as step:
            _check(archive, checksum)
            step.status("its MD5 is right")
    return archive


def _download(data_set: DataSet, file: Path, source: Source, progress: Progress) -> str | None:
    """Download an archive, and return its checksum; None if it has none."""
    url = data_set.url(source.mirror)
    remedy = (
        "check the connection and run again, name a mirror by --mirror, "
        f"or download {data_set.url(None)} elsewhere and put it here as {file.parent / data_set.archive}"
    )
    with progress.transfer("download") as step, downloads(source, remedy) as server:
        checksum = _checksum(server, url, step) if data_set.has_checksum else None
        server.file(url, file, step)
        step.status(size_of(file))
    return checksum


def _checksum(server: Downloads, url: str, step: Step) -> str | None:
    """Return the checksum beside an archive; None if a mirror has taken the archive alone."""
    try:
        return _md5_in(server.text(f"{url}.md5", step), f"{url}.md5")
    except NotThereError:
        step.says("there is no checksum beside the archive; what is in it is checked by its own CRC")
        return None


def _checksum_by_hand(archive: Path) -> str | None:
    file = archive.with_name(f"{archive.name}.md5")
    return _md5_in(file.read_text(encoding="utf-8", errors="replace"), str(file)) if file.exists() else None


def _md5_in(text: str, place: str) -> str:
    """Return the sum in `MD5 (ml-25m.zip) = 6b51…` or `6b51…  ml-25m.zip`."""
    found = re.findall(r"(?<!\w)[0-9a-fA-F]{32}(?!\w)", text)
    if len(found) != 1:
        raise InputError(f"{place}: holds no MD5 sum; name another mirror by --mirror")
    return str(found[0]).lower()


def _check(archive: Archive, checksum: str) -> None:
    with archive.file.open("rb") as stream:
        # Against damage on the way, not against malice: both come from the same place.
        found = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != checksum:
        archive.remove()
        done = "it is removed; run again" if archive.file == archive.part else "download it again"
        raise InputError(f"{archive.file}: its MD5 is {found}, and should be {checksum}; {done}")
