"""The pages of a comparison and of verdicts as a browser shows them: quiet, usable without a mouse, no network."""

import pytest

from support.browsing import asked, audit, find_all, open_page
from unit.commands.running.test_console import NOW, at_work, beat, stage
from unit.reporting.compare.test_gathering import gather, write_pair
from unit.reporting.page import test_verdict_page
from wsstad.artefacts import storage
from wsstad.commands.running.live_page import LivePage
from wsstad.reporting.page import compared


@pytest.fixture(scope="session")
def comparison(tmp_path_factory):
    """The page of two made-up runs, whose names were chosen to do harm."""
    folder = write_pair(tmp_path_factory.mktemp("comparison"))
    storage.write_text(
        folder / "page.html", compared.page(gather(folder), ["detector.threshold: 25 -> 12"], pixels=True)
    )
    return folder / "page.html"


@pytest.fixture(scope="session")
def verdicts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("verdicts")
    storage.write_text(folder / "verdicts.html", test_verdict_page.page(folder, film=False, thumbnail=b""))
    return folder / "verdicts.html"


@pytest.fixture(scope="session")
def status(tmp_path_factory):
    """The page of a run that has ended, with a failed job."""
    path = tmp_path_factory.mktemp("status") / "status.html"
    stages = [stage(12, 12, name="decode small", ended=at_work(12)), stage(3, 12, failed=beat(state="failed"))]
    LivePage(path).show(stages, NOW, last=["wsstad: detect failed"])
    return path


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
@pytest.mark.parametrize("name", ["comparison", "verdicts", "status"])
def test_it_is_quiet_and_breaks_no_rule(chromium, request, name, width, scheme):
    path = request.getfixturevalue(name)
    open_page(chromium, path, width, scheme)
    assert asked(chromium) == [path.as_uri()]
    assert chromium.get_log("browser") == []
    assert chromium.execute_script("return window.hacked") is None
    assert chromium.execute_script("return document.documentElement.scrollWidth") <= width
    assert [(violation["id"], violation["nodes"][0]["html"]) for violation in audit(chromium)["violations"]] == []


def test_videos_of_a_comparison_stand_side_by_side_and_sort_by_how_much_they_moved(chromium, comparison):
    open_page(chromium, comparison)
    for card in find_all(chromium, "article.pair"):
        first, second = card.find_elements("css selector", ".side")
        assert first.location["y"] == second.location["y"]
        assert len(card.find_elements("css selector", "video")) == 2
    table = find_all(chromium, "#videos table")[0]
    heads = table.find_elements("css selector", "thead button")
    # The page scrolls smoothly, so a mouse would have to wait.
    chromium.execute_script("arguments[0].click()", next(head for head in heads if head.text == "S_loc"))
    cells = [cell.get_attribute("data-order") for cell in table.find_elements("css selector", "tbody td:nth-child(4)")]
    values = [float(value) for value in cells if value]
    assert values == sorted(values, reverse=True)
    assert cells[len(values) :] == [""] * (len(cells) - len(values)), "videos without boxes last"


def test_verdicts_are_filtered_and_ordered(chromium, verdicts):
    open_page(chromium, verdicts)

    def shown():
        return [card.get_attribute("data-label") for card in find_all(chromium, "article.video") if card.is_displayed()]

    assert shown() == ["alarm", "alarm", "quiet", "not scored"]
    chromium.find_element("css selector", "select[name=label] option:nth-child(3)").click()
    assert shown() == ["quiet"]
    assert chromium.find_element("css selector", "output").text == "1 video"
    chromium.find_element("css selector", "select[name=label] option:nth-child(1)").click()
    chromium.find_element("css selector", "select[name=order] option[value=name]").click()
    names = [card.get_attribute("data-name") for card in find_all(chromium, "article.video")]
    assert names[1:] == ["cam 1/loud.mp4", "cut.mp4", "quiet.mp4"]
