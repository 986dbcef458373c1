"""What the service says of itself is so: checked from the document, and by a client that is made from it."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openapi_spec_validator import validate

from sql.ids import MISSING
from tests.films import withheld
from tests.servers import serving

BIN = Path(sys.executable).parent
LISTS = {"liked", "exclude", "genres", "not_genres", "user_ids"}


@pytest.fixture(scope="module")
def document(url: str) -> Any:
    return httpx2.get(f"{url}/openapi.json").json()


def _parameters(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each parameter of a query with its schema; the properties of an object are some."""
    for operations in document["paths"].values():
        for parameter in operations["get"]["parameters"]:
            schema = parameter["schema"]
            if "$ref" in schema:
                yield from document["components"]["schemas"][schema["$ref"].rpartition("/")[2]][
                    "properties"
                ].items()
            else:
                yield parameter["name"], schema


def test_the_document_is_openapi_with_a_name_for_each_operation_and_a_server(document: Any) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "/"}]
    names = Counter(operations["get"]["operationId"] for operations in document["paths"].values())
    assert set(names.values()) == {1}


def test_a_list_is_a_plain_array_of_texts(document: Any) -> None:
    lists = {name: schema for name, schema in _parameters(document) if name in LISTS}
    assert lists.keys() == LISTS
    for schema in lists.values():
        assert (schema["type"], schema["items"]["type"]) == ("array", "string")
        assert not {"anyOf", "oneOf", "enum"} & {*schema, *schema["items"]}


def test_the_document_excludes_what_counts_as_no_id(document: Any) -> None:
    schemas = dict(_parameters(document))
    for name, missing in (("user_id", MISSING), ("item_id", MISSING), ("liked", MISSING - {""})):
        schema = schemas[name]
        assert set(schema.get("items", schema)["not"]["enum"]) == missing


def test_answers_are_as_the_openapi_document_says(url: str, tmp_path: Path) -> None:
    _check_answers(url, tmp_path, "--max-examples", "15")


def test_answers_about_attributes_are_as_the_openapi_document_says(shop_output: Path, tmp_path: Path) -> None:
    with serving(shop_output) as url:
        _check_answers(url, tmp_path, "--max-examples", "5", "--phases", "examples,fuzzing")


def _check_answers(url: str, folder: Path, *options: str) -> None:
    checked = subprocess.run(
        [
            *(BIN / "schemathesis", "run", f"{url}/openapi.json"),
            *("--checks", "all", "--seed", "42", *options),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert checked.returncode == 0, checked.stdout
    assert "No issues found" in checked.stdout


@pytest.fixture(scope="module")
def generated(url: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what imports modules of the client that openapi-python-client makes from the document."""
    folder = tmp_path_factory.mktemp("generated")
    subprocess.run(
        [
            *(BIN / "openapi-python-client", "generate", "--url", f"{url}/openapi.json"),
            *("--output-path", folder / "generated_client", "--meta", "none", "--fail-on-warning"),
        ],
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        check=True,
        capture_output=True,
    )
    sys.path.insert(0, str(folder))
    yield import_module
    sys.path.remove(str(folder))


def test_a_generated_client_asks_and_understands(url: str, generated: Any) -> None:
    look_ups = "generated_client.api.look_ups"
    recommendations, similar, features = (
        generated(f"{look_ups}.get_{name}") for name in ("recommendations", "similar", "features")
    )
    subject = generated("generated_client.models").Subject
    with generated("generated_client").Client(base_url=url, raise_on_unexpected_status=True) as client:

        def items(**asked: Any) -> list[str]:
            return [item.id for item in recommendations.sync(client=client, **asked).items]

        assert items(subject=subject(user_id="18"), limit=1) == [str(withheld(18))]
        assert items(subject=subject(liked=["2", "4"]), limit=3) == _ids(url, "liked=2,4&limit=3")
        given = {"genres": ["Drama", "Comedy"], "exclude": ["18", "3"], "min_year": 1995}
        asked = "user_id=18&genres=Drama,Comedy&exclude=18,3&min_year=1995"
        assert items(subject=subject(user_id="18"), **given) == _ids(url, asked)
        users = recommendations.sync(
            client=client, subject=subject(user_ids=["18", "nobody"]), return_metadata=True, explain=True
        ).users
        assert [(user.user_id, user.source) for user in users] == [("18", "personal"), ("nobody", "popular")]
        assert users[0].items[0].title == "Movie, The 18 (2008)"
        assert users[0].items[0].because.id
        refused = recommendations.sync_detailed(client=client, subject=subject())
        assert (refused.status_code, refused.parsed.error) == (
            400,
            "user_id is required, or one of liked, user_ids, segment, gender, age_group, occupation",
        )
        assert similar.sync(client=client, item_id="4", limit=2).items
        assert len(features.sync(client=client, user_id="18", limit=5).features[0].histories) == 5
        health = generated("generated_client.api.operation.get_health")
        assert health.sync(client=client).status == "ok"


def _ids(url: str, query: str) -> list[str]:
    return [item["id"] for item in httpx2.get(f"{url}/recommendations?{query}").json()["items"]]
