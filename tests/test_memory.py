"""The peak of memory is that since it was last told to begin anew."""

import sys

import pytest

from batch.memory import begin_peak, peak_mb


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a peak since a moment")
def test_a_peak_is_seen_after_it_and_forgotten_at_the_next_beginning() -> None:
    assert begin_peak()
    before = peak_mb()
    held = bytearray(200 * 2**20)
    del held
    assert peak_mb() > before + 150
    assert begin_peak()
    assert peak_mb() < before + 150


def test_without_the_files_of_linux_the_peak_is_that_of_the_process(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = tmp_path_factory.mktemp("proc") / "none" / "file"
    monkeypatch.setattr("batch.memory._CLEAR", nowhere)
    monkeypatch.setattr("batch.memory._STATUS", nowhere)
    assert not begin_peak()
    assert peak_mb() > 10
