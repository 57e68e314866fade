"""Made-up predictions and dataset tables for the tests of evaluation."""

import numpy as np

from wsstad.artefacts import storage
from wsstad.artefacts.storage import Artefact
from wsstad.structures import predictions, times
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import Tube


def constant_tube(start, stop, box):
    return Tube(start, np.repeat(np.array([box], dtype=np.float32), stop - start, axis=0))


def prediction(video, tubes, scores, *, n_frames=40, size=(100, 80), detected=None):
    """A video with candidates `tubes`, all with boxes."""
    return VideoPrediction(
        video=video,
        n_frames=n_frames,
        width=size[0],
        height=size[1],
        detected=np.ones(n_frames, dtype=bool) if detected is None else detected,
        spans=np.array([(i, tube.start, tube.stop) for i, tube in enumerate(tubes)], dtype=np.int32),
        scores=np.array(scores, dtype=np.float32),
        branch_scores=np.zeros((len(tubes), 0), dtype=np.float32),
        candidates=dict(enumerate(tubes)),
    )


def write_run(
    folder, folds, *, method="mgpr", seed=0, selection="top1", quarantined=None, curve=None, branches=(), name="table"
):
    """Write a run's predictions as `predict` does: an artefact a fold, and their rows at the end of a table."""
    table = folder / name / "predictions.tsv"
    rows = storage.read_table(table) if table.exists() else []
    for fold, videos in folds.items():
        arrays, order = predictions.to_arrays(videos)
        bad = (quarantined or {}).get(fold, {})
        if curve is not None:
            arrays |= {"alarm_thresholds": curve.thresholds, "alarm_counts": curve.alarms}
        meta = {"videos": order, "selection": selection, "quarantined": bad, "method": "x", "seed": seed}
        meta["branches"] = list(branches)
        arrays |= times.to_arrays([times.regular(row.n_frames, 10) for row in videos])
        meta |= {"alarm_hours": curve.hours} if curve is not None else {}
        key = f"{fold:064x}"[::-1]
        path = folder / "predictions" / method / str(seed) / f"fold{fold}.{key[:12]}.h5"
        digest = storage.write_artefact(path, Artefact(arrays, meta), kind="predictions", key=key)
        cells = {"method": method, "seed": seed, "fold": fold, "key": key, "digest": digest, "videos": len(order)}
        reasons = "; ".join(f"{v}: {reason}" for v, reason in bad.items())
        rows.append({**cells, "quarantined": len(bad), "reasons": reasons})
    storage.write_table(table, rows, list(rows[0]))
    return table


def write_tables(folder, labels, tests, *, annotation="boxes: {format: table, path: boxes.tsv}"):
    """Write a dataset's tables: `labels` by video, `tests` the fold of each; every other fold trains on it."""
    rows = [{"video": video, "path": f"{video}.mp4", "label": label, "class": label} for video, label in labels.items()]
    storage.write_table(folder / "videos.tsv", rows, ["video", "path", "label", "class"])
    split = [
        {"fold": fold, "video": video, "part": "test" if tests[video] == fold else "train"}
        for fold in sorted(set(tests.values()))
        for video in labels
    ]
    storage.write_table(folder / "splits" / "cv.tsv", split, ["fold", "video", "part"])
    storage.write_text(folder / "dataset.yaml", f"title: Made up\nannotations:\n  {annotation}\n")
    return folder
