"""What the page gives away: files with the names and the content that the buttons say."""

import csv
import io
import json
import re
import time

import pytest

from support import pages
from support.browsing import find_all, open_page


@pytest.fixture
def saved(chromium, page, tmp_path):
    """Click a button of the page; return the file that is saved then."""
    where = {"behavior": "allow", "downloadPath": str(tmp_path)}
    chromium.execute_cdp_cmd("Browser.setDownloadBehavior", where)
    open_page(chromium, page)

    def save(button):
        before = set(tmp_path.iterdir())
        chromium.execute_script("arguments[0].click()", button)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for path in set(tmp_path.iterdir()) - before:
                if path.suffix != ".crdownload" and path.stat().st_size:
                    return path
            time.sleep(0.05)
        raise AssertionError("nothing was saved")

    return save


def button(chromium, end):
    return chromium.find_element("css selector", f"[data-save='{end}']")


def test_tables_are_saved_as_tsv_tex_and_json(chromium, saved):
    path = saved(button(chromium, "tsv"))
    assert path.name == "made_up-benchmark.tsv"
    rows = list(csv.DictReader(io.StringIO(path.read_text()), delimiter="\t"))
    assert {row["method"] for row in rows} == set(pages.METHODS)
    content = json.loads(saved(button(chromium, "json")).read_text())
    assert content["numbers"] == rows
    assert {row["second"] for row in content["comparisons"]} == {"dmrm"}
    tex = saved(button(chromium, "tex"))
    assert tex.suffix == ".tex"
    assert tex.read_text().count(r"\begin{table}") == tex.read_text().count(r"\end{table}") > 0


def test_charts_are_saved_as_they_look(chromium, saved):
    figure = find_all(chromium, "figure.chart")[0]
    path = saved(figure.find_element("css selector", "[data-chart=svg]"))
    assert path.name == "s0-ladder.svg"
    root = re.match(r"<svg [^>]*>", path.read_text()).group()
    width, height = (float(re.search(rf'\b{name}="([\d.]+)"', root).group(1)) for name in ("width", "height"))
    assert width > 200
    assert "mgpr" in path.read_text()
    assert not re.search(r"var\(", path.read_text()), "its colours need no page"
    picture = saved(figure.find_element("css selector", "[data-chart=png]"))
    head = picture.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(head[16:20]) == pytest.approx(3 * width, abs=3)
    assert int.from_bytes(head[20:24]) == pytest.approx(3 * height, abs=3)


def test_every_chart_that_is_drawn_can_be_saved(chromium, page):
    open_page(chromium, page)
    for figure in find_all(chromium, "figure.chart"):
        assert len(figure.find_elements("css selector", "[data-chart]")) == 2
