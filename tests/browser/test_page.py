"""Every view of the page in a real browser, on real movies: how it is used, and that everybody can."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from batch.generation.publish import Published
from tests.browser.conftest import NASTY, NASTY_ID
from tests.conftest import changed
from tests.servers import serving

VIEWS = {
    "start": "/",
    "user": "/users/18",
    "user, filtered": "/users/18?genres=Drama&min_year=1990&max_year=1999",
    "user, nothing left": "/users/18?genres=Western&min_year=2016",
    "movie": "/films/1",
    "movie, odd": "/films/" + quote(NASTY_ID, safe=""),
    "movie, long": "/films/long",
    "films": "/films",
    "movies, found": "/films?q=unendingly",
    "movies, none": "/films?q=nothing-like-that",
    "new": "/new",
    "new, picked": "/new?liked=1,50,260,long",
    "system": "/system",
}
REFUSALS = {"/users/nobody": "404", "/films/nothing": "404", "/films?min_year=x": "400"}

Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, url: str) -> Iterator[Open]:
    """Return a function that opens a view; whatever the browser complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_view(
        address: str,
        width: int = 1440,
        scheme: str = "light",
        *,
        has_script: bool = True,
        base: str = url,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=has_script,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith(base) else complaints.append(request.url),
        )
        page.goto(base + address)
        return page

    yield open_view
    for context in contexts:
        context.close()
    # That a page itself is refused is told there, too; it is what some tests ask for.
    refused = re.compile(r"Failed to load resource: the server responded with a status of (400|404|503) ")
    assert [each for each in complaints if not refused.match(each)] == []


def _faults(page: Page) -> list[str]:
    """Return what axe finds, of whatever weight."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']} ({each['impact']}): {each['nodes'][0]['html'][:200]}" for each in found]


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (768, "dark"), (1440, "light")])
def test_every_view_fits_the_screen_and_axe_finds_nothing(open_page: Open, width: int, scheme: str) -> None:
    for address in (*VIEWS.values(), *REFUSALS, "/docs"):
        page = open_page(address, width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        assert _faults(page) == [], address
        expect(page.locator("h1")).to_have_count(1)
        if address in REFUSALS:
            expect(page.get_by_text(REFUSALS[address], exact=True)).to_be_visible()
        page.context.close()


def test_before_anything_is_published_the_page_says_how_to_begin(open_page: Open, tmp_path: Path) -> None:
    with serving(tmp_path) as empty:
        page = open_page("/", base=empty)
        expect(page.get_by_role("heading", level=1)).to_have_text("Nothing to show yet")
        assert _faults(page) == []


def test_a_user_is_found_by_mouse_and_the_lists_lead_to_items(open_page: Open) -> None:
    page = open_page("/")
    page.get_by_label("Look at a user").fill("18")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(r"/users/18$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("User 18")
    expect(page.locator("[data-part=recommended] li")).to_have_count(20)
    expect(page.locator("[data-part=recommended]")).to_contain_text("Because of")
    item = page.locator("[data-part=recommended] .title").first
    title = item.inner_text()
    item.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.get_by_role("heading", name="Who likes it")).to_be_visible()


def test_a_score_shows_its_parts_at_a_click_and_hides_them_at_another(open_page: Open) -> None:
    page = open_page("/users/18")
    score = page.locator(".score a").first
    for count in (1, 0):
        score.click()
        expect(page.get_by_text(re.compile("= taste .+ popularity trend"))).to_have_count(count)
        expect(score).to_be_focused()


def test_filters_change_both_lists_at_once_and_the_address(open_page: Open) -> None:
    page = open_page("/users/18")
    page.get_by_label("Genre").select_option("Comedy")
    page.get_by_label("From year").fill("1990")
    expect(page.locator(".year", has_text=re.compile("19[0-8]"))).to_have_count(0)
    told = re.compile(r"Recommended \d+ movies\. .*History \d+ movies")
    expect(page.get_by_role("status")).to_have_text(told)
    expect(page).to_have_url(re.compile("genres=Comedy&min_year=1990"))
    years = page.locator(".list .year").all_inner_texts()
    assert years
    assert all(int(year) >= 1990 for year in years)
    # What was shown by script is what the address shows.
    again = open_page(page.url.partition("/users")[1] + page.url.partition("/users")[2])
    assert again.locator(".list .year").all_inner_texts() == years
    page.get_by_role("link", name="Show all").first.click()
    expect(page).to_have_url(re.compile(r"/users/18$"))


def test_a_turned_page_goes_on_where_the_last_one_ended(open_page: Open) -> None:
    page = open_page("/users/18")
    watched = page.locator("[data-part=recommended] .title")
    first = watched.all_inner_texts()
    page.locator("[data-part=recommended]").get_by_role("link", name="More →").click()
    expect(page.locator("[data-part=recommended] .rank").first).to_have_text("21")
    assert not set(first) & set(watched.all_inner_texts())
    expect(page.get_by_role("heading", name="Recommended")).to_be_focused()


def test_somebody_new_sees_the_list_change_at_each_pick(open_page: Open) -> None:
    page = open_page("/new")
    before = page.locator("[data-part=suggested] .title").all_inner_texts()
    page.get_by_label("Find movies to pick").press_sequentially("toy st")
    pick = page.locator("[data-part=offered]").get_by_role("link", name="Pick Toy Story", exact=True)
    pick.click()
    expect(page.get_by_role("heading", name="For you")).to_contain_text("from 1 pick")
    expect(page.locator("[data-part=picked]")).to_contain_text("Toy Story")
    after = page.locator("[data-part=suggested] .title").all_inner_texts()
    assert after != before
    # The words that are searched stay, and a second pick is added to the first.
    expect(page.get_by_label("Find movies to pick")).to_have_value("toy st")
    page.get_by_label("Find movies to pick").fill("matrix")
    page.get_by_role("link", name="Pick The Matrix", exact=True).click()
    expect(page.get_by_role("heading", name="For you")).to_contain_text("from 2 picks")
    assert "liked=1%2C2571" in page.url
    page.get_by_role("link", name=re.compile("^Toy Story ?: take back")).click()
    expect(page.get_by_role("heading", name="For you")).to_contain_text("from 1 pick")
    expect(page.locator("[data-part=picked]")).not_to_contain_text("Toy Story")


def test_picks_that_are_quicker_than_the_answers_are_all_kept(open_page: Open) -> None:
    page = open_page("/new")
    page.evaluate(
        """() => {
          const [first, second] = document.querySelectorAll(".pick");
          for (const pick of [first, second, second]) pick.click();
          const words = document.getElementById("q");
          words.value = "toy";
          words.form.requestSubmit();
        }"""
    )
    expect(page.locator("[data-part=picked] li")).to_have_count(2)
    expect(page.get_by_role("heading", name="For you")).to_contain_text("from 2 picks")
    expect(page.locator("[data-part=offered]")).to_contain_text("Toy Story")
    expect(page.get_by_role("status")).to_have_text(re.compile(r"\d+ movies found\. For you from 2 picks"))


def test_what_was_seen_before_is_a_step_back(open_page: Open) -> None:
    page = open_page("/films")
    words, found = page.get_by_label("Words of the title"), page.locator("#found")
    words.press_sequentially("toy story", delay=200)
    expect(found).to_have_text(re.compile(r"Found [1-9] movies"))
    expect(page).to_have_title(re.compile("^Movies: toy story"))
    page.get_by_label("Genre").select_option("Horror")
    expect(found).to_have_text("Found 0 movies")
    page.go_back()
    expect(found).to_have_text(re.compile(r"Found [1-9] movies"))
    expect(words).to_have_value("toy story")
    page.go_back()
    expect(found).to_contain_text("Most popular")
    expect(words).to_have_value("")
    expect(page).to_have_title(re.compile("^Movies ·"))
    page.get_by_role("link", name="More →").click()
    expect(page.locator(".turn")).to_have_text(re.compile("25.48 of"))
    # A way within the view changes nothing of it.
    page.get_by_role("link", name="Skip to the content").press("Enter")
    page.go_back()
    page.go_back()
    expect(page.locator(".turn")).to_have_text(re.compile("1.24 of"))
    page.go_forward()
    expect(page.locator(".turn")).to_have_text(re.compile("25.48 of"))


def test_the_page_is_used_by_keyboard_alone(open_page: Open) -> None:
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Look at a user")).to_be_focused()
    page.keyboard.type("18")
    page.keyboard.press("Enter")
    page.wait_for_url("**/users/18")
    page.goto(page.url.replace("/users/18", "/new"))
    page.get_by_label("Find movies to pick").focus()
    page.keyboard.type("matrix")
    expect(page.locator("[data-part=offered]")).not_to_contain_text("The Mask")
    expect(page.locator("[data-part=offered]")).to_contain_text("The Matrix Reloaded")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Pick The Matrix", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="For you")).to_contain_text("from 1 pick")
    # The same movie can be taken back where one is.
    expect(page.get_by_role("link", name=re.compile("^Picked ?, take back The Matrix$"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Popular lately")).to_be_visible()


def test_a_title_is_shown_as_text_and_its_movie_is_reached_whatever_its_id_is(open_page: Open) -> None:
    for address in ("/users/1", "/new?q=onerror", "/films?q=onerror"):
        page = open_page(address)
        expect(page.get_by_text(NASTY, exact=True).first).to_be_visible()
        assert page.locator("main img").count() == 0
    page.get_by_role("link", name=NASTY).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NASTY)
    page.get_by_role("link", name="What would its fans like?").click()
    expect(page.locator("[data-part=picked]")).to_contain_text(NASTY)
    expect(page.get_by_role("heading", name="For you")).to_be_visible()


@pytest.mark.parametrize("address", ["/", "/system", "/films/1", "/users/18?from=80", "/new?liked=1"])
def test_no_number_breaks_into_two_lines(open_page: Open, address: str) -> None:
    page = open_page(address, 320)
    # As large as a number gets here: ratings of the largest data sets, and the end of a list.
    broken = page.evaluate(
        """() => [...document.querySelectorAll(".rank, .figures dd:not(.note)")].filter((each) => {
          each.textContent = each.matches(".rank") ? "100" : "123,456,789";
          const text = document.createRange();
          text.selectNodeContents(each);
          return text.getClientRects().length !== 1 || each.scrollWidth > each.clientWidth;
        }).length"""
    )
    assert page.locator(".rank, .figures dd").count()
    assert broken == 0


def test_in_forced_colours_one_sees_where_one_is(open_page: Open) -> None:
    page = open_page("/system")
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    links = page.get_by_role("navigation", name="Views").get_by_role("link")
    colours = [link.evaluate("(each) => getComputedStyle(each).borderBottomColor") for link in links.all()]
    assert len(colours) == 3
    assert colours[0] == colours[1] != colours[2]


def test_the_system_shows_examples_of_what_was_rejected(open_page: Open) -> None:
    page = open_page("/system")
    page.get_by_text("rating out of range").click()
    expect(page.get_by_text("7,1,99,1500000000")).to_be_visible()
    expect(page.locator("#past + figure, #past ~ figure").first).to_be_visible()
    expect(page.get_by_text("served", exact=True)).to_have_count(1)


def test_without_script_every_view_says_the_same_and_items_are_picked_by_links(open_page: Open) -> None:
    for address in VIEWS.values():
        without, with_script = (
            open_page(address, has_script=has_script).locator("main").inner_text()
            for has_script in (False, True)
        )
        # The age of the generation is that of the moment.
        assert re.sub(r"Made .+", "", without) == re.sub(r"Made .+", "", with_script)
    page = open_page("/new", has_script=False)
    page.get_by_label("Find movies to pick").fill("matrix")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Pick The Matrix", exact=True).click()
    expect(page.get_by_role("heading", name="For you")).to_contain_text("from 1 pick")


def test_a_view_is_one_page_one_style_and_one_script(open_page: Open) -> None:
    page = open_page("/users/18")
    page.wait_for_load_state("networkidle")
    loaded = page.evaluate(
        "performance.getEntriesByType('resource').map((each) => [each.name, each.decodedBodySize])"
    )
    # The icon is used twice.
    assert len({name.partition("#")[0] for name, _ in loaded}) <= 3
    assert sum(size for _, size in loaded) < 60_000


def test_a_picture_is_shown_and_one_that_can_not_be_leaves_the_tile(
    browser: Browser, published: Published, tmp_path: Path
) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute(
            "update items set attributes = json_object('image', 'static/' || "
            "if(item_id = '0', 'icon.svg', 'none.png'))"
        )
    with serving(tmp_path) as base:
        page = browser.new_page()
        for item, pictures in ((0, 1), (1, 0)):
            page.goto(f"{base}/films/{item}")
            expect(page.locator(".face.large img")).to_have_count(pictures)
            box = page.locator(".face.large").bounding_box()
            assert box
            assert (box["width"], box["height"]) == (144, 192)
        page.goto(f"{base}/films/0")
        assert page.locator(".face.large img").evaluate("each => each.naturalWidth") > 0
