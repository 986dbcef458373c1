"""A run makes nothing that is published already, and nothing that was rolled back.

What was rolled back is the input; with the same input the settings, then the versions, then the exclusions.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, count
from pathlib import Path

import duckdb
import pytest

from batch.data.exclusions import read_exclusions
from batch.data.inputs import find_inputs
from batch.errors import RefusedError
from batch.generation.hide import show_again
from batch.generation.origin import origin_of_run
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.generation.rollback import rollback
from batch.generation.unchanged import unchanged, up_to_date
from batch.runtime.progress import Progress
from batch.settings import Settings
from tests.batch.generation.conftest import forgotten, hidden
from tests.conftest import WriteInput, changed, copied, damage, publish, select, written
from tests.films import MOVIES, RATINGS

# As `publish` has it.
SETTINGS = Settings(top_n=10, factors=4, iterations=5)
OTHER_RATINGS = RATINGS + "1,1,1,1\n"
Found = Callable[..., str | None]
Ids = tuple[str, ...]


@pytest.fixture
def fingerprint(items: Path) -> str:
    """That of the input of the published generation."""
    return find_inputs(items).snapshot().fingerprint


def _counts(file: Path, fingerprint: str, settings: Settings = SETTINGS) -> object:
    """Return what a run finds in a file that is as it would make it; None if it is not."""
    return unchanged(file, origin_of_run(fingerprint, settings, exclusions=""))


def test_the_same_input_settings_and_versions_are_unchanged(published: Published, fingerprint: str) -> None:
    assert _counts(published.file, fingerprint) == published.counts
    elsewhere = replace(SETTINGS, data=Path("a"), output=Path("b"), rebuild=True)
    elsewhere = replace(elsewhere, accept_regression=True, accept_rolled_back=True)
    assert _counts(published.file, fingerprint, elsewhere) == published.counts


def test_another_input_or_setting_is_a_change(published: Published, fingerprint: str) -> None:
    # The first six digits are in the name of the generation, and don't tell enough.
    assert _counts(published.file, fingerprint[:6] + "0" * 58) is None
    for setting in ({"seed": 1}, {"top_n": 11}, {"alpha": 1.0}, {"max_rejected": 0.2}, {"max_fall": 0.2}):
        assert _counts(published.file, fingerprint, replace(SETTINGS, **setting)) is None, setting


@pytest.mark.parametrize("package", ["batch", "python", "implicit"])
def test_another_version_is_a_change(
    published: Published, tmp_path: Path, fingerprint: str, package: str
) -> None:
    with changed(published, tmp_path) as connection:
        newer = f"map_concat(versions, map {{'{package}': '0'}})"
        connection.execute(f"update generation set versions = {newer}")
    assert _counts(Output(tmp_path).published(), fingerprint) is None


def test_a_file_that_is_no_whole_generation_is_to_be_made_anew(
    published: Published, tmp_path: Path, fingerprint: str
) -> None:
    whole = published.file.read_bytes()
    texts = {"text": b"no database", **{str(left): whole[:left] for left in (0, 1_000, 100_000, -1)}}
    for name, content in texts.items():
        (tmp_path / f"{name}.duckdb").write_bytes(content)
    for name, table in (("older", "generation"), ("empty", "other")):
        with duckdb.connect(str(tmp_path / f"{name}.duckdb")) as connection:
            connection.execute(f"create table {table} as select 'x' as id, 10 as top_n")
    for name in (*texts, "older", "empty", "missing"):
        assert _counts(tmp_path / f"{name}.duckdb", fingerprint) is None, name


@pytest.fixture
def output(tmp_path: Path) -> Output:
    """The output folder of the test."""
    return Output(tmp_path / "output")


@pytest.fixture
def found(write_input: WriteInput, output: Output) -> Found:
    """Return a function for what a run finds published as it would make it; None if it would make another."""

    def find(ratings: str = RATINGS, **settings: object) -> str | None:
        snapshot = find_inputs(write_input(ratings)).snapshot()
        exclusions = read_exclusions(output.folder)
        as_asked = replace(SETTINGS, **settings)  # type: ignore[arg-type]
        same = up_to_date(output, snapshot.fingerprint, exclusions, as_asked, Progress(quiet=True))
        return same.generation if same else None

    return find


@pytest.fixture
def seeds(nights: list[Published], output: Output) -> Ids:
    """Three generations of one input, made with the seeds 0, 1 and 2, in the output folder of the test."""
    copied(nights[-1], output.folder)
    return tuple(night.generation for night in nights)


@pytest.fixture(scope="module")
def bad_input(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A generation of OTHER_RATINGS after one of RATINGS; nobody may touch their folder."""
    folder = tmp_path_factory.mktemp("bad")
    copied(published, folder / "output")
    return publish(written(folder / "data", OTHER_RATINGS), folder / "output")


@pytest.fixture
def two(bad_input: Published, published: Published, output: Output) -> Ids:
    """Both of them, in the output folder of the test."""
    copied(bad_input, output.folder)
    return published.generation, bad_input.generation


@pytest.fixture
def bad(two: Ids, output: Output) -> str:
    """The generation of OTHER_RATINGS, which was rolled back to that of RATINGS."""
    rollback(output)
    return two[1]


def test_the_same_input_with_the_same_settings_is_held_back(found: Found, output: Output, seeds: Ids) -> None:
    _, good, bad = seeds
    assert rollback(output) == (bad, good)
    assert found(seed=1) == good
    held_back = f"same input and settings made generation {bad}, .*--accept-rolled-back"
    with pytest.raises(RefusedError, match=held_back):
        found(seed=2)
    assert found(seed=3) is None
    assert found(OTHER_RATINGS, seed=2) is None


def test_another_input_is_held_back_with_any_settings(
    found: Found, output: Output, two: Ids, write_input: WriteInput
) -> None:
    good, bad = two
    rollback(output)
    assert found() == good
    for settings in ({}, {"seed": 7}, {"rebuild": True}, {"accept_regression": True}):
        with pytest.raises(RefusedError, match=f"the same input made generation {bad}, which was"):
            found(OTHER_RATINGS, **settings)
    assert publish(write_input(RATINGS + "1,1,2,1\n"), output.folder).is_new
    with pytest.raises(RefusedError, match="rolled back"):
        found(OTHER_RATINGS)


def test_the_same_input_and_settings_are_held_back_for_their_versions(
    found: Found, output: Output, seeds: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, good, bad = seeds
    output.file(bad).chmod(0o644)
    with duckdb.connect(str(output.file(bad))) as connection:
        connection.execute("update generation set settings = map_concat(settings, map {'seed': '1'})")
        connection.execute("update generation set versions = map {'batch': '2'}")
    rollback(output)
    assert found(seed=1) == good
    monkeypatch.setattr("batch.generation.origin.versions", lambda _engine: {"batch": "2"})
    with pytest.raises(RefusedError, match="the same input, settings and versions made generation"):
        found(seed=1)
    monkeypatch.setattr("batch.generation.origin.versions", lambda _engine: {"batch": "3"})
    assert found(seed=1) is None


def test_the_same_input_settings_and_versions_are_held_back_for_what_was_hidden(
    found: Found, output: Output, published: Published, items: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = copied(published, output.folder).generation
    hidden(output.folder, "4")
    bad = publish(items, output.folder).generation
    rollback(output, good)
    with pytest.raises(RefusedError, match=f"versions and exclusions made generation {bad}"):
        found()
    show_again(output, "4")
    assert found() == good
    hidden(output.folder, "5")
    assert found() is None
    rollback(output, good)
    rollback(output, bad)
    assert "does not block its input" not in caplog.text


@pytest.mark.usefixtures("bad")
def test_an_accepted_input_is_no_longer_held_back(
    found: Found, output: Output, write_input: WriteInput
) -> None:
    accepted = publish(write_input(OTHER_RATINGS), output.folder, accept_rolled_back=True)
    assert accepted.is_new
    assert output.rolled_back() == []
    assert found() is None
    assert found(OTHER_RATINGS) == accepted.generation


def test_a_generation_put_back_by_name_is_no_longer_held_back(
    found: Found, output: Output, seeds: Ids
) -> None:
    first, _, third = seeds
    rollback(output, first)
    rollback(output, third)
    assert found(seed=2) == third
    assert found(seed=1) is None


def test_a_bad_input_is_held_back_also_when_its_file_is_gone(found: Found, output: Output, bad: str) -> None:
    output.file(bad).unlink()
    with pytest.raises(RefusedError, match=f"the same input made generation {bad}"):
        found(OTHER_RATINGS)


@pytest.mark.usefixtures("two")
def test_a_rolled_back_hide_or_forget_holds_nothing_back_and_a_forget_warns(
    found: Found, output: Output, caplog: pytest.LogCaptureFixture
) -> None:
    hidden(output.folder, "4")
    rollback(output)
    assert found(OTHER_RATINGS) is None
    forgotten(output.folder, "7")
    rollback(output)
    assert "was made by forget, so the rollback does not block its input: the next run" in caplog.text
    assert found(OTHER_RATINGS) is None


@pytest.mark.parametrize("change", [(hidden, "4"), (forgotten, "7")])
@pytest.mark.usefixtures("bad")
def test_a_bad_input_is_held_back_through_hide_and_forget(
    found: Found, output: Output, change: tuple[Callable[[Path, str], object], str]
) -> None:
    command, argument = change
    command(output.folder, argument)
    with pytest.raises(RefusedError, match="rolled back"):
        found(OTHER_RATINGS)
    assert found() is None


def test_the_input_below_a_rolled_back_hide_is_held_back(
    found: Found, output: Output, two: Ids, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = two
    hidden(output.folder, "4")
    rollback(output, good)
    with pytest.raises(RefusedError, match=bad):
        found(OTHER_RATINGS)
    assert "does not block its input" not in caplog.text


def test_a_damaged_generation_can_be_left_and_made_anew(found: Found, output: Output, two: Ids) -> None:
    damage(output.file(two[1]))
    rollback(output)
    assert found(OTHER_RATINGS) is None


def _with_title(number: int) -> str:
    return MOVIES.replace("Never Seen", f"Never Seen {number}")


def test_two_inputs_whose_fingerprints_begin_alike_are_not_confused(
    published: Published, output: Output, tmp_path: Path
) -> None:
    # Six hexadecimal digits are 16.8 million: of some thousand inputs, two have the same. Two are known; if
    # the fingerprint is computed in another way one day, others are searched for.
    seen: dict[str, int] = {}
    for number in chain((10_558, 10_680), count(20_000)):
        fine = find_inputs(written(tmp_path / "fine", RATINGS, _with_title(number))).snapshot().fingerprint
        if fine[:6] in seen:
            break
        seen[fine[:6]] = number
    data = written(tmp_path / "bad", RATINGS, _with_title(seen[fine[:6]]))
    copied(published, output.folder)
    bad = publish(data, output.folder).generation
    rollback(output)
    assert bad[-6:] == fine[:6]

    def find(fingerprint: str) -> Published | None:
        exclusions = read_exclusions(output.folder)
        return up_to_date(output, fingerprint, exclusions, SETTINGS, Progress(quiet=True))

    assert find(fine) is None
    with pytest.raises(RefusedError, match=f"the same input made generation {bad}"):
        find(find_inputs(data).snapshot().fingerprint)


def _in_old_form(output: Output) -> None:
    """Write the record as versions before 0.6 did."""
    (output.folder / "rolled_back.json").write_text(json.dumps(output.rolled_back()))


def test_a_record_of_ids_is_completed_from_kept_files(found: Found, output: Output, two: Ids) -> None:
    good, bad = two
    rollback(output)
    _in_old_form(output)
    assert found() == good
    with pytest.raises(RefusedError, match=f"the same input made generation {bad}"):
        found(OTHER_RATINGS)
    forgotten(output.folder, "7")
    with pytest.raises(RefusedError, match="the same input made generation"):
        found(OTHER_RATINGS)
    for each in output.rolled_back():
        output.file(each).unlink()
    _in_old_form(output)
    assert found(OTHER_RATINGS) is None


def test_a_rollback_of_an_older_version_that_died_holds_back_nothing_published(
    found: Found, output: Output, bad: str
) -> None:
    # As it is if it dies between the record and the link.
    output.link.unlink()
    output.link.symlink_to(f"generations/{bad}.duckdb")
    assert found(OTHER_RATINGS) == bad
    assert found(OTHER_RATINGS, rebuild=True) is None


def test_the_record_of_a_rollback_has_the_whole_origin(output: Output, seeds: Ids) -> None:
    rollback(output)
    query = "select fingerprint, settings from generation"
    ((fingerprint, settings),) = select(output.file(seeds[-1]), query)
    of_input = {"generation": seeds[-1], "fingerprint": fingerprint}
    assert json.loads((output.folder / "rolled_back.json").read_text()) == [
        {**of_input, "settings": settings, "versions": None, "exclusions": None}
    ]
