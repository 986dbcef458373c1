"""How the service starts and ends, and what it does at signals, alone and with workers."""

import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from batch.generation.publish import Published
from tests.commands import ROOT
from tests.conftest import copied
from tests.servers import SECONDS, Service, command_line, fails_to_start, service, signal_all

ALONE_AND_NOT = pytest.mark.parametrize("workers", [1, 2])
LOOKUP = "/features?user_id=18"


@ALONE_AND_NOT
@pytest.mark.parametrize("to_all", [False, True], ids=["to the parent", "to all"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_end_ends_it_with_0(
    output: Path, workers: int, number: signal.Signals, *, to_all: bool
) -> None:
    with service(output, workers=workers) as running:
        if to_all:
            signal_all(running, number)
        assert running.ends(*(() if to_all else (number,))) == 0
    assert {line.split(":")[0] for line in running.lines} == {"INFO"}


@ALONE_AND_NOT
def test_a_second_signal_ends_it_though_a_request_has_not_ended(output: Path, workers: int) -> None:
    with (
        service(output, "--shutdown-seconds", "600", workers=workers) as running,
        socket.socket() as connection,
    ):
        # Nobody reads the answers, until there is room for no more, which is soon.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(1)
        connection.connect(("127.0.0.1", running.port))
        with suppress(TimeoutError):
            while True:
                connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: movies\r\n\r\n" * 100)
        running.process.send_signal(signal.SIGTERM)
        running.waits_for("Terminated child process" if workers > 1 else "Shutting down")
        time.sleep(0.5)
        assert running.process.poll() is None
        assert running.ends(signal.SIGTERM) == 0
    assert not [line for line in running.lines if "Traceback" in line]


def _accepts(running: Service, key: str) -> bool:
    """Tell whether every worker accepts a key, and no other one, in the end."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        asked = [(each, status) for each, status in ((key, 200), ("other", 401)) for _ in range(10)]
        if all(_status(running, each) == status for each, status in asked):
            return True
        time.sleep(0.05)
    return False


def _status(running: Service, key: str) -> int:
    with httpx2.Client() as client:
        return client.get(f"{running.url}{LOOKUP}", headers={"X-API-Key": key}).status_code


@ALONE_AND_NOT
def test_sighup_has_the_keys_read_again_and_ends_nothing(output: Path, workers: int, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("first\n", encoding="utf-8")
    with service(output, workers=workers, API_KEYS_FILE=str(keys)) as running:
        assert _accepts(running, "first")
        processes = running.workers()
        # Where a key of a file must not be.
        for process in (running.process.pid, *processes):
            assert b"first" not in command_line(process)
            assert b"first" not in Path(f"/proc/{process}/environ").read_bytes()
        keys.write_text("second\n", encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)
        running.waits_for("keys were read", workers)
        assert _accepts(running, "second")
        assert _status(running, "first") == 401
        keys.write_text("# none\n", encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)
        running.waits_for("no key", workers)
        assert _accepts(running, "second")
        assert running.workers() == processes
        assert running.ends(signal.SIGTERM) == 0
    assert not [line for line in running.lines if "first" in line or "second" in line]


def test_workers_that_die_are_replaced_while_the_file_of_keys_is_missing(
    output: Path, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text("first\n", encoding="utf-8")
    with service(output, "--api-keys-file", keys, workers=2) as running:
        keys.write_text("second\n", encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)
        running.waits_for("keys were read", 2)
        keys.unlink()
        dying, living = running.workers()
        os.kill(dying, signal.SIGKILL)
        running.waits_for("startup complete", 3)
        replaced = set(running.workers())
        assert len(replaced) == 2
        assert living in replaced
        assert dying not in replaced
        # One that ends alone leaves the others answering.
        os.kill(living, signal.SIGTERM)
        running.waits_for("Finished server process")
        assert httpx2.get(f"{running.url}/readyz").status_code == 200
        running.waits_for("startup complete", 4)
        assert _accepts(running, "second")
        assert running.ends(signal.SIGTERM) == 0


@ALONE_AND_NOT
def test_sighup_without_a_file_of_keys_and_an_inherited_folder_for_metrics_change_nothing(
    output: Path, workers: int, tmp_path: Path
) -> None:
    (tmp_path / "counter_1.db").write_bytes(b"nonsense")
    with service(output, workers=workers, PROMETHEUS_MULTIPROC_DIR=str(tmp_path)) as running:
        signal_all(running, signal.SIGHUP)
        time.sleep(1)
        # What another program has counted is not counted.
        assert httpx2.get(f"{running.url}{LOOKUP}").status_code == 200
        counted = 'recommender_request_seconds_count{route="/features",status="200"} 1.0'
        assert counted in httpx2.get(f"{running.url}/metrics").text.splitlines()
        assert running.ends(signal.SIGTERM) == 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["counter_1.db"]


def test_workers_end_when_their_parent_is_killed(output: Path) -> None:
    with service(output, workers=2) as running:
        running.process.kill()
        running.waits_for("Finished server process", 2)
    assert not [line for line in running.lines if "Traceback" in line]


def _assert_fails(status: int, message: str, *options: str | Path, **variables: str) -> None:
    """Assert that a start ends with a status, and with one line that has these words."""
    tried = fails_to_start(*options, **variables)
    assert tried.returncode == status
    assert tried.stderr.startswith("Error: ")
    assert tried.stderr.count("\n") == 1
    assert message in tried.stderr


@ALONE_AND_NOT
def test_a_taken_port_ends_the_start_with_one_line(output: Path, workers: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        reason = (
            f"Error: can't listen on 127.0.0.1, port {port}: Address already in use; "
            "name another --port or --host, or stop what is there\n"
        )
        _assert_fails(1, reason, "--output", output, "--port", port, "--workers", str(workers))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a?b", "has a ? in it"),
        ("a\\b", "has a \\ in it"),
        ("a\udcffb", "is no UTF-8"),
        ("file", "is a file"),
    ],
)
def test_an_output_path_that_can_not_be_opened_ends_the_start_with_one_line(
    tmp_path: Path, name: str, reason: str
) -> None:
    (tmp_path / "file").touch()
    _assert_fails(2, "Error: --output: ", "--output", tmp_path / name)
    _assert_fails(2, reason, "--output", tmp_path / name, "--workers", "2")


def test_an_inherited_folder_for_metrics_that_is_wrong_ends_the_start_with_one_line(
    output: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "none"
    reason = f"{folder} is no folder that can be written to; name another, or unset it\n"
    _assert_fails(2, reason, "--output", output, PROMETHEUS_MULTIPROC_DIR=str(folder))


@pytest.mark.parametrize("content", [None, "\n# a comment\n  \n"])
def test_a_file_of_keys_without_a_key_ends_the_start_with_one_line(
    output: Path, tmp_path: Path, content: str | None
) -> None:
    keys = tmp_path / "keys"
    if content is not None:
        keys.write_text(content, encoding="utf-8")
    _assert_fails(2, f"--api-keys-file: {keys}: ", "--output", output, "--api-keys-file", keys)


def test_a_folder_in_the_place_of_a_file_of_keys_ends_the_start_with_one_line(
    output: Path, tmp_path: Path
) -> None:
    _assert_fails(2, "Is a directory", "--output", output, "--api-keys-file", tmp_path)


def test_a_connection_that_waits_for_its_next_request_is_closed_in_time(output: Path) -> None:
    with (
        service(output, "--keep-alive-seconds", "1", "--host", "::1") as running,
        socket.create_connection(("::1", running.port), timeout=SECONDS) as connection,
    ):
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: movies\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4_096), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" not in answer
    # Others can't reach that address.
    assert not [line for line in running.lines if "no key is required" in line]


@pytest.mark.parametrize(
    ("host", "options", "clients"),
    [
        ("", (), ("127.0.0.1", "::1")),
        ("::", ("--api-keys", "first"), ("127.0.0.1", "::1")),
        ("0.0.0.0", ("--api-keys", "first"), ("127.0.0.1",)),  # noqa: S104
    ],
)
def test_all_addresses_are_of_both_families_and_clients_keep_their_own(
    output: Path, host: str, options: tuple[str, ...], clients: tuple[str, ...]
) -> None:
    with service(output, "--host", host, *options, "--access-log", LOG_FORMAT="json") as running:
        for client in clients:
            address = f"[{client}]" if ":" in client else client
            url = f"http://{address}:{running.port}{LOOKUP}"
            assert httpx2.get(url, headers={"X-API-Key": "first"}).status_code == 200
    for client in clients:
        assert any(f'"client": "{client}"' in line for line in running.lines)
    # Others can reach it, so there is a warning unless it requires a key.
    assert any("no key is required" in line for line in running.lines) is not bool(options)


@pytest.mark.parametrize("name", ["ab:c", "~", "é 日本"])
def test_an_odd_output_path_is_served(published: Published, tmp_path: Path, name: str) -> None:
    copied(published, tmp_path / name)
    with service(Path(name), cwd=tmp_path, PYTHONPATH=str(ROOT)) as running:
        assert httpx2.get(f"{running.url}{LOOKUP}").status_code == 200


def test_several_processes_answer_from_one_file_and_count_together(
    published: Published, output: Path
) -> None:
    with service(output, workers=2) as running:
        for user in range(40):
            assert httpx2.get(f"{running.url}/features?user_id={user}").status_code == 200
        lines = httpx2.get(f"{running.url}/metrics").text.splitlines()
    counted = 'recommender_request_seconds_count{route="/features",status="200"} '
    assert [line.removeprefix(counted) for line in lines if line.startswith(counted)] == ["40.0"]
    assert f'recommender_generation_info{{generation="{published.generation}"}} 1.0' in lines


def test_after_sigterm_a_request_that_has_begun_is_answered_whole(output: Path) -> None:
    with (
        service(output) as running,
        socket.create_connection(("127.0.0.1", running.port)) as connection,
    ):
        # The request has begun, and its end comes after the signal.
        connection.sendall(b"POST /features HTTP/1.1\r\nHost: movies\r\nContent-Length: 4\r\n\r\n")
        time.sleep(0.1)
        running.process.send_signal(signal.SIGTERM)
        connection.sendall(b"body")
        answer = b"".join(iter(lambda: connection.recv(4_096), b""))
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert answer.endswith(b'use GET or HEAD"}')
    assert not [line for line in running.lines if "Traceback" in line]
