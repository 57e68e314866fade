"""The first screen of a comparison: each question has an answer, and nothing is called shown that is not."""

from dataclasses import replace

from unit.reporting.compare.test_words import Made, change, made
from wsstad.evaluation import before_after
from wsstad.evaluation.agreement import Agreement
from wsstad.evaluation.before_after import VideoChange
from wsstad.evaluation.divergence import StageChange
from wsstad.reporting.compare import answers
from wsstad.reporting.compare.gathering import ONE_SEED, Comparison
from wsstad.reporting.page.costs import Cost


def of(comparison, changed=()):
    return {answer.question: answer for answer in answers.answers(comparison, list(changed))}


def test_what_changed_is_the_setting_and_where_it_is_seen():
    detect = StageChange("detect", "videos", 12, ("v1",), (), (), "boxes", Agreement(100, 50, 40, 36.0))
    answer = of(replace(made(), stages=(detect,)), ["detector.confidence: 0.25 -> 0.1"])["What changed?"]
    assert answer.short == "detector.confidence: 0.25 -> 0.1"
    assert answer.lines[-1].startswith("First seen in detect: 1 of 12 videos differ; 100 -> 50 boxes; 40 matched")
    same = of(replace(made(), stages=(StageChange("decode", "videos", 12),)))["What changed?"]
    assert (same.short, *same.lines) == ("No setting on record", "Nothing: the two are the same")
    many = of(made(), [f"key{i} changed" for i in range(9)])["What changed?"]
    assert "and 5 more" in many.lines


def test_a_difference_is_shown_only_where_the_tests_say_so():
    rows = [change(), change(metric="VAUC"), change("stil"), change("upper_bound", family=before_after.BOUNDS)]
    none = of(made(changes=rows, method="mgpr"))["Is a difference shown?"]
    assert none.short == "No: 0 of 4 differences of 2 methods and 1 upper bound"
    assert none.lines == tuple(
        f"mgpr {metric} +10.0 [-5.0, +25.0], p 0.400; below 25.0 it would hardly be seen" for metric in ("MIoU", "VAUC")
    )
    rows.append(change("asa", significant=True, value=-0.1))
    some = of(made(changes=rows, method="mgpr"))["Is a difference shown?"]
    assert some.short == "Yes: 1 of 5 differences of 3 methods and 1 upper bound"
    assert some.lines[0] == "asa MIoU -10.0▼ [-5.0, +25.0], p 0.400"
    one = of(made(changes=rows, method="mgpr", limits=["other", ONE_SEED]))["Is a difference shown?"]
    assert one.lines == (*some.lines, ONE_SEED)
    assert of(made())["Is a difference shown?"].short == "No metric is compared"


def test_videos_are_counted_and_those_that_moved_most_are_named():
    videos = [
        VideoChange(0, "v1", "abnormal", (0.5, 0.25), (0.125, 0.5), (1.0, 0.5)),
        VideoChange(0, "v2", "abnormal", (0.5, 0.25), (0.5, 0.4), (1.0, 0.5)),
        VideoChange(0, "v3", "normal", (0.5, 0.5), None, (0.5, 0.25)),
        VideoChange(0, "v4", "normal", (0.5, 0.5), None, (0.5, 0.5)),
    ]
    answer = of(made(method="mgpr", videos=videos))["Which videos, by mgpr?"]
    assert answer.short == "3 of 4 test videos moved"
    assert answer.lines == (
        "S_loc is higher in B in 1, lower in 1",
        *("v1: S_loc 0.12 -> 0.50", "v2: S_loc 0.50 -> 0.40", "v3: ranked rightly 0.50 -> 0.25"),
    )
    assert of(made())["Which videos?"].short == "None is compared"


def test_the_cost_is_that_of_both_and_of_the_dearest_stages():
    costs = [Cost(name, 1, s, s, 1.0, "videos", 1, 0, 0, 0) for name, s in (("decode", 1.0), ("detect", 9.0))]
    answer = of(Comparison(Made("a", costs), Made("b", costs[1:]), ()))["What did it cost?"]
    assert answer.short == "10 s -> 9 s, all jobs"
    assert answer.lines[:2] == ("detect 9 s (1/1 videos) -> 9 s (1/1 videos)", "decode 1 s (1/1 videos) -> –")
    assert of(made())["What did it cost?"].short == "No job has left a record of it"
