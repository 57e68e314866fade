"""Charts are SVG that the page's colours reach, and in which a name is text."""

import re

from wsstad.reporting.page.chart_svg import ROLES, canvas

HOSTILE = "<script>alert(1)</script> $\\frac{1}{$ \x01 世界"


def draw(name="a"):
    with canvas(name, height=2) as drawn:
        drawn.axes.plot([0, 1], [1, 0], color=ROLES["accent"])
        drawn.axes.set_yticks([0, 1], [HOSTILE.replace("\x01", ""), "b"])
    return str(drawn.svg)


def test_colours_are_those_of_the_page():
    text = draw()
    assert "var(--accent)" in text
    assert not re.search(r"#0101[0-9a-f]{2}", text)
    assert "#ffffff" not in text, "the ground is the card's"


def test_names_are_text():
    text = draw()
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; $\\frac{1}{$" in text


def test_ids_of_two_charts_never_clash_and_links_lead_to_them():
    ids = [set(re.findall(r'\bid="([^"]+)"', draw(name))) for name in ("a", "b")]
    assert ids[0]
    assert not ids[0] & ids[1]
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', draw("a"))) <= ids[0]


def test_the_same_chart_has_the_same_bytes():
    assert draw() == draw()
