"""Every page at every size and in every mode: by the rules of axe-core, WCAG 2.2 A and AA and its best practices."""

import pytest

from support.browsing import asked, audit, open_page

PAGES = ("page", "comparison", "verdicts", "status")
MODES = {
    "wide": {"width": 1280},
    "wide, dark": {"width": 1280, "scheme": "dark"},
    "narrow": {"width": 390},
    "narrow, dark": {"width": 390, "scheme": "dark"},
    "paper": {"width": 1032, "printed": True},  # CSS pixels between the margins of A4, landscape
}
# What axe-core leaves to a person: text over pictures (looked at), and captions of clips that have no sound.
LEFT_TO_A_PERSON = {"color-contrast", "video-caption"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PAGES)
def test_it_breaks_no_rule_asks_for_nothing_and_complains_of_nothing(chromium, request, name, mode):
    path = request.getfixturevalue(name)
    open_page(chromium, path, **MODES[mode])
    assert asked(chromium) == [path.as_uri()]
    assert chromium.get_log("browser") == []
    assert chromium.execute_script("return window.hacked") is None
    assert chromium.execute_script("return document.documentElement.scrollWidth") <= MODES[mode]["width"]
    report = audit(chromium)
    assert len(report["passes"]) > 20, "the rules were applied"
    broken = {violation["id"]: violation["nodes"][0]["html"] for violation in report["violations"]}
    if mode == "paper":
        broken.pop("target-size", None)  # nothing is pointed at there
    assert broken == {}
    assert {check["id"] for check in report["incomplete"]} <= LEFT_TO_A_PERSON


def test_an_image_without_words_is_seen(chromium, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("<!doctype html><html lang=en><title>A page</title><main><h1>A page</h1><img src='data:,'></main>")
    open_page(chromium, path)
    assert [violation["id"] for violation in audit(chromium)["violations"]] == ["image-alt"]
