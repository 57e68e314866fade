"""Charts show what can be told apart, and say what is drawn."""

import re

import pytest

from support import results
from wsstad.evaluation.results import VideoResult
from wsstad.reporting.page import charts


def a_block(times=3):
    rows = {"whole_frame": (0.02, "top1"), "stil": (0.3, "top1"), "asa": (0.4, "top1"), "mgpr": (0.2, "top1")}
    rows |= dict.fromkeys(("upper_bound", "upper_bound_m1"), (0.7, "oracle"))
    made = []
    for method, (miou, selection) in rows.items():
        scores = ([0.5, 0.5] if method == "whole_frame" else [0.4, 0.6]) * times
        videos = tuple(
            VideoResult(fold=0, video=f"v{i}", label="abnormal", score=s, s_loc_of_runs=(miou, s))
            for i, s in enumerate(scores)
        )
        made.append(results.result(method, metrics=results.card(miou=miou), selection=selection, videos=videos))
    return results.block(made)


def test_few_rows_are_drawn_at_every_threshold_and_each_bound_has_its_own_dashes():
    chart = charts.success("a", a_block(), "mgpr")
    drawn = re.findall(r"([a-z_0-9]+) \d+\.\d at 0\.1", chart.words)
    assert drawn == ["mgpr", "asa", "whole_frame", "upper_bound", "upper_bound_m1"]
    dashes = re.findall(r'd="M[^"]+"[^>]*style="[^"]*stroke-dasharray: ([^;]+);[^"]*var\(--soft\)', chart.svg)
    assert len(set(dashes)) == 2


def test_the_reader_is_told_which_rows_know_the_truth():
    assert "of the stronger grey, upper bounds, know the truth" in charts.miou_bars("a", a_block(), "mgpr", {}).note


@pytest.mark.parametrize(
    ("held_out", "words"),
    [
        ([4, 4], "a training has 4 of them, too few to draw it."),
        ([3, 5], "a training has 3 to 5 of them, too few"),
        ([10, 12], "a training has 10 to 12 of them, and the fewer"),
    ],
)
def test_the_reader_is_told_how_many_videos_a_training_is_chosen_by(held_out, words):
    row = {"iteration": "1", "loss": "2", "held_out_vauc": "0.5"}
    chart = charts.training("a", "mgpr", {"x": [row], "y": [row]}, held_out)
    assert words in chart.note
    assert ("held-out VAUC" in chart.svg) == (min(held_out) >= 10)


def test_what_has_too_few_videos_is_not_drawn_and_says_so():
    block = a_block(times=1)
    localisation, roc = charts.success("a", block, "mgpr"), charts.roc("b", block, "mgpr")
    assert (localisation.svg, roc.svg) == ("", "")
    assert localisation.words == "Not drawn: 2 videos with boxes are too few."
    assert roc.words.startswith("Not drawn: 2 abnormal and 0 normal test videos are too few")


def test_each_dot_names_its_video():
    chart = charts.s_loc_strip("a", a_named_block(), "mgpr")
    hints = re.findall(r"<use [^>]*><title>([^<]+)</title></use>", chart.svg)
    assert hints == ["b&lt;i&gt;: 0.25", "a: 0.75", "b&lt;i&gt;: 0.30", "a: 0.70"], "rows from below"
    assert chart.svg.count("<use ") == chart.svg.count("</use>") + len(re.findall(r"<use [^>]*/>", chart.svg))


def a_named_block():
    def of(method, *values):
        rows = zip(("b<i>", "a"), values, strict=True)
        return tuple(VideoResult(fold=0, video=v, label="abnormal", score=0.5, s_loc=s) for v, s in rows)

    return results.block(
        [results.result("mgpr", videos=of("mgpr", 0.3, 0.7)), results.result("asa", videos=of("asa", 0.25, 0.75))]
    )
