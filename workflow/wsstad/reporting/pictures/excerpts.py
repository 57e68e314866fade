"""Excerpts of videos for the figures of a paper: a few frames each, with the boxes of truth, prediction and tubes."""

from dataclasses import dataclass, field

import numpy as np

from wsstad.errors import UserError
from wsstad.evaluation import groundtruth
from wsstad.evaluation.annotations import table as canonical
from wsstad.evaluation.groundtruth import FrameBoxes
from wsstad.evaluation.metrics import localisation
from wsstad.planning.result_files import ResultFiles
from wsstad.reporting.results_folder import Results
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import VideoTubes

MARGIN = 0.25  # of the time that is shown, before and after what happens in it
KINDS = ("unary", "multivariate")


@dataclass(frozen=True)
class Layer:
    """A tube to draw by its `role` (truth, prediction, union, unary, member): its boxes, one a frame from `start`."""

    role: str
    start: int
    boxes: np.ndarray

    def box(self, frame: int) -> np.ndarray | None:
        """Return the box (4,) of a frame, if the tube has one there; what has a gap has rows of NaN."""
        inside = self.start <= frame < self.start + len(self.boxes)
        box = self.boxes[frame - self.start] if inside else None
        return None if box is None or np.isnan(box).any() else box


@dataclass(frozen=True)
class Excerpt:
    """Frames `numbers` of a video, their `times` in seconds and `images`, what is drawn on them, and its heading.

    `scores` (n,) are of all frames, whose times are `edges` (n + 1,); empty where no method is asked.
    """

    title: str
    numbers: list[int]
    times: list[float]
    images: list[np.ndarray]
    layers: list[Layer]
    edges: np.ndarray
    scores: np.ndarray = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class ExcerptReader:
    """Reads excerpts from a folder of results, narrowed to one chain."""

    files: ResultFiles

    @property
    def results(self) -> Results:
        """The Python API of the folder."""
        return Results(self.files)

    def abnormal(self) -> list[str]:
        """Return the abnormal videos that can be read, sorted; raise `UserError` where there is none."""
        listed = self.results.videos()
        videos = sorted(listed.index[(listed["label"] == "abnormal") & (listed["status"] == "ok")])
        if not videos:
            raise UserError(f"{self.files.folder}: no abnormal video there; --videos names one")
        return videos

    def tested(self, method: str, seed: int) -> list[str]:
        """Return the abnormal videos that a method has a prediction of, sorted."""
        runs = self.results.runs()
        folds = sorted(set(runs["fold"][(runs["method"] == method) & (runs["seed"] == seed)]))
        seen = {video for fold in folds for video in self.results.predictions(method, seed=seed, fold=int(fold))}
        videos = [video for video in self.abnormal() if video in seen]
        if not videos:
            raise UserError(f"{self.files.folder}: {method!r}, seed {seed}, has no prediction of an abnormal video")
        return videos

    def tube(self, video: str, method: str, seed: int, count: int) -> Excerpt:
        """Return what a method points at in a video, beside the truth: `count` frames around both."""
        results = self.results
        prediction, tubes = results.prediction(video, method, seed=seed), results.tubes(video)
        truth = self.truth(prediction.video, tubes)
        _, start, stop = prediction.spans[prediction.top1].tolist()
        layers = [*_members(tubes, prediction), *_of_truth(truth)]
        layers.append(Layer("prediction", start, prediction.candidates[prediction.top1].boxes))
        spans = [(start, stop), *(_span(layer) for layer in layers if layer.role == "truth")]
        within = min(a for a, _ in spans), max(b for _, b in spans)
        title = f"{video}: {method}, seed {seed}, score {prediction.video_score:.2f}"
        if truth is not None:
            overlap = localisation.tube_iou(truth, prediction.candidates[prediction.top1])
            title += f", tube IoU {overlap:.2f}"
        return self._excerpt(video, title, layers, _spread(within, tubes.n_frames, count), prediction.frame_scores)

    def instances(self, video: str, count: int) -> list[Excerpt]:
        """Return for each kind of tube the one that meets the truth most, without truth the longest; `count` frames."""
        tubes = self.results.tubes(video)
        truth, excerpts = self.truth(video, tubes), []
        for kind in KINDS:
            of_kind = [tube for tube in tubes.tubes if tube.kind == kind]
            if not of_kind:
                continue
            best = max(
                of_kind, key=lambda tube: (localisation.tube_iou(truth, tube) if truth else 0.0, len(tube.boxes))
            )
            members = [tubes.tubes[number] for number in best.members]
            layers = [*_of_truth(truth), *(Layer("member", tube.start, tube.boxes) for tube in members)]
            layers.append(Layer("union" if members else "unary", best.start, best.boxes))
            numbers = np.linspace(best.start, best.stop - 1, count).round().astype(int).tolist()
            excerpts.append(self._excerpt(video, f"{video}: {kind} tube", layers, numbers))
        if not excerpts:
            raise UserError(f"{self.files.folder}: {video!r} has no tube: nothing was detected in it")
        return excerpts

    def truth(self, video: str, tubes: VideoTubes) -> FrameBoxes | None:
        """Return the annotated boxes of a video, all events together; None where it has none."""
        dataset = self.files.of("link").names["dataset"]
        files = self.files.narrowed({"dataset": dataset})
        if not files.groups("annotate"):
            return None
        rows = canonical.read_checked(files.of("annotate").paths[0]).get(video)
        size = {"n_frames": tubes.n_frames, "width": tubes.width, "height": tubes.height}
        return groundtruth.from_rows(rows, **size).united if rows else None

    def _excerpt(
        self, video: str, title: str, layers: list[Layer], numbers: list[int], scores: np.ndarray | None = None
    ) -> Excerpt:
        frames = self.results.frames(video)
        images = [next(frames.read(number, number + 1)) for number in numbers]
        times = [float(frames.edges[number]) for number in numbers]
        scored = {} if scores is None else {"scores": scores}
        return Excerpt(title, numbers, times, images, layers, frames.edges, **scored)


def _members(tubes: VideoTubes, prediction: VideoPrediction) -> list[Layer]:
    """Return the members of the predicted tube while it lasts; none of what is no union."""
    number, start, stop = prediction.spans[prediction.top1].tolist()
    layers = []
    for member in tubes.tubes[number].members if number >= 0 else ():
        tube = tubes.tubes[member]
        first, last = max(start, tube.start), min(stop, tube.stop)
        if first < last:
            layers.append(Layer("member", first, tube.boxes[first - tube.start : last - tube.start]))
    return layers


def _of_truth(truth: FrameBoxes | None) -> list[Layer]:
    """Return the truth as a layer, from its first box to its last, NaN where it has none."""
    if truth is None:
        return []
    frames = np.flatnonzero(truth.present)
    start, stop = int(frames[0]), int(frames[-1]) + 1
    boxes = np.where(truth.present[start:stop, None], truth.boxes[start:stop], np.nan)
    return [Layer("truth", start, boxes)]


def _span(layer: Layer) -> tuple[int, int]:
    return layer.start, layer.start + len(layer.boxes)


def _spread(within: tuple[int, int], n_frames: int, count: int) -> list[int]:
    """Return `count` frames, evenly spread over a span with a margin on both sides.

    >>> _spread((40, 60), 100, 4), _spread((0, 4), 100, 3)
    ([35, 45, 54, 64], [0, 2, 4])
    """
    start, stop = within
    margin = MARGIN * (stop - start)
    first, last = max(0, start - margin), min(n_frames, stop + margin) - 1
    return sorted({*np.linspace(first, last, count).round().astype(int).tolist()})
