"""Bags of instances, as multiple instance learning wants them (sections 3.1, 3.4, 5.1).

An instance is a tube or, at inference, a part of one (a sub-tube). Its feature is the mean over the clips that its
frames fill, of the tube's region (T^r) and of the whole image (T^g); a videolet's is the mean of its image clips.
Means come from prefix sums over the clip grid, so that no clip is ever computed or added twice.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

import numpy as np

from wsstad.artefacts.manifest import Manifest
from wsstad.artefacts.readers import read_arrays, read_fps, read_tubes
from wsstad.errors import UserError
from wsstad.learning.parameters import LearnedParameters, TrainedParameters
from wsstad.structures import clips, tubes
from wsstad.structures.clips import VIDEOLETS
from wsstad.structures.tubes import VideoTubes

MIN_FRAMES = 16  # no videolet is shorter than one clip
NO_TUBE = -1  # the `tube` of an instance that is none of the video's tubes
FACTS = ("width", "height", "fps", "frames")  # the feature of a video that is seen as a file


@dataclass(frozen=True)
class Bag:
    """The instances of one video: n tubes or sub-tubes, and v videolets, with features of dimension d.

    `label` is "normal", "abnormal", or "" where nobody may know it. `spans` (n, 3) gives tube, first frame and one past
    the last frame; `region` and `image` (n, d) float32 are T^r and T^g of the same frames; `videolets` (v, d) lie at
    the frames `videolet_spans` (v, 2). `other_kind` is true where the video has no tube of the kind that is asked for
    and these are of another.
    """

    video: str
    label: str
    spans: np.ndarray
    region: np.ndarray
    image: np.ndarray
    videolets: np.ndarray
    videolet_spans: np.ndarray
    other_kind: bool = False

    def __post_init__(self) -> None:
        if not len(self.spans) == len(self.region) == len(self.image) or not len(self.spans):
            raise ValueError(f"{self.video}: {len(self.spans)} spans, {len(self.region)} region features")
        for name in ("region", "image", "videolets"):
            if not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"{self.video}: {name} features are not finite")

    @property
    def centres(self) -> np.ndarray:
        """The middle of each instance in time, (n,) float32, in videolets from the start of the video."""
        n_frames = self.videolet_spans[-1, 1]
        return (self.spans[:, 1:].mean(axis=1) * len(self.videolet_spans) / n_frames).astype(np.float32)

    def map(self, function: Callable[[np.ndarray], np.ndarray]) -> "Bag":
        """Return the bag with `function` applied to each of its feature matrices."""
        return replace(
            self, region=function(self.region), image=function(self.image), videolets=function(self.videolets)
        )


@dataclass(frozen=True)
class ClipFeatures:
    """The per-clip features of one video: `image` (n_clips, d); `region` (N, d), sorted by tube, then clip."""

    video: str
    label: str
    tubes: VideoTubes
    image: np.ndarray
    region: np.ndarray


def span_means(features: np.ndarray, ranges: Sequence[tuple[int, int]]) -> np.ndarray:
    """Return the means (n, d), float32, of `features` (k, d) over half-open `ranges` of rows, by prefix sums.

    >>> span_means(np.array([[1.0], [3.0], [8.0]]), [(0, 2), (1, 3), (2, 3)])
    array([[2. ],
           [5.5],
           [8. ]], dtype=float32)
    """
    # Float64 holds sums of float16 values exactly: a difference of two prefix sums is the sum itself.
    sums = np.zeros((len(features) + 1, features.shape[1]))
    np.cumsum(features, axis=0, dtype=np.float64, out=sums[1:])
    first, last = np.array(ranges).T
    return ((sums[last] - sums[first]) / (last - first)[:, None]).astype(np.float32)


def normalise_rows(features: np.ndarray) -> np.ndarray:
    """Divide each row of (n, d) by its L2 norm; a row of zeros stays one."""
    norms = np.linalg.norm(features.astype(np.float64), axis=1, keepdims=True)
    return np.divide(features, norms, out=np.zeros(features.shape, dtype=np.float64), where=norms != 0).astype(
        np.float32
    )


def make_bag(
    video: ClipFeatures,
    *,
    sub_tubes: int = 1,
    min_frames: int = MIN_FRAMES,
    kinds: str = "both",
    normalise: str = "l2",
    videolets: int = VIDEOLETS,
) -> Bag:
    """Return the bag whose instances are the `sub_tubes` equal parts (M in section 3.4) of every tube.

    In training M is 1, whole tubes, unless a method asks for parts. The video is divided in `videolets`, or in fewer.
    """
    parts = divide_tubes(video.tubes, sub_tubes, min_frames=min_frames, kinds=kinds)
    other_kind = not any(_is_of(kinds, tube) for tube in video.tubes.tubes)
    return replace(_bag(video, parts, normalise, videolets), other_kind=other_kind)


def divide_tubes(
    video_tubes: VideoTubes, sub_tubes: int, *, min_frames: int = 16, kinds: str = "both"
) -> list[tuple[int, int, int]]:
    """Return tube, start and stop of the M parts of every tube, which have at least `min_frames` frames each."""
    return [
        (t, start, stop)
        for t, tube in chosen_tubes(video_tubes, kinds)
        for start, stop in tubes.divide(tube.start, tube.stop, sub_tubes, min_frames)
    ]


def chosen_tubes(video_tubes: VideoTubes, kinds: str) -> list[tuple[int, tubes.Tube]]:
    """Return index and tube of those of `kinds` (unary, multivariate or both); whole-frame tubes always count."""
    chosen = [(t, tube) for t, tube in enumerate(video_tubes.tubes) if _is_of(kinds, tube)]
    # Paper is silent on a video without a tube of the kind: those that it has are scored, for every video gets a score.
    # No training learns from them (`training_bags`): where most such videos are normal, the kind would tell the label.
    return chosen or list(enumerate(video_tubes.tubes))


def training_bags(bags: Sequence[Bag]) -> list[Bag]:
    """Return the bags whose instances are of the kind that is asked for; raise UserError if a label has none left."""
    kept = [bag for bag in bags if not bag.other_kind]
    for label in sorted({bag.label for bag in bags} - {bag.label for bag in kept}):
        count = sum(bag.label == label for bag in bags)
        raise UserError(
            f"kinds: none of the {count} {label} training videos has a tube of the kind; allowed: both, or a kind "
            "of which videos of each label have one"
        )
    return kept


def _is_of(kinds: str, tube: tubes.Tube) -> bool:
    return kinds == "both" or tube.kind in (kinds, "frame")


def paint(scores: np.ndarray, bag: Bag) -> np.ndarray:
    """Return for every span of the bag the mean score of its frames, each of which has the score of its videolet.

    `scores` (v,) are those of the videolets; the result (n,) is float32.
    """
    frames = np.repeat(scores.astype(np.float64), np.diff(bag.videolet_spans, axis=1)[:, 0])
    sums = np.concatenate([[0], np.cumsum(frames)])
    start, stop = bag.spans[:, 1], bag.spans[:, 2]
    return ((sums[stop] - sums[start]) / (stop - start)).astype(np.float32)


def _bag(video: ClipFeatures, parts: Sequence[tuple[int, int, int]], normalise: str, n_videolets: int) -> Bag:
    n_clips = len(video.image)
    spans = np.array(parts, dtype=np.int32)
    videolets = tubes.divide(0, video.tubes.n_frames, n_videolets, MIN_FRAMES)
    whole = [(start, stop) for _, start, stop in parts] + videolets
    image = span_means(video.image, [clips.clip_span(start, stop, n_clips) for start, stop in whole])
    bag = Bag(
        video=video.video,
        label=video.label,
        spans=spans,
        region=_region_means(video, parts),
        image=image[: len(parts)],
        videolets=image[len(parts) :],
        videolet_spans=np.array(videolets, dtype=np.int32),
    )
    return bag.map(normalise_rows) if normalise == "l2" else bag


def _region_means(video: ClipFeatures, parts: Sequence[tuple[int, int, int]]) -> np.ndarray:
    """Return the mean region feature (n, d) of every part of a tube over the part's own clips."""
    n_clips = len(video.image)
    of_tube: dict[int, list[tuple[int, int]]] = {}
    for t, start, stop in parts:
        of_tube.setdefault(t, []).append((start, stop))
    tube_clips = [clips.clip_span(tube.start, tube.stop, n_clips) for tube in video.tubes.tubes]
    ends = np.cumsum([last - first for first, last in tube_clips])
    means = []
    for t, frames in of_tube.items():
        first, last = tube_clips[t]
        rows = video.region[ends[t] - (last - first) : ends[t]]
        # A part at a tube's end may fill best a clip that the tube as a whole does not fill: it takes the nearest.
        spans = [
            np.clip(clips.clip_span(start, stop, n_clips), (first, first + 1), (last - 1, last))
            for start, stop in frames
        ]
        means.append(span_means(rows, [(low - first, high - first) for low, high in spans]))
    return np.concatenate(means)


@dataclass(frozen=True)
class View:
    """How a method looks at the tubes of a video: the keys of its parameters that shape a bag."""

    kinds: str
    normalise: str
    sub_tubes: int
    min_frames: int
    videolets: int = VIDEOLETS
    training_sub_tubes: int = 1

    @classmethod
    def of(cls, parameters: TrainedParameters) -> "View | None":
        """Return the view of a method with `parameters`, which may lack the last two; None for one of files alone."""
        if not isinstance(parameters, LearnedParameters):
            return None
        return cls(**parameters.model_dump(include=set(cls.__dataclass_fields__)))

    def bag(self, video: ClipFeatures, use: str) -> Bag:
        """Return the bag of a video for ``training`` or for ``inference``."""
        options = asdict(self)
        parts = options.pop("training_sub_tubes")
        return make_bag(video, **options | ({"sub_tubes": parts} if use == "training" else {}))


class Request(NamedTuple):
    """A bag that is wanted: of which video, for ``training`` or for ``inference``, in which view; None: as a file."""

    video: str
    use: str
    view: View | None


def read_all(reader: "BagReader", wanted: Iterable[Request]) -> dict[Request, Bag]:
    """Return the bags that are wanted; each video's features are read once, and those of single clips dropped."""
    of_video: dict[str, list[Request]] = {}
    for request in wanted:
        of_video.setdefault(request.video, []).append(request)
    made: dict[Request, Bag] = {}
    for video, requests in sorted(of_video.items()):
        viewed = [(request, request.view) for request in requests if request.view is not None]
        features = reader.read(video) if viewed else None
        made |= {request: view.bag(features, request.use) for request, view in viewed if features is not None}
        made |= {request: reader.read_file(video) for request in requests if request.view is None}
    return made


class BagReader:
    """Read the per-clip features of a video from the artefacts that three manifests name; `labels` may lack a video."""

    def __init__(self, manifests: Mapping[str, Manifest], labels: Mapping[str, str]) -> None:
        self.manifests, self.labels = manifests, labels

    def read(self, video: str) -> ClipFeatures:
        """Return the per-clip features of a video; raise `UserError` when its artefacts do not belong together."""
        video_tubes = read_tubes(self.manifests["tubes"], video)
        image = read_arrays(self.manifests["image_features"], video, "image_features", ("features",))["features"]
        region = read_arrays(self.manifests["region_features"], video, "region_features", ("features", "tube", "clip"))
        expected = clips.count_clips(video_tubes.n_frames)
        if len(image) != expected:
            where = self.manifests["image_features"].path(video)
            raise UserError(f"{where}: {len(image)} clips; {video_tubes.n_frames} frames make {expected}")
        grid = [(t, clips.clip_span(tube.start, tube.stop, expected)) for t, tube in enumerate(video_tubes.tubes)]
        expected_rows = np.array([(t, clip) for t, span in grid for clip in range(*span)]).reshape(-1, 2)
        if not np.array_equal(expected_rows, np.stack([region["tube"], region["clip"]], axis=1)):
            where = self.manifests["region_features"].path(video)
            raise UserError(f"{where}: these are not the clips of the tubes in {self.manifests['tubes'].path(video)}")
        return ClipFeatures(video, self.labels.get(video, ""), video_tubes, image, region["features"])

    def read_file(self, video: str) -> Bag:
        """Return a bag of one instance, the whole video, whose feature is `FACTS`: nothing of its pixels."""
        video_tubes = read_tubes(self.manifests["tubes"], video)
        n_frames = video_tubes.n_frames
        fps = read_fps(self.manifests["frames"], video)
        facts = np.array([[video_tubes.width, video_tubes.height, fps, n_frames]], dtype=np.float32)
        whole = np.array([[NO_TUBE, 0, n_frames]], dtype=np.int32)
        return Bag(video, self.labels.get(video, ""), whole, facts, facts, facts, whole[:, 1:])
