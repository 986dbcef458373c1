"""How many threads a run takes."""

import pytest

from batch.runtime.threads import cores


def test_a_process_that_is_given_one_thread_takes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert cores() == 1


@pytest.mark.parametrize("invalid", ["", "0", "all", "4,2"])
def test_an_invalid_number_of_threads_is_ignored(monkeypatch: pytest.MonkeyPatch, invalid: str) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    ours = cores()
    monkeypatch.setenv("OMP_NUM_THREADS", invalid)
    assert cores() == ours
