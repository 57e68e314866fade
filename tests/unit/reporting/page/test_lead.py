"""What a section begins with says no more than was found."""

from types import SimpleNamespace

import pytest

from support import results
from wsstad.reporting.page import lead


def paragraphs(*, comparisons=(), **rows):
    """Return the paragraphs about `mgpr` in a block of `rows`, each a MIoU."""
    block = results.block(
        [
            results.result(
                name, metrics=results.card(miou=miou), selection="oracle" if name == "upper_bound" else "top1"
            )
            for name, miou in rows.items()
        ],
        comparisons,
    )
    what = {"title": "Benchmark", "block": SimpleNamespace(split="cv4"), "method": "mgpr", "measured": block}
    return lead.paragraphs(SimpleNamespace(**what, result=block.of("mgpr")))


def test_a_higher_row_is_named_and_no_difference_claimed_without_a_mark():
    compared = [results.comparison("MIoU", "mgpr", "asa")]
    assert paragraphs(mgpr=0.2, asa=0.394, comparisons=compared)[-1].endswith(
        "(MIoU); not shown to differ from asa."
        " The highest MIoU is asa's, 39.4 %; the difference is not shown to be real."
    )
    assert paragraphs(mgpr=0.2, asa=0.394)[-1].endswith(
        "(MIoU); not compared with any row. The highest MIoU is asa's, 39.4 %; the difference is not tested."
    )


def test_a_difference_that_is_marked_is_told():
    won = [results.comparison("MIoU", "mgpr", "asa", better="asa")]
    assert paragraphs(mgpr=0.2, asa=0.394, comparisons=won)[-1].endswith(
        "(MIoU); worse than asa. The highest MIoU is asa's, 39.4 %; it is better than mgpr."
    )
    won = [results.comparison("MIoU", "mgpr", name, better=better) for name, better in (("a", "mgpr"), ("b", ""))]
    assert paragraphs(mgpr=0.2, a=0.1, b=0.1, comparisons=won)[-1].endswith("(MIoU); better than a.")


def test_upper_bounds_and_lower_rows_are_no_rivals():
    assert not any("highest" in line for line in paragraphs(mgpr=0.2, asa=0.1, upper_bound=0.9))


def test_features_of_random_weights_are_told_before_any_number():
    assert "show that the chain works" in paragraphs(mgpr=0.2)[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "the mean of 2 seeds"),
        ({"seeds": "0"}, "one run"),
        ({"selection": "random", "seeds": "0"}, "over all choices"),
    ],
)
def test_the_numbers_say_what_they_are_means_of(options, words):
    assert lead.measured(results.result("a", (0.5, 0.4, 0.6), **options)).endswith(words)
