"""Fetching: from a real server to files that the job reads, whatever happens on the way."""

import hashlib
import json
import random
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import filelock
import pytest

from batch.datasets.catalogue import NAMES, SETS
from batch.datasets.download import Source
from batch.datasets.fetch import Fetched, fetch
from batch.errors import BatchError, InputError, LockedError, UsageError
from batch.runtime.progress import Progress
from tests.archives import ARCHIVES, CSV, CSV_RATINGS, DIRTY, OF_1M, zipped
from tests.cleaned import Cleaned
from tests.commands import ROOT, batch, batch_on_terminal, environment, invoke
from tests.mirror import Mirror, mirroring

ARCHIVE = ARCHIVES["latest-small"]
PART = ".unfinished-ml-latest-small.zip"
Get = Callable[..., Fetched]


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A server that has every set."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with mirroring() as started:
        for name, content in ARCHIVES.items():
            started.put(SETS[name].archive, content, "{md5}  {name}" if SETS[name].has_checksum else None)
        yield started


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def get(mirror: Mirror, data: Path) -> Get:
    """Return a function that fetches a set into the data folder, without waiting between tries."""

    def fetched(name: str = "latest-small", retries: int = 2) -> Fetched:
        source = Source(mirror=mirror.url, retries=retries, wait=0)
        return fetch(name, data, source, Progress(quiet=True))

    return fetched


def _names(folder: Path) -> set[str]:
    """Names of what a fetch has left in a folder, but for the lock."""
    return {each.name for each in folder.iterdir()} - {".lock"}


def _changed(files: dict[str, bytes], name: str, content: bytes | None) -> bytes:
    """Return an archive of these files, in which one is another, or missing."""
    changed = files | {name: content}
    return zipped("x", {name: content for name, content in changed.items() if content is not None})


# The files that sets in other formats become.
CONVERTED = {
    "100k": {
        "ratings.csv": (
            "userId,movieId,rating,timestamp\n"
            "196,242,3.0,881250949\n186,302,4.0,891717742\n196,267,1.0,881250950\n"
        ),
        "movies.csv": (
            "movieId,title,genres\n"
            "242,Toy Story (1995),Animation|Children's|Comedy\n"
            "267,unknown,(no genres listed)\n"
            '302,"Misérables, Les ""1"" (1995)",Action|Western\n'
        ),
        "users.csv": "userId,gender,age,occupation\n186,F,39,executive\n196,M,49,writer\n",
    },
    "1m": {
        "ratings.csv": (
            "userId,movieId,rating,timestamp\n"
            "1,1193,5.0,978300760\n1,661,3.0,978302109\n2,1193,4.0,978298413\n"
        ),
        "movies.csv": (
            "movieId,title,genres\n"
            "661,James and the Giant Peach (1996),Animation|Children's|Musical\n"
            '1193,"Misérables, Les :: 1 (1995)",Drama\n'
        ),
        "users.csv": (
            "userId,gender,age,occupation\n"
            "1,F,1,K-12 student\n2,M,56,self-employed\n3,M,25,other\n4,F,45,writer\n"
        ),
    },
    "10m": {
        "ratings.csv": (
            "userId,movieId,rating,timestamp\n1,122,5.0,838985046\n1,185,4.5,838983525\n2,122,0.5,868245644\n"
        ),
        "movies.csv": (
            "movieId,title,genres\n"
            '122,"Great Performances"" Cats (1998)",Musical\n'
            '185,"Misérables, Les (1995)",Drama|War\n'
        ),
    },
}
WRITTEN = {
    **dict.fromkeys(("latest-small", "25m", "32m"), CSV),
    "dirty-small": DIRTY,
    **{name: {file: text.encode() for file, text in files.items()} for name, files in CONVERTED.items()},
}


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_written_as_csv_of_which_the_job_keeps_every_valid_row(
    get: Get, data: Path, tmp_path: Path, name: str
) -> None:
    fetched = get(name)
    assert {file: (data / file).read_bytes() for file in _names(data)} == WRITTEN[name]
    assert fetched.users == {"100k": 2, "1m": 4}.get(name)
    cleaned = Cleaned(data, tmp_path)
    if name == "dirty-small":
        assert fetched.ratings == 4
        assert cleaned.ratings() == [("1", "1", 4.0), ("2", "3", 5.0), ("3", "1", 3.5)]
        assert cleaned.rejected() == [(4, "rating_out_of_range")]
    else:
        assert cleaned.rejected() == []
        assert len(cleaned.ratings()) == fetched.ratings == 3
    titles = cleaned.rows("select title from items where title like 'Mis%'")
    assert [title[:15] for (title,) in titles] == ["Misérables, Les"]
    assert cleaned.rows("select count(*) from items") == [(fetched.movies,)]


def test_many_lines_keep_their_order_and_their_values(get: Get, mirror: Mirror, data: Path) -> None:
    rows = [f"{user}::{user * 7 % 4000}::{user % 5 + 1}::{user + 978300760}" for user in range(300_000)]
    files = OF_1M | {"ratings.dat": "\n".join(rows).encode()}
    mirror.put("ml-1m.zip", zipped("ml-1m", files))
    assert get("1m").ratings == len(rows)
    lines = (data / "ratings.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [line.replace(".0,", ",").replace(",", "::") for line in lines] == rows


# What a server does, and the ranges that it is then asked for.
SERVERS: dict[str, tuple[dict[str, Any], list[str | None]]] = {
    "cuts after 1 byte": ({"cuts": [1]}, [None, "bytes=1-"]),
    "cuts before the last byte": ({"cuts": [len(ARCHIVE) - 1]}, [None, f"bytes={len(ARCHIVE) - 1}-"]),
    "knows no ranges": ({"cuts": [100], "knows_ranges": False}, [None, "bytes=100-"]),
    "sends another range": ({"cuts": [100], "miscounts": True}, [None, "bytes=100-", None]),
    "sends no version": ({"cuts": [100], "has_version": False}, [None, None]),
    "does not say how much comes": ({"sends_length": False}, [None]),
}


@pytest.mark.parametrize("server", SERVERS)
def test_what_has_come_is_asked_for_again_only_if_the_rest_would_not_belong_to_it(
    get: Get, mirror: Mirror, data: Path, server: str
) -> None:
    behaviour, asked = SERVERS[server]
    vars(mirror).update(behaviour)
    assert get().ratings == 3
    assert mirror.asked == asked
    assert {file: (data / file).read_bytes() for file in _names(data)} == CSV


def test_the_next_run_goes_on_where_the_last_one_ended(get: Get, mirror: Mirror, data: Path) -> None:
    mirror.cuts = [100, 50, 25]
    with pytest.raises(BatchError, match="the connection was lost") as raised:
        get()
    assert raised.value.exit_status == 1
    assert (data / PART).read_bytes() == ARCHIVE[:175]
    assert not {"ratings.csv", "movies.csv"} & _names(data)
    get()
    assert mirror.asked == [None, "bytes=100-", "bytes=150-", "bytes=175-"]
    assert _names(data) == {"ratings.csv", "movies.csv"}


def test_a_file_that_has_changed_is_not_joined_to_the_old_part(get: Get, mirror: Mirror, data: Path) -> None:
    mirror.cuts = [100]
    with pytest.raises(BatchError):
        get(retries=0)
    mirror.put("ml-latest-small.zip", zipped("newer", CSV))
    get(retries=0)
    assert mirror.asked == [None, "bytes=100-"]
    assert (data / "ratings.csv").read_bytes() == CSV_RATINGS


def test_a_part_of_which_nothing_is_known_is_not_used(get: Get, mirror: Mirror, data: Path) -> None:
    data.mkdir()
    (data / PART).write_bytes(b"from somewhere")
    assert get().ratings == 3
    assert mirror.asked == [None]


@pytest.mark.parametrize(("beyond", "asked"), [(b"", 1), (b"more", 2)])
def test_a_whole_archive_is_not_sent_again_and_a_longer_one_is(
    get: Get, mirror: Mirror, data: Path, beyond: bytes, asked: int
) -> None:
    mirror.cuts = [len(ARCHIVE) - 1]
    with pytest.raises(BatchError):
        get(retries=0)
    (data / PART).write_bytes(ARCHIVE + beyond)
    assert get().ratings == 3
    assert len(mirror.asked[1:]) == asked


def test_a_busy_server_is_asked_again_with_a_note(
    mirror: Mirror, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mirror.statuses = [503, 429]
    with caplog.at_level("INFO", "batch"):
        fetch("25m", data, Source(mirror.url, retries=2, wait=0), Progress())
    assert len(mirror.asked) == 3
    assert [text for text in caplog.messages if "again" in text] == [
        "the server answers 503 Service Unavailable; trying again in 0 s",
        "the server answers 429 Too Many Requests; trying again in 0 s",
    ]


@pytest.mark.parametrize("status", [403, 404])
def test_a_server_that_refuses_is_not_asked_again(get: Get, mirror: Mirror, status: int) -> None:
    mirror.statuses = [status]
    with pytest.raises(BatchError, match=rf"ml-latest-small\.zip: the server answers {status}"):
        get()
    assert len(mirror.asked) == 1


@pytest.mark.parametrize("checksum", ["MD5 ({name}) = {md5}", "{md5}  {name}", "{md5} *{name}\r", "{md5}"])
def test_a_checksum_is_read_in_every_format(get: Get, mirror: Mirror, checksum: str) -> None:
    mirror.put("ml-latest-small.zip", ARCHIVE, checksum)
    assert get().checked == "md5"


@pytest.mark.parametrize("name", ["latest-small", "dirty-small"])
def test_without_a_checksum_the_crc_of_each_file_is_checked(get: Get, mirror: Mirror, name: str) -> None:
    mirror.put(SETS[name].archive, ARCHIVE, checksum=None)
    assert get(name).checked == "crc"


def _damaged(archive: bytes) -> bytes:
    """Change a bit of the ratings in an archive."""
    at = archive.index(b"ml-latest-small/ratings.csv") + len(b"ml-latest-small/ratings.csv") + 20
    return archive[:at] + bytes([archive[at] ^ 1]) + archive[at + 1 :]


# Set, content of its archive, checksum beside it, and message.
NOT_AS_EXPECTED = [
    ("latest-small", ARCHIVE, "0" * 32, "its MD5 is [0-9a-f]{32}, and should be 0{32}; it is removed"),
    ("latest-small", ARCHIVE, "<html>Not yet</html>", r"zip\.md5: holds no MD5 sum"),
    ("latest-small", _damaged(ARCHIVE), None, "latest-small.zip: is no zip file, or is damaged"),
    ("dirty-small", _damaged(ARCHIVE), None, "movielens-small.zip: is no zip file, or is damaged"),
    *(
        (name, content, "{md5}", message)
        for name, content, message in (
            ("25m", b"<html>Sign in</html>", "ml-25m.zip: is no zip file"),
            ("25m", _changed(CSV, "movies.csv", None), "has no movies.csv in it"),
            ("25m", _changed(CSV, "ratings.csv", b"a,b\n1,2\n"), "does not begin with userId,movieId,rating"),
            ("25m", _changed(CSV, "movies.csv", b"movieId,title,genres\n"), "movies.csv .* has no rows"),
            ("1m", _changed(OF_1M, "ratings.dat", b"1::1::5::1\n1::1::5\n"), "ratings.dat .* Line: 2"),
            ("1m", _changed(OF_1M, "ratings.dat", b"1::1::five::1\n"), "ratings.dat .* Line: 1"),
            ("1m", _changed(OF_1M, "ratings.dat", b""), "ratings.dat .* has no rows"),
            ("1m", _changed(OF_1M, "movies.dat", b"1,Movie,Drama\n"), "no movie: 1,Movie,Drama"),
            ("1m", _changed(OF_1M, "users.dat", b"1::F::1::21::48067\n"), "no occupation: 21"),
            ("10m", _changed(OF_1M, "movies.dat", "1::Misé::x\n".encode("latin-1")), "movies.dat .* Line: 1"),
        )
    ),
]


@pytest.mark.parametrize(
    ("name", "content", "checksum", "message"),
    NOT_AS_EXPECTED,
    ids=[f"{name} {message}" for name, _, _, message in NOT_AS_EXPECTED],
)
def test_an_archive_that_is_not_as_expected_leaves_nothing(  # noqa: PLR0913, PLR0917 (a case)
    get: Get, mirror: Mirror, data: Path, name: str, content: bytes, checksum: str | None, message: str
) -> None:
    mirror.put(SETS[name].archive, content, checksum)
    with pytest.raises(InputError, match=message) as raised:
        get(name)
    assert "\n" not in str(raised.value)
    assert _names(data) == set()


@pytest.mark.parametrize("present", ["ratings.csv", "movies.csv.gz", "users.parquet"])
def test_a_folder_that_is_used_is_refused(get: Get, mirror: Mirror, data: Path, present: str) -> None:
    data.mkdir()
    (data / present).touch()
    with pytest.raises(UsageError, match=f"{present}: is there already"):
        get()
    assert mirror.asked == []
    assert _names(data) == {present}


def test_two_fetches_do_not_share_a_folder(get: Get, data: Path) -> None:
    data.mkdir()
    with (
        filelock.FileLock(data / ".lock", blocking=False),
        pytest.raises(LockedError, match="another fetch is at work"),
    ):
        get()
    assert get().ratings == 3


def test_files_of_a_killed_fetch_are_removed(get: Get, data: Path) -> None:
    (data / ".unfinished-files").mkdir(parents=True)
    (data / ".unfinished-files" / "users.csv").write_text("half", encoding="utf-8")
    get()
    assert _names(data) == {"ratings.csv", "movies.csv"}


def test_an_archive_put_there_by_hand_is_used_and_stays(get: Get, mirror: Mirror, data: Path) -> None:
    mirror.put("ml-1m.zip", ARCHIVES["1m"])
    mirror.cuts = [100]
    with pytest.raises(BatchError):
        get("1m", retries=0)
    (data / "ml-1m.zip").write_bytes(ARCHIVES["1m"])
    mirror.files.clear()
    mirror.asked.clear()
    assert get("1m").checked == "crc"
    assert mirror.asked == []
    assert _names(data) == {"ml-1m.zip", "ratings.csv", "movies.csv", "users.csv"}


def test_an_archive_put_there_by_hand_is_checked_and_never_removed(get: Get, data: Path) -> None:
    data.mkdir()
    (data / "ml-1m.zip").write_bytes(ARCHIVES["1m"])
    (data / "ml-1m.zip.md5").write_text("0" * 32, encoding="utf-8")
    with pytest.raises(InputError, match="download it again"):
        get("1m")
    assert _names(data) == {"ml-1m.zip", "ml-1m.zip.md5"}
    md5 = hashlib.md5(ARCHIVES["1m"], usedforsecurity=False).hexdigest()
    (data / "ml-1m.zip.md5").write_text(f"MD5 (ml-1m.zip) = {md5.upper()}\n", encoding="utf-8")
    assert get("1m").checked == "md5"


def _command(
    mirror: Mirror, data: Path, *arguments: str, largest_file: int | None = None
) -> subprocess.CompletedProcess[str]:
    variables = {"DATA": str(data), "MIRROR": mirror.url, "RETRIES": "0", "NO_PROXY": "127.0.0.1"}
    if largest_file is not None:
        return batch("fetch", *arguments, variables=variables, largest_file=largest_file)
    return invoke("fetch", *arguments, variables=variables)


def test_the_command_says_what_it_wrote_to_people_and_to_machines(mirror: Mirror, data: Path) -> None:
    done = _command(mirror, data, "100k")
    assert (done.returncode, done.stdout) == (
        0,
        f"wrote the 100k data set to {data}: 3 ratings of 3 movies\n",
    )
    assert [line.split()[1] for line in done.stderr.splitlines()] == ["download", "check", "convert"]
    quiet = _command(mirror, data / "quiet", "1m", "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    done = _command(mirror, data / "json", "1m", "--json", "--quiet")
    assert done.stderr == ""
    assert json.loads(done.stdout) == {
        "name": "1m",
        "data": str(data / "json"),
        "ratings": 3,
        "movies": 2,
        "users": 4,
        "files": [str(data / "json" / f"{name}.csv") for name in ("movies", "users", "ratings")],
        "checked": "md5",
    }


def _incompressible(size: int) -> dict[str, bytes]:
    return CSV | {"noise": random.Random(1).randbytes(size)}  # noqa: S311  bytes, not secrets


def test_a_log_line_tells_of_every_tenth_and_where_it_goes_on(mirror: Mirror, data: Path) -> None:
    content = zipped("ml-25m", _incompressible(4_000_000))
    mirror.put("ml-25m.zip", content)
    mirror.cuts = [2_500_000]
    first = _command(mirror, data, "25m")
    assert first.returncode == 1
    assert re.findall(r"has (\d)\.\d MB of 4\.\d MB", first.stderr) == ["1", "2"]
    second = _command(mirror, data, "25m")
    assert re.findall(r"(goes on at|has) (\d)\.\d MB of 4\.\d MB", second.stderr) == [
        ("goes on at", "2"),
        ("has", "3"),
        ("has", "4"),
    ]


def test_a_terminal_has_a_bar_with_bytes(mirror: Mirror, data: Path) -> None:
    mirror.put("ml-25m.zip", zipped("ml-25m", _incompressible(4_000_000)))
    status, shown = batch_on_terminal(
        "fetch", "25m", "--data", data, "--mirror", mirror.url, NO_PROXY="127.0.0.1"
    )
    assert status == 0, shown
    assert re.search(r"download.*4\.0/4\.0 MB", shown)
    assert "its MD5 is right" in shown
    assert "Z has" not in shown


def test_a_fetch_without_a_network_says_the_remedy_in_one_line(mirror: Mirror, data: Path) -> None:
    url, mirror.url = mirror.url, "http://127.0.0.1:1/nobody"
    done = _command(mirror, data, "25m")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: http://127.0.0.1:1/nobody/ml-25m.zip.md5: can't be reached")
    assert "https://files.grouplens.org/datasets/movielens/ml-25m.zip" in done.stderr
    assert f"put it here as {data / 'ml-25m.zip'}" in done.stderr
    assert _names(data) == set()
    mirror.url = url
    assert _command(mirror, data, "25m").returncode == 0


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_fetch_that_is_stopped_leaves_no_file_and_the_next_one_works(
    mirror: Mirror, data: Path, sent: signal.Signals, status: int
) -> None:
    mirror.cuts, mirror.stalls = [len(ARCHIVES["25m"]) - 1], True
    command = [sys.executable, "-m", "batch", "fetch", "25m", "--data", str(data), "--mirror", mirror.url]
    variables = environment(NO_PROXY="127.0.0.1")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=variables) as job:
        assert mirror.stalled.wait(60)
        job.send_signal(sent)
        _, errors = job.communicate()
    assert job.returncode == status
    assert "Traceback" not in errors
    assert not {"ratings.csv", "movies.csv"} & _names(data)
    mirror.released.set()
    assert _command(mirror, data, "25m").returncode == 0
    assert _names(data) == {"ratings.csv", "movies.csv"}


@pytest.mark.parametrize("kilobytes", [0, 1, 1_000])
def test_a_full_disk_ends_with_1_and_leaves_no_file(mirror: Mirror, data: Path, kilobytes: int) -> None:
    ratings = b"".join(b"1::%d::5::978300760\n" % item for item in range(100_000))
    mirror.put("ml-1m.zip", zipped("ml-1m", OF_1M | {"ratings.dat": ratings}))
    assert kilobytes * 1024 < len(ratings)
    done = _command(mirror, data, "1m", "--quiet", largest_file=kilobytes)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert "make room" in done.stderr
    assert str(data) in done.stderr
    assert not {"ratings.csv", "movies.csv", "users.csv", ".unfinished-files"} & _names(data)
    assert _command(mirror, data, "1m", "--quiet").returncode == 0
    assert len(mirror.files["ml-1m.zip"]) > 1024


@pytest.mark.parametrize("address", ["ftp://example.org/sets", "/srv/sets", "example.org"])
def test_an_invalid_address_of_a_mirror_is_wrong_usage(mirror: Mirror, data: Path, address: str) -> None:
    done = _command(mirror, data, "25m", "--mirror", address)
    assert done.returncode == 2
    assert "must begin with http:// or https://" in done.stderr
    assert not data.exists()


def test_the_help_lists_every_set_and_an_unknown_one_is_wrong_usage(mirror: Mirror, data: Path) -> None:
    shown = invoke("fetch", "--help").stdout
    assert [name for name in NAMES if not re.search(rf"^  {name} ", shown, re.MULTILINE)] == []
    done = _command(mirror, data, "20m")
    assert done.returncode == 2
    assert "'latest-small'" in done.stderr
