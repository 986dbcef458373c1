"""The peak of memory is that of one part of the work, whatever was held before."""

import sys

import pytest

from batch.runtime.memory import Peak, held_mb, largest_mb, tells_peaks_apart


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what is held now")
def test_a_peak_is_seen_after_it_and_is_not_that_of_the_next_part() -> None:
    assert tells_peaks_apart()
    more_than_ever = int(largest_mb() - held_mb()) + 200
    first = Peak()
    held = b"x" * (more_than_ever * 2**20)
    del held
    peak = first.end()
    assert peak == largest_mb()
    assert Peak().end() < peak - 100


def test_without_the_files_of_linux_the_peak_is_that_of_the_process(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batch.runtime.memory._STATUS", tmp_path_factory.mktemp("proc") / "none")
    assert not tells_peaks_apart()
    assert Peak().end() == largest_mb() > 10
