"""A generation is read by a process of its own before it is served."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from api.preflight import NotCheckedError, UnsoundError, preflight
from api.settings import SHARED_FOLDER
from batch.generation.publish import Published


def test_a_sound_file_passes_wherever_the_service_runs_and_nothing_is_counted(
    published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where several workers serve, whoever counts leaves a file there.
    monkeypatch.setenv(SHARED_FOLDER, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    asyncio.run(preflight(Path(os.path.relpath(published.file, tmp_path))))
    assert [*tmp_path.iterdir()] == []


def test_a_damaged_file_does_not_pass_and_the_reason_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "none.duckdb").write_bytes(b"no database" * 1_000)
    with pytest.raises(UnsoundError, match=r"none\.duckdb"):
        asyncio.run(preflight(tmp_path / "none.duckdb"))


@asynccontextmanager
async def _endless_preflight(folder: Path) -> AsyncIterator[tuple[asyncio.Task[None], int]]:
    """Have a pipe read into which nobody writes; yield the preflight, and the process that reads."""
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    checking = asyncio.create_task(preflight(pipe))
    # Can be opened as soon as there is a reader.
    writer = await asyncio.to_thread(os.open, pipe, os.O_WRONLY)
    try:
        (reader,) = _readers(pipe)
        yield checking, reader
    finally:
        checking.cancel()
        await asyncio.gather(checking, return_exceptions=True)
        os.close(writer)
    assert _readers(pipe) == []


def _readers(file: Path) -> list[int]:
    """Return the processes that were started with a file as their argument."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        # Others end meanwhile.
        with suppress(OSError):
            if process.read_bytes().endswith(b"\0%s\0" % bytes(file)):
                found.append(int(process.parent.name))
    return found


def _open_files(process: int) -> list[str]:
    return [str(file.readlink()) for file in Path(f"/proc/{process}/fd").iterdir()]


def test_a_process_that_crashes_has_no_port_of_the_service_and_ends_alone(tmp_path: Path) -> None:
    async def crash() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            # As that of the service is, for its workers.
            listener.set_inheritable(True)
            async with _endless_preflight(tmp_path) as (checking, reader):
                open_files = _open_files(reader)
                assert any(file.startswith("pipe:") for file in open_files)
                assert [file for file in open_files if file.startswith("socket:")] == []
                os.kill(reader, signal.SIGKILL)
                with pytest.raises(NotCheckedError, match="the process was ended: Killed"):
                    await checking

    asyncio.run(crash())


def test_a_preflight_without_a_process_says_why(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nothing/python")
    with pytest.raises(NotCheckedError, match="no process can be started: No such file or directory"):
        asyncio.run(preflight(published.file))


def test_a_python_that_can_not_run_it_says_nothing_about_the_file(
    published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.preflight.PROJECT", tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotCheckedError, match=r"^\S+: .*No module named 'api'"):
        asyncio.run(preflight(published.file))


def test_a_preflight_ends_with_the_service(tmp_path: Path) -> None:
    async def stop() -> None:
        async with _endless_preflight(tmp_path) as (checking, _):
            checking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await checking

    asyncio.run(stop())
