"""Made-up results of a run, as the report is made from them: no stage ran, but every file is as a stage leaves it."""

import json
import shutil
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import yaml

from support import results, scoring
from wsstad.artefacts import manifest, seals, storage
from wsstad.artefacts.manifest import Row
from wsstad.artefacts.storage import Artefact
from wsstad.evaluation.results import NAMES, Alarms, SeedAlarms, VideoResult
from wsstad.evaluation.results import read as read_results
from wsstad.evaluation.results import write as write_results
from wsstad.planning.stages import STAGES
from wsstad.reporting import leaderboard
from wsstad.reporting.pictures import illustration
from wsstad.stages import report as stage
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import Tube, VideoTubes
from wsstad.video.previews import encode_clip, encode_picture

HOSTILE = "<img src=x onerror=window.hacked=1>"
WILDCARDS = {
    "dataset": "made_up",
    "split": "one",
    "extractor": "c3d_seed0",
    "detector": "motion",
    "linker": "iou",
    "scale": "cpu",
    "table": "benchmark",
    "annotator": "boxes",
}
METHODS = ["random", "whole_frame", "upper_bound", "dmrm", "mgpr"]
CONFIG = f"""\
datasets: {{made_up: {{tables: tables, source: source}}}}
benchmarks:
  - dataset: made_up
    splits: [one]
    detectors: [motion]
    linkers: [iou]
    extractors: [c3d_seed0]
    scales: [cpu]
    methods: [{", ".join(METHODS)}]
    annotators: [boxes]
    seeds: [0, 1]
"""
THRESHOLDS = (0.1, 0.2, 0.3, 0.5)  # as many columns as real tables have
THRESHOLD = 0.9  # of an alarm
FRAMES, SIZE = 96, (320, 240)


def make(folder, *flags, **options):
    """Return the report of made-up results, which `write` makes with `options`, by the verb with `flags`."""
    write(folder, **options)
    return report(folder, *flags)


def report(folder, *flags):
    """Return the report of results that are written, made by the verb with `flags`."""
    with chdir(folder):
        words = [f"{key}={json.dumps(value)}" for key, value in yaml.safe_load(Path("config.yaml").read_text()).items()]
        stage.main(["--config", *words, *flags])
    return folder / "results/report.html"


def write(folder, *, videos=12, title="Made up", kind="collision", pictures=True, folds=1):
    """Write configuration, tables and results of a run of `videos` test videos into `folder`.

    Half are abnormal, of class `kind` or ``fall``; one more is quarantined. Two by two they are in one of the `folds`.
    """
    tests = {f"v{i:03d}": i // 2 % folds for i in range(videos)}
    labels = {video: ("abnormal", "normal")[i % 2] for i, video in enumerate(tests)}
    classes = {video: (kind, "normal", "fall", "normal")[i % 4] for i, video in enumerate(tests)}
    _write_dataset(folder, title, kind)
    rng = np.random.default_rng(0)
    metrics = _metrics(tests, labels, classes, kind, rng)
    _write_block(folder, metrics, tests, labels, classes, pictures, rng)


def copy_block(folder, *, split):
    """Write the results of another split, as those that are there."""
    runs = folder / "results/made_up/runs"
    shutil.copytree(runs / WILDCARDS["split"], runs / split)
    path = folder / STAGES["evaluate"].output.format(**WILDCARDS | {"split": split})
    measured = read_results(path)
    named = [replace(row, names=replace(row.names, split=split)) for row in measured.results]
    write_results(path, replace(measured, results=tuple(named)))


def _write_dataset(folder, title, kind):
    (folder / "config.yaml").write_text(CONFIG)
    rows = [("a", "normal", "normal"), ("b", "abnormal", "x"), ("c", "normal", "normal"), ("d", "abnormal", "x")]
    lines = [f"{video}\t{video}.mp4\t{label}\t{kind}" for video, label, kind in rows]
    (folder / "tables/splits").mkdir(parents=True)
    (folder / "tables/videos.tsv").write_text("\n".join(["video\tpath\tlabel\tclass", *lines, ""]))
    parts = [f"0\t{video}\t{part}" for video, part in zip("abcd", ["train", "train", "test", "test"], strict=True)]
    (folder / "tables/splits/one.tsv").write_text("\n".join(["fold\tvideo\tpart", *parts, ""]))
    dataset = {"title": title, "statement": f"About {kind}", "annotations": {"boxes": {"format": "table", "path": "b"}}}
    storage.write_json(folder / "tables/dataset.yaml", dataset)
    about = {"host": "node7", "command": f"wsstad run --config {kind}", "configuration": "my.yaml", "commit": "ab" * 20}
    storage.write_json(folder / "results/.run.json", {"config": {}, "targets": [], "about": about})
    seals.seal(folder / "results/.run.json")
    (folder / "source").mkdir()
    for video in "abcd":
        (folder / f"source/{video}.mp4").write_text(video)


def _metrics(tests, labels, classes, kind, rng):
    made = []
    names = {name: WILDCARDS[name] for name in NAMES}
    card = results.card((0.8, 0.7, 0.9))
    card |= {f"IoU@{eps:g}": card["IoU@0.2"] for eps in THRESHOLDS}
    card |= {name: results.entry(0.6, 0.5, 0.7) for name in leaderboard.MORE}
    by_class = {"VAUC": results.entry(0.7, 0.6, 0.8, n=3), "MIoU": results.entry(0.2, 0.1, 0.3, n=3)}
    counts = {"alarms": 3, "hours": 0.25, "share": 0.1, "detected": 2, "events": 4}
    counts["thresholds"] = {str(fold): THRESHOLD for fold in tests.values()}
    alarms = (SeedAlarms(**counts, notes=("the threshold rests on few frames",)),) * 2
    for method in METHODS:
        selection = {"random": "random", "upper_bound": "oracle"}.get(method, "top1")
        more = {"metrics": card, "thresholds": THRESHOLDS, "selection": selection, "names": names}
        if selection == "top1":
            more |= {"classes": {kind: by_class, "fall": by_class}}
            more |= {"alarms": Alarms(allowed_per_hour=1.0, seeds=alarms)}
        videos = tuple(_video(video, labels[video], rng, fold) for video, fold in tests.items())
        made.append(results.result(method, videos=videos, **more))
    won = [results.comparison(metric, "mgpr", "dmrm", better="mgpr") for metric in ("VAUC", "IoU@0.5")]
    won.append(results.comparison("MIoU", "mgpr", "dmrm"))
    return results.block(made, won)


def _video(video, label, rng, fold):
    scores = [round(float(score), 6) for score in rng.random(2)]
    boxed = {"s_loc": scores[0], "s_loc_of_runs": scores} if label == "abnormal" else {}
    runs = {"scores_of_runs": scores, "spans_of_runs": [(16, 64)] * 2}
    return VideoResult(fold=fold, video=video, label=label, score=float(np.mean(scores)), **boxed, **runs)


def _write_block(folder, metrics, tests, labels, classes, pictures, rng):
    path = folder / STAGES["evaluate"].output.format(**WILDCARDS)
    write_results(path, metrics)
    block = path.parent.parent.parent
    history = [{"iteration": i, "loss": 2 / i, "held_out_vauc": 0.9 if i % 4 == 0 else ""} for i in range(1, 9)]
    model = {"method": "mgpr", "seed": "0", "fold": "0", "key": "ab" * 32, "digest": "cd" * 32, "held_out_videos": "4"}
    model["measured"] = json.dumps({"tube_entropy": 0.9991, "tube_held_out_vauc": 0.75, "temporal_entropy": None})
    model["warnings"] = json.dumps(["the attention of the tube branch is uniform: its entropy is 0.9991 of log n"])
    models = [model | {"fold": str(fold)} for fold in sorted(set(tests.values()))]
    storage.write_table(path.parent.parent / "models.tsv", models, list(model))
    for row in models:
        file = manifest.artefact_path(block / "models/mgpr/0", f"fold{row['fold']}", model["key"], ".safetensors")
        facts = {"training": {"training_videos": ["a", "b"], "held_out_videos": [], "alarm_hours": 1.0}}
        storage.write_tensors(file, {"weight": np.zeros(1)}, facts, key=model["key"])
        storage.write_table(file.with_suffix(".history.tsv"), history, list(history[0]))
    of_mgpr = _write_predictions(block, tests, labels, rng)
    where = folder / STAGES["illustrate"].output.format(**WILDCARDS)
    shown = _pictures(rng) if pictures else {}
    rows = [Row("broken", "", code="V105", reason="3 errors")]
    for video, fold in tests.items():
        artefact = illustrated(video, labels[video], classes[video], rng, of_mgpr[video])
        artefact = Artefact(artefact.arrays | shown, artefact.meta | {"fold": fold})
        key = "ef" * 32
        digest = storage.write_artefact(
            manifest.artefact_path(where.parent.parent, video, key), artefact, kind="illustration", key=key
        )
        rows.append(Row(video, key, digest))
    manifest.write_manifest(where, rows, ())
    for rule, name in (
        ("decode", "decode/made_up/000"),
        ("train", "train/made_up/one/c3d_seed0/motion/iou/cpu/benchmark"),
    ):
        cells = {"s": "12.5", "max_rss": "100.0", "cpu_time": "11.0"}
        storage.write_table(folder / f"results/benchmarks/{name}.tsv", [cells], list(cells))
        storage.write_text(folder / f"results/logs/{name}.log", f"08:30:05 {rule}: 72 models, 60 to do, 12 unchanged\n")


def _write_predictions(block, tests, labels, rng):
    """Write the predictions of all rows but the upper bound; return those that are illustrated, by video."""
    for method in METHODS:
        for seed in (0, 1) if method not in ("random", "upper_bound") else ():
            rows = {video: predicted(video, labels[video], rng) for video in tests}
            of_folds = {fold: [rows[v] for v in tests if tests[v] == fold] for fold in sorted(set(tests.values()))}
            scoring.write_run(block, of_folds, method=method, seed=seed, name=WILDCARDS["table"])
            if (method, seed) == ("mgpr", 0):
                of_the_page = rows
    return of_the_page


def predicted(video, label, rng):
    """Return a prediction of a video with two tubes; of a normal one the top-1 looks at all alike."""
    tubes = tubes_of()
    spans = np.array([(t, start, start + 12) for t in (0, 1) for start in range(16 + 24 * t, 64, 12)], dtype=np.int32)
    scores = rng.random(len(spans)).astype(np.float32)
    weights = np.full((len(spans), 1), 1 / len(spans), dtype=np.float32)
    if label == "abnormal":
        weights[:2, 0] += 0.1, -0.1
    best = int(np.argmax(scores))
    tube = tubes.tubes[spans[best, 0]].cut(*spans[best, 1:].tolist())
    return VideoPrediction(
        video, FRAMES, *SIZE, tubes.detected, spans, scores, np.stack([scores, scores / 2], 1), {best: tube}, weights
    )


def tubes_of():
    """Return the two tubes of every video."""
    boxes = np.repeat(np.array([[20, 20, 80, 90]], dtype=np.float32), 48, axis=0)
    return VideoTubes(FRAMES, *SIZE, np.ones(FRAMES, dtype=bool), [Tube(16, boxes), Tube(40, boxes)])


def illustrated(video, label, kind, rng, prediction=None):
    """Return what `illustrate` writes of a video, without pictures."""
    prediction = prediction or predicted(video, label, rng)
    about = {"video": video, "fold": 0, "label": label, "class": kind, "method": "mgpr", "seed": "0"}
    case = illustration.Case(prediction, None, tubes_of(), np.arange(FRAMES + 1) / 10)
    described = illustration.describe(case, {**about, "branches": ["tube", "temporal"], "pixels": True})
    truth = np.array([[20, 70]] if label == "abnormal" else [], dtype=np.int32).reshape(-1, 2)
    return Artefact(described.arrays | {"truth": truth}, described.meta)


def _pictures(rng):
    """Return a strip, a clip and its poster as heavy as real ones are at most: noise that moves."""
    noise = cv2.GaussianBlur(rng.integers(0, 255, (180, 400, 3), dtype=np.uint8), (0, 0), 1.2)
    clip = encode_clip([noise[:, 3 * i : 3 * i + 240] for i in range(48)], np.arange(49) / 12, illustration.CLIP_BYTES)
    strip = encode_picture(np.tile(noise[:108, :384], (1, 3, 1)), illustration.QUALITY)
    poster = encode_picture(noise[:, :240], illustration.POSTER_QUALITY)
    made = {"strip": strip, "clip": clip, "poster": poster}
    return {name: np.frombuffer(content, dtype=np.uint8) for name, content in made.items()} | {
        "clip_frames": np.array([0, 48], dtype=np.int32),
        "clip_seconds": np.array([0.0, 4.8]),
    }
