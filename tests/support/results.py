"""Made-up results of `evaluate`, as tables are made from them."""

from dataclasses import replace

from wsstad.evaluation.results import (
    BlockResult,
    Comparison,
    Counts,
    Entry,
    Evaluated,
    EvaluatedAbnormal,
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
    draws = 100 if selection == "random" else None
    made = MethodResult(
        names=Names(**(block | (names or {})), method=method),
        title="Made up",
        features="c3d, not trained: random weights of seed 0",
        settings=Settings(gamma="detected", thresholds=thresholds, bootstrap=10, selection=selection, draws=draws),
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


def example(**names):
    quarantined = {"missing": (Missing(fold=1, video="b", reason="V105 damaged"),), "unboxed": ("c",)}
    drawn = {"IoU@0.2": entry(0.75, 0.5, 1.0, n=2, k=(1, 2) * 50, wilson=(0.2, 0.9))}
    best = {name: replace(row, std=None) for name, row in card((1.0, 1.0, 1.0)).items()}
    best["IoU@0.2"] = replace(best["IoU@0.2"], k=(2,))
    made = [
        result("random", selection="random", seeds=["0"], names=names, metrics=card((0.5, 0.48, 0.52)) | drawn),
        result("upper_bound", selection="oracle", seeds=["0"], names=names, metrics=best),
        result("mgpr_cpu", (0.9, 0.8, 0.99), names=names, **quarantined),
    ]
    won = [comparison("VAUC", "random", "mgpr_cpu", better="mgpr_cpu"), comparison("MIoU", "random", "mgpr_cpu")]
    return block(made, won)


def block(results, comparisons=()):
    return BlockResult(results=tuple(results), comparisons=tuple(comparisons))


def comparison(metric, first, second, better=""):
    numbers = {"value": -0.4, "p_bootstrap": 0.01, "p_permutation": 0.02, "corrected": 0.03, "interval": (-0.5, -0.3)}
    return Comparison(metric=metric, first=first, second=second, n=5, better=better, **numbers)
