"""LaTeX: what it escapes, and that pdflatex-ready text holds the cells of the Markdown table."""

import pytest

from wsstad.reporting import latex, leaderboard
from wsstad.reporting.leaderboard import Grid, Layout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mgpr_m1 & 5 %", r"mgpr\_m1 \& 5 \%"),
        ("88.9 ± 2.8", r"88.9 $\pm$ 2.8"),
        ("90.0 >ab", "90.0 $>$ab"),
        ("a{b}~^\\#$", r"a\{b\}\textasciitilde{}\textasciicircum{}\textbackslash{}\#\$"),
    ],
)
def test_escape(text, expected):
    assert latex.escape(text) == expected


def test_a_grid_has_a_line_for_every_row(monkeypatch):
    rows = [["", "method", "VAUC"], ["a", "mgpr_m1", "90.0 ± 1.0"], ["", "", "[80.0, 99.0]"]]
    grids = [Grid("", rows), Grid("By class.", rows)]
    monkeypatch.setattr(leaderboard, "layouts", lambda results, paper: [Layout("Made up", ["Split cv."], grids)])
    first, second = latex.table([], [], title="Table 9").split("\n\n")
    assert first.splitlines() == [
        r"\begin{table}",
        r"\caption{Table 9. Made up. Split cv.}",
        r"\begin{tabular}{llr}",
        r"\toprule",
        r" & method & VAUC \\",
        r"\midrule",
        r"a & mgpr\_m1 & 90.0 $\pm$ 1.0 \\",
        r" &  & [80.0, 99.0] \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    assert r"\caption{Table 9. Made up. Split cv. By class.}" in second
