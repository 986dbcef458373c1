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


def test_what_is_sound_passes_and_counts_nothing(
    published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where several workers serve, whoever counts leaves a file there.
    monkeypatch.setenv(SHARED_FOLDER, str(tmp_path))
    asyncio.run(preflight(published.file))
    assert [*tmp_path.iterdir()] == []


def test_it_is_found_wherever_the_service_runs(
    published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path(os.path.relpath(published.file, tmp_path))
    monkeypatch.chdir(tmp_path)
    asyncio.run(preflight(file))


def test_what_is_none_does_not_and_the_reason_is_told(tmp_path: Path) -> None:
    (tmp_path / "none.duckdb").write_bytes(b"no database" * 1_000)
    with pytest.raises(UnsoundError, match=r"none\.duckdb"):
        asyncio.run(preflight(tmp_path / "none.duckdb"))


@asynccontextmanager
async def _a_trial_without_end(folder: Path) -> AsyncIterator[tuple[asyncio.Task[None], int]]:
    """Have a pipe read into which nobody writes; yield the trial, and the process that reads."""
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    trial = asyncio.create_task(preflight(pipe))
    # Can be opened as soon as there is a reader.
    writer = await asyncio.to_thread(os.open, pipe, os.O_WRONLY)
    try:
        (reader,) = _readers(pipe)
        yield trial, reader
    finally:
        trial.cancel()
        await asyncio.gather(trial, return_exceptions=True)
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


def _open_files(process: int) -> set[str]:
    return {str(file.readlink()) for file in Path(f"/proc/{process}/fd").iterdir()}


def test_a_process_that_is_ended_by_what_it_reads_is_all_that_ends(tmp_path: Path) -> None:
    async def crash() -> None:
        async with _a_trial_without_end(tmp_path) as (trial, reader):
            os.kill(reader, signal.SIGKILL)
            with pytest.raises(NotCheckedError, match="the process was ended: Killed"):
                await trial

    asyncio.run(crash())


def test_it_leaves_the_port_of_the_service_to_the_service(tmp_path: Path) -> None:
    async def look_at_what_is_open() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            # As that of the service is, for its workers.
            listener.set_inheritable(True)
            async with _a_trial_without_end(tmp_path) as (_, reader):
                has_open = _open_files(reader)
                assert any(file.startswith("pipe:") for file in has_open)
                assert [file for file in has_open if file.startswith("socket:")] == []

    asyncio.run(look_at_what_is_open())


def test_where_no_process_can_be_started_that_is_said(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nothing/python")
    with pytest.raises(NotCheckedError, match="no process can be started: No such file or directory"):
        asyncio.run(preflight(published.file))


def test_a_python_that_can_not_run_it_says_nothing_of_the_file(
    published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.preflight.PROJECT", tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotCheckedError, match=r"^\S+: .*No module named 'api'"):
        asyncio.run(preflight(published.file))


def test_it_ends_with_the_service(tmp_path: Path) -> None:
    async def stop() -> None:
        async with _a_trial_without_end(tmp_path) as (trial, _):
            trial.cancel()
            with pytest.raises(asyncio.CancelledError):
                await trial

    asyncio.run(stop())
