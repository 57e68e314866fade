"""Tidy tables: a row a number, a row a comparison."""

from support.results import PAPER, block, comparison, entry, example, result
from wsstad.evaluation.entries import Spread
from wsstad.reporting import tidy


def test_there_is_a_row_for_every_metric_of_every_method_and_of_the_paper():
    rows = tidy.rows([example(), block([result("mgpr", names={"dataset": "stra"})])], PAPER)
    assert all(tuple(row) == tidy.COLUMNS for row in rows)
    assert len(rows) == 5 * 3 + 3
    assert [row["metric"] for row in rows[:3]] == ["VAUC", "MIoU", "IoU@0.2"]
    row = next(row for row in rows if row["method"] == "mgpr" and row["metric"] == "IoU@0.2")
    assert {name: row[name] for name in tidy.COLUMNS[7:]} == {
        "gamma": "detected",
        "method": "mgpr",
        "source": "ours",
        "part": "",
        "metric": "IoU@0.2",
        "percent": "75.00",
        "std": "1.00",
        "low": "20.00",
        "high": "90.00",
        "interval": "wilson",
        "k": "2, 1",
        "n": 2,
        "significant": "",
        "runs": 2,
        "evaluated": 5,
        "expected": 6,
    }
    paper = [(row["method"], row["metric"], row["percent"]) for row in rows if row["source"] == "paper"]
    assert paper == [("mgpr", "VAUC", "92.88"), ("mgpr", "IoU@0.2", "15.87"), ("asa", "MIoU", "6.54")]


def test_significant_names_the_methods_that_are_beaten():
    rows = tidy.rows([example()], [])
    assert {(row["method"], row["metric"]): row["significant"] for row in rows if row["significant"]} == {
        ("mgpr", "VAUC"): "dmrm"
    }


def test_a_choice_at_random_has_no_interval():
    row = next(row for row in tidy.rows([example()], []) if row["method"] == "random" and row["metric"] == "MIoU")
    assert [row[name] for name in ("percent", "std", "low", "high", "interval", "k", "n")] == [
        *("10.00", "1.00", "", "", "", "", 2)
    ]


def test_folds_and_classes_are_parts():
    card = {"VAUC": Spread(mean=0.5, std=None, pairs=4)}
    measured = result("mgpr", (0.9, 0.8, 1.0), folds={"0": card}, classes={"fall": {"MIoU": entry(0.2, 0.1, 0.3, n=3)}})
    parts = [row for row in tidy.rows([block([measured])], []) if row["part"]]
    assert [(row["part"], row["metric"], row["percent"], row["low"], row["n"]) for row in parts] == [
        ("class fall", "MIoU", "20.00", "10.00", 3),
        ("fold 0", "VAUC", "50.00", "", 4),
    ]


def test_there_is_a_row_for_every_comparison():
    won = comparison("VAUC", "a", "b", better="b")
    (row,) = tidy.comparison_rows([block([result(name, (0.5, 0.4, 0.6)) for name in "ab"], [won])])
    assert row.keys() == set(tidy.COMPARISONS)
    assert (row["difference"], row["low"], row["high"], row["better"]) == ("-40.00", "-50.00", "-30.00", "b")
    assert row["smallest"] == "25.00"
