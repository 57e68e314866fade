"""Markdown: the five columns that a reader wants, and what is shown of them."""

import pytest

from support.results import PAPER, block, card, entry, example, result
from wsstad.reporting import markdown

GOLDEN = """\
## Made up: cv4, net, yolo, iou, cpu

Split cv4, detector yolo, linker iou, scale cpu, boxes by masks, Gamma detected.
Features: net (c3d, not trained: random weights of seed 0).
Not evaluated: b (V105 damaged).
In MIoU and IoU@eps an abnormal video with boxes that is not evaluated counts as 0.
Abnormal, without boxes, in VAUC alone: c.
Test videos that are evaluated: 5/6; abnormal ones with boxes: 2/3.

| method      |         VAUC |       MIoU |    IoU@0.2 |
| ----------- | -----------: | ---------: | ---------: |
| random      | 50.0 ± 1.0   | 10.0 ± 1.0 | 25.0 ± 1.0 |
| upper_bound |      100.0   |       12.3 |       75.0 |
| dmrm        | 50.0 ± 1.0 ▼ | 12.3 ± 1.0 | 75.0 ± 1.0 |
| mgpr        | 90.0 ± 1.0   | 12.3 ± 1.0 | 75.0 ± 1.0 |

Compared, as declared beforehand: mgpr with dmrm, and no other rows; Holm's correction is for 1 comparison a metric.

The smallest difference that these videos show at 80 % power (two-sided 0.05, Holm): VAUC 25.0 points; MIoU 25.0 points.
"""


def table(*results, paper=()):
    return markdown.table(results, list(paper), title="Benchmark")


def header(*, thresholds):
    metrics = card() | {f"IoU@{eps:g}": entry(0.5, 0.4, 0.6) for eps in thresholds}
    text = table(block([result("mgpr", metrics=metrics, thresholds=thresholds)]))
    return next(line for line in text.splitlines() if line.startswith("|")).strip("| ").split()[::2]


def test_a_block_reads_like_this():
    assert table(example(), paper=PAPER) == f"# Benchmark\n\n{markdown.LEGEND}\n{GOLDEN}"


def test_the_legend_is_short():
    assert len(markdown.LEGEND.splitlines()) <= 4


@pytest.mark.parametrize(
    ("thresholds", "shown"),
    [
        ((0.1, 0.2, 0.3, 0.5), ["IoU@0.2", "IoU@0.5"]),
        ((0.1, 0.5), ["IoU@0.5"]),
        ((0.1, 0.3, 0.4), ["IoU@0.1", "IoU@0.3"]),
    ],
)
def test_there_are_at_most_five_columns(thresholds, shown):
    assert header(thresholds=thresholds) == ["method", "VAUC", "MIoU", *shown]


def test_methods_stand_in_the_order_of_the_table():
    names = ["zeta", "mgpr", "random"]
    lines = [line for line in table(block(map(result, names))).splitlines() if line.startswith("| ")]
    assert [line.split()[1] for line in lines[2:]] == names


def test_the_papers_rows_stand_below_ours():
    text = table(block([result("mgpr", names={"dataset": "stra"})]), paper=PAPER)
    assert [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")][2:] == [
        "mgpr",
        "paper: Ours",
        "paper: ASA",
    ]
