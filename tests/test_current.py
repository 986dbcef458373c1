"""The service follows the link, and goes on with what it has when it can't."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from starlette.testclient import TestClient

from api.app import make_app
from api.current import REOPEN_AFTER_SECONDS, Current
from batch.output import Output
from tests.commands import batch
from tests.conftest import publish


@pytest.fixture
def output(films: Path, tmp_path: Path) -> Output:
    """An output folder with one generation."""
    publish(films, tmp_path / "output")
    return Output(tmp_path / "output")


@pytest.fixture
def client(output: Output) -> Iterator[TestClient]:
    """A client of the service that serves the folder."""
    with TestClient(make_app(output.folder)) as client:
        yield client


def _served(client: TestClient) -> str:
    return client.get("/recommendations?user_id=18").headers["X-Generation"]


def _damage(output: Output, generation: str, content: bytes) -> None:
    output.file(generation).write_bytes(content)
    output.link.unlink()
    output.link.symlink_to(f"generations/{generation}.duckdb")


def test_a_new_generation_is_served_from_the_next_request_on(
    output: Output, client: TestClient, films: Path
) -> None:
    before = _served(client)
    tag = client.get("/features?user_id=18").headers["ETag"]
    new = publish(films, output.folder, seed=5, top_n=3)
    assert _served(client) == new.generation != before
    assert len(client.get("/recommendations?user_id=18&limit=3").json()["items"]) == 3
    assert client.get("/recommendations?user_id=18&limit=4").status_code == 400
    assert client.get("/features?user_id=18", headers={"If-None-Match": tag}).status_code == 200


def test_a_default_page_fits_in_shorter_lists(output: Output, client: TestClient, films: Path) -> None:
    publish(films, output.folder, top_n=2)
    assert len(client.get("/recommendations?user_id=18").json()["items"]) == 2


def test_so_is_a_rollback(output: Output, client: TestClient, films: Path) -> None:
    first = _served(client)
    second = publish(films, output.folder, force=True).generation
    assert _served(client) == second
    assert batch("rollback", "--output", output.folder).returncode == 0
    assert _served(client) == first
    assert client.get("/readyz").json() == {"status": "ready", "generation": first}


def _without_a_table(folder: Path) -> bytes:
    with duckdb.connect(str(folder / "other.duckdb")) as connection:
        connection.execute("create table generation as select 'x' as id, 10 as top_n")
    return (folder / "other.duckdb").read_bytes()


@pytest.mark.parametrize("kind", ["empty", "text", "zeros", "truncated", "without a table"])
def test_a_damaged_generation_is_not_served_and_the_next_good_one_is(
    output: Output, client: TestClient, films: Path, tmp_path: Path, kind: str
) -> None:
    contents = {
        "empty": b"",
        "text": b"no database",
        "zeros": bytes(8192),
        "truncated": output.published().read_bytes()[:20_000],
        "without a table": _without_a_table(tmp_path),
    }
    before = _served(client)
    broken = "20991231T000000Z-ffffff"
    _damage(output, broken, contents[kind])
    assert _served(client) == before
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "degraded",
        "generation": before,
        "fault": f"generations/{broken}.duckdb can't be opened",
    }
    good = publish(films, output.folder, force=True).generation
    assert _served(client) == good
    assert client.get("/readyz").json() == {"status": "ready", "generation": good}


def test_a_lost_link_does_not_end_the_service(output: Output, client: TestClient) -> None:
    before = _served(client)
    target = output.link.readlink()
    output.link.unlink()
    assert _served(client) == before
    assert client.get("/readyz").json()["status"] == "degraded"
    output.link.symlink_to(target)
    assert _served(client) == before
    assert client.get("/readyz").json()["status"] == "ready"


def test_a_generation_that_could_not_be_opened_is_tried_again_after_a_while(
    output: Output, films: Path
) -> None:
    now = 0.0
    current = Current(output.folder, clock=lambda: now)
    before = current.generation()
    assert before is not None
    new = publish(films, output.folder, force=True)
    whole = new.file.read_bytes()
    new.file.chmod(0o644)
    new.file.write_bytes(b"not yet copied")
    assert current.generation() is before
    new.file.write_bytes(whole)
    assert current.generation() is before
    now = REOPEN_AFTER_SECONDS
    after = current.generation()
    assert after is not None
    assert after.id == new.generation
    assert current.fault is None
    current.close()


def test_a_deleted_file_is_served_as_long_as_it_is_open(output: Output, client: TestClient) -> None:
    before = _served(client)
    output.published().unlink()
    assert _served(client) == before
