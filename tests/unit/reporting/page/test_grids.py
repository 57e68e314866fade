"""Grids of the leaderboard as tables that can be sorted."""

from support import results
from wsstad.reporting import leaderboard
from wsstad.reporting.page import grids


def example():
    (layout,) = leaderboard.layouts([results.example()], results.PAPER)
    return [grids.table(grid) for grid in layout.grids]


def test_a_method_has_one_row_with_its_interval_below_its_value():
    main = example()[0]
    row = next(row for row in main.rows if row[1].text == "mgpr_cpu")
    vauc = row[main.columns.index("VAUC")]
    assert (vauc.text, vauc.below, vauc.beats, vauc.order) == ("90.0 ± 1.0", "[80.0, 99.0]", "a", "90.0")
    assert len(main.rows) == 3


def test_what_is_no_number_has_nothing_to_sort_by():
    main = example()[0]
    assert all(cell.order == "" for row in main.rows for cell in row if cell.text == leaderboard.DASH)


def test_letters_name_the_rows():
    assert grids.letters(example()[0]) == {"a": "random", "b": "mgpr_cpu"}


def test_the_papers_rows_stand_by_themselves():
    block = results.block([results.result("mgpr", (0.9, 0.8, 1.0), dataset="stra")])
    (layout,) = leaderboard.layouts([block], results.PAPER)
    main = grids.table(layout.grids[0])
    assert [row[1].text for row in main.rows] == ["mgpr", "paper: Ours", "paper: ASA"]
    assert main.rows[1][main.columns.index("VAUC")].order == "92.88"
