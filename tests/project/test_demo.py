"""`make demo`, as somebody who has just cloned the project runs it, down to Ctrl-C."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import duckdb
import httpx2
import pytest

from tests.commands import ROOT, environment


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_the_demo_serves_shows_three_answers_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    port = _free_port()
    places = [f"DATA={tmp_path / 'data'}", f"OUTPUT={tmp_path / 'output'}", f"PORT={port}"]
    demo = subprocess.Popen(
        ["make", "demo", *places],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        env=environment(),
    )
    assert demo.stdout is not None
    shown = ""
    try:
        for line in demo.stdout:
            shown += line
            if line.startswith("Serving on"):
                break
        answer = httpx2.get(f"http://127.0.0.1:{port}/recommendations?user_id=18")
        assert answer.text in shown
        assert (
            f'$ curl "http://127.0.0.1:{port}/recommendations?user_id=18&returnMetadata=true&limit=3"'
            in shown
        )
        assert '{"features":[{"histories":["' in shown
    finally:
        os.killpg(demo.pid, signal.SIGINT)
        demo.communicate()
    with duckdb.connect(tmp_path / "output" / "current.duckdb", read_only=True) as generation:
        users = generation.sql("select count(*), sum(ratings) from users").fetchall()
        rejected = generation.sql("select count(*) from rejected_rows").fetchall()
    assert (users, rejected) == ([(671, 100_004)], [(0,)])
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"http://127.0.0.1:{port}/healthz")
