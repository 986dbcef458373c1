"""The nightly job: it publishes what is new, and nothing else."""

import sys
from pathlib import Path

import pytest

from batch.commands.engines import run
from batch.errors import BatchError, LockedError, UsageError
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.runtime.progress import Progress
from batch.settings import Settings
from tests.conftest import WriteInput, copied, damage, publish
from tests.films import RATINGS


def test_a_second_run_leaves_what_is_published(items: Path, published: Published, tmp_path: Path) -> None:
    first = copied(published, tmp_path)
    second = publish(items, tmp_path)
    assert not second.is_new
    assert (second.generation, second.file, second.counts) == (first.generation, first.file, first.counts)
    assert Output(tmp_path).generations() == [first.generation]
    assert not Output(tmp_path).work.exists()


def test_a_rebuild_makes_the_same_anew(items: Path, published: Published, tmp_path: Path) -> None:
    first = copied(published, tmp_path)
    second = publish(items, tmp_path, rebuild=True)
    assert second.is_new
    assert Output(tmp_path).generations() == [first.generation, second.generation]


def test_another_setting_or_another_input_is_published(
    published: Published, write_input: WriteInput, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    made = [
        copied(published, output),
        publish(write_input(RATINGS), output, seed=1),
        publish(write_input(RATINGS + "1,1,1,1\n"), output, seed=1),
        publish(write_input(RATINGS + "1,1,1,1\n", hidden="movieId\n4\n"), output, seed=1),
    ]
    assert all(each.is_new for each in made)
    assert Output(output).generations() == [each.generation for each in made]


def test_an_older_generation_is_made_again(items: Path, nights: list[Published], tmp_path: Path) -> None:
    copied(nights[-1], tmp_path)
    assert publish(items, tmp_path, seed=1).is_new


def test_a_damaged_generation_is_made_anew(items: Path, published: Published, tmp_path: Path) -> None:
    first = copied(published, tmp_path)
    damage(first.file)
    second = publish(items, tmp_path)
    assert second.is_new
    assert Output(tmp_path).current() == second.generation


def test_a_run_beside_another_ends_if_nothing_is_new(
    items: Path, published: Published, tmp_path: Path
) -> None:
    copied(published, tmp_path)
    with Output(tmp_path).locked(), pytest.raises(LockedError):
        publish(items, tmp_path)


def test_spark_says_what_to_install_where_it_is_missing(
    items: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    settings = Settings(data=items, output=tmp_path, engine="spark")
    with pytest.raises(UsageError, match=r"pyspark\S* is missing\).*pip install -r requirements-spark\.txt"):
        run(settings, Progress(quiet=True))


def test_spark_says_what_to_install_where_java_is_missing(
    items: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = Settings(data=items, output=tmp_path, engine="spark")
    with pytest.raises(UsageError, match=r"needs Java, .* install Java 17"):
        run(settings, Progress(quiet=True))
    assert not (tmp_path / ".work").exists()


def test_a_wrong_master_is_reported_before_spark_starts(
    items: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.touch(mode=0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    cases: tuple[tuple[str, type[BatchError], str], ...] = (
        ("spark://127.0.0.1:1", BatchError, r"does not answer \(.*refused\); start the cluster"),
        ("spark://127.0.0.1:1,127.0.0.1:2", BatchError, r"does not answer \(.*refused; .*refused\)"),
        ("spark://127.0.0.1", UsageError, "is no master; write spark://HOST:PORT"),
        ("sparkling", UsageError, "is no master; write spark://HOST:PORT"),
    )
    for master, error, message in cases:
        settings = Settings(data=items, output=tmp_path, engine="spark", master=master)
        with pytest.raises(error, match=message) as raised:
            run(settings, Progress(quiet=True))
        assert type(raised.value) is error
