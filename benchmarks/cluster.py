"""Cluster: Spark's own standalone cluster on this machine, a master and workers as processes."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

HOST = "127.0.0.1"
ANYWHERE = ("--host", HOST, "--port", "0", "--webui-port", "0")


@dataclass(frozen=True)
class Cluster:
    """A cluster that runs; its processes end with `running`."""

    master: str  # its URL
    variables: dict[str, str]  # what a program needs in its environment to use it
    folder: Path
    memory: str  # of a worker, as Spark writes it
    running: ExitStack
    workers: list[subprocess.Popen[str]]

    def add_worker(self) -> None:
        """Start one more worker, with one core."""
        log = self.folder / f"worker-{len([*self.folder.glob('worker-*.log')])}.log"
        of_worker = ("--cores", "1", "--memory", self.memory, "--work-dir", str(log.with_suffix("")))
        worker = self.running.enter_context(
            _daemon("worker.Worker", log, self.variables, *of_worker, *ANYWHERE, self.master)
        )
        _told(worker, log, r"(Successfully registered with master)")
        self.workers.append(worker)

    def kill_worker(self) -> None:
        """Kill the oldest worker, and the executors that it has started."""
        worker = self.workers.pop(0)
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


@contextmanager
def cluster(folder: Path, workers: int, memory: str = "1g", **settings: str) -> Iterator[Cluster]:
    """Run a cluster for the body, each worker with one core; what it writes goes below `folder`.

    Settings are those of Spark, with `_` for the point: `sql_shuffle_partitions="4"`.
    """
    configuration = folder / "conf"
    configuration.mkdir(parents=True)
    given = {
        "driver_host": HOST,
        "driver_bindAddress": HOST,
        "ui_enabled": "false",
        "executor_memory": memory,
        # A worker that is gone is noticed by its connection; this is for one that hangs.
        "network_timeout": "60s",
        **settings,
    }
    lines = [f"spark.{name.replace('_', '.')} {value}" for name, value in given.items()]
    (configuration / "spark-defaults.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    variables = {
        "SPARK_CONF_DIR": str(configuration),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_DIRS": str(folder / "local"),
    }
    with ExitStack() as running:
        master = running.enter_context(_daemon("master.Master", folder / "master.log", variables, *ANYWHERE))
        url = _told(master, folder / "master.log", r"Starting Spark master at (spark://\S+)")
        started = Cluster(url, variables, folder, memory, running, [])
        for _ in range(workers):
            started.add_worker()
        yield started


@contextmanager
def _daemon(
    name: str, log: Path, variables: dict[str, str], *arguments: str
) -> Iterator[subprocess.Popen[str]]:
    found = find_spec("pyspark")
    assert found
    assert found.origin
    program = Path(found.origin).parent / "bin" / "spark-class"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [program, f"org.apache.spark.deploy.{name}", *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **variables, "SPARK_DAEMON_MEMORY": "256m"},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _told(process: subprocess.Popen[str], log: Path, pattern: str) -> str:
    """Wait until a log says something, and return what."""
    while True:
        ended = process.poll()
        text = log.read_text(encoding="utf-8")
        if found := re.search(pattern, text):
            return found[1]
        if ended is not None:
            raise RuntimeError(f"{log}: ended with {ended}: {text[-500:]}")
        with_patience()


def with_patience() -> None:
    """Wait a little before the next look."""
    signal.sigtimedwait([], 0.1)
