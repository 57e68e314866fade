"""The scores of every method and seed for each video, packed so small that a page can switch between them."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wsstad.artefacts import run_files, storage
from wsstad.artefacts.storage import Artefact
from wsstad.errors import DamagedError
from wsstad.evaluation.results import MethodResult, VideoResult
from wsstad.jsonable import Json
from wsstad.reporting.page import clip_boxes
from wsstad.reporting.page.shown import Shown, Video
from wsstad.structures import predictions, times
from wsstad.structures.predictions import VideoPrediction

BINS, FEWEST_BINS = 200, 40  # of a timeline
LINE_BYTES = 3_000_000  # of all timelines of a page, down to the fewest bins
# Two letters a value, the higher six bits first.
LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", dtype=np.uint8)
LEVELS = 64**2 - 1


@dataclass(frozen=True)
class Run:
    """One seed of a method: the files of its models and the thresholds of its alarms, by fold, and a row a video.

    A row has score, S_loc, first and last second of the top-1 tube, the highest score of a frame, and packed the
    timeline and the boxes of the top-1 during the clip; a video that the run has no prediction of has none.
    """

    method: str
    seed: str
    models: Mapping[str, str]
    thresholds: Mapping[str, float]
    rows: Sequence[Sequence[object] | None]


def read(shown: Shown, videos: Sequence[Video], bins: int = BINS) -> list[Run]:
    """Return the runs of all methods that choose by score, that of the illustrated method and seed first."""
    table = shown.output.path.parent.parent / "predictions.tsv"
    written = storage.read_table(table)
    runs = []
    for result in switched(shown):
        for number, seed in enumerate(result.seeds):
            files = [row for row in written if (row["method"], row["seed"]) == (result.method, seed)]
            if files:
                runs.append(_run(shown, result, number, files, videos, bins))
    return sorted(runs, key=lambda run: run.method != shown.method)


def switched(shown: Shown) -> list[MethodResult]:
    """Return the results of the methods that can be switched between: no upper bound, and no choice at random."""
    rows = shown.measured.results
    return [row for row in rows if row.method == shown.method or not (row.is_oracle or row.is_random)]


def bins_for(tables: Sequence[Shown]) -> int:
    """Return how many bins the timelines of a page may have."""
    lines = sum(len(shown.videos) * sum(len(row.seeds) for row in switched(shown)) for shown in tables)
    return min(BINS, max(FEWEST_BINS, LINE_BYTES // (2 * max(lines, 1))))


def as_json(shown: Shown, runs: Sequence[Run]) -> Json:
    """Return what the script of the page reads: the runs, and up to which S_loc an abnormal video is a miss."""
    made = [{**vars(run), "score_with": {fold: command(path) for fold, path in run.models.items()}} for run in runs]
    return {"miss": miss_below(shown), "levels": LEVELS, "runs": made}


def miss_below(shown: Shown) -> float:
    """Return the smallest eps of IoU@eps that was measured: an abnormal video with at most this S_loc is a miss."""
    return min(shown.result.settings.thresholds, default=0.0)


def command(model: str) -> str:
    """Return the command that scores footage with a model.

    >>> command("results/a b.safetensors")
    "wsstad score FOOTAGE/ --model 'results/a b.safetensors'"
    """
    return f"wsstad score FOOTAGE/ --model {shlex.quote(model)}"


def over_time(scores: np.ndarray, edges: np.ndarray, bins: int) -> np.ndarray:
    """Return the highest of the scores (n,) in each of `bins` equal parts of the time; `edges` (n + 1,) are of frames.

    >>> over_time(np.array([0.1, 0.9, 0.3]), np.array([0.0, 1.0, 2.0, 4.0]), 4)
    array([0.1, 0.9, 0.3, 0.3])
    """
    bounds = np.linspace(edges[0], edges[-1], bins + 1)
    first = np.searchsorted(edges, bounds[:-1], side="right") - 1
    stop = np.maximum(np.searchsorted(edges, bounds[1:], side="left"), first + 1)
    return np.array([scores[a:b].max() for a, b in zip(first.tolist(), stop.tolist(), strict=True)])


def pack(values: np.ndarray) -> str:
    """Return values in [0, 1] as letters, two a value.

    >>> pack(np.array([0.0, 1.0, 65 / 4095]))
    'AA//BB'
    """
    levels = np.rint(np.clip(values, 0, 1) * LEVELS).astype(int)
    return LETTERS[np.stack([levels >> 6, levels & 63], axis=1)].tobytes().decode()


def _run(
    shown: Shown,
    result: MethodResult,
    number: int,
    files: Sequence[Mapping[str, str]],
    videos: Sequence[Video],
    bins: int,
) -> Run:
    seed, alarms = result.seeds[number], result.alarms
    measured = {(row.fold, row.video): row for row in result.videos}
    predicted = {row["fold"]: _read(shown, row) for row in files}
    rows: list[Sequence[object] | None] = []
    for video in videos:
        fold = str(_fold(video))
        prediction = predicted.get(fold, {}).get(video.name)
        noted = measured.get((int(fold), video.name))
        rows.append(_row(prediction, noted, number, _illustration(video), bins) if prediction else None)
    trained = [row for row in shown.trained if (row["method"], row["seed"]) == (result.method, seed)]
    return Run(
        method=result.method,
        seed=seed,
        models={row["fold"]: shown.model_path(row).as_posix() for row in trained},
        thresholds=alarms.seeds[number].thresholds if alarms else {},
        rows=rows,
    )


def _row(
    prediction: VideoPrediction, noted: VideoResult | None, number: int, illustration: Artefact, bins: int
) -> list[object]:
    s_loc = noted.s_loc_of_runs[number] if noted and noted.s_loc_of_runs else None
    edges, clip = times.from_knots(illustration.arrays["knots"]), illustration.arrays.get("clip_seconds")
    _, start, stop = prediction.spans[prediction.top1].tolist()
    scores, tube = prediction.frame_scores, prediction.candidates[prediction.top1]
    where = [round(float(edges[frame]), 3) for frame in (start, stop)]
    timeline = pack(over_time(scores, edges, min(bins, len(scores))))
    size = prediction.width, prediction.height
    boxes = "" if clip is None else pack(clip_boxes.during(tube, edges, clip, size).ravel())
    return [round(prediction.video_score, 6), s_loc, *where, round(float(scores.max()), 6), timeline, boxes]


def _read(shown: Shown, row: Mapping[str, str]) -> dict[str, VideoPrediction]:
    path = run_files.path(shown.output.path.parent, "predictions", row)
    artefact = storage.read_artefact(path, kind="predictions")
    if artefact.digest != row["digest"]:
        raise DamagedError(path, "does not match its table")
    return {each.video: each for each in predictions.from_arrays(artefact.arrays, artefact.meta["videos"])}


def _fold(video: Video) -> int:
    return int(video.illustration.meta["fold"]) if video.illustration else -1


def _illustration(video: Video) -> Artefact:
    if video.illustration is None:
        raise ValueError(f"{video.name} has no illustration")
    return video.illustration
