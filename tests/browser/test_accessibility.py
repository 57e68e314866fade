"""The report by the rules of axe-core: WCAG 2.2 A and AA, and its best practices."""

import pytest

from support.browsing import audit, open_page


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_no_rule_is_broken(chromium, page, width, scheme):
    open_page(chromium, page, width, scheme)
    report = audit(chromium)
    assert len(report["passes"]) > 40, "the rules were applied"
    assert [(violation["id"], violation["nodes"][0]["html"]) for violation in report["violations"]] == []
    # What axe-core leaves to a person: text over pictures (looked at), and captions of clips that have no sound.
    assert {check["id"] for check in report["incomplete"]} <= {"color-contrast", "video-caption"}


def test_an_image_without_words_is_seen(chromium, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("<!doctype html><html lang=en><title>A page</title><main><h1>A page</h1><img src='data:,'></main>")
    open_page(chromium, path)
    assert [violation["id"] for violation in audit(chromium)["violations"]] == ["image-alt"]
