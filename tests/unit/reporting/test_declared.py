"""What stands under a table says what was compared, and what that can show."""

from dataclasses import replace

from support.results import block, comparison, result
from wsstad.evaluation.results import Family
from wsstad.reporting import declared


def made(*comparisons, rivals=("a", "b", "c")):
    declared_block = block([result(name) for name in ("ref", *rivals)], comparisons)
    return replace(declared_block, family=Family(reference="ref", rivals=rivals))


def compared(metric, *sizes):
    return [comparison(metric, "ref", name, smallest=size) for name, size in zip("abc", sizes, strict=False)]


def test_the_family_is_named():
    (words, *_) = declared.remarks(made(*compared("VAUC", 0.1, 0.2, 0.3)))
    assert words == (
        "Compared, as declared beforehand: ref with a, b and c, and no other rows;"
        " Holm's correction is for 3 comparisons a metric."
    )


def test_a_rival_that_could_not_be_compared_is_named():
    words = declared.compared(made(*compared("VAUC", 0.1, 0.2)))
    assert words.endswith("for 3 comparisons a metric. Other test videos, so not compared after all: c.")


def test_the_smallest_difference_is_the_median_over_the_rivals():
    result = made(*compared("VAUC", 0.3, 0.1, None), *compared("MIoU", None, 0.2345), *compared("IoU@0.5", 0.4))
    assert declared.smallest(result) == [
        "The smallest difference that these videos show at 80 % power (two-sided 0.05, Holm): VAUC 20.0 points (10.0 to"
        " 30.0, by the rival); MIoU 23.4 points."
    ]


def test_branches_are_told_from_methods():
    rows = [result("mgpr"), *(replace(result(f"mgpr:{name}"), branch_of="mgpr") for name in ("tube", "temporal"))]
    assert declared.remarks(block(rows)) == [
        "mgpr:tube and mgpr:temporal: the branches of mgpr, trained together, each taken alone at inference."
        " They are not compared."
    ]


def test_what_cannot_be_known_is_told():
    assert declared.smallest(made(*compared("VAUC", None, None)))[0].endswith(
        "VAUC not known, as there are too few videos or the rows agree in all of them."
    )
    assert declared.smallest(made()) == []
    assert declared.remarks(block([result("a"), result("b")])) == []
