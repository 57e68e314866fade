from wsstad import leaderboard

PAPER = [
    {"dataset": "stra", "method": "mgpr", "label": "Ours", "metric": "VAUC", "value": "92.88"},
    {"dataset": "stra", "method": "mgpr", "label": "Ours", "metric": "IoU@0.2", "value": "15.87"},
    {"dataset": "stra", "method": "asa", "label": "ASA", "metric": "MIoU", "value": "6.54"},
    {"dataset": "other", "method": "asa", "label": "ASA", "metric": "MIoU", "value": "1.00"},
]


def entry(mean, low, high, *, std=0.01, **more):
    return {"mean": mean, "std": std, "interval": [low, high], **more}


def result(method, vauc, *, dataset="made_up", selection="top1", seeds=("0", "1"), **more):
    settings = {"gamma": "detected", "thresholds": [0.2], "bootstrap": 10, "selection": selection}
    return {
        "names": {
            "dataset": dataset,
            "split": "cv4",
            "extractor": "net",
            "detector": "yolo",
            "linker": "iou",
            "scale": "cpu",
            "annotator": "masks",
            "method": method,
        },
        "title": "Made up",
        "features": "c3d, not trained: random weights of seed 0",
        "settings": settings | ({"draws": 100} if selection == "random" else {}),
        "seeds": list(seeds),
        "counts": {
            "videos": {"evaluated": 5, "expected": 6},
            "abnormal": {"evaluated": 2, "expected": 3, "localised": 2},
        },
        "metrics": {
            "VAUC": entry(*vauc, pairs=5),
            "MIoU": entry(0.12345, 0.1, 0.2, n=2),
            "IoU@0.2": entry(0.75, 0.5, 1.0, n=2, k=[2, 1], wilson=[0.2, 0.9]),
        },
        "missing": [],
        "unboxed": [],
        **more,
    }


GOLDEN = """\
## Made up: cv4, net, yolo, iou, cpu

Split cv4, detector yolo, linker iou, scale cpu, boxes by masks, Gamma detected.
Features: net (c3d, not trained: random weights of seed 0).
Not evaluated: b (V105 damaged).
Abnormal, without boxes, in VAUC alone: c.

| method      |           VAUC |         MIoU |            IoU@0.2 | videos | boxes |     seeds |
| ----------- | -------------: | -----------: | -----------------: | -----: | ----: | --------: |
| random      |     50.0 ± 1.0 |   12.3 ± 1.0 | 75.0 ± 1.0 (1.5/2) |    5/6 |   2/3 | 100 draws |
|             |   [48.0, 52.0] | [10.0, 20.0] |       [20.0, 90.0] |        |       |           |
| upper_bound |          100.0 |         12.3 |         75.0 (2/2) |    5/6 |   2/3 |         1 |
|             |  by definition | [10.0, 20.0] |       [20.0, 90.0] |        |       |           |
| mgpr_cpu    | **90.0 ± 1.0** |   12.3 ± 1.0 |  75.0 ± 1.0 (2, 1/2) |    5/6 |   2/3 |         2 |
"""


def block():
    quarantined = {"missing": [{"fold": 1, "video": "b", "reason": "V105 damaged"}], "unboxed": ["c"]}
    best = result("upper_bound", (1.0, 1.0, 1.0), selection="oracle", seeds=["0"])
    for its in best["metrics"].values():
        its["std"] = None
    best["metrics"]["IoU@0.2"]["k"] = [2]
    drawn = result("random", (0.5, 0.48, 0.52), selection="random", seeds=["0"])
    drawn["metrics"]["IoU@0.2"]["k"] = [1, 2] * 50
    return [drawn, best, result("mgpr_cpu", (0.9, 0.8, 0.99), **quarantined)]


def markdown(results, paper):
    return leaderboard.markdown(results, paper, title="Benchmark")


def lines(text):
    """The cells of a text's table lines, so that a golden need not repeat the padding."""
    return [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line.startswith("|")]


def test_a_block_reads_like_this():
    text = markdown(block(), PAPER)
    found, wanted = lines(text), lines(GOLDEN)
    assert [row for row in found if "---" not in row[1]][:6] == [row for row in wanted if "---" not in row[1]]
    before_table = text[text.index("## ") :].split("\n|")[0]
    assert before_table.strip() == GOLDEN.split("\n|")[0].strip()
    widths = {len(line) for line in text.splitlines() if line.startswith("|")}
    assert len(widths) == 1


def test_methods_stand_in_the_order_of_the_table():
    names = ["zeta", "mgpr", "random"]
    text = markdown([result(name, (0.5, 0.4, 0.6)) for name in names], [])
    assert [row[1] for row in lines(text)[2:] if row[1]] == names


def test_noise_is_never_bold():
    assert "**9" not in markdown([result("a", (0.9, 0.7, 0.99)), result("b", (0.8, 0.6, 0.9))], [])
    assert "**9" in markdown([result("a", (0.9, 0.85, 0.99)), result("b", (0.7, 0.6, 0.8))], [])
    assert "**9" not in markdown([result("a", (0.9, 0.85, 0.99))], [])
    oracle = result("upper_bound", (1.0, 1.0, 1.0), selection="oracle")
    assert "**9" not in markdown([result("a", (0.9, 0.85, 0.99)), oracle], [])


def test_the_papers_rows_stand_beside_ours_for_its_datasets_alone():
    text = markdown([result("mgpr", (0.9, 0.8, 1.0), dataset="stra")], PAPER)
    rows = lines(text)[2:]
    assert [row[1] for row in rows] == ["mgpr", "", "paper: Ours", "paper: ASA"]
    assert rows[2][2:6] == ["92.88", "–", "15.87", "–"]
    assert rows[3][2:6] == ["–", "6.54", "–", "–"]
    assert "paper:" not in markdown(block(), PAPER)


def test_only_one_chain_of_variants_is_compared_in_a_block():
    other = result("mgpr", (0.9, 0.8, 1.0))
    other["names"] = other["names"] | {"detector": "motion"}
    text = markdown([result("mgpr", (0.9, 0.8, 1.0)), other], [])
    assert text.count("## Made up") == 2
    assert text.index("detector motion") < text.index("detector yolo")


def test_a_method_without_boxes_has_dashes():
    only = result("mgpr", (0.9, 0.8, 1.0))
    only["metrics"] = {"VAUC": only["metrics"]["VAUC"]}
    assert lines(markdown([only], []))[2][2:5] == ["90.0 ± 1.0", "–", "–"]


def test_the_tidy_table_has_a_row_for_every_metric():
    rows = leaderboard.tidy([*block(), result("mgpr", (0.9, 0.8, 1.0), dataset="stra")], PAPER)
    assert all(tuple(row) == leaderboard.COLUMNS for row in rows)
    assert len(rows) == 4 * 3 + 3
    assert [row["metric"] for row in rows[:3]] == ["VAUC", "MIoU", "IoU@0.2"]
    row = next(row for row in rows if row["method"] == "mgpr_cpu" and row["metric"] == "IoU@0.2")
    assert {name: row[name] for name in leaderboard.COLUMNS[7:]} == {
        "gamma": "detected",
        "method": "mgpr_cpu",
        "source": "ours",
        "metric": "IoU@0.2",
        "percent": "75.00",
        "std": "1.00",
        "low": "20.00",
        "high": "90.00",
        "interval": "wilson",
        "k": "2, 1",
        "n": 2,
        "runs": 2,
        "evaluated": 5,
        "expected": 6,
    }
    paper = [(row["method"], row["metric"], row["percent"]) for row in rows if row["source"] == "paper"]
    assert paper == [("mgpr", "VAUC", "92.88"), ("mgpr", "IoU@0.2", "15.87"), ("asa", "MIoU", "6.54")]
