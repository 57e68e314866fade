"""LaTeX: what it escapes, and that pdflatex-ready text holds the cells of the Markdown table."""

import pytest

from support.results import entry
from wsstad.reporting import latex, leaderboard
from wsstad.reporting.leaderboard import Grid, Layout, Row, Score, Words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mgpr_m1 & 5 %", r"mgpr\_m1 \& 5 \%"),
        ("88.9 ± 2.8", r"88.9 $\pm$ 2.8"),
        ("90.0 ▲, 80.0 ▼", r"90.0 $\uparrow$, 80.0 $\downarrow$"),
        ("a < b > c | d", r"a $<$ b $>$ c $\vert$ d"),
        ("a{b}~^\\#$", r"a\{b\}\textasciitilde{}\textasciicircum{}\textbackslash{}\#\$"),
    ],
)
def test_escape(text, expected):
    assert latex.escape(text) == expected


def test_a_grid_has_a_line_for_every_row(monkeypatch):
    share = Score(entry(0.9, 0.8, 0.99, n=3, k=(3, 2)), mark="▼")
    rows = [
        Row("mgpr_m1", [Words("mgpr_m1"), share]),
        Row("mgpr_m1", [Words("paper: Ours"), Words("92.88", order=92.88)], is_paper=True),
    ]
    grids = [Grid(caption, ["method", "VAUC"], 1, rows) for caption in ("", "By class.")]
    made = Layout("Made up", ["Split cv."], "All videos.", grids, ["Compared: all."])
    monkeypatch.setattr(leaderboard, "layouts", lambda results, paper: [made])
    first, second = latex.table([], [], title="Table 9").split("\n\n")
    assert first.splitlines() == [
        r"\begin{table}",
        r"\caption{Table 9. Made up. Split cv. Compared: all.}",
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"method & VAUC \\",
        r"\midrule",
        r"mgpr\_m1 & 90.0 $\pm$ 1.0 (3, 2/3) $\downarrow$ \\",
        r" & [80.0, 99.0] \\",
        r"paper: Ours & 92.88 \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    assert r"\caption{Table 9. Made up. Split cv. By class.}" in second
