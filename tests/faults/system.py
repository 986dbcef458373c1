"""System: a small disk, a user whom permissions bind, both by tools of util-linux, and programs."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.commands import ROOT

_MOUNT = 'mount -t tmpfs -o size="$1"k tmpfs "$0" && echo mounted && exec cat'
_NEEDED = "this test needs {}, of util-linux on Linux, and the right to use it: {}"


@dataclass(frozen=True)
class Disk:
    """A file system of its own, which only processes see that are led into its namespace."""

    at: Path  # there
    seen_at: Path  # from here
    within: tuple[str, ...]  # the command that leads there

    def used_kb(self) -> int:
        """Return how many KiB are taken."""
        state = os.statvfs(self.seen_at)
        return (state.f_blocks - state.f_bfree) * state.f_frsize // 1024

    def remount(self, options: str) -> None:
        """Give the disk another size, or other rights."""
        command = [*self.within, "mount", "-o", f"remount,{options}", str(self.at)]
        subprocess.run(command, check=True, capture_output=True, text=True)


@contextmanager
def disk(at: Path, size_kb: int) -> Iterator[Disk]:
    """Mount a disk of that size on a folder for the body; it takes memory, and goes with it."""
    _require("unshare", "nsenter", "mount")
    # Who holds the namespace is there until its standard input ends.
    holder = subprocess.Popen(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", _MOUNT, at, str(size_kb)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert holder.stdout is not None
    try:
        said = holder.stdout.readline()
        assert said == "mounted\n", _NEEDED.format("unshare --map-root-user --mount", said)
        enter = ("nsenter", "--preserve-credentials", "--user", "--mount", f"--wd={ROOT}", "--target")
        yield Disk(at, Path(f"/proc/{holder.pid}/root{at}"), (*enter, str(holder.pid)))
    finally:
        holder.communicate()


def bound_by_permissions() -> tuple[str, ...]:
    """Return the command that runs another as a user who may only do what permissions say.

    That is everybody but root, who has to give up what makes the difference.
    """
    if os.geteuid() != 0:
        return ()
    _require("setpriv")
    within = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
    tried = subprocess.run([*within, "true"], check=False, capture_output=True, text=True)
    assert tried.returncode == 0, _NEEDED.format(" ".join(within), tried.stderr)
    return within


def of_memory(kilobytes: int) -> tuple[str, ...]:
    """Return the command that runs another with that much memory to address."""
    return ("bash", "-c", f'ulimit -v {kilobytes}; exec "$@"', "bash")


def require(program: str, package: str) -> None:
    """Fail if there is no such program, and say how to get it."""
    assert shutil.which(program), f"this test needs {program}; on Debian: apt-get install {package}"


def _require(*programs: str) -> None:
    for program in programs:
        assert shutil.which(program), _NEEDED.format(program, "there is none")
