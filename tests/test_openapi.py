"""What the service says of itself is so."""

import subprocess
import sys
from pathlib import Path

import httpx2
from openapi_spec_validator import validate

from batch.publish import Published
from tests.commands import serving

CONFIG = Path(__file__).with_name("schemathesis.toml")


def test_the_document_is_openapi_and_what_is_answered_is_as_it_says(
    published: Published, tmp_path: Path
) -> None:
    with serving(published.file.parent.parent) as url:
        document = httpx2.get(f"{url}/openapi.json").json()
        validate(document)
        assert document["openapi"].startswith("3.1")
        checked = subprocess.run(
            [
                *(Path(sys.executable).with_name("schemathesis"), "--config-file", CONFIG),
                *("run", f"{url}/openapi.json"),
                *("--checks", "all", "--max-examples", "100", "--seed", "42"),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        assert checked.returncode == 0, checked.stdout
        assert "No issues found" in checked.stdout
