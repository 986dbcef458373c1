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
from tests.servers import SECONDS, command_line, fails_to_start, service, signal_all

ALONE_AND_NOT = pytest.mark.parametrize("workers", [1, 2])


@pytest.fixture
def output(published: Published) -> Path:
    """An output folder with a generation."""
    return published.file.parent.parent


@ALONE_AND_NOT
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("to_all", [False, True])
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


def _status(url: str, key: str) -> int:
    with httpx2.Client() as client:
        return client.get(f"{url}/features?user_id=18", headers={"X-API-Key": key}).status_code


def _is_settled(url: str, expected: dict[str, int]) -> bool:
    """Tell whether every worker that answers knows the same keys, in the end."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if all(_status(url, key) == status for key, status in expected.items() for _ in range(10)):
            return True
        time.sleep(0.05)
    return False


@ALONE_AND_NOT
def test_sighup_has_the_keys_read_again_and_ends_nothing(output: Path, workers: int, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("first\n", encoding="utf-8")
    with service(output, "--api-keys-file", keys, workers=workers) as running:
        assert _is_settled(running.url, {"first": 200, "second": 401})
        processes = running.workers()
        keys.write_text("second\n", encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)
        running.waits_for("keys were read", workers)
        assert _is_settled(running.url, {"first": 401, "second": 200})
        keys.write_text("# none\n", encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)
        running.waits_for("no key", workers)
        assert _is_settled(running.url, {"first": 401, "second": 200})
        assert running.workers() == processes
        assert running.ends(signal.SIGTERM) == 0


def test_a_worker_that_dies_is_replaced_while_the_file_of_keys_is_missing(
    output: Path, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text("first\n", encoding="utf-8")
    with service(output, "--api-keys-file", keys, workers=2) as running:
        assert _is_settled(running.url, {"first": 200})
        keys.write_text("second\n", encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)
        running.waits_for("keys were read", 2)
        keys.unlink()
        dying, living = running.workers()
        os.kill(dying, signal.SIGKILL)
        running.waits_for("startup complete", 3)
        os.kill(living, signal.SIGKILL)
        running.waits_for("startup complete", 4)
        assert _is_settled(running.url, {"first": 401, "second": 200})
        assert running.ends(signal.SIGTERM) == 0


@ALONE_AND_NOT
def test_sighup_without_a_file_of_keys_ends_nothing(output: Path, workers: int) -> None:
    with service(output, workers=workers) as running:
        signal_all(running, signal.SIGHUP)
        time.sleep(1)
        assert httpx2.get(f"{running.url}/readyz").status_code == 200
        assert running.ends(signal.SIGTERM) == 0


@ALONE_AND_NOT
def test_keys_of_a_file_are_in_no_list_of_processes_and_in_no_environment(
    output: Path, workers: int, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text("secret-7\n", encoding="utf-8")
    with service(output, workers=workers, API_KEYS_FILE=str(keys)) as running:
        assert _status(running.url, "secret-7") == 200
        for process in (running.process.pid, *running.workers()):
            assert b"secret-7" not in command_line(process)
            assert b"secret-7" not in Path(f"/proc/{process}/environ").read_bytes()
    assert not [line for line in running.lines if "secret-7" in line]


def test_a_worker_that_dies_is_replaced(output: Path) -> None:
    with service(output, workers=2) as running:
        first, second = running.workers()
        os.kill(first, signal.SIGKILL)
        running.waits_for("startup complete", 3)
        replaced = set(running.workers())
        assert len(replaced) == 2
        assert second in replaced
        assert first not in replaced
        assert running.ends(signal.SIGTERM) == 0


def test_a_worker_that_is_ended_alone_leaves_the_others_answering(output: Path) -> None:
    with service(output, workers=2) as running:
        os.kill(running.workers()[0], signal.SIGTERM)
        running.waits_for("Finished server process")
        assert httpx2.get(f"{running.url}/readyz").status_code == 200
        running.waits_for("startup complete", 3)
        assert running.ends(signal.SIGTERM) == 0


def test_workers_end_when_their_parent_is_killed(output: Path) -> None:
    with service(output, workers=2) as running:
        running.process.kill()
        running.waits_for("Finished server process", 2)
    assert not [line for line in running.lines if "Traceback" in line]


@ALONE_AND_NOT
def test_a_taken_port_ends_the_start_with_one_line(output: Path, workers: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        tried = fails_to_start("--output", output, "--port", port, "--workers", str(workers))
    assert tried.returncode == 1
    assert tried.stderr == (
        f"Error: can't listen on 127.0.0.1, port {port}: Address already in use; "
        "name another --port or --host, or stop what is there\n"
    )


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
    tried = fails_to_start("--output", tmp_path / name, "--workers", "2")
    assert tried.returncode == 2
    assert reason in tried.stderr
    assert tried.stderr.startswith("Error: --output: ")
    assert tried.stderr.count("\n") == 1


@ALONE_AND_NOT
def test_an_inherited_folder_for_metrics_that_is_wrong_ends_the_start_with_one_line(
    output: Path, workers: int, tmp_path: Path
) -> None:
    tried = fails_to_start(
        "--output", output, "--workers", str(workers), PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "none")
    )
    assert tried.returncode == 2
    assert tried.stderr == (
        f"Error: PROMETHEUS_MULTIPROC_DIR: {tmp_path / 'none'} is no folder that can be written to; "
        "name another, or unset it\n"
    )


@ALONE_AND_NOT
def test_what_another_program_has_counted_in_an_inherited_folder_is_not_counted(
    output: Path, workers: int, tmp_path: Path
) -> None:
    (tmp_path / "counter_1.db").write_bytes(b"nonsense")
    with service(output, workers=workers, PROMETHEUS_MULTIPROC_DIR=str(tmp_path)) as running:
        assert httpx2.get(f"{running.url}/features?user_id=18").status_code == 200
        counted = 'recommender_request_seconds_count{route="/features",status="200"} 1.0'
        assert counted in httpx2.get(f"{running.url}/metrics").text.splitlines()
        assert running.ends(signal.SIGTERM) == 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["counter_1.db"]


@pytest.mark.parametrize("content", [None, "", "\n# a comment\n  \n"])
def test_a_file_of_keys_without_a_key_ends_the_start_with_one_line(
    output: Path, tmp_path: Path, content: str | None
) -> None:
    keys = tmp_path / "keys"
    if content is not None:
        keys.write_text(content, encoding="utf-8")
    tried = fails_to_start("--output", output, "--api-keys-file", keys)
    assert tried.returncode == 2
    assert tried.stderr.startswith(f"Error: --api-keys-file: {keys}: ")
    assert tried.stderr.count("\n") == 1


def test_a_folder_in_the_place_of_a_file_of_keys_ends_the_start_with_one_line(
    output: Path, tmp_path: Path
) -> None:
    tried = fails_to_start("--output", output, "--api-keys-file", tmp_path)
    assert tried.returncode == 2
    assert "Is a directory" in tried.stderr
    assert tried.stderr.count("\n") == 1


def test_a_connection_that_waits_for_its_next_request_is_closed_when_it_is_told(output: Path) -> None:
    with (
        service(output, "--keep-alive-seconds", "1") as running,
        socket.create_connection(("127.0.0.1", running.port), timeout=SECONDS) as connection,
    ):
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: movies\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4_096), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" not in answer


def test_an_address_that_others_reach_without_a_key_is_warned_about(output: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("first", encoding="utf-8")
    for options, is_warned in (
        (("--host", "0.0.0.0"), True),  # noqa: S104
        (("--host", "::1"), False),
        (("--host", "0.0.0.0", "--api-keys", "first"), False),  # noqa: S104
        (("--host", "0.0.0.0", "--api-keys-file", keys), False),  # noqa: S104
    ):
        with service(output, *options) as running:
            pass
        assert any("no key is required" in line for line in running.lines) is is_warned


@pytest.mark.parametrize("host", ["", "::"])
def test_all_addresses_are_of_both_families_and_clients_keep_their_own(output: Path, host: str) -> None:
    with service(output, "--host", host, "--access-log") as running:
        for address in ("127.0.0.1", "[::1]"):
            url = f"http://{address}:{running.port}/features?user_id=18"
            assert httpx2.get(url).status_code == 200


@pytest.mark.parametrize("name", ["ab:c", "~", "é 日本"])
def test_an_odd_output_path_is_served(published: Published, tmp_path: Path, name: str) -> None:
    copied(published, tmp_path / name)
    with service(Path(name), cwd=tmp_path, PYTHONPATH=str(ROOT)) as running:
        assert httpx2.get(f"{running.url}/features?user_id=18").status_code == 200
