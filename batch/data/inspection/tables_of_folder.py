"""Tables of a folder: its files, parts of one table together, each with its columns and a sample of rows."""

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from batch.data.inspection.file_sample import Sniffed, UnreadableError
from batch.data.inspection.sniff_file import sniff_file
from batch.errors import InputError
from sql.ids import id_of

# More files than these are not looked at, nor deeper ones.
MAX_FILES = 2_000
MAX_TABLES = 100
MAX_DEPTH = 4
# Of the parts of a table, so many are looked at.
PARTS_SNIFFED = 3
_ENDING = re.compile(
    r"\.(csv|tsv|tab|txt|dat|data|item|user|json|jsonl|ndjson|parquet|pq|log|out|base|test)(\.(gz|zst))?$"
)
_NO_FILE = "is no file; put one there, or move it away"
# What comes with data and is none: notes, pictures, programs, what other tools leave.
_NO_DATA = re.compile(
    r"(readme|licen[cs]e|notice|changelog|copying|makefile|\.gitignore|\.ds_store|thumbs\.db|_success|_metadata"
    r"|_common_metadata|input\.toml)(\..*)?|.*\.(md|rst|html?|pdf|png|jpe?g|gif|svg|py|ipynb|sh|sql|pl|r|toml|ya?ml"
    r"|xml|crc|md5|sha256|docx?|pptx?|log)",
)
_GENRES_OF_100K = (
    *("unknown", "Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War"),
    "Western",
)
# The columns of well-known files that have no header; "" for what means nothing.
PRESETS = {
    "u.data": ("user", "movie", "rating", "timestamp"),
    "u.item": ("movie", "title", "", "", "", *(f"genre {genre}" for genre in _GENRES_OF_100K)),
    "u.user": ("user", "age", "gender", "occupation", ""),
    "ratings.dat": ("user", "movie", "rating", "timestamp"),
    "movies.dat": ("movie", "title", "genres"),
    "users.dat": ("user", "gender", "age", "occupation", ""),
}
# What the archive of MovieLens 100K holds beside them: its splits, and lists of names.
_BESIDE_100K = re.compile(r"u[1-5ab]\.(base|test)|u\.(genre|info|occupation)|(allbut|mku)\..*")
OLD_NAMES = {
    "ratings": ("userid", "movieid"),
    "movies": ("movieid", "title", "genres"),
    "users": ("userid",),
    "hidden": ("movieid",),
}


@dataclass(frozen=True)
class Table:
    """Files with the same columns, and what is known of these."""

    file: str | tuple[str, ...]  # as it stands in `input.toml`
    paths: tuple[Path, ...]
    stem: str  # name of the first file without endings, in lower case
    depth: int  # folders above it
    sniffed: Sniffed
    labels: tuple[str, ...]  # names of columns, or what stands for them in well-known files; "" for none

    @property
    def name(self) -> str:
        """Return what the table is called in messages."""
        return self.file if isinstance(self.file, str) else self.file[0]

    @property
    def is_named(self) -> bool:
        """Whether columns are known by names."""
        return any(self.labels)

    @property
    def old_name(self) -> str:
        """Return the name of the table if it is one that was always read; "" if not."""
        required = OLD_NAMES.get(self.stem)
        if self.depth or not required or not self.sniffed.header:
            return ""
        names = {name.lower() for name in self.sniffed.names}
        return self.stem if names.issuperset(required) else ""

    @cached_property
    def _ids(self) -> dict[int, set[str]]:
        return {}

    def ids(self, place: int) -> set[str]:
        """Return the different ids in a column of the sample."""
        if place not in self._ids:
            self._ids[place] = {id_of(each) or "" for each in self.sniffed.values(place) if each} - {""}
        return self._ids[place]

    def called(self, place: int) -> str:
        """Return how a column is called in messages."""
        reference = self.sniffed.reference(place)
        return f"column {reference}"

    def written(self) -> dict[str, Any]:
        """Return the keys of `input.toml` that say how the files are written, where it is not as usual."""
        sniffed = self.sniffed
        keys: dict[str, Any] = {"file": self.file}
        suffixes = [each.lower() for each in self.paths[0].suffixes]
        by_ending = next(
            (kind for kind, known in _FORMATS.items() for each in suffixes if each in known), "csv"
        )
        if by_ending != sniffed.format:
            keys["format"] = sniffed.format
        if sniffed.format == "csv":
            of_text = {"separator": (sniffed.separator, ","), "quote": (sniffed.quote, '"')}
            keys |= {key: value for key, (value, usual) in of_text.items() if value != usual}
            keys |= {} if sniffed.header else {"header": False}
        if sniffed.encoding != "utf-8":
            keys["encoding"] = sniffed.encoding
        return keys


_FORMATS = {"json": (".json", ".jsonl", ".ndjson"), "parquet": (".parquet",)}


@dataclass(frozen=True)
class Folder:
    """What was found at some paths: tables, files that are none, and what stops a look at them."""

    root: Path
    tables: tuple[Table, ...]
    ignored: tuple[str, ...]
    unreadable: dict[str, str]  # reason by name of file
    twice: dict[tuple[str, ...], str]  # what is wrong, by the names of files with the same table


def look_at(paths: Sequence[Path]) -> Folder:
    """Look at a folder, or at some files. Raises InputError if there are none."""
    if not paths:
        raise InputError("no folder and no file is named; name one")
    if missing := [str(path) for path in paths if not path.exists()]:
        raise InputError(f"{', '.join(missing)}: no such file or folder; correct the path")
    if len(paths) == 1 and paths[0].is_dir():
        root = paths[0]
    else:
        parents = [path.absolute() if path.is_dir() else path.absolute().parent for path in paths]
        root = min(parents, key=lambda each: len(each.parts))
        if not all(each.is_relative_to(root) for each in parents):
            raise InputError("the files are in folders that are not one in another; put them into one")
    files, ignored = _files(root, paths)
    groups, twice = _groups(root, [path for path in files if path.is_file()])
    tables: list[Table] = []
    unreadable = {_relative(root, path): _NO_FILE for path in files if not path.is_file()}
    for group in groups[:MAX_TABLES]:
        try:
            tables += _tables_of(root, group)
        except UnreadableError as error:
            unreadable[_relative(root, group[0])] = str(error)
    ignored += [f"{_relative(root, group[0])}: too many files" for group in groups[MAX_TABLES:]]
    return Folder(root, tuple(tables), tuple(ignored), unreadable, twice)


def _relative(root: Path, path: Path) -> str:
    return path.absolute().relative_to(root.absolute()).as_posix()


def _files(root: Path, paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Return the files that may hold tables, and names of others."""
    found: set[Path] = set()
    for path in paths:
        if path.is_dir():
            found.update(_below(path.absolute(), MAX_DEPTH))
        else:
            found.add(path.absolute())
    named = {path.absolute() for path in paths}
    has_100k = any(path.name.lower() == "u.data" for path in found)
    files, ignored = [], []
    for path in sorted(found)[:MAX_FILES]:
        name = path.name.lower()
        is_other = _NO_DATA.fullmatch(name) or (has_100k and _BESIDE_100K.fullmatch(name))
        if is_other and path not in named:
            ignored.append(_relative(root, path))
        else:
            files.append(path)
    return files, [name for name in ignored if name != "input.toml"]


def files_of_data(folder: Path) -> list[Path]:
    """Return the files of a folder that may hold tables."""
    return _files(folder, [folder])[0]


def _below(folder: Path, depth: int) -> Iterable[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries[:MAX_FILES]:
        if entry.name[0] in "._":
            continue
        if entry.is_dir():
            inside = [*_below(entry, depth - 1)] if depth and entry.name != "__MACOSX" else []
            # A folder with the name of a file may have its parts; without any, it is a fault.
            yield from inside or ([entry] if _ENDING.search(entry.name.lower()) else [])
        else:
            yield entry


def stem_of(path: Path) -> str:
    """Return the name of a file without endings, in lower case."""
    return _ENDING.sub("", path.name.lower())


def _groups(root: Path, files: list[Path]) -> tuple[list[list[Path]], dict[tuple[str, ...], str]]:
    """Return files that may be parts of one table together; and a problem for each table in two formats."""
    twice, by_stem = {}, defaultdict(list)
    for path in files:
        by_stem[path.parent, stem_of(path)].append(path)
    for (parent, stem), same in by_stem.items():
        endings = {path.name.lower().removeprefix(stem) for path in same}
        if len(same) > 1 and _are_twice(stem, endings):
            names = " and ".join(path.name for path in same)
            twice[tuple(path.name for path in same)] = (
                f"{_relative(root, parent) if parent != root.absolute() else root}: holds {names}; keep the "
                "one that is meant, and move the other away"
            )
    groups = defaultdict(list)
    for path in files:
        groups[group_of(_relative(root, path))].append(path)
    return list(groups.values()), twice


def group_of(name: str) -> tuple[str, str]:
    """Return a folder and a pattern: files with the same ones may be parts of one table."""
    if folder := _folder_of_parts(name):
        return folder, "*"
    folder, _, file = name.rpartition("/")
    file = file.lower()
    # Digits and what programs put into names of parts differ; the rest must be the same.
    pattern = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{20,}|\d+", "#", file)
    return folder, pattern if not file.startswith("u") else file


def _folder_of_parts(name: str) -> str:
    """Return the folder above a file that is called as a file is, and so has its parts; "" without one."""
    folders = Path(name).parts[:-1]
    ends = [end for end, each in enumerate(folders, 1) if _ENDING.search(each.lower())]
    return "/".join(folders[: ends[0]]) if ends else ""


def _are_twice(stem: str, endings: set[str]) -> bool:
    """Return whether endings are formats of one table: those that were always known, or CSV and Parquet."""
    plain = {re.sub(r"\.(gz|zst)$", "", each) for each in endings}
    tabular = {".csv", ".tsv", ".parquet", ".json", ".jsonl", ".ndjson"}
    return len(endings) > 1 and (stem in OLD_NAMES or plain <= tabular) and plain <= {*tabular, ".txt"}


def _tables_of(root: Path, group: list[Path]) -> list[Table]:
    """Return the table that a group of files is, or one for each file if their columns differ."""
    group = [path for path in group if path.stat().st_size] or group[:1]
    if len(group) == 1:
        return [_table(root, group, sniff_file(group[0]))]
    looked = [group[0], *group[1:-1][: PARTS_SNIFFED - 2], group[-1]]
    sniffed = [sniff_file(path) for path in looked]
    first = sniffed[0]
    if any(_columns(each) != _columns(first) for each in sniffed):
        return [_table(root, [path], sniff_file(path)) for path in group[:MAX_TABLES]]
    rows = [row for each in sniffed for row in each.rows]
    joined = replace(
        first,
        rows=rows,
        is_whole=len(group) == len(looked) and all(each.is_whole for each in sniffed),
        odd_lines=sum(each.odd_lines for each in sniffed),
        encoding=next((each.encoding for each in sniffed if each.encoding != "utf-8"), "utf-8"),
    )
    return [_table(root, group, joined)]


def _columns(sniffed: Sniffed) -> tuple[Any, ...]:
    return sniffed.format, sniffed.separator, sniffed.header, sniffed.names


def _table(root: Path, paths: list[Path], sniffed: Sniffed) -> Table:
    preset = PRESETS.get(paths[0].name.lower(), ())
    labels = sniffed.names if sniffed.header else ("",) * len(sniffed.names)
    if not sniffed.header and len(preset) == len(labels):
        labels = preset
    relative = [_relative(root, path) for path in paths]
    file: str | tuple[str, ...] = relative[0]
    if len(relative) > 1:
        file = _glob(root, relative)
    folder = _folder_of_parts(relative[0])
    depth = len(Path(relative[0]).parts) - 1 - bool(folder)
    stem = stem_of(Path(folder) if folder else paths[0])
    return Table(file, tuple(paths), stem, depth, sniffed, labels)


def _glob(root: Path, names: list[str]) -> str | tuple[str, ...]:
    """Return a glob or a folder that fits these files and no others, or else a list of them."""
    folder, _, first = names[0].rpartition("/")
    pattern = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{20,}|\d+", "*", first, flags=re.IGNORECASE)
    pattern = re.sub(r"\*[\W_]*(?=\*)", "", pattern)
    pattern = re.sub(r"([\[\]?])", "[\\1]", pattern)
    beside = sorted(each.name for each in (root / folder).iterdir() if each.is_file())
    fits = sorted(each for each in beside if fnmatch.fnmatchcase(each, pattern))
    prefix = f"{folder}/" if folder else ""
    if _are_all(names, [prefix + each for each in fits], len(beside)):
        return prefix + pattern
    parts = _folder_of_parts(names[0])
    inside = [each for each in (root / parts).rglob("*") if each.is_file()] if parts else []
    inside_names = sorted(_relative(root, each) for each in inside if each.stat().st_size)
    return parts if _are_all(names, inside_names, len(inside)) else tuple(names)


def _are_all(names: list[str], found: list[str], looked_at: int) -> bool:
    """Return whether these are all files that were found, or the first of more than are looked at."""
    is_first = found[: len(names)] == sorted(names)
    return is_first and (len(found) == len(names) or looked_at > MAX_FILES)
