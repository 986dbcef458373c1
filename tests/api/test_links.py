"""Links: each leads to what it names, whatever stands in an id, and below whatever path a proxy has."""

import re
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from starlette.testclient import TestClient

from api.page.links import link, link_to_item, link_to_user
from api.settings import plain_prefix
from tests.asked import client_of
from tests.conftest import publish, written
from tests.servers import serving

# Each is beside what it becomes if it is encoded too little, too often or not at all.
IDS = (
    *(".", "..", "...", "a/b", "a//b", "a/../b", "a", "b", "a?b", "a#b", "a b", "a+b", "a&b=c", "a=b"),
    *(
        "%41",
        "A",
        "user@x",
        "user%40x",
        "é",
        "\u65e5\u672c",
        "<i>",
        '"quoted"',
        "\\",
        "c:\\d",
        "a;b",
        "'",
        "new",
    ),
)
VIEWS = ("/", "/users/A", "/films", "/films/A", "/new", "/system")
ITEMS = (*IDS, *(f"movie {number}" for number in range(20)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everybody has watched more than a page of movies, and each another one last."""
    ratings, movies = ["userId,movieId,rating,timestamp"], ["movieId,title,genres"]
    for place, item in enumerate(ITEMS):
        movies.append(f"{_quoted(item)},{_quoted(_title(place))},Drama|Rock & Roll")
    for place, user in enumerate(IDS):
        watched = [item for number, item in enumerate(ITEMS) if (number + place) % 2] + [ITEMS[place]]
        ratings += [
            f"{_quoted(user)},{_quoted(item)},{3 + number % 3},{1000 + number}"
            for number, item in enumerate(dict.fromkeys(watched))
        ]
    data = written(tmp_path_factory.mktemp("data"), "\n".join(ratings) + "\n", "\n".join(movies) + "\n")
    return publish(data, tmp_path_factory.mktemp("output"), top_n=30).file.parent.parent


def _title(place: int) -> str:
    return f"Title of {ITEMS[place]} ({1980 + place})"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


class Page(HTMLParser):
    """The addresses of a page, each with the fields of its form if it is one, and its first heading."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.next: dict[str, str] = {}
        self.heading = ""
        self._in_heading = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._in_heading = tag == "h1" or (self._in_heading and tag == "bdi")
        if tag == "form":
            assert given["action"] is not None
        for name in ("href", "src", "action"):
            if (address := given.get(name)) and not address.startswith("#"):
                self.addresses.append(address)
                if given.get("rel") == "next":
                    self.next[str(given["data-live"])] = address

    def handle_data(self, data: str) -> None:
        if self._in_heading:
            self.heading += data

    def handle_endtag(self, tag: str) -> None:
        self._in_heading = self._in_heading and tag != "h1"


class Browser:
    """Asks for addresses as they are, through a proxy that serves all this below a prefix."""

    def __init__(self, url: str, prefix: str = "", *, strips: bool = True, **headers: str) -> None:
        self._host = urlsplit(url).netloc
        self._prefix, self._strips, self._headers = prefix, strips, headers

    def get(self, address: str) -> tuple[int, str, str]:
        """Return status, where it led, and text; each address must be below the prefix."""
        assert address.startswith(f"{self._prefix}/"), address
        assert not address.startswith("//")
        # A browser would follow these, encoded or not.
        assert not {"", ".", ".."} & {*unquote(address.partition("?")[0]).split("/")[1:-1]}, address
        assert unquote(address.partition("?")[0]).rpartition("/")[2] not in {".", ".."}
        target = address.removeprefix(self._prefix) if self._strips else address
        with closing(HTTPConnection(self._host)) as connection:
            connection.request("GET", target.partition("#")[0], headers=self._headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        if answer.status == HTTPStatus.SEE_OTHER:
            return self.get(answer.headers["Location"])
        return answer.status, address, text

    def page(self, address: str) -> Page:
        """Return a page that must be there."""
        status, _, text = self.get(address)
        assert status == 200, (address, text)
        return Page(text)


@pytest.fixture(scope="module")
def browser(folder: Path) -> Iterator[Browser]:
    with serving(folder) as url:
        yield Browser(url)


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    with client_of(folder) as client:
        yield client


def _titles(text: str, part: str) -> list[str]:
    (section,) = re.findall(rf'<section [^>]*data-part="{part}">.*?</section>', text, re.DOTALL)
    return re.findall(r'<a class="title" href="([^"]+)"', section)


def test_the_pages_of_a_user_are_of_that_user(browser: Browser, client: TestClient) -> None:
    for user_id in IDS:
        answer = client.get("/features", params={"user_id": user_id, "limit": 1000}).json()
        address: str | None = f"/users?user_id={quote(user_id, safe='')}"
        seen: list[str] = []
        while address:
            _, _, text = browser.get(address)
            page = Page(text)
            assert page.heading == f"User {user_id}"
            seen += _titles(text, "watched")
            address = page.next.get("watched")
        history = answer["features"][0]["histories"]
        assert seen == [link_to_item(item).replace("&", "&amp;") for item in history], user_id
        assert len(seen) > 20


def test_the_page_of_an_item_is_of_that_item_and_filters_stay_with_the_user(browser: Browser) -> None:
    for each_id in IDS:
        assert browser.page(link_to_item(each_id)).heading.startswith(f"Title of {each_id}")
        page = browser.page(link_to_user(each_id, min_year=1981, genres="Rock & Roll"))
        assert page.heading == f"User {each_id}"
        query = parse_qs(urlsplit(page.next["watched"]).query)
        assert (query["min_year"], query["genres"]) == (["1981"], ["Rock & Roll"])


def _crawl(browser: Browser, start: str) -> set[str]:
    """Follow every link from a page on; return the addresses. Picks are followed one deep: they never end."""
    found, todo = {start}, [start]
    while todo:
        status, _, text = browser.get(todo.pop())
        assert status == 200, (start, text)
        if not text.startswith("<!doctype html>"):
            continue
        for address in Page(text).addresses:
            picked = parse_qs(urlsplit(address).query).get("liked", [""])[0]
            if "/docs" not in address and address not in found and "," not in picked:
                found.add(address)
                todo.append(address)
    return found


def test_every_link_leads_somewhere(browser: Browser) -> None:
    found = _crawl(browser, "/")
    assert {link_to_item(item) for item in ITEMS} <= found
    assert len([address for address in found if "/new?" in address]) > len(IDS) / 2


@pytest.mark.parametrize(
    ("variables", "headers"),
    [({}, {"X-Forwarded-Prefix": "/recs/v1"}), ({"ROOT_PATH": "/recs/v1"}, {})],
    ids=["the proxy cuts the path and names it", "the proxy leaves the path, and an option names it"],
)
def test_below_a_path_every_link_leads_somewhere(
    folder: Path, variables: dict[str, str], headers: dict[str, str]
) -> None:
    with serving(folder, **variables) as url:
        browser = Browser(url, "/recs/v1", strips=bool(headers), **headers)
        assert browser.page("/recs/v1/users?user_id=A").heading == "User A"
        assert browser.get("/recs/v1/users")[1] == "/recs/v1/"
        for address in (
            *VIEWS,
            *("/recommendations?user_id=A", "/healthz", "/docs", "/openapi.json", "/random"),
        ):
            assert browser.get(f"/recs/v1{address}")[0] == 200
            for linked in Page(browser.get(f"/recs/v1{address}")[2]).addresses:
                assert "/docs" in address or browser.get(linked)[0] == 200
        assert '"servers":[{"url":"/recs/v1"}]' in browser.get("/recs/v1/openapi.json")[2]
        status, _, text = browser.get("/recs/v1/nothing")
        assert (status, "/recs/v1/docs" in text) == (404, True)


def test_the_prefix_may_be_a_word_of_the_service_where_the_proxy_cuts_it(folder: Path) -> None:
    with serving(folder, ROOT_PATH="/films") as url:
        browser = Browser(url, "/films")
        for address in VIEWS:
            for linked in browser.page(f"/films{address}").addresses:
                assert browser.get(linked)[0] == 200


def test_a_prefix_that_is_no_plain_path_counts_for_nothing(client: TestClient) -> None:
    for told in ("//host", "/a//b", "/..", "/a/../b", "/.", "a", "/a b", "/<a>", "/é", "/a?b", "/a#b",
                 "\\\\host", "/%2e", "http://host", "/" + "a" * 256):  # fmt: skip
        assert plain_prefix(told) is None, told
        headers = {b"X-Forwarded-Prefix": told.encode("latin-1")}
        assert client.get("/users?user_id=A", headers=headers).headers["Location"] == "/users/A"
        assert 'href="/films"' in client.get("/", headers=headers).text
        assert client.get("/openapi.json", headers=headers).json()["servers"] == [{"url": "/"}]


def test_a_prefix_has_no_slash_at_its_end() -> None:
    prefixes = {"/a": "/a", "/a/": "/a", "/": "", "": "", "/a, /b/c": "/a/b/c", "/a.b~c-1": "/a.b~c-1"}
    assert {told: plain_prefix(told) for told in prefixes} == prefixes


def test_the_option_goes_before_the_header(folder: Path) -> None:
    with client_of(folder, root_path="/own") as client:
        answer = client.get("/users?user_id=A", headers={"X-Forwarded-Prefix": "/other"})
    assert answer.headers["Location"] == "/own/users/A"


def test_a_link_is_encoded() -> None:
    assert link() == "/"
    assert link("films", q="a&b", genres=frozenset("ba"), liked=["1", "2"], offset=0) == (
        "/films?q=a%26b&genres=a%2Cb&liked=1%2C2"
    )
    assert link_to_user("user%40x") == "/users/user%2540x"
    assert link_to_user("..", since=20) == "/users?user_id=..&since=20"
    assert link_to_item("a/b") == "/films?item_id=a%2Fb"
