from support.results import PAPER, block, comparison, entry, example, result
from wsstad.evaluation import blocks
from wsstad.reporting import leaderboard, markdown

GOLDEN = """\
## Made up: cv4, net, yolo, iou, cpu

Split cv4, detector yolo, linker iou, scale cpu, boxes by masks, Gamma detected.
Features: net (c3d, not trained: random weights of seed 0).
Not evaluated: b (V105 damaged).
Abnormal, without boxes, in VAUC alone: c.

|   | method      |          VAUC |         MIoU |            IoU@0.2 | videos | boxes |     seeds |
| - | ----------- | ------------: | -----------: | -----------------: | -----: | ----: | --------: |
| a | random      |    50.0 ± 1.0 |   12.3 ± 1.0 | 75.0 ± 1.0 (1.5/2) |    5/6 |   2/3 | 100 draws |
|   |             |  [48.0, 52.0] | [10.0, 20.0] |       [20.0, 90.0] |        |       |           |
|   | upper_bound |         100.0 |         12.3 |         75.0 (2/2) |    5/6 |   2/3 |         1 |
|   |             | by definition | [10.0, 20.0] |       [20.0, 90.0] |        |       |           |
| b | mgpr_cpu    | 90.0 ± 1.0 >a |   12.3 ± 1.0 | 75.0 ± 1.0 (2, 1/2) |    5/6 |   2/3 |         2 |
"""


def table(*found, paper=()):
    return markdown.table(found, list(paper), title="Benchmark")


def lines(text):
    """The cells of a text's table lines, so that a golden need not repeat the padding."""
    return [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line.startswith("|")]


def test_a_block_reads_like_this():
    text = table(example(), paper=PAPER)
    found, wanted = lines(text), lines(GOLDEN)
    assert [row for row in found if "---" not in row[1]][:6] == [row for row in wanted if "-" not in row[1]]
    before_table = text[text.index("## ") :].split("\n|")[0]
    assert before_table.strip() == GOLDEN.split("\n|")[0].strip()
    widths = {len(line) for line in text.splitlines() if line.startswith("|")}
    assert len(widths) == 1


def test_methods_stand_in_the_order_of_the_table():
    names = ["zeta", "mgpr", "random"]
    text = table(block([result(name, (0.5, 0.4, 0.6)) for name in names]))
    assert [row[2] for row in lines(text)[2:] if row[2]] == names


def test_a_win_names_the_rows_that_it_is_over_and_no_difference_is_one_without():
    names = ["a", "b", "c"]
    won = [comparison("VAUC", "c", "a", better="c"), comparison("VAUC", "b", "c", better="c")]
    text = table(block([result(name, (0.5, 0.4, 0.6)) for name in names], won))
    assert [row[3] for row in lines(text)[2::2]] == ["50.0 ± 1.0", "50.0 ± 1.0", "50.0 ± 1.0 >ab"]
    assert ">" not in table(block([result("a", (0.9, 0.8, 1.0)), result("b", (0.1, 0.0, 0.2))])).split("## ")[1]


def test_the_papers_rows_stand_beside_ours_for_its_datasets_alone():
    rows = lines(table(block([result("mgpr", (0.9, 0.8, 1.0), dataset="stra")]), paper=PAPER))[2:]
    assert [row[2] for row in rows] == ["mgpr", "", "paper: Ours", "paper: ASA"]
    assert rows[2][3:7] == ["92.88", "–", "15.87", "–"]
    assert rows[3][3:7] == ["–", "6.54", "–", "–"]
    assert "paper:" not in table(example(), paper=PAPER)


def test_a_method_without_boxes_has_dashes():
    only = result("mgpr", (0.9, 0.8, 1.0))
    only["metrics"] = {"VAUC": only["metrics"]["VAUC"]}
    assert lines(table(block([only])))[2][3:6] == ["90.0 ± 1.0", "–", "–"]


def test_what_looks_at_all_candidates_has_a_grid_of_its_own():
    mine = result("mgpr", (0.9, 0.8, 1.0))
    mine["metrics"] |= {name: entry(0.7, 0.6, 0.8) for name in leaderboard.MORE}
    seed = {"alarms": 3, "hours": 0.25, "share": 0.1, "detected": 2, "events": 4, "notes": []}
    mine["alarms"] = {"allowed_per_hour": 2.0, "seeds": [seed, {**seed, "alarms": 5}]}
    layout = leaderboard.layouts([block([mine, result("random", (0.5, 0.4, 0.6))])], [])[0]
    assert [len(grid.rows) for grid in layout.grids] == [5, 3]
    assert "at most 2 an hour" in layout.grids[1].caption
    assert layout.grids[1].rows[1] == ["mgpr", *["70.0 ± 1.0"] * 6, "3, 5 in 0.25 h", "2/4"]


def test_classes_have_a_grid_where_there_are_several():
    mine = result("mgpr", (0.9, 0.8, 1.0), classes={"fall": {"VAUC": {**entry(0.8, 0.7, 0.9), "n": 3}}, "fire": {}})
    grid = leaderboard.layouts([block([mine])], [])[0].grids[1]
    assert grid.rows[1:] == [["fall", "mgpr", "80.0 ± 1.0", "–", "3"]]


def test_the_legend_says_how_counts_are_written():
    for counts in ([10, 9], [10, 10]):
        assert f"`{blocks.show_counts(counts)}/12`" in leaderboard.LEGEND
    assert blocks.MAX_COUNTS == 5, "the legend says of more than five there is the mean"
