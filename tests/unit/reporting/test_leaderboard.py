"""The leaderboard: typed cells of every grid."""

from dataclasses import replace

from support.results import PAPER, block, card, comparison, entry, example, result
from wsstad.evaluation.results import Alarms, Counts, Evaluated, EvaluatedAbnormal, SeedAlarms
from wsstad.reporting import leaderboard
from wsstad.reporting.leaderboard import DASH, Score


def layout(*rows, won=(), paper=()):
    (made,) = leaderboard.layouts([block(rows, won)], list(paper))
    return made


def column(grid, name):
    return [row.cells[grid.columns.index(name)] for row in grid.rows]


def test_a_cell_holds_the_number_and_its_pieces():
    (made,) = leaderboard.layouts([example()], PAPER)
    main = made.grids[0]
    cells = dict(zip(main.columns, main.rows[2].cells, strict=True))
    assert cells["VAUC"] == Score(entry(0.9, 0.8, 0.99, pairs=5), beats="a", is_best=True)
    assert (cells["VAUC"].text, cells["VAUC"].below, cells["VAUC"].order) == ("90.0 ± 1.0", "[80.0, 99.0]", 90)
    share = cells["IoU@0.2"]
    assert (share.text, share.counts, share.below) == ("75.0 ± 1.0", "2, 1/2", "[20.0, 90.0]")
    assert [(cells[name].text, cells[name].order) for name in ("videos", "boxes", "seeds")] == [
        ("5/6", 5),
        ("2/3", 2),
        ("2", 2),
    ]


def test_an_upper_bound_is_no_rival_and_its_vauc_no_measurement():
    (made,) = leaderboard.layouts([example()], [])
    random, bound, _ = made.grids[0].rows
    assert [row.cells[0].text for row in made.grids[0].rows] == ["a", "", "b"]
    vauc = bound.cells[2]
    assert (vauc.text, vauc.below, vauc.order, vauc.is_best) == ("100.0", "by definition", 100, False)
    assert random.cells[-1].text == "100 draws"
    assert not any(cell.is_best for cell in bound.cells)


def test_what_is_shown_to_be_below_a_highest_value_is_not_among_the_best():
    rows = [result(name, (value, 0.1, 0.9)) for name, value in {"a": 0.8, "b": 0.8, "c": 0.5, "d": 0.4}.items()]
    # c is below b, which is as high as a; d is below c alone, which is not the highest.
    won = [comparison("VAUC", "b", "c", better="b"), comparison("VAUC", "c", "d", better="c")]
    main = layout(*rows, won=won).grids[0]
    assert [cell.is_best for cell in column(main, "VAUC")] == [True, True, False, True]
    assert all(cell.is_best for cell in column(main, "MIoU"))


def test_a_win_names_the_rows_that_it_is_over():
    won = [comparison("VAUC", "c", "a", better="c"), comparison("VAUC", "b", "c", better="c")]
    main = layout(*(result(name) for name in "abc"), won=won).grids[0]
    assert [cell.beats for cell in column(main, "VAUC")] == ["", "", "ab"]
    assert not any(cell.beats for row in layout(result("a"), result("b")).grids[0].rows for cell in row.cells)


def test_the_papers_rows_stand_beside_ours_for_its_datasets_alone():
    main = layout(result("mgpr", names={"dataset": "stra"}), paper=PAPER).grids[0]
    assert [(row.cells[1].text, row.is_paper) for row in main.rows] == [
        ("mgpr", False),
        ("paper: Ours", True),
        ("paper: ASA", True),
    ]
    assert [cell.text for cell in main.rows[1].cells[2:6]] == ["92.88", DASH, "15.87", DASH]
    assert column(main, "VAUC")[1].order == 92.88
    assert column(main, "MIoU")[1].order is None
    assert not any(row.is_paper for row in layout(result("mgpr"), paper=PAPER).grids[0].rows)


def test_a_method_without_boxes_has_dashes():
    main = layout(result("mgpr", metrics={"VAUC": entry(0.9, 0.8, 1.0)})).grids[0]
    assert [(cell.text, cell.below) for cell in main.rows[0].cells[3:5]] == [(DASH, DASH)] * 2


def test_a_dataset_without_boxes_has_no_columns_for_them():
    none = Counts(
        videos=Evaluated(evaluated=5, expected=5), abnormal=EvaluatedAbnormal(evaluated=2, expected=2, localised=0)
    )
    metrics = {"VAUC": entry(0.9, 0.8, 1.0, pairs=6), "VAUC_in_group": entry(0.7, 0.5, 0.9, n=3)}
    made = layout(result("mgpr", metrics=metrics, counts=none, unboxed=("a", "b")))
    assert made.grids[0].columns == ["", "method", "VAUC", "VAUC_in_group", "videos", "boxes", "seeds"]
    assert [cell.text for cell in made.grids[0].rows[0].cells[2:4]] == ["90.0 ± 1.0", "70.0 ± 1.0"]
    assert "No boxes are annotated: nothing of localisation is measured." in made.remarks
    assert "VAUC_in_group: mean VAUC inside the 3 groups of videos with both labels." in made.remarks


def test_what_looks_at_all_candidates_has_a_grid_of_its_own():
    metrics = card() | {name: entry(0.7, 0.6, 0.8) for name in leaderboard.MORE}
    seed = SeedAlarms(alarms=3, hours=0.25, share=0.1, detected=2, events=4, notes=())
    alarms = Alarms(allowed_per_hour=2.0, seeds=(seed, replace(seed, alarms=5)))
    made = layout(result("mgpr", metrics=metrics, alarms=alarms), result("random"))
    assert [len(grid.rows) for grid in made.grids] == [2, 1]
    assert "at most 2 an hour" in made.grids[1].caption
    cells = made.grids[1].rows[0].cells
    assert [cell.text for cell in cells] == ["mgpr", *["70.0 ± 1.0"] * 6, "3, 5 in 0.25 h", "2/4"]
    assert cells[-2].order == 4


def test_classes_have_a_grid_where_there_are_several():
    made = layout(result("mgpr", classes={"fall": {"VAUC": entry(0.8, 0.7, 0.9, n=3)}, "fire": {}}))
    (row,) = made.grids[1].rows
    assert [cell.text for cell in row.cells] == ["fall", "mgpr", "80.0 ± 1.0", DASH, "3"]
    assert not any(cell.below for cell in row.cells)


def test_the_legend_says_how_counts_are_written():
    for counts in ([10, 9], [10, 10]):
        assert f"`{leaderboard.show_counts(counts)}/12`" in leaderboard.LEGEND
    assert leaderboard.MAX_COUNTS == 5, "the legend says of more than five there is the mean"
