"""The page without a browser: what is answered at its addresses, and that it can be left out."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from api.page.figures import MIN_USERS_OF_LAST_NIGHT, Figures, Headline, headline, quality
from api.page.formats import age, duration, percent, spoken
from batch.evaluation.last_night import MIN_USERS_OF_HEADLINE
from batch.generation.hide import hide
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.generation.rollback import rollback
from batch.runtime.progress import Progress
from batch.settings import Settings as BatchSettings
from tests.asked import client_of
from tests.commands import ROOT, environment
from tests.conftest import changed, copied, publish, written
from tests.films import MOVIES, RATINGS, USERS, withheld

VIEWS = ("/", "/users/18", "/films", "/films/1", "/new", "/system")
LONG = 45  # movies of a history
NASTY = "<script>alert(1)</script> \"quoted\" & 'single' \N{CLAPPER BOARD} (1999)"
# Whether a movie can be picked where it is shown.
FANS = {"/films/4": True, "/films/a%2Cb": False, "/films/unrated": False}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Serve the movies with odd titles and ids, thousands more, a long history, and one with all of them."""
    others = [f"more{number}" for number in range(5_100)]
    movies = MOVIES.replace('"Movie, The 4 (1994)"', f'"{NASTY.replace(chr(34), chr(34) * 2)}"')
    movies += 'a,"Fabuleux destin d\'Amélie Poulain, Le (2001)",Comedy\nb,Amateur (1994),Crime\n'
    movies += '"a,b",Comma (1990),Drama\n' + "".join(
        f"{each},Movie {each} (1920),Western\n" for each in others
    )
    rated = [*map(str, range(20)), "a", "b", '"a,b"', *others[:LONG]]
    ratings = RATINGS + '1,a,5,1\n2,b,5,1\n1,"a,b",5,1\n2,"a,b",5,1\n1,2,77,5\n1,3,-8,<b>5\n'
    ratings += "".join(f"glutton,{item},4,9\n" for item in rated)
    ratings += "".join(f"reader,{item},4,{1000 + place}\n" for place, item in enumerate(others[:LONG]))
    data = written(tmp_path_factory.mktemp("data"), ratings, movies)
    with client_of(publish(data, tmp_path_factory.mktemp("output")).file.parent.parent) as client:
        yield client


def _text(client: TestClient, address: str) -> str:
    """Return the words of a page, without its markup."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def _listed(page: str) -> list[str]:
    """Return the ids of the movies to which a page leads, in order."""
    return re.findall(r'class="title" href="/films/([^"]+)"', page)


@pytest.mark.parametrize("address", VIEWS)
def test_every_view_is_a_page_that_loads_nothing_from_elsewhere(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["X-Generation"]
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", answer.text)
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?! src=)", answer.text)


def test_the_list_of_a_user_is_the_published_one_and_says_why(client: TestClient) -> None:
    page = client.get("/users/18").text
    api = client.get("/recommendations?user_id=18&returnMetadata=true&explain=true&limit=10").json()["items"]
    recommended, watched = page.split('<section aria-labelledby="seen"')
    assert _listed(recommended) == [item["id"] for item in api]
    assert api[0]["id"] == str(withheld(18))
    explained = api[0]["because"]["id"]
    assert api[0]["reason"] == "because"
    assert re.search(rf"Because of <a href=[^>]+><bdi>Movie, The {explained}</bdi>", recommended)
    history = client.get("/features?user_id=18&limit=20").json()["features"][0]["histories"]
    assert _listed(watched) == history
    assert "5.0" in watched
    assert "14 Jul 2017" in watched


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("p", "Popular with people who like the same"),
        ("g", "Of genres that this user likes"),
        ("t", "Popular now"),
        ("n", "New, like Movie, The 16"),
    ],
)
def test_each_reason_has_its_sentence(
    published: Published, tmp_path: Path, reason: str, sentence: str
) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute(f"update lookups set reasons = repeat('{reason}', len(reasons))")
    with client_of(tmp_path) as client:
        text = _text(client, "/users/18")
    assert sentence in text
    assert "Because of" not in text


def test_filters_keep_what_fits_in_both_lists(client: TestClient) -> None:
    page = client.get("/users/18?min_year=2005&max_year=2008&genres=drama").text
    years = re.findall(r'<span class="year">(\d+)</span>', page)
    assert years
    assert all(2005 <= int(year) <= 2008 for year in years)
    assert "this user's own list" not in client.get("/users/18").text


def test_a_form_that_is_sent_with_empty_fields_asks_for_everything(client: TestClient) -> None:
    assert _text(client, "/users/18?genres=&min_year=&max_year=") == _text(client, "/users/18")
    assert _text(client, "/users/18?utm_source=mail") == _text(client, "/users/18")


def test_a_score_is_explained_where_it_is_clicked(client: TestClient) -> None:
    page = client.get("/users/18?min_year=1991").text
    assert "popularity trend" not in page
    address, score = re.findall(r'<span class="score"><a href="([^"]+)".*?</span>([\d.]+)</a>', page)[0]
    explained = client.get(unescape(address)).text
    (sentence,) = re.findall(r">([^<]+ popularity trend [^<]+)<", explained)
    whole, *parts = map(float, re.findall(r"-?\d+\.\d+", sentence))
    assert f"{whole:.2f}" == score
    assert whole == pytest.approx(sum(parts), abs=0.02)
    assert len(parts) == 5
    back = re.findall(r'<span class="score"><a href="([^"]+)"', explained)[0]
    assert _text(client, unescape(back)) == _text(client, "/users/18?min_year=1991")


def test_a_long_history_is_shown_in_pages_that_join(odd: TestClient) -> None:
    seen: list[str] = []
    address: str | None = "/users/reader"
    while address:
        watched = odd.get(address).text.split('<section aria-labelledby="seen"')[1]
        seen += _listed(watched)
        more = re.search(r'<a href="([^"]+)"[^>]*rel="next"', watched)
        address = unescape(more[1]) if more else None
    assert seen == [f"more{number}" for number in reversed(range(LONG))]


def test_the_way_to_a_user_is_a_form_or_chance(client: TestClient) -> None:
    answer = client.get("/users?user_id=18")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/users/18")
    assert client.get("/random").headers["Cache-Control"] == "no-store"
    drawn = {client.get("/random").headers["Location"] for _ in range(60)}
    assert len(drawn) > 5
    assert drawn <= {f"/users/{user}" for user in range(USERS)}


def test_an_item_is_told_in_numbers_and_without_a_name(client: TestClient) -> None:
    text = _text(client, "/films/4")
    # All even users but two like it; two odd ones do not.
    assert "Movie, The 4" in text
    assert "had it 22 55 % of all users" in text
    assert "like it 82 % of those who had it" in text
    page = client.get("/films/4").text
    assert "/users/" not in page.split("<main")[1]


def test_items_are_found_by_words_in_any_case_and_with_or_without_accents(odd: TestClient) -> None:
    for query, found in {
        "q=AMELIE+fabuleux": {"a"},
        "q=am%C3%A9lie": {"a"},
        "q=am": {"a", "b"},
        "q=am&genres=Crime": {"b"},
        "q=nothing+like+that": set(),
    }.items():
        assert {*_listed(odd.get(f"/films?{query}").text)} == found
    assert "Le Fabuleux destin d'Amélie Poulain" in _text(odd, "/films/a")
    # However many fit, none is lost.
    assert "Found 5,100 movies" in _text(odd, "/films?q=movie&max_year=1920")
    assert "Found 5,119 movies" in _text(odd, "/films?q=movie")


def test_somebody_new_gets_what_the_service_says_of_the_picks(client: TestClient) -> None:
    page = client.get("/new?liked=2,4").text
    listed = page.split('<section aria-labelledby="suggested"')[1]
    api = client.get("/recommendations?liked=2,4&limit=10").json()["items"]
    assert _listed(listed) == [item["id"] for item in api]
    assert 'href="/new?liked=4"' in page
    assert "Because you like" in listed
    assert "Popular lately" in _text(client, "/new")
    assert _text(client, "/new?liked=nobody-knows-it") == _text(client, "/new")


def test_a_search_for_picks_keeps_the_filters(client: TestClient) -> None:
    form = client.get("/new?genres=drama&min_year=1991&max_year=2005").text.split("<form")[1]
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', form))
    assert fields == {"genres": "Drama", "min_year": "1991", "max_year": "2005"}


def test_an_item_whose_id_has_a_comma_can_not_be_picked(odd: TestClient) -> None:
    assert "Comma" in _text(odd, "/new?q=comma")
    assert 'class="button pick"' not in odd.get("/new?q=comma").text
    fans = {address: "What would its fans like?" in odd.get(address).text for address in FANS}
    assert fans == FANS


def test_the_system_says_what_became_of_the_rows_with_examples(odd: TestClient) -> None:
    text, page = _text(odd, "/system"), odd.get("/system").text
    assert "rating out of range rejected in ratings.csv" in text
    assert "<code>1,2,77,5</code>" in page
    assert "1,3,-8,&lt;b&gt;5" in page
    assert "Most popular ever" in text


def test_the_system_says_what_was_odd_in_the_input(
    client: TestClient, published: Published, tmp_path: Path
) -> None:
    assert "What was odd" not in _text(client, "/system")
    with changed(published, tmp_path) as connection:
        connection.execute("insert into input_warnings values ('new', 'a.csv', null, '<b> & so on', null)")
    with client_of(tmp_path) as other:
        assert "What was odd in the input new in a.csv <b> & so on" in _text(other, "/system")


def test_a_file_of_before_has_a_system_too(published: Published, tmp_path: Path) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute("drop table input_warnings")
    with client_of(tmp_path) as client:
        assert "What was odd" not in _text(client, "/system")


def test_the_system_shows_the_generations_that_are_kept_and_can_be_read(
    nights: list[Published], tmp_path: Path
) -> None:
    file = copied(nights[0], tmp_path).file
    whole = file.read_bytes()
    file.chmod(0o644)
    with client_of(tmp_path) as client:
        page = client.get("/system").text
        assert "3 kept" in page
        assert page.count('<span class="tag">served</span>') == page.count('<tr class="now">') == 1
        assert nights[-1].generation in page
        file.write_bytes(b"no database")
        assert "3 kept, of which 2 can be shown" in _text(client, "/system")
        file.write_bytes(whole)
        assert "can be shown" not in _text(client, "/system")


@pytest.mark.parametrize("has_ids_alone", [False, True], ids=["a record", "a record of before 0.6"])
def test_a_generation_that_was_rolled_back_is_marked_and_not_in_the_line(
    nights: list[Published], tmp_path: Path, *, has_ids_alone: bool
) -> None:
    copied(nights[-1], tmp_path)
    rollback(Output(tmp_path))
    if has_ids_alone:
        (tmp_path / "rolled_back.json").write_text(json.dumps(Output(tmp_path).rolled_back()))
    with client_of(tmp_path) as client:
        page = client.get("/system").text
    table = page.split('aria-label="Kept generations"')[1].split("</table>")[0]
    _, newest, served, _ = re.findall(r"<tr.*?</tr>", table, re.DOTALL)
    assert ">rolled back</span>" in newest
    assert ">served</span>" in served
    assert page.count(">rolled back</span>") == 1
    assert page.count('<path class="dot" ') == 2


def test_what_keeps_the_newest_generation_from_being_served_is_told(
    published: Published, tmp_path: Path
) -> None:
    copied(published, tmp_path)
    with client_of(tmp_path) as client:
        assert "This may not be the newest generation" not in client.get("/system").text
        (tmp_path / "current.duckdb").unlink()
        until = monotonic() + 10
        while client.get("/readyz").json()["status"] != "degraded" and monotonic() < until:
            sleep(0.05)
        told = _text(client, "/system")
    assert "This may not be the newest generation: current.duckdb is not there" in told


def test_past_the_end_of_a_list_there_is_its_last_page(client: TestClient) -> None:
    assert _text(client, "/films?from=999") == _text(client, "/films")
    assert _text(client, "/users/18?from=999&since=999") == _text(client, "/users/18")


def test_a_list_that_is_empty_says_why(odd: TestClient) -> None:
    assert "every movie that could be is in the history" in _text(odd, "/users/glutton")
    filtered = _text(odd, "/users/glutton?max_year=1900")
    assert "No movie is left under these filters" in filtered
    assert "Nothing in the history fits these filters" in filtered


def test_titles_are_text_whatever_stands_in_them(odd: TestClient) -> None:
    for address in ("/films/4", "/films?q=quoted", "/new?liked=4", "/users/7"):
        page = odd.get(address).text
        assert "<script>alert" not in page
        assert NASTY.removesuffix(" (1999)") in unescape(page)


def test_a_mistyped_address_gets_a_page_in_a_browser_and_json_elsewhere(client: TestClient) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for address in ("/user/18", "/System", "/favicon.ico"):
        page, answer = client.get(address, headers=browser), client.get(address)
        assert page.status_code == answer.status_code == 404
        assert "There is nothing here" in page.text
        assert page.headers["Vary"] == answer.headers["Vary"] == "Accept"
        assert list(answer.json()) == ["error"]
    for address in ("/similar?item_id=nothing", "/features", "/recommendations?limit=x"):
        assert client.get(address, headers=browser).content == client.get(address).content
    assert list(client.post("/features", headers=browser).json()) == ["error"]


def test_an_item_that_is_hidden_says_so_and_is_in_no_list(published: Published, tmp_path: Path) -> None:
    copied(published, tmp_path)
    with client_of(tmp_path) as client:
        lists = int(re.findall(r"lists it is in ([\d,]+)", _text(client, "/films/4"))[0])
    assert lists > 0
    hide(Output(tmp_path), "4", BatchSettings(output=tmp_path), Progress(quiet=True))
    with client_of(tmp_path) as client:
        text = _text(client, "/films/4")
    assert "Hidden: it is recommended to nobody." in text
    assert "lists it is in 0 " in text


def test_a_hidden_item_is_not_offered_as_a_pick(published: Published, tmp_path: Path) -> None:
    copied(published, tmp_path)
    with client_of(tmp_path) as client:
        (first, *_) = re.findall(r'data-pick="(\w+)"', client.get("/new").text)
    hide(Output(tmp_path), first, BatchSettings(output=tmp_path), Progress(quiet=True))
    with client_of(tmp_path) as client:
        pages = [client.get(f"/new?{query}").text for query in ("", f"q={first}", "q=movie")]
        assert len(re.findall(r'data-pick="(\w+)"', pages[0])) == 6
        assert all(f'data-pick="{first}"' not in page for page in pages)
        assert first in _listed(client.get(f"/films?q={first}").text)


def test_a_file_of_another_version_is_refused_and_is_no_damage(published: Published, tmp_path: Path) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute("drop table metrics cascade")
    with client_of(tmp_path) as client:
        answer = client.get("/system")
        assert answer.status_code == 503
        assert "written by another version; run the job anew" in answer.text
        assert client.get("/readyz").json()["status"] == "ready"


def test_a_refused_request_gets_a_page_with_the_reason(client: TestClient) -> None:
    for address, status, reason in (
        ("/users/nobody", 404, "Nobody has the id 'nobody'"),
        ("/users/" + quote("<b>/..", safe=""), 404, "&lt;b&gt;/.."),
        ("/films/nothing", 404, "No movie has the id"),
        ("/users/18?min_year=x", 400, "From year must be a whole number"),
        ("/films?genres=Nonsense", 404, "which no movie has"),
        ("/new?liked=" + "1," * 200 + "1", 400, "more than 100 ids"),
    ):
        answer = client.get(address)
        assert answer.status_code == status, address
        assert answer.headers["Content-Type"].startswith("text/html")
        assert reason in unescape(answer.text) or reason in answer.text, address
    assert client.get("/recommendations").headers["Content-Type"] == "application/json"


def test_before_anything_is_published_the_page_says_how_to_begin(tmp_path: Path) -> None:
    with client_of(tmp_path) as client:
        for address in VIEWS:
            answer = client.get(address)
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
            assert "python -m batch run" in answer.text
        assert client.get("/static/page.css").status_code == 200


def test_where_memory_is_short_it_says_so_and_nothing_is_damaged(
    published: Published, tmp_path: Path
) -> None:
    with changed(published, tmp_path) as connection:
        # Two histories as long as what the service has for blocks of the file.
        connection.execute("drop index lookups_user_id")
        connection.execute(
            "update lookups set history = repeat('1,', 10_000_000) || '1' where user_id in ('1', '2')"
        )
        connection.execute("create unique index lookups_user_id on lookups (user_id)")
    with client_of(tmp_path) as client:
        for address in ("/users/1", "/features?user_id=2"):
            answer = client.get(address)
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
            assert "hat takes more memory than the service gives it just now" in answer.text
            assert "python -m batch run" not in answer.text
        assert client.get("/features?user_id=3").status_code == 200
        assert client.get("/readyz").json()["status"] == "ready"


def test_files_of_the_page_are_kept_by_browsers_under_an_address_of_their_content(client: TestClient) -> None:
    linked = set(re.findall(r'(?:src|href)="(/static/[^"#]+)', client.get("/").text))
    assert {Path(each.partition("?")[0]).name for each in linked} == {"page.css", "page.js", "icon.svg"}
    for address in linked:
        assert re.search(r"\?[0-9a-f]{12}$", address)
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]


def test_with_the_page_off_nothing_of_it_is_loaded_or_answered(output: Path) -> None:
    told = (
        "import sys; from pathlib import Path; from starlette.testclient import TestClient; "
        "from api.app import make_app; from api.settings import Settings\n"
        "with TestClient(make_app(Settings(Path(sys.argv[1]), page=False))) as client:\n"
        "    statuses = {client.get(path).status_code for path in ('/', '/users/18', '/static/page.css')}\n"
        "    loaded = [name for name in sys.modules if name.startswith('api.page')]\n"
        "    print(statuses, client.get('/').json(), loaded, 'href=\"./\"' in client.get('/docs').text)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", told, output],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=environment(),
    )
    message = "there is nothing at this path; /docs says what there is"
    assert answer.stdout.strip() == f"{{404}} {{'error': '{message}'}} [] False"


def test_where_keys_are_needed_a_browser_is_asked_for_one_and_the_page_can_be_public(
    output: Path,
) -> None:
    with client_of(output, api_keys=("a:key",)) as client:
        for address in VIEWS:
            answer = client.get(address)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Basic ")
            assert "A key is needed" in answer.text
            assert client.get(address, auth=("anybody", "a:key")).status_code == 200
            assert client.get(address, auth=("a:key", "wrong")).status_code == 401
        assert client.get("/", headers={"Authorization": "Basic nonsense!"}).status_code == 401
        assert client.get("/static/page.css").status_code == 200
        refused = client.get("/recommendations?user_id=18")
        assert refused.headers["WWW-Authenticate"] == "Bearer"
        assert list(refused.json()) == ["error"]
    with client_of(output, api_keys=("a:key",), public=("page",)) as client:
        assert {client.get(address).status_code for address in VIEWS} == {200}
        assert client.get("/recommendations?user_id=18").status_code == 401


def test_requests_of_the_page_are_counted_as_one_route(client: TestClient) -> None:
    client.get("/users/18")
    routes = set(re.findall(r'request_seconds_count\{route="([^"]+)"', client.get("/metrics").text))
    assert "page" in routes
    assert not [route for route in routes if "18" in route]


def test_a_title_is_written_as_one_says_it() -> None:
    for title, said in {
        "Matrix, The (1999)": "The Matrix",
        "Girl Who Played with Fire, The (Flickan som lekte med elden) (2009)": (
            "The Girl Who Played with Fire (Flickan som lekte med elden)"
        ),
        "Twelve Monkeys (a.k.a. 12 Monkeys) (1995)": "Twelve Monkeys (a.k.a. 12 Monkeys)",
        "Good, the Bad and the Ugly, The (1966)": "The Good, the Bad and the Ugly",
        "No Year": "No Year",
        "(1999)": "(1999)",
        "Avventura, L' (1960)": "L'Avventura",
    }.items():
        year = re.search(r"\((\d{4})\)$", title)
        assert spoken(title, int(year[1]) if year else None) == said


def test_a_share_is_rounded_and_only_none_and_all_are_0_and_100_percent() -> None:
    shares = {0: "0 %", 0.00001: "< 0.1 %", 0.034: "3.4 %", 0.0996: "10 %", 0.5: "50 %", 0.9951: "99.5 %"}
    shares |= {0.9999: "> 99.9 %", 1: "100 %"}
    assert {share: percent(share) for share in shares} == shares


def test_no_minute_has_sixty_seconds() -> None:
    times = {0.25: "0.25 s", 59.94: "59.9 s", 59.97: "1 min 0 s", 119.6: "2 min 0 s", 61.4: "1 min 1 s"}
    assert {seconds: duration(seconds) for seconds in times} == times


def test_each_table_of_quality_is_in_its_own_order() -> None:
    figures = Figures._make([None] * len(Figures._fields))
    values = {"embedding": (0.2, 0.1), "most_popular": (0.3, 0.05)}
    measured = quality(
        figures._replace(
            metrics=[
                {"metric": metric, "model": model, "value": value}
                for model, both in values.items()
                for metric, value in zip(("hr@10", "ndcg@10"), both, strict=True)
            ]
        )
    )
    assert measured
    assert [each.name for each in measured.models] == ["This system", "Most popular ever"]
    assert [each.name for each in measured.by_hits] == ["Most popular ever", "This system"]


def _figures(**models: dict[str, float]) -> Figures:
    metrics = [
        {"metric": metric.replace("_at_", "@"), "model": model, "value": value}
        for model, values in models.items()
        for metric, value in values.items()
    ]
    return Figures._make([None] * len(Figures._fields))._replace(metrics=metrics)


HELD_OUT = {"hr_at_10": 0.3, "hr_at_10_low": 0.2, "hr_at_10_high": 0.4, "judged_users": 60.0}
POPULAR = {"hr_at_10": 0.2}


def test_the_headline_is_the_hardest_measurement_that_enough_users_have_made() -> None:
    def of(users: int, **held_out: float) -> Headline | None:
        return headline(
            _figures(
                embedding=HELD_OUT | held_out,
                most_popular=POPULAR,
                last_night={"hr_at_10": 0.1, "judged_users": float(users)},
                last_night_popular={"hr_at_10": 0.05},
            )
        )

    assert of(MIN_USERS_OF_LAST_NIGHT) == Headline("last_night", 50, 0.1, None, 2.0)
    rolling = Headline("rolling", 60, 0.3, (0.2, 0.4), 0.3 / 0.2)
    assert of(MIN_USERS_OF_LAST_NIGHT - 1, rolling_cuts=2.0) == rolling
    assert of(0, rolling_cuts=0.0) == rolling._replace(way="last")
    assert of(0) == rolling._replace(way="unknown")
    assert headline(_figures(embedding={"judged_users": 0.0})) is None
    assert MIN_USERS_OF_LAST_NIGHT == MIN_USERS_OF_HEADLINE


def test_lists_published_before_are_not_compared_with_what_was_held_out() -> None:
    both = {"hr_at_10": 0.3, "ndcg_at_10": 0.2}
    measured = quality(_figures(embedding=both, most_popular=both, last_night=both, last_night_popular=both))
    assert measured
    assert {each.name for each in measured.models} == {"This system", "Most popular ever"}


@pytest.mark.parametrize(
    ("users", "cuts", "said"),
    [
        (
            60,
            1,
            "Of 60 users who came back after the lists before these were published, 12 % (95 % interval: ",
        ),
        (49, 1, "who came back after an earlier moment,"),
        (49, 0, "Too few users came back, so this answers an easier question"),
    ],
)
def test_the_page_says_which_figure_stands_in_front(
    published: Published, tmp_path: Path, users: int, cuts: int, said: str
) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute("delete from metrics where metric = 'rolling_cuts'")
        values = {"judged_users": users, "hr@10": 0.12, "hr@10_low": 0.1, "hr@10_high": 0.15, "ndcg@10": 0.05}
        rows = [(metric, "last_night", value) for metric, value in values.items()]
        rows += [("hr@10", "last_night_popular", 0.08), ("ndcg@10", "last_night_popular", 0.03)]
        rows += [("rolling_cuts", "embedding", cuts), ("unknown_users", "last_night", 3)]
        rows += [("ndcg@10_over_30_days", "last_night", 0.04), ("hr@10", "last_night_unknown", 0.2)]
        connection.executemany("insert into metrics values (?, ?, ?)", rows)
    with client_of(tmp_path) as client:
        text = _text(client, "/system")
        assert said in text
        assert f"all who came back {users} 12 % 10 % to 15 % 8.0 % 0.050 0.030" in text
        assert f"12 % of {users}" in text.split("Over the generations")[1]
        assert ("12 %" in _text(client, "/")) is (users == 60)
        exposed = client.get("/metrics").text
    assert 'recommender_quality{metric="hr@10_low",model="last_night"} 0.1\n' in exposed
    assert 'recommender_quality{metric="ndcg@10",model="last_night_popular"} 0.03\n' in exposed
    assert 'recommender_quality{metric="ndcg@10_over_30_days",model="last_night"} 0.04\n' in exposed
    assert 'recommender_quality{metric="unknown_users",model="last_night"} 3.0\n' in exposed
    assert 'recommender_quality{metric="hr@10",model="last_night_unknown"} 0.2\n' in exposed


def test_no_age_is_below_nothing() -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    assert age(now + timedelta(hours=3)) == "just now"
    assert age(now - timedelta(minutes=90)) == "1 hour ago"
    assert age(now - timedelta(days=3, hours=1)) == "3 days ago"
