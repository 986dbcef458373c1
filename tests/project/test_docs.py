"""What the documents say is so."""

import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

import api
import batch
from api.__main__ import serve
from batch.cli import commands
from batch.data.input_spec import InputSpec
from batch.datasets.catalogue import SETS
from batch.generation.publish import Published
from batch.generation.schema import schema
from batch.settings import by_name
from sql import FOLDER
from tests.project.documents import DOCS, DOCUMENTS, GENERATED, README, blocks, part
from tests.project.generated import command_line, configuration, input_reference

EVERYTHING = "\n".join(DOCUMENTS.values())
# What people have written.
WRITTEN = "\n".join((README, *(text for name, text in DOCS.items() if name not in GENERATED)))


def test_the_schema_is_that_of_the_published_file(published: Published) -> None:
    assert DOCS["schema.md"] == schema(published.file)


def test_the_generated_pages_are_current() -> None:
    assert DOCS["cli.md"] == command_line()
    assert DOCS["configuration.md"] == configuration()
    assert DOCS["input.md"].endswith(input_reference())


def test_the_generated_pages_have_every_command_and_every_option() -> None:
    assert DOCS["cli.md"].count("\n## ") == len(commands.commands) + 2
    variables = set(re.findall(r"^\| `--[a-z-]+` \| `(\w+)` \|", DOCS["configuration.md"], re.MULTILINE))
    assert variables == {name.upper() for name in by_name()} | {
        each.envvar for each in serve.params if each.envvar
    }


def test_the_versions_are_one_and_the_changelog_has_it() -> None:
    newest = re.search(r"^## (\d+\.\d+\.\d+)", Path("CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest
    assert newest[1] == batch.__version__ == api.__version__


def test_the_readme_is_short_and_leads_to_every_page() -> None:
    assert len(README.encode()) <= 8 * 1024
    wanted = (*DOCS, "alerts.yml", "dashboard.json")
    assert [name for name in wanted if f"](docs/{name})" not in README] == []


@pytest.mark.parametrize("name", DOCS)
def test_a_page_has_a_title_and_says_first_what_its_reader_can_do(name: str) -> None:
    title, blank, first, *_ = DOCS[name].splitlines()
    assert re.fullmatch(r"# [A-Z][\w ]+", title)
    assert blank == ""
    assert first.startswith("After this page you ")


def test_the_quality_in_the_readme_is_that_of_the_evaluation() -> None:
    figures = re.findall(r"\d\.\d{3}", part(README, "Quality"))
    assert len(figures) >= 9
    assert [each for each in figures if each not in part(DOCS["evaluation.md"], "Results by time")] == []


def test_every_rule_is_documented() -> None:
    files = [file for folder in ("load", "clean") for file in (FOLDER / folder).glob("*.sql")]
    texts = [file.read_text(encoding="utf-8") for file in files]
    code = "\n".join(text for text in texts if "rule" in text or "fault_of_line" in text)
    rules = set(re.findall(r"(?:then|else) '(\w+)'", code)) | {"movie_id_missing"}
    assert "superseded" in rules
    assert [rule for rule in rules if f"`{rule}`" not in DOCS["input.md"]] == []


def test_every_recipe_is_a_valid_input_toml() -> None:
    recipes = re.findall(r"^```toml\n(.*?)^```$", DOCS["input.md"], re.MULTILINE | re.DOTALL)
    assert len(recipes) >= 8
    for recipe in recipes:
        InputSpec.model_validate(tomllib.loads(recipe))


def test_every_command_is_in_a_page_that_explains_it() -> None:
    assert [name for name in commands.commands if f"python -m batch {name}" not in WRITTEN] == []


def test_every_data_set_is_documented() -> None:
    for each in SETS.values():
        row = f"| `{each.name}` | {each.ratings} | {each.size} | {each.about} |"
        assert row in DOCS["getting-started.md"]


def test_every_make_target_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", Path("Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", EVERYTHING))
    named |= {line.split()[1] for line in blocks(EVERYTHING, "sh") if line.startswith("make ")}
    assert len(named) > 15
    assert named <= targets


def test_every_path_and_every_benchmark_in_the_documents_exists() -> None:
    paths = set(re.findall(r"`((?:batch|api|sql|docs|tests|benchmarks)/[\w./-]*)`", EVERYTHING))
    named = set(re.findall(r"-m (benchmarks\.\w+)", EVERYTHING))
    assert len(named) >= 6
    assert [name for name in named if find_spec(name) is None] == []
    assert len(paths) > 20
    assert [path for path in paths if not Path(path).exists()] == []


def test_every_saved_query_in_the_documents_exists() -> None:
    named = set(re.findall(r"python -m batch sql ([a-z_]+)", EVERYTHING))
    assert named
    assert named <= {file.stem for file in (FOLDER / "inspect").glob("*.sql")}


def test_requirements_are_pinned() -> None:
    for file in [*Path().glob("requirements*.txt"), *Path("benchmarks").glob("requirements*.txt")]:
        for line in file.read_text(encoding="utf-8").splitlines():
            assert line.startswith(("#", "-r ")) or re.fullmatch(r"[\w-]+==[\w.]+", line), line
    assert tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]["strict"]
