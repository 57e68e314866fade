"""Made-up results of `evaluate`, as tables are made from them."""

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


def example():
    quarantined = {"missing": [{"fold": 1, "video": "b", "reason": "V105 damaged"}], "unboxed": ["c"]}
    best = result("upper_bound", (1.0, 1.0, 1.0), selection="oracle", seeds=["0"])
    for its in best["metrics"].values():
        its["std"] = None
    best["metrics"]["IoU@0.2"]["k"] = [2]
    drawn = result("random", (0.5, 0.48, 0.52), selection="random", seeds=["0"])
    drawn["metrics"]["IoU@0.2"]["k"] = [1, 2] * 50
    won = [comparison("VAUC", "random", "mgpr_cpu", better="mgpr_cpu"), comparison("MIoU", "random", "mgpr_cpu")]
    return block([drawn, best, result("mgpr_cpu", (0.9, 0.8, 0.99), **quarantined)], won)


def block(results, comparisons=()):
    return {"results": results, "comparisons": list(comparisons)}


def comparison(metric, first, second, better=""):
    numbers = {"value": -0.4, "p_bootstrap": 0.01, "p_permutation": 0.02, "corrected": 0.03, "interval": [-0.5, -0.3]}
    return {"metric": metric, "first": first, "second": second, "n": 5, "better": better, **numbers}
