"""The environment of a peer, apart from ours: peers need other versions of the same packages."""

import shutil
import subprocess
import sys
from pathlib import Path

import click

FOLDER = Path(".venv-peers")
REQUIREMENTS = Path(__file__).parent.parent


class EnvironmentFailedError(Exception):
    """The environment of a peer could not be made."""


def environment(name: str, environments: Path) -> Path:
    """Return the interpreter of the environment of a peer, which is made if it isn't there as required.

    It has what `benchmarks/requirements-NAME.txt` names. Raises EnvironmentFailedError.
    """
    folder = environments / name
    python = folder / "bin" / "python"
    required, installed = requirements(name), folder / "installed.txt"
    if installed.is_file() and installed.read_bytes() == required.read_bytes():
        return python
    click.echo(f"{name}: making its environment in {folder}", err=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [*pip, "-r", str(required)],
    ):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise EnvironmentFailedError(": ".join(["has no environment", *last]))
    shutil.copyfile(required, installed)
    return python


def requirements(name: str) -> Path:
    """Return the file that names what a peer needs."""
    return REQUIREMENTS / f"requirements-{name}.txt"


def version(name: str) -> str:
    """Return which version of a peer is asked for."""
    lines = requirements(name).read_text(encoding="utf-8").splitlines()
    return next(line.partition("==")[2] for line in lines if line.startswith(f"{name}=="))
