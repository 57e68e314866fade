"""Made-up results of `evaluate`, as tables are made from them."""

from dataclasses import replace

from wsstad.evaluation.entries import Entry
from wsstad.evaluation.results import (
    BlockResult,
    Comparison,
    Counts,
    Evaluated,
    EvaluatedAbnormal,
    Family,
    MethodResult,
    Missing,
    Names,
    Settings,
)
from wsstad.reporting.paper import PaperRow

PAPER = [
    PaperRow("stra", "mgpr", "Ours", "VAUC", "92.88"),
    PaperRow("stra", "mgpr", "Ours", "IoU@0.2", "15.87"),
    PaperRow("stra", "asa", "ASA", "MIoU", "6.54"),
    PaperRow("other", "asa", "ASA", "MIoU", "1.00"),
]


def entry(mean, low, high, *, std=0.01, **more):
    return Entry(mean=mean, std=std, interval=(low, high), **more)


def card(vauc=(0.5, 0.4, 0.6), miou=0.12345):
    return {
        "VAUC": entry(*vauc, pairs=5),
        "MIoU": entry(miou, 0.1, 0.2, n=2),
        "IoU@0.2": entry(0.75, 0.5, 1.0, n=2, k=(2, 1), wilson=(0.2, 0.9)),
    }


def result(method, vauc=(0.5, 0.4, 0.6), *, selection="top1", seeds=("0", "1"), thresholds=(0.2,), names=None, **more):
    """Return a result; `names` changes those of the block, `more` any other field."""
    block = {"dataset": "made_up", "split": "cv4", "extractor": "net", "detector": "yolo"}
    block |= {"linker": "iou", "scale": "cpu", "annotator": "masks"}
    made = MethodResult(
        names=Names(**(block | (names or {})), method=method),
        title="Made up",
        features="c3d, not trained: random weights of seed 0",
        settings=Settings(gamma="detected", thresholds=thresholds, bootstrap=10, selection=selection),
        seeds=tuple(seeds),
        counts=Counts(
            videos=Evaluated(evaluated=5, expected=6),
            abnormal=EvaluatedAbnormal(evaluated=2, expected=3, localised=2),
        ),
        metrics=card(vauc),
        folds={},
        missing=(),
        unboxed=(),
        videos=(),
    )
    return replace(made, **more)


def expectation(mean, *, std=0.01, **more):
    return Entry(mean=mean, std=std, **more)


def example(**names):
    """A choice at random, an upper bound, the reference and its one rival."""
    quarantined = {"missing": (Missing(fold=1, video="b", reason="V105 damaged"),), "unboxed": ("c",)}
    chance = {"VAUC": expectation(0.5, pairs=5), "MIoU": expectation(0.1, n=2), "IoU@0.2": expectation(0.25, n=2)}
    best = {name: replace(row, std=None) for name, row in card((1.0, 1.0, 1.0)).items()}
    best["IoU@0.2"] = replace(best["IoU@0.2"], k=(2,))
    made = [
        result("random", selection="random", seeds=["0"], names=names, metrics=chance),
        result("upper_bound", selection="oracle", seeds=["0"], names=names, metrics=best),
        result("dmrm", (0.5, 0.48, 0.52), names=names),
        result("mgpr", (0.9, 0.8, 0.99), names=names, **quarantined),
    ]
    return block(made, [comparison("VAUC", "mgpr", "dmrm", better="mgpr"), comparison("MIoU", "mgpr", "dmrm")])


def block(results, comparisons=()):
    """Return a block whose family is what the comparisons are of: the first method of each with all the second ones."""
    pairs = list(dict.fromkeys((row.first, row.second) for row in comparisons))
    family = Family(reference=pairs[0][0], rivals=tuple(rival for _, rival in pairs)) if pairs else None
    return BlockResult(results=tuple(results), comparisons=tuple(comparisons), family=family)


def comparison(metric, first, second, better="", smallest=0.25):
    numbers = {"value": -0.4, "p_bootstrap": 0.01, "p_permutation": 0.02, "corrected": 0.03, "interval": (-0.5, -0.3)}
    return Comparison(metric=metric, first=first, second=second, n=5, better=better, smallest=smallest, **numbers)
