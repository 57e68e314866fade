"""Several tables on one page: one at a time, each with an address."""

import json

import pytest
import yaml

from support import pages
from support.browsing import asked, audit, choose, find_all, open_page


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The report of a run with two splits."""
    folder = tmp_path_factory.mktemp("two")
    pages.write(folder, videos=4)
    content = yaml.safe_load((folder / "config.yaml").read_text())
    content["benchmarks"][0]["splits"] = ["one", "two"]
    (folder / "config.yaml").write_text(json.dumps(content))
    (folder / "tables/splits/two.tsv").write_text((folder / "tables/splits/one.tsv").read_text())
    pages.copy_block(folder, split="two")
    return pages.report(folder)


def visible(driver):
    return [block.get_attribute("id") for block in find_all(driver, "section.block") if block.is_displayed()]


def test_one_block_is_shown_at_a_time_and_named_in_the_address(chromium, two):
    open_page(chromium, two)
    assert visible(chromium) == ["s0"]
    tabs = find_all(chromium, ".tabs a")
    assert [tab.text for tab in tabs] == ["one", "two"]
    chromium.execute_script("arguments[0].click()", tabs[1])
    chromium.execute_async_script("setTimeout(arguments[0], 200)")
    assert visible(chromium) == ["s1"]
    assert tabs[1].get_attribute("aria-current") == "true"
    assert chromium.execute_script("return location.hash") == "#block=two"
    links = [
        link.get_attribute("href").partition("#")[2] for link in find_all(chromium, ".top a") if link.is_displayed()
    ]
    assert links[:4] == ["s1-tables", "s1-charts", "s1-failures", "s1-videos"], "the parts of what is shown"
    choose(chromium, "label", "normal", form=1)
    assert chromium.execute_script("return location.hash") == "#block=two&label=normal"
    open_page(chromium, two)
    chromium.get("about:blank")
    chromium.get(f"{two.as_uri()}#block=two&video=v002")
    assert visible(chromium) == ["s1"]
    assert chromium.find_element("css selector", ".video.target").get_attribute("id") == "s1-v2"
    chromium.get("about:blank")
    chromium.get(f"{two.as_uri()}#s1-charts")
    assert visible(chromium) == ["s1"]


def test_it_is_quiet_and_breaks_no_rule(chromium, two):
    open_page(chromium, two, 390, "dark")
    assert asked(chromium) == [two.as_uri()]
    assert chromium.get_log("browser") == []
    assert [(violation["id"], violation["nodes"][0]["html"]) for violation in audit(chromium)["violations"]] == []
