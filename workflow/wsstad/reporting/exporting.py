"""Detections, tubes and top-1 predictions of a folder of results as tracks, which files of other tools can hold."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wsstad.artefacts import readers, storage
from wsstad.artefacts.exchange import ava, coco, cvat, masks, mot, parquet, vatic
from wsstad.artefacts.manifest import Manifest
from wsstad.errors import UserError
from wsstad.planning import dataset_tables
from wsstad.planning.result_files import ResultFiles, listed
from wsstad.reporting.results_folder import Results
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tracks import UNTRACKED, Track, VideoTracks
from wsstad.structures.tubes import Tube

WRITERS: Mapping[str, Callable[[Path, Sequence[VideoTracks]], list[Path]]] = {
    "mot": mot.write,
    "coco": coco.write,
    "cvat": cvat.write,
    "vatic": vatic.write,
    "ava": ava.write,
    "masks": masks.write,
    "parquet": parquet.write,
}
TOP1 = "anomaly"  # the label of what a method points at


@dataclass(frozen=True)
class Source:
    """A folder of results, narrowed to one chain; `videos` are those wanted, all where it is empty."""

    files: ResultFiles
    videos: Collection[str] = ()

    def detections(self) -> list[VideoTracks]:
        """Return the detections of each video: tracks where the detector read such, else boxes without a track."""
        made, rates = self._manifests("detect")
        return [self._detected(made, video, rates[video]) for video in self._wanted(made.ok())]

    def tubes(self) -> list[VideoTracks]:
        """Return the tubes of each video, named by their index, each with its kind as label and its mean confidence."""
        made, rates = self._manifests("link")
        videos = []
        for video in self._wanted(made.ok()):
            linked = readers.read_tubes(made, video)
            tracks = tuple(track_of(tube, str(n), tube.kind, tube.score) for n, tube in enumerate(linked.tubes))
            about = (linked.width, linked.height), linked.n_frames, rates[video]
            videos.append(VideoTracks(video, tracks, *about, detected=linked.detected.astype(bool)))
        return videos

    def top1(self, method: str, seed: int) -> list[VideoTracks]:
        """Return the top-1 of a method in each test video: a track a fold that tests it, with the video's score.

        Raises `UserError` for a method or a seed that was not run.
        """
        made, rates = self._manifests("link")
        results = Results(self.files)
        runs = results.runs()
        rows = runs[(runs["method"] == method) & (runs["seed"] == seed)]
        if rows.empty:
            allowed = dict.fromkeys(f"{name} {n}" for name, n in zip(runs["method"], runs["seed"], strict=True))
            raise UserError(f"{self.files.folder}: no run of {method!r} with seed {seed}; allowed: {listed(allowed)}")
        tracks: dict[str, list[Track]] = {}
        about: dict[str, tuple[tuple[int, int], int, float]] = {}
        for fold in sorted(map(int, rows["fold"])):
            for video, prediction in results.predictions(method, seed=seed, fold=fold).items():
                track = track_of(_top1_tube(prediction, made), str(fold), TOP1, prediction.video_score)
                tracks.setdefault(video, []).append(track)
                about[video] = (prediction.width, prediction.height), prediction.n_frames, rates[video]
        return [VideoTracks(video, tuple(tracks[video]), *about[video]) for video in self._wanted(sorted(tracks))]

    def features(self) -> tuple[dict[str, np.ndarray], set[str]]:
        """Return the features (clips, d) of the whole image of each video, and which videos are abnormal."""
        group = self.files.of("extract_image")
        made = self.files.manifest(group)
        tables = self.files.dataset_tables(group.names["dataset"])
        rows = dataset_tables.read_videos(tables) if tables else {}
        abnormal = {video for video, row in rows.items() if row["label"] == "abnormal"}
        videos = self._wanted(made.ok())
        return {video: readers.read_arrays(made, video, "image_features")["features"] for video in videos}, abnormal

    def media(self, videos: Collection[str]) -> dict[str, Path]:
        """Return where the raw files of videos lie, of those that the tables of the last run have."""
        dataset = self.files.of("decode").names["dataset"]
        tables = self.files.dataset_tables(dataset)
        rows = dataset_tables.read_videos(tables) if tables else {}
        return {video: self.files.source(dataset) / rows[video]["path"] for video in videos if video in rows}

    def _manifests(self, rule: str) -> tuple[Manifest, dict[str, float]]:
        """Return the manifest of a rule, and the frame rate of each of its videos."""
        group = self.files.of(rule)
        decoded = self.files.manifest(self.files.narrowed({"dataset": group.names["dataset"]}).of("decode"))
        made = self.files.manifest(group)
        return made, {video: readers.read_fps(decoded, video) for video in made.ok()}

    def _wanted(self, known: Collection[str]) -> list[str]:
        for video in self.videos:
            if video not in known:
                raise UserError(f"{self.files.folder}: no video {video!r} there; allowed: {listed(sorted(known))}")
        return sorted(self.videos or known)

    def _detected(self, made: Manifest, video: str, fps: float) -> VideoTracks:
        arrays = readers.read_arrays(made, video, "detections")
        classes = storage.read_facts(made.path(video), kind="detections").meta["classes"]
        n_frames, width, height = (int(value) for value in arrays["size"])
        detected = np.bincount(arrays["frame"], minlength=n_frames) > 0
        return VideoTracks(video, tuple(_detections(arrays, classes)), (width, height), n_frames, fps, detected)


def track_of(tube: Tube, name: str, label: str, score: float) -> Track:
    """Return a tube as a track; every box has the same score."""
    n = len(tube.boxes)
    frames = np.arange(tube.start, tube.stop, dtype=np.int64)
    return Track(
        name, label, frames, tube.boxes.astype(np.float64), np.full(n, float(score)), tube.observed.astype(bool)
    )


def _top1_tube(prediction: VideoPrediction, tubes: Manifest) -> Tube:
    """Return the top-1 of a prediction, with what of it was observed where it is part of a tube."""
    tube, start, stop = prediction.spans[prediction.top1].tolist()
    if tube >= 0 and tubes.rows[prediction.video].ok:
        return readers.read_tubes(tubes, prediction.video).tubes[tube].cut(start, stop)
    return prediction.candidates[prediction.top1]


def _detections(arrays: Mapping[str, np.ndarray], classes: Sequence[str]) -> Iterator[Track]:
    numbers = arrays.get("track", np.full(len(arrays["score"]), -1))
    observed = arrays.get("observed", np.ones(len(numbers), dtype=bool))
    pairs = sorted(set(zip(numbers.tolist(), arrays["label"].tolist(), strict=True)))
    for number, label in pairs:
        rows = np.flatnonzero((numbers == number) & (arrays["label"] == label))
        yield Track(
            UNTRACKED if number < 0 else str(number),
            classes[label],
            arrays["frame"][rows].astype(np.int64),
            arrays["boxes"][rows].astype(np.float64),
            arrays["score"][rows].astype(np.float64),
            observed[rows].astype(bool),
        )
