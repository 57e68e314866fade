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
    cells = dict(zip(main.columns, main.rows[3].cells, strict=True))
    assert cells["VAUC"] == Score(entry(0.9, 0.8, 0.99, pairs=5))
    assert (cells["VAUC"].text, cells["VAUC"].below, cells["VAUC"].order) == ("90.0 ± 1.0", "[80.0, 99.0]", 90)
    share = cells["IoU@0.2"]
    assert (share.text, share.counts, share.below) == ("75.0 ± 1.0", "2, 1/2", "[20.0, 90.0]")
    assert [(cells[name].text, cells[name].order) for name in ("videos", "boxes", "seeds")] == [
        ("5/6", 5),
        ("2/3", 2),
        ("2", 2),
    ]


def test_an_upper_bound_has_no_measured_vauc():
    (made,) = leaderboard.layouts([example()], [])
    bound = made.grids[0].rows[1]
    vauc = bound.cells[1]
    assert (vauc.text, vauc.below, vauc.order) == ("100.0", "by definition", 100)
    assert not any(cell.mark for cell in bound.cells)


def test_a_choice_at_random_is_exact_and_has_no_interval():
    (made,) = leaderboard.layouts([example()], [])
    cells = made.grids[0].rows[0].cells
    assert [(cell.text, cell.below, cell.counts, cell.mark) for cell in cells[1:4]] == [
        ("50.0 ± 1.0", "", "", ""),
        ("10.0 ± 1.0", "", "", ""),
        ("25.0 ± 1.0", "", "", ""),
    ]
    assert cells[-1].text == "exact"


def test_a_row_is_marked_by_what_is_shown_of_it_and_the_reference():
    won = [comparison("VAUC", "ref", "a", better="a"), comparison("VAUC", "ref", "b", better="ref")]
    won += [comparison("VAUC", "ref", "c"), comparison("MIoU", "ref", "a", better="ref")]
    main = layout(*(result(name) for name in ("a", "b", "c", "ref", "whole_frame")), won=won).grids[0]
    assert [cell.mark for cell in column(main, "VAUC")] == ["▲", "▼", "", "", ""]
    assert [cell.mark for cell in column(main, "MIoU")] == ["▼", "", "", "", ""]
    assert not any(cell.mark for row in layout(result("a"), result("b")).grids[0].rows for cell in row.cells)


def test_what_is_compared_stands_below():
    (made,) = leaderboard.layouts([example()], [])
    assert made.below[0].startswith("Compared, as declared beforehand: mgpr with dmrm, and no other rows;")
    assert layout(result("a"), result("b")).below == []


def test_the_papers_rows_stand_beside_ours_for_its_datasets_alone():
    main = layout(result("mgpr", names={"dataset": "stra"}), paper=PAPER).grids[0]
    assert [(row.cells[0].text, row.is_paper) for row in main.rows] == [
        ("mgpr", False),
        ("paper: Ours", True),
        ("paper: ASA", True),
    ]
    assert [cell.text for cell in main.rows[1].cells[1:5]] == ["92.88", DASH, "15.87", DASH]
    assert column(main, "VAUC")[1].order == 92.88
    assert column(main, "MIoU")[1].order is None
    assert not any(row.is_paper for row in layout(result("mgpr"), paper=PAPER).grids[0].rows)


def test_a_method_without_boxes_has_dashes():
    main = layout(result("mgpr", metrics={"VAUC": entry(0.9, 0.8, 1.0)})).grids[0]
    assert [(cell.text, cell.below) for cell in main.rows[0].cells[2:4]] == [(DASH, DASH)] * 2


def test_a_dataset_without_boxes_has_no_columns_for_them():
    none = Counts(
        videos=Evaluated(evaluated=5, expected=5), abnormal=EvaluatedAbnormal(evaluated=2, expected=2, localised=0)
    )
    metrics = {"VAUC": entry(0.9, 0.8, 1.0, pairs=6), "VAUC_in_group": entry(0.7, 0.5, 0.9, n=3)}
    made = layout(result("mgpr", metrics=metrics, counts=none, unboxed=("a", "b")))
    assert made.grids[0].columns == ["method", "VAUC", "VAUC_in_group", "videos", "boxes", "seeds"]
    assert [cell.text for cell in made.grids[0].rows[0].cells[1:3]] == ["90.0 ± 1.0", "70.0 ± 1.0"]
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


def test_what_makes_numbers_mean_less_stands_below_them_once():
    note = "There is no tube in any of the 6 videos: yolo found nothing that goes on in time."
    remarks = layout(result("a", notes=(note,)), result("b", notes=(note,))).remarks
    assert remarks.count(note) == 1
    assert len(remarks) == 1 + len(layout(result("a"), result("b")).remarks)


def test_a_video_that_was_set_aside_is_told_to_count():
    (made,) = leaderboard.layouts([example()], [])
    assert made.remarks[2:4] == [
        "Not evaluated: b (V105 damaged).",
        "In MIoU and IoU@eps an abnormal video with boxes that is not evaluated counts as 0.",
    ]
    assert len(layout(result("a")).remarks) == 2


def test_the_legend_says_how_counts_are_written():
    for counts in ([10, 9], [10, 10]):
        assert f"`{leaderboard.show_counts(counts)}/12`" in leaderboard.LEGEND
    assert leaderboard.MAX_COUNTS == 5, "the legend says of more than five there is the mean"
