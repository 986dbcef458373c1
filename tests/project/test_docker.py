"""The images, as far as they can be shown without an engine: what each target holds runs on its own.

The files that a target copies go to a folder outside the clone, links to the packages that it installs into
an environment of their own, and its command is started there.
"""

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import time
import venv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from importlib.util import find_spec
from pathlib import Path

import httpx2
import pytest
import yaml
from dockerfile_parse import DockerfileParser
from packaging.requirements import Requirement

from api.__main__ import serve
from batch.cli import commands
from batch.generation.publish import Published
from tests.commands import ROOT, environment

COMPOSE, COMPOSE_OF_CLUSTER = (
    yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    for name in ("docker-compose.yml", "docker-compose.spark.yml")
)


@dataclass(frozen=True)
class Target:
    """What the Dockerfile says of one image, base included, in order."""

    instructions: list[tuple[str, str]]

    def values(self, instruction: str) -> list[str]:
        return [value for name, value in self.instructions if name == instruction]

    def command(self) -> list[str]:
        entrypoint, arguments = self.values("ENTRYPOINT")[-1], self.values("CMD")[-1]
        return [*json.loads(entrypoint), *json.loads(arguments)]

    def requirements(self) -> list[str]:
        return re.findall(r"-r (\S+)", " ".join(self.values("RUN")))


def _targets() -> dict[str, Target]:
    parser = DockerfileParser(fileobj=io.BytesIO((ROOT / "Dockerfile").read_bytes()))
    stages: dict[str, list[tuple[str, str]]] = {}
    current: list[tuple[str, str]] = []
    for each in parser.structure:
        if each["instruction"] == "FROM":
            image, _, name = each["value"].partition(" AS ")
            current = list(stages.get(image, [("FROM", image)]))
            stages[name] = current
        elif each["instruction"] != "COMMENT":
            current.append((each["instruction"], each["value"]))
    return {name: Target(instructions) for name, instructions in stages.items()}


TARGETS = _targets()


def _pinned(file: str) -> list[str]:
    """Return what a file of requirements names, and those that it includes."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    included = [line.removeprefix("-r ") for line in lines if line.startswith("-r ")]
    return [line for line in lines if "==" in line] + [line for each in included for line in _pinned(each)]


def _find(required: Iterable[str], found: dict[str, Distribution], extras: Iterable[str] = ("",)) -> None:
    """Add the packages that requirements install, as they are installed here, and what these require."""
    for line in required:
        wanted = Requirement(line)
        marker = wanted.marker
        is_wanted = marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)
        if is_wanted and wanted.name not in found:
            package = found[wanted.name] = distribution(wanted.name)
            assert package.version in wanted.specifier, f"install {line}"
            _find(package.requires or (), found, ("", *wanted.extras))


@contextmanager
def _image(name: str, folder: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """Lay out a target in a folder, with its environment; give its `/app` and the variables to run in."""
    app = folder / "app"
    app.mkdir()
    for copied in TARGETS[name].values("COPY"):
        *sources, target = copied.split()
        for source in map(ROOT.joinpath, sources):
            place = app / target
            if source.is_dir():
                shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                place = place / source.name if target.endswith("/") else place
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, place)
    venv.create(folder / "venv")
    (packages,) = folder.glob("venv/lib/python*/site-packages")
    found: dict[str, Distribution] = {}
    _find([line for file in TARGETS[name].requirements() for line in _pinned(file)], found)
    for each in found.values():
        for entry in {file.parts[0] for file in each.files or ()} - {"..", "__pycache__"}:
            if not (packages / entry).exists():
                (packages / entry).symlink_to(Path(str(each.locate_file(entry))))
    yield app, environment(PATH=f"{folder / 'venv' / 'bin'}:{os.environ['PATH']}", PYTHONPATH="")


def test_the_job_runs_on_what_its_image_holds(tmp_path: Path) -> None:
    with _image("batch", tmp_path) as (app, variables):
        (sample,) = [run for run in TARGETS["batch"].values("RUN") if "python -m batch" in run]
        subprocess.run(shlex.split(sample), check=True, cwd=app, env=variables)
        ratings = app / "data" / "ratings.csv"
        first = ratings.read_text(encoding="utf-8").splitlines(keepends=True)[:500]
        ratings.write_text("".join(first), encoding="utf-8")
        quick = {"ITERATIONS": "2", "FACTORS": "16", "NEXT_FACTORS": "32", "NUMBA_DISABLE_JIT": "1"}
        subprocess.run(TARGETS["batch"].command(), check=True, cwd=app, env=variables | quick)
        assert (app / "output" / "current.duckdb").resolve().is_file()
        assert {entry.name for entry in app.iterdir()} >= {"batch", "sql"}
        assert not (app / "api").exists()


def test_the_service_runs_on_what_its_image_holds(tmp_path: Path, published: Published) -> None:
    output = published.file.parent.parent
    with _image("api", tmp_path) as (app, variables):
        held = {str(file.relative_to(app)) for file in app.rglob("*") if file.is_file()}
        assert not {name for name in held if not name.startswith(("api/", "sql/lookups/", "sql/page/"))} - {
            "requirements-api.txt",
            "sql/__init__.py",
            "sql/ids.py",
        }
        for absent in ("numpy", "implicit", "pandas", "scipy"):
            tried = ["python", "-c", f"import {absent}"]
            assert subprocess.run(tried, check=False, capture_output=True, env=variables).returncode == 1
        server = subprocess.Popen(
            TARGETS["api"].command(),
            cwd=app,
            env=variables | {"OUTPUT": str(output), "PORT": "0"},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stderr is not None
            lines = (re.search(r"running on \S+:(\d+)", line) for line in server.stderr)
            port = next(found[1] for found in lines if found)
            url = f"http://127.0.0.1:{port}/recommendations?user_id=18&returnMetadata=true&limit=1"
            answer = httpx2.get(url)
            assert answer.json()["items"][0]["title"] == "Movie, The 18 (2008)"
            _, _, health = TARGETS["api"].values("HEALTHCHECK")[0].partition("CMD ")
            probe = json.loads(health.replace(":5000", f":{port}"))
            assert subprocess.run(probe, check=False, cwd=app, env=variables).returncode == 0
        finally:
            server.terminate()
            server.communicate()
        assert subprocess.run(probe, check=False, capture_output=True, env=variables).returncode == 1


def test_an_image_starts_from_an_exact_tag_and_without_privileges() -> None:
    for target in (TARGETS["batch"], TARGETS["api"]):
        assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", target.values("FROM")[0])
        assert target.values("USER") == ["app"]
        assert target.values("HEALTHCHECK")


def test_every_copied_file_exists_and_reaches_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    admitted = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert lines[1] == "*"
    for target in TARGETS.values():
        for copied in target.values("COPY"):
            for source in copied.split()[:-1]:
                assert (ROOT / source).exists()
                assert source.split("/")[0] in admitted
    assert all((ROOT / name).exists() for name in admitted)


def test_every_option_in_the_images_exists() -> None:
    batch_command, *batch_options = TARGETS["batch"].command()[3:]
    assert TARGETS["batch"].command()[:3] == ["python", "-m", "batch"]
    assert batch_command in commands.commands
    assert batch_options == []
    assert TARGETS["api"].command()[:3] == ["python", "-m", "api"]
    options = {option for parameter in serve.params for option in parameter.opts}
    assert set(TARGETS["api"].command()[3::2]) <= options


def test_the_compose_file_names_what_exists() -> None:
    services = COMPOSE["services"]
    assert {service["build"]["target"] for service in services.values()} == {"batch", "api"}
    for service in services.values():
        assert (ROOT / service["build"]["context"]).is_dir()
        for volume in service["volumes"]:
            # A volume is named by a variable with a default, or by its name.
            name, place, *_ = re.sub(r"\$\{\w+:-(\w+)\}", r"\1", volume).split(":")
            assert name in COMPOSE["volumes"]
            assert place in {f"/app/{folder}" for folder in ("data", "output")}
    for variable in services["nightly"]["environment"]:
        assert f"${variable}" in services["nightly"]["command"][0]
    (command,) = re.findall(r"python -m batch (\w+)", services["nightly"]["command"][0])
    assert command in commands.commands


def test_the_compose_file_of_a_cluster_names_what_exists() -> None:
    services = COMPOSE_OF_CLUSTER["services"]
    assert {service["build"]["target"] for service in services.values()} == {"spark"}
    assert "requirements-spark.txt" in TARGETS["spark"].requirements()
    assert TARGETS["spark"].values("USER")[-1] == "app"
    pyspark = find_spec("pyspark")
    assert pyspark
    programs = Path(str(pyspark.origin)).parent / "bin"
    for name in ("master", "worker"):
        assert (programs / services[name]["entrypoint"][0]).is_file()
        assert services[name]["volumes"] == services["batch"]["volumes"]
    assert services["batch"]["entrypoint"] == ["python", "-m", "batch"]
    command, *options = services["batch"]["command"]
    known = {option for parameter in commands.commands[command].params for option in parameter.opts}
    assert set(options[::2]) <= known


def test_a_container_has_no_privileges_and_no_way_to_get_any() -> None:
    for service in (*COMPOSE["services"].values(), *COMPOSE_OF_CLUSTER["services"].values()):
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert not {"privileged", "cap_add", "user", "network_mode", "pid", "devices"} & set(service)


def test_variables_of_the_compose_file_have_the_defaults_of_the_service() -> None:
    api = COMPOSE["services"]["api"]
    defaults = {}
    for name, value in api["environment"].items():
        passed, _, default = value.removeprefix("${").removesuffix("}").partition(":-")
        assert passed == name
        defaults[name] = default
    assert set(defaults) == {"API_KEYS", "WORKERS", "LOG_FORMAT", "PAGE"}
    with serve.make_context("api", []) as plain:
        by_default = plain.params
    with pytest.MonkeyPatch.context() as patch:
        for name, default in defaults.items():
            patch.setenv(name, default)
        with serve.make_context("api", []) as told:
            assert told.params == by_default


def test_the_service_waits_for_no_job_and_can_not_write() -> None:
    api = COMPOSE["services"]["api"]
    assert "depends_on" not in api
    assert api["volumes"] == ["output:/app/output:ro"]
    assert api["read_only"] is True
    # Several workers have a place for their metrics.
    assert api["tmpfs"] == "/tmp"  # noqa: S108  (that of the container)
    assert api["ports"] == ["${PORT:-5000}:5000"]
    assert "output:/app/output" in COMPOSE["services"]["batch"]["volumes"]


def test_the_nightly_loop_goes_on_after_a_refused_run(tmp_path: Path) -> None:
    for name, script in {
        "sleep": 'echo "$1" >> slept; test "$(wc -l < slept)" -lt 4',
        "python": 'echo "$*" >> started; exit 4',
    }.items():
        tool = tmp_path / name
        tool.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        tool.chmod(0o755)
    loop = COMPOSE["services"]["nightly"]["command"][0].replace("$$", "$")
    variables = environment(PATH=f"{tmp_path}:{os.environ['PATH']}", NIGHTLY_AT="02:00", TZ="UTC")
    before = time.time()
    subprocess.run(["sh", "-c", loop], check=False, cwd=tmp_path, env=variables)
    assert (tmp_path / "started").read_text(encoding="utf-8").splitlines() == ["-m batch run"] * 3
    seconds = int((tmp_path / "slept").read_text(encoding="utf-8").split()[0])
    woken = (before + seconds) % 86_400
    assert 0 < seconds <= 86_400
    assert abs(woken - 2 * 3_600) < 60
