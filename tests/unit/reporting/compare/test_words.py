"""What the terminal says of a comparison: numbers as they are, marks where a difference is shown, one screen."""

import re
from dataclasses import replace

import numpy as np
import pytest

from wsstad.evaluation import before_after
from wsstad.evaluation.agreement import Agreement
from wsstad.evaluation.before_after import Change, VideoChange
from wsstad.evaluation.divergence import StageChange
from wsstad.evaluation.metrics.significance import Verdict
from wsstad.planning.sides import Side
from wsstad.reporting.compare import words
from wsstad.reporting.compare.gathering import Comparison
from wsstad.reporting.page.costs import Cost


class Made:
    """A side without files."""

    def __init__(self, label, costs=()):
        self.label, self.ran, self.measured = label, 0.0, None
        self.side = Side(label, None, {"dataset": "road", "detector": "motion"})
        self._costs = list(costs)

    def costs(self):
        return self._costs


def verdict(metric="MIoU", value=0.1, significant=False, smallest=0.25):
    numbers = {"n": 12, "value": value, "interval": (-0.05, 0.25), "p_bootstrap": 0.1, "p_permutation": 0.2}
    return Verdict(metric=metric, **numbers, corrected=0.4, significant=significant, smallest=smallest)


def change(method="mgpr", metric="MIoU", family="methods", **more):
    return Change(family, method, metric, 0.3, 0.4, verdict(metric, **more))


def made(**more):
    stages = (StageChange("decode", "videos", 12), StageChange("detect", "videos", 12, ("v1",)))
    return Comparison(Made("before"), Made("after"), stages, **more)


def lines_of(comparison, changed=()):
    return list(words.describe(comparison, list(changed)))


@pytest.mark.parametrize(
    ("stage", "end"),
    [
        (StageChange("decode", "videos", 12), "the same 12 videos"),
        (
            StageChange("detect", "videos", 12, ("a", "b"), ("c",), (), "boxes", Agreement(100, 50, 40, 36.0)),
            "2 of 12 videos differ, 1 in A alone; 100 -> 50 boxes; 40 matched at IoU 0.5"
            " (40 % of A, 80 % of B, mean IoU 0.90)",
        ),
        (
            StageChange("extract_image", "videos", 4, ("a",), (), ("d",), "clips", Agreement(8, 8, 8, 0.4)),
            "1 of 4 videos differ, 1 in B alone; 8 -> 8 clips; 8 in both, their features 5.0 % apart",
        ),
        (StageChange("detect", "videos", 1, ("a",), unit="boxes", agreement=Agreement(3, 0)), "(0 % of A, – of B)"),
        (StageChange("decode", "videos", 1, ("a",), unit="frames", agreement=Agreement(9, 8)), "9 -> 8 frames"),
        (StageChange("train", "models", 4, ("a",)), "1 of 4 models differ"),
    ],
)
def test_the_difference_of_a_stage_is_counted(stage, end):
    assert words.amount(stage).endswith(end)


def test_the_first_difference_is_named_or_that_there_is_none():
    assert "first difference: detect, 1 of 12 videos differ" in lines_of(made())
    same = replace(made(), stages=(StageChange("decode", "videos", 12),))
    assert "first difference: none, the two are the same" in lines_of(same)


def test_whether_a_difference_is_shown_is_answered_before_all_numbers():
    lines = list(words.describe(made(), [], "No: 0 of 4 differences of 1 method"))
    assert lines.index("is a difference shown? No: 0 of 4 differences of 1 method") < lines.index("")


def test_what_was_changed_is_listed_and_cut():
    assert "changed: detector.threshold: 25 -> 12" in lines_of(made(), ["detector.threshold: 25 -> 12"])
    lines = lines_of(made(), [f"key{i} changed" for i in range(9)])
    assert "changed: and 5 more, on the page" in lines
    assert any("no setting" in line for line in lines_of(made()))


def rows_of(lines, *names):
    return {line.split()[0]: re.split(r"  +", line) for line in lines if line.split()[:1] and line.split()[0] in names}


def test_a_mark_stands_only_where_a_difference_is_shown():
    rows = [change(), change("stil", significant=True), change("asa", significant=True, value=-0.1)]
    lines = lines_of(made(changes=[*rows, change(metric="VAUC")]))
    cells = rows_of(lines, "mgpr", "stil", "asa", "%")
    assert cells["%"] == ["%", "VAUC", "MIoU"]
    assert cells["mgpr"] == ["mgpr", *["30.0 -> 40.0 (+10.0, p 0.400)"] * 2]
    assert cells["stil"][1:] == ["–", "30.0 -> 40.0 (+10.0▲, p 0.400)"]
    assert cells["asa"][2] == "30.0 -> 40.0 (-10.0▼, p 0.400)"
    text = " ".join(" ".join(lines).split())
    assert "of 3 methods (mgpr, stil, asa)" in text
    assert "Holm over the family in each metric; metrics are not corrected for each other" in text


def test_upper_bounds_stand_apart():
    rows = [change(), change("upper_bound", family=before_after.BOUNDS)]
    assert rows_of(lines_of(made(changes=rows)), "upper_bound")["upper_bound"][0] == "upper_bound (bound)"
    assert "of 1 method (mgpr) and of 1 upper bound (upper_bound)" in words.declared(rows)


def test_videos_are_shown_with_what_is_comparable_of_them():
    nan = float("nan")
    videos = [
        VideoChange(0, "v1", "abnormal", (0.5, 0.25), (0.125, 0.5), (1.0, 0.5)),
        VideoChange(1, "v2", "abnormal", (0.5, nan), (0.25, 0.0), None),
        VideoChange(0, "v3", "normal", (0.5, 0.5), None, (0.5, 0.5)),
    ]
    lines = lines_of(made(method="mgpr", videos=videos))
    assert "mgpr: 2 of 3 test videos moved, most of all" in lines
    assert re.split("  +", next(line for line in lines if line.startswith("v1"))) == [
        *("v1", "abnormal", "0.12 -> 0.50", "1.00 -> 0.50", "0.500 -> 0.250")
    ]
    assert re.split("  +", next(line for line in lines if line.startswith("v2")))[2:] == [
        *("0.25 -> 0.00", "–", "0.500 -> set aside")
    ]
    assert not any(line.startswith("v3") for line in lines)


def test_costs_of_both_stand_side_by_side():
    cost = Cost("detect", 2, 12.4, 10.0, 100.0, "videos", 3, 9, 0, 0)
    text = " ".join(lines_of(Comparison(Made("before", [cost]), Made("after"), ())))
    assert "detect 12 s (3/12 videos) -> –." in text
    assert words.COSTS.split(":")[0] in text


def test_what_cannot_be_compared_is_listed():
    assert "  S_loc: not compared, since the annotators differ" in lines_of(
        made(limits=["S_loc: not compared, since the annotators differ"])
    )
    assert not any("cannot be compared" in line for line in lines_of(made()))


def test_it_fits_a_screen():
    rows = [
        change(method, metric)
        for method in ("mgpr", "stil", "asa", "dmrm", "gclnc")
        for metric in ("VAUC", "MIoU", "IoU@0.2", "IoU@0.5")
    ]
    videos = [VideoChange(0, f"v{i}", "normal", (0.5, 0.5), None, (0.1, 0.2 + i / 1000)) for i in range(290)]
    stages = [StageChange(name, "videos", 12, ("v1",)) for name in "abcdefgh"]
    costs = [Cost(name, 1, 1.0, 1.0, 1.0, "videos", 1, 0, 0, 0) for name in "abcdefghi"]
    comparison = Comparison(Made("a", costs), Made("b", costs), stages, rows, "mgpr", None, videos, ["x"] * 20)
    lines = lines_of(comparison, ["x"] * 20)
    assert len(lines) <= 50
    assert np.max([len(line) for line in lines]) <= words.WIDTH
