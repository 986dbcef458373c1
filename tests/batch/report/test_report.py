"""The report: one page about a generation, made of published files, that shows nobody who was forgotten."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import pytest

from batch.generation.forget import forget
from batch.generation.hide import hide
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.generation.rollback import rollback
from batch.report.build import page
from batch.runtime.progress import Progress
from batch.settings import Settings
from tests.commands import invoke
from tests.conftest import WriteInput, changed, copied, damage, publish, select, written
from tests.films import MOVIES, RATINGS, START

ODD_TITLE = '<script>alert(1)</script> & "Ünder" \N{CLAPPER BOARD} $x^2$'
ZOE = "zoe-of-nowhere"
ZOES = "".join(f"{ZOE},{item},5,{START + item}\n" for item in (1, 3, 5))
HEADINGS = [
    "Input and cleaning",
    "Who rates what, and when",
    "Training and quality",
    "What is recommended",
    "What changed",
    "Example users",
    "The run",
    "Settings and versions",
]


class Read(HTMLParser):
    """What a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.images: list[str] = []
        self.tags: Counter[str] = Counter()
        self.text = ""
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self._open.append(tag)
        values = {name: value or "" for name, value in attrs}
        self.ids += [values["id"]] if "id" in values else []
        self.references += [
            values[name] for name in ("href", "src", "xlink:href", "action") if name in values
        ]
        self.images += [values["aria-label"]] if values.get("role") == "img" else []
        if re.fullmatch("h[1-6]", tag):
            self.headings.append((tag, ""))

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.headings and self._open and self._open[-1] == self.headings[-1][0]:
            self.headings[-1] = (self.headings[-1][0], self.headings[-1][1] + data)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass


def _page(published: Published) -> str:
    return page(Output(published.file.parent.parent), published.generation)


@pytest.fixture(scope="module")
def text(published: Published) -> str:
    """The report on the movies, a first generation with ratings and times."""
    return _page(published)


@pytest.fixture(scope="module")
def read(text: str) -> Read:
    return Read(text)


def test_every_section_is_there_headings_are_in_order_and_the_contents_lead_to_them(read: Read) -> None:
    assert [title for level, title in read.headings if level == "h2"] == HEADINGS
    levels = [int(level[1]) for level, _ in read.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    within = [each.removeprefix("#") for each in read.references if each.startswith("#")]
    assert len(within) > len(HEADINGS)
    assert set(within) <= set(read.ids)
    assert len(read.ids) == len(set(read.ids))


def test_the_report_opens_without_a_network(text: str, read: Read) -> None:
    assert len(text.encode()) < 2_000_000
    assert [each for each in read.references if not each.startswith("#")] == []
    assert not {"script", "link", "img", "iframe", "object"} & {*read.tags}
    assert "@import" not in text
    assert set(re.findall(r"url\(([^)]?)", text)) <= {"#"}
    # What is left of addresses are the names of the languages that drawings are written in.
    names = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert set(re.findall(r"https?://[^\"\s<]+", text)) <= names


def test_every_plot_is_a_drawing_with_a_description(text: str, read: Read) -> None:
    assert read.tags["svg"] == len(read.images) == read.tags["figcaption"] == 12
    assert all(len(each) > 20 for each in read.images)
    drawings = re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL)
    labels = [" ".join(each.itertext()) for each in map(ET.fromstring, drawings)]
    for axis in ("rating (stars)", "rows", "ratings", "iteration", "NDCG@10", "share", "seconds", "MiB"):
        assert any(axis in each for each in labels), axis
    # Colours are those of the page, so that they change with it.
    assert not re.findall(r"#0[0-9a-f]0[0-9a-f]0[0-9a-f]\b", "".join(drawings))


def test_every_table_has_a_caption_and_cells_that_head(text: str, read: Read) -> None:
    assert read.tags["table"] == read.tags["caption"]
    assert text.count('scope="col"') > read.tags["table"]
    assert not re.search(r"<th(?! scope)[ >]", text)


def test_thirty_users_are_shown_with_history_list_and_reasons(text: str) -> None:
    users = re.findall(r'class="who">User ([^<]+)<', text)
    assert len(users) == len(set(users)) == 30
    examples = text.partition('id="examples"')[2].partition('id="run"')[0]
    assert [examples.count(f"<caption>{name}") for name in ("Watched last", "Recommended")] == [30, 30]
    assert "Movie, The 18 (2008)" in examples


def test_the_box_of_a_box_plot_is_that_of_the_ratings(published: Published, read: Read) -> None:
    quantiles = ", ".join(f"quantile_disc(rating, {share})" for share in (0.25, 0.5, 0.75))
    ((low, middle, high),) = select(published.file, f"select {quantiles} from histories")
    shown = next(each for each in read.images if each.startswith("Box plots"))
    assert f"median {middle:g}, middle half from {low:g} to {high:g}." in shown


def test_the_first_generation_has_nothing_to_be_compared_with(text: str) -> None:
    assert "There is no generation before" in text
    assert "No older generation is kept" in text


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report on movies of which one has an odd title, one user an odd id, and two ratings are invalid."""
    folder = tmp_path_factory.mktemp("odd")
    quoted = ODD_TITLE.replace('"', '""')
    movies = MOVIES.replace('"Movie, The 18 (2008)"', f'"{quoted} (2008)"')
    ratings = RATINGS.replace("\n18,", "\n<b>18</b>,") + f"1,1,-8,{START}\n2,2,99,{START}\n"
    return _page(publish(written(folder / "data", ratings, movies), folder / "output"))


def test_invalid_ratings_are_in_the_plots(odd: str) -> None:
    read = Read(odd)
    assert any("before cleaning from -8 to 99" in each for each in read.images)
    assert any("after cleaning from 1 to 5" in each for each in read.images)
    assert "rating_out_of_range" in read.text


def test_a_title_is_text_whatever_is_in_it(odd: str) -> None:
    assert "<script" not in odd
    assert "<b>18" not in odd
    assert f"{ODD_TITLE} (2008)" in Read(odd).text


def test_a_report_says_what_ratings_times_and_users_are_missing(
    write_input: WriteInput, tmp_path: Path
) -> None:
    # Nobody can evaluate the run, and the user has seen the only movies.
    data = write_input("userId,movieId\n1,1\n1,2\n", "movieId,title,genres\n1,One,\n2,Two,\n")
    text = _page(publish(data, tmp_path / "output"))
    assert "The input has no time stamps" in text
    assert "The input has no ratings in stars" in text
    assert "No row of any file was rejected" in text
    assert "The run could not measure quality" in text
    assert "The list is empty" in text


@pytest.mark.parametrize(("users", "leads"), [(50, True), (49, False)])
def test_a_report_shows_how_good_the_lists_before_were_and_leads_with_it_if_enough_came_back(
    published: Published, tmp_path: Path, users: int, *, leads: bool
) -> None:
    values = {"judged_users": users, "hr@10": 0.5, "ndcg@10": 0.25, "ndcg@10_low": 0.2, "ndcg@10_high": 0.3}
    with changed(published, tmp_path) as connection:
        rows = [(metric, "last_night", value) for metric, value in values.items()]
        rows += [("hr@10", "last_night_popular", 0.4), ("ndcg@10", "last_night_popular", 0.125)]
        connection.executemany("insert into metrics values (?, ?, ?)", rows)
    read = Read(page(Output(tmp_path), published.generation))
    front = "NDCG@10 (lists before, by what users did since); 95 %: 0.200 to 0.300; most popular 0.1250.250"
    assert (front in read.text) is leads
    words = " ".join(read.text.split())
    assert f"all who came back{users}50.0%\N{EN DASH}40.0%0.2500.200 to 0.3000.125" in words
    # What was held out is another question of other people.
    assert not any("last_night" in each for each in read.images)


def test_a_report_says_what_was_odd_and_calls_items_as_the_input_does(
    published: Published, tmp_path: Path
) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute("insert into input_warnings values ('new', 'a.csv', 7, '<b> & so on', null)")
        connection.execute("update generation set noun = ['$product', '$products']")
    text = Read(page(Output(tmp_path), published.generation)).text
    assert "What was odd in the input" in text
    assert "<b> & so on" in text
    assert "lists of up to 10 $products for" in text
    assert not re.search(r"\bmovies?\b", text.replace("movies.csv", ""))


def test_a_report_on_a_file_of_before_has_no_warnings(published: Published, tmp_path: Path) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute("drop table input_warnings")
    assert "What was odd" not in Read(page(Output(tmp_path), published.generation)).text


def test_an_unreadable_older_generation_is_left_out_and_named(
    nights: list[Published], tmp_path: Path
) -> None:
    third = copied(nights[-1], tmp_path)
    first, second, _ = sorted(third.file.parent.iterdir())
    damage(first)
    second.chmod(0o644)
    with duckdb.connect(str(second)) as connection:
        connection.execute("drop table metrics; alter table generation rename settings to options")
        # Spark reports no loss.
    third.file.chmod(0o644)
    with duckdb.connect(str(third.file)) as connection:
        connection.execute("delete from training")
    text = Read(_page(third)).text
    assert "Training loss" not in text
    assert f"{first.stem} is damaged or of another version, so its quality is left out" in text
    assert f"{second.stem} is damaged or of another version, so its quality is left out" in text
    assert f"{second.stem}, the generation before, is damaged or of another version" in text


def test_the_command_keeps_a_report_beside_the_generation_or_elsewhere(
    nights: list[Published], tmp_path: Path
) -> None:
    copied(nights[-1], tmp_path)
    first, _, newest = (night.generation for night in nights)
    kept, elsewhere = tmp_path / "reports" / f"{newest}.html", tmp_path / "elsewhere.html"
    done = invoke("report", "--output", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(kept) in done.stdout
    assert newest in kept.read_text(encoding="utf-8")
    assert invoke("report", "--output", tmp_path, "--quiet").stdout == ""
    done = invoke("report", "--output", tmp_path, "--generation", first, "--file", elsewhere, "--json")
    assert json.loads(done.stdout) == {"generation": first, "report": str(elsewhere)}
    assert first in elsewhere.read_text(encoding="utf-8")
    assert not (tmp_path / ".work").exists()


def test_an_unknown_generation_has_no_report(published: Published, tmp_path: Path) -> None:
    unknown = invoke("report", "--output", published.file.parent.parent, "--generation", "nothing")
    assert unknown.returncode == 2
    assert "has no generation nothing; 'python -m batch generations' lists them" in unknown.stderr
    assert invoke("report", "--output", tmp_path / "empty").returncode == 2
    assert not (tmp_path / "empty").exists()


def test_no_report_is_kept_while_a_run_is_at_work(published: Published, tmp_path: Path) -> None:
    copied(published, tmp_path)
    with Output(tmp_path).locked():
        assert invoke("report", "--output", tmp_path).returncode == 5


def test_a_run_publishes_also_if_its_report_fails_and_the_next_makes_it_without_changes(
    items: Path, tmp_path: Path
) -> None:
    run = ("run", "--data", items, "--output", tmp_path, "--quiet", "--top-n", "5", "--factors", "4")
    # A file where the folder for reports should be.
    (tmp_path / "reports").write_text("", encoding="utf-8")
    done = invoke(*run, "--report")
    assert done.returncode == 0
    output = Output(tmp_path)
    published = output.published().stem
    assert f"{published} is published, but has no report" in done.stderr
    assert f"python -m batch report --generation {published}" in done.stderr
    assert not (tmp_path / ".work").exists()
    (tmp_path / "reports").unlink()
    again = invoke(*run, "--json", variables={"REPORT": "1"})
    assert json.loads(again.stdout)["is_new"] is False
    assert output.report(published).is_file()


@pytest.fixture(scope="module")
def with_zoe(tmp_path_factory: pytest.TempPathFactory) -> list[Published]:
    """Two generations with a user who wants to be forgotten, and who has watched more in the second.

    No test may write to their folder.
    """
    folder = tmp_path_factory.mktemp("zoe")
    more = f"{ZOE},7,5,{START + 10_000}\n3,3,5,{START + 10_000}\n"
    return [
        publish(written(folder / "data", RATINGS + ZOES + rows), folder / "output") for rows in ("", more)
    ]


@pytest.fixture(scope="module")
def report_with_zoe(with_zoe: list[Published]) -> str:
    return _page(with_zoe[-1])


def test_the_next_generation_is_compared_with_the_one_before(
    with_zoe: list[Published], report_with_zoe: str
) -> None:
    text = " ".join(Read(report_with_zoe).text.split())
    assert f"Compared with {with_zoe[0].generation}, from another input" in text
    assert re.search(r"[1-9]\d* of 41 lists changed", text)
    assert "How much the lists changed" in text


def test_a_forgotten_user_is_in_no_report_also_if_forget_was_killed_before_it_removed_them(
    with_zoe: list[Published], report_with_zoe: str, tmp_path: Path
) -> None:
    copied(with_zoe[-1], tmp_path)
    output = Output(tmp_path)
    assert ZOE in report_with_zoe

    def keep_reports() -> None:
        (tmp_path / "reports").mkdir(exist_ok=True)
        for each in with_zoe:
            output.report(each.generation).write_text(report_with_zoe, encoding="utf-8")

    keep_reports()
    forget(output, ZOE, Settings(output=tmp_path), Progress(quiet=True))
    assert [*(tmp_path / "reports").iterdir()] == []
    assert ZOE not in page(output, output.published().stem)
    keep_reports()
    # Any command that holds the folder.
    rollback(output, output.published().stem)
    assert [*(tmp_path / "reports").iterdir()] == []


def test_a_report_goes_with_its_generation_and_nothing_else_does(
    nights: list[Published], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batch.generation.output_folder.KEPT_GENERATIONS", len(nights))
    copied(nights[-1], tmp_path)
    output = Output(tmp_path)
    first, second, _ = output.generations()
    with output.locked():
        reports = [output.keep_report(generation, "report") for generation in (first, second)]
    own = tmp_path / "reports" / "notes.html"
    own.write_text("mine", encoding="utf-8")
    hide(output, "18", Settings(output=tmp_path), Progress(quiet=True))
    assert first not in output.generations()
    assert [file.exists() for file in (*reports, own)] == [False, True, True]
