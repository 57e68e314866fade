"""The report as a reader's browser shows it: whole, quiet, at every width, whatever things are called."""

import time

import pytest

from support import pages
from support.browsing import asked, choose, find_all, open_page

WIDTHS = (1280, 390)


def test_it_asks_for_nothing_and_complains_of_nothing(chromium, page):
    open_page(chromium, page)
    time.sleep(0.5)
    assert asked(chromium) == [page.as_uri()]
    assert chromium.get_log("browser") == []


def test_every_chart_is_there_and_says_in_words_what_it_shows(chromium, page):
    open_page(chromium, page)
    charts = find_all(chromium, "figure.chart")
    names = [chart.get_attribute("id").removeprefix("s0-") for chart in charts]
    assert names == ["ladder", "classes", "roc", "training", "success", "spread"]
    for chart in charts:
        drawn = chart.find_element("css selector", "svg")
        assert drawn.size["width"] > 300
        assert drawn.size["height"] > 80
        assert chart.find_element("css selector", "[role=img]").get_attribute("aria-label")
    assert len(find_all(chromium, "svg.timeline")) == 12
    assert all(element.get_attribute("aria-label") for element in find_all(chromium, "svg.timeline"))


def test_hostile_names_are_text(chromium, page):
    open_page(chromium, page)
    assert chromium.execute_script("return window.hacked") is None
    assert find_all(chromium, "img[src=x]") == []
    text = chromium.find_element("tag name", "main").text
    assert f"</script>{pages.HOSTILE}" in text


def test_tables_sort_by_number_and_by_name(chromium, page):
    open_page(chromium, page)
    table = chromium.find_element("css selector", "table.sortable")
    heads = table.find_elements("css selector", "thead button")

    def column(number):
        return [
            row.find_elements("css selector", "td, th")[number]
            for row in table.find_elements("css selector", "tbody tr")
        ]

    names = [head.text for head in heads]
    for at, ascending in ((names.index("VAUC"), False), (names.index("VAUC"), True), (0, True), (0, False)):
        heads[at].click()
        cells = [cell.get_attribute("data-order") for cell in column(at)]
        values = [float(value) for value in cells] if at else cells
        assert values == sorted(values, reverse=not ascending)
        assert (
            heads[at].find_element("xpath", "..").get_attribute("aria-sort") == f"{'a' if ascending else 'de'}scending"
        )


def test_clips_play(chromium, page):
    open_page(chromium, page)
    play = """
        const [done] = [arguments[arguments.length - 1]], video = document.querySelector("video");
        video.addEventListener("timeupdate", () => video.currentTime > 0.2 && done([video.videoWidth, video.duration]));
        video.addEventListener("error", () => done(video.error.message));
        video.scrollIntoView();
        video.play().catch((error) => done(String(error)));
    """
    chromium.set_script_timeout(30)
    width, duration = chromium.execute_async_script(play)
    assert width == 240
    assert duration == pytest.approx(4, abs=0.2)
    assert find_all(chromium, "video")[0].get_attribute("aria-label")


def test_a_clip_shows_its_poster_until_it_is_played(chromium, page):
    open_page(chromium, page)
    seen = """
        const [done, video] = [arguments[arguments.length - 1], document.querySelector("video")], poster = new Image();
        poster.onload = () => done([poster.naturalWidth, video.preload, video.networkState, video.currentTime]);
        poster.onerror = () => done("no poster");
        poster.src = video.poster;
    """
    chromium.set_script_timeout(30)
    assert chromium.execute_async_script(seen) == [240, "none", 1, 0]  # 1: nothing was loaded


def test_pictures_show_once_they_are_scrolled_to(chromium, page):
    open_page(chromium, page)
    picture = find_all(chromium, "article img.strip")[-1]
    chromium.execute_script("arguments[0].scrollIntoView({behavior: 'instant'})", picture)
    deadline = time.monotonic() + 10
    while not picture.get_property("naturalWidth") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert picture.get_property("naturalWidth") == 1152


def test_the_list_of_videos_can_be_filtered_and_ordered(chromium, page):
    open_page(chromium, page)
    choose(chromium, "label", "normal")
    assert chromium.find_element("css selector", "form output").text == "6 videos"
    choose(chromium, "order", "score")
    shown = [element for element in find_all(chromium, "article.video") if element.is_displayed()]
    scores = [float(element.get_attribute("data-score")) for element in shown]
    assert len(scores) == 6
    assert scores == sorted(scores, reverse=True)


def test_names_of_rows_stay_in_sight_over_what_is_scrolled_below_them(chromium, page):
    open_page(chromium, page, 390)
    pick(chromium, "")
    names = """
        const box = document.querySelector(".scroll"), edge = box.getBoundingClientRect().left + box.clientLeft;
        box.scrollIntoView({block: "center", behavior: "instant"});
        box.scrollLeft = 150;
        const seen = [...box.querySelectorAll("tbody th")].map((head) => [head, head.getBoundingClientRect()])
          .filter(([, place]) => place.bottom > 60 && place.bottom < innerHeight);
        const lost = seen.filter(([head, place]) => place.left !== edge
          || document.elementFromPoint(place.right - 2, place.top + place.height / 2) !== head);
        return [seen.length, lost.length];
    """
    assert chromium.execute_script(names) == [len(pages.METHODS), 0]
    assert chromium.execute_script("return document.querySelector('.scroll').scrollLeft") == 150


def pick(driver, column):
    """Choose a column of the first table, as a reader does on a narrow screen; none is all of them."""
    script = "const p = document.querySelector('.picker select'); p.value = arguments[0];"
    driver.execute_script(f"{script} p.dispatchEvent(new Event('change'))", column)


def test_a_narrow_screen_shows_one_column_that_is_chosen_and_folds_the_videos(chromium, page):
    open_page(chromium, page, 390)

    def columns():
        return [head.text for head in find_all(chromium, "#s0 table:first-of-type thead th") if head.is_displayed()][:2]

    assert columns() == ["method", "VAUC"]
    pick(chromium, "3")
    assert columns() == ["method", "IoU@0.1"]
    assert chromium.execute_script("const b = document.querySelector('.scroll'); return b.scrollWidth <= b.clientWidth")
    links = find_all(chromium, ".top nav a")
    assert all(link.location["x"] + link.size["width"] <= 390 for link in links), "no link is cut"
    card = find_all(chromium, "article.video")[0]
    assert card.size["height"] < 120
    button = card.find_element("css selector", ".unfold")
    chromium.execute_script("arguments[0].click()", button)
    assert button.get_attribute("aria-expanded") == "true"
    assert card.find_element("css selector", "svg.timeline").is_displayed()
    open_page(chromium, page, 1280)
    assert not chromium.find_element("css selector", ".picker").is_displayed()
    assert not chromium.find_element("css selector", ".unfold").is_displayed()


def test_the_first_screen_says_of_which_method_its_numbers_are(chromium, page):
    open_page(chromium, page)
    name = chromium.find_element("css selector", ".note.of strong")
    assert name.text == "mgpr"
    assert name.location["y"] < find_all(chromium, ".tiles li")[0].location["y"] < 900


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_width_makes_the_page_scroll_sideways(chromium, page, width, scheme):
    open_page(chromium, page, width, scheme)
    assert chromium.execute_script("return document.documentElement.scrollWidth") <= width
    light = chromium.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, light[4:-1].split(","))) > 384) == (scheme == "light")


def test_everything_can_be_reached_by_keyboard_and_has_a_name(chromium, page):
    open_page(chromium, page)
    nameless = """
        return [...document.querySelectorAll("a, button, select, video, summary, [tabindex], img")].filter((element) =>
          !(element.textContent.trim() || element.getAttribute("aria-label") || element.alt || element.labels?.length)
        ).map((element) => element.outerHTML.slice(0, 200));
    """
    assert chromium.execute_script(nameless) == []
    ids = chromium.execute_script("return [...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids))
    broken = (
        "return [...document.querySelectorAll('a[href^=\"#\"]:not(.permalink)')]"
        ".filter((a) => !document.querySelector(a.hash)).length"
    )
    assert chromium.execute_script(broken) == 0


def test_without_pixels_there_is_no_picture(chromium, tmp_path):
    path = pages.make(tmp_path, "--no-pixels")
    open_page(chromium, path)
    assert find_all(chromium, "video, article img, .gallery img") == []
    assert "without pictures" in chromium.find_element("tag name", "main").text
    assert "image/webp" not in path.read_text()
