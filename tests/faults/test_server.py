"""The end of the service under load, and a start without room."""

import http.client
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import publish, written
from tests.faults.conftest import Recorded
from tests.faults.system import disk
from tests.films import RATINGS
from tests.servers import SECONDS, Service, fails_to_start, service, signal_all

CLIENTS = 8  # of each kind
ANSWERS = 400  # before the end


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with a generation."""
    items = written(tmp_path_factory.mktemp("movies"), RATINGS)
    return publish(items, tmp_path_factory.mktemp("published")).file.parent.parent


class Client:
    """A client that asks as fast as it is answered, until it is refused."""

    def __init__(self, running: Service, *, keeps: bool) -> None:
        self._running = running
        self._keeps = keeps
        self.answers = 0
        self.lost: list[str] = []

    def ask(self) -> None:
        """Ask over one connection after the other."""
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self._running.port, timeout=SECONDS)
            try:
                connection.connect()
            except ConnectionRefusedError:
                return
            try:
                self._ask_over(connection)
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.lost.append(repr(error))
            finally:
                connection.close()

    def _ask_over(self, connection: http.client.HTTPConnection) -> None:
        is_over = False
        while not is_over:
            connection.request("GET", "/recommendations?user_id=18")
            answer = connection.getresponse()
            assert answer.status == 200
            assert answer.read().endswith(b"}]}")
            self.answers += 1
            is_over = answer.will_close or not self._keeps


@pytest.mark.parametrize("to_all", [False, True], ids=["to the parent", "to all"])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_sigterm_loses_no_request(
    output: Path, workers: int, recorded: Recorded, *, to_all: bool, is_long: bool
) -> None:
    seen: Counter[str] = Counter()
    for _ in range(20 if is_long else 1):
        with service(output, workers=workers) as running, ThreadPoolExecutor(2 * CLIENTS) as pool:
            clients = [Client(running, keeps=keeps) for keeps in (True, False) for _ in range(CLIENTS)]
            asking = [pool.submit(client.ask) for client in clients]
            while sum(client.answers for client in clients) < ANSWERS:
                assert not any(each.done() for each in asking)
            if to_all:
                signal_all(running, signal.SIGTERM)
            assert running.ends(*(() if to_all else (signal.SIGTERM,))) == 0
            for each in asking:
                each.result()
        assert [loss for client in clients for loss in client.lost] == []
        seen.update(requests=sum(client.answers for client in clients))
    recorded("service_ended", str(workers), f"{CLIENTS} of each kind", seen["requests"], 0)


@pytest.mark.parametrize("room_kb", [0, 100])
def test_workers_without_room_for_metrics_end_the_start_with_one_error(
    output: Path, tmp_path: Path, room_kb: int
) -> None:
    with disk(tmp_path, 8_000) as small:
        (small.seen_at / "full").write_bytes(b"x" * (small.seen_at.stat().st_blksize))
        small.remount(f"size={small.used_kb() + room_kb}k")
        tried = fails_to_start(
            "--output", output, "--workers", "2", within=small.within, PROMETHEUS_MULTIPROC_DIR=str(tmp_path)
        )
    assert tried.returncode == 1
    errors = [line for line in tried.stderr.splitlines() if not line.startswith("INFO:")]
    assert len(errors) == 1, tried.stderr
    assert errors[0].startswith(("Error:", "ERROR:"))
