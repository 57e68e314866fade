"""Made-up bags with one abnormal instance in each abnormal video, and the artefacts that they could come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wsstad import config
from wsstad.artefacts import manifest, storage
from wsstad.artefacts.manifest import Row
from wsstad.artefacts.storage import Artefact
from wsstad.learning import methods
from wsstad.learning.bags import NO_TUBE, Bag, ClipFeatures
from wsstad.learning.parameters import MethodParameters
from wsstad.structures import clips, detections, times, tubes
from wsstad.structures.tubes import Tube, VideoTubes

METHODS = Path(__file__).parents[2] / "config" / "methods"
QUICK = {"max_iterations": 120, "evaluate_every": 20}
NO_PROJECTION = {"kind": "none", "dimension": 128, "instances": 2048, "whiten": False}


def parameters(name: str, **changes: Any) -> MethodParameters:
    """The parameters of config/methods/<name>.yaml, made small, with `changes`."""
    method = methods.read(METHODS / f"{name}.yaml")
    defaults = method.model_dump()
    quick = {name: min(most, defaults[name]) for name, most in QUICK.items() if name in defaults}
    if "projection" in defaults:
        quick["projection"] = NO_PROJECTION
    quick |= {"width": 128} if "width" in defaults else {}
    return config.parse({**defaults, **quick, **changes}, type(method), name)


def signal(dimension: int) -> np.ndarray:
    """What the clips of an abnormal event have on top of the others."""
    direction = np.random.default_rng(99).random(dimension)
    return 9 * direction / np.linalg.norm(direction)


def planted_video(
    seed: int,
    label: str,
    *,
    dimension: int = 32,
    n_frames: int = 320,
    n_tubes: int = 5,
) -> tuple[ClipFeatures, tuple[int, int, int]]:
    """A video of random features; an abnormal one has the signal in one tube, for 64 frames: tube, start, stop."""
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, n_frames // 4, n_tubes)
    stops = rng.integers(3 * n_frames // 4, n_frames, n_tubes) + 1
    boxes = rng.uniform(0, 50, (n_tubes, 2))
    of_video = [
        Tube(int(a), np.tile(np.r_[at, at + 40].astype(np.float32), (b - a, 1)))
        for a, b, at in zip(starts, stops, boxes, strict=True)
    ]
    video = VideoTubes(n_frames, 120, 100, np.ones(n_frames, dtype=bool), of_video)
    start = 16 * int(rng.integers(6, 11))
    event = (int(rng.integers(n_tubes)), start, start + 64)
    n_clips = clips.count_clips(n_frames)
    image = np.abs(rng.normal(0, 1, (n_clips, dimension)))
    region, grid = [], clip_grid(of_video, n_clips)
    for t, clip in grid:
        at_event = label == "abnormal" and t == event[0] and event[1] <= 16 * clip < event[2]
        region.append(np.abs(rng.normal(0, 1, dimension)) + at_event * signal(dimension))
    if label == "abnormal":
        image[event[1] // 16 : event[2] // 16] += signal(dimension)
    features = ClipFeatures(f"v{seed:03d}", label, video, image.astype(np.float16), np.array(region, dtype=np.float16))
    return features, event


def clip_grid(of_video: Sequence[Tube], n_clips: int) -> list[tuple[int, int]]:
    """Tube and clip of every row of region features."""
    return [(t, k) for t, tube in enumerate(of_video) for k in range(*clips.clip_span(tube.start, tube.stop, n_clips))]


def file_bag(video: ClipFeatures, fps: float = 25.0) -> Bag:
    """The bag of a video that is seen as a file."""
    video_tubes = video.tubes
    facts = np.array([[video_tubes.width, video_tubes.height, fps, video_tubes.n_frames]], dtype=np.float32)
    whole = np.array([[NO_TUBE, 0, video_tubes.n_frames]], dtype=np.int32)
    return Bag(video.video, video.label, whole, facts, facts, facts, whole[:, 1:])


def planted_videos(count: int, first: int = 0, **options: Any) -> list[tuple[ClipFeatures, tuple[int, int, int]]]:
    """`count` videos, normal and abnormal in turn."""
    return [planted_video(first + i, ("normal", "abnormal")[i % 2], **options) for i in range(count)]


@dataclass
class Dataset:
    """A made-up dataset on disk, in the layout that the stages have."""

    root: Path
    videos: list[ClipFeatures]
    folds: dict[int, dict[str, str]]

    def write(self) -> "Dataset":
        """Write tables, artefacts and manifests."""
        rows = [{"video": v.video, "path": f"{v.video}.mp4", "label": v.label, "class": "x"} for v in self.videos]
        storage.write_table(self.root / "tables/videos.tsv", rows, ["video", "path", "label", "class"])
        split = [{"fold": f, "video": v, "part": p} for f, parts in self.folds.items() for v, p in parts.items()]
        storage.write_table(self.root / "tables/splits/cv.tsv", split, ["fold", "video", "part"])
        for kind in ("frames", "tubes", "image_features", "region_features"):
            self.write_manifest(kind)
        return self

    def write_manifest(self, kind: str, bad: Sequence[str] = ()) -> None:
        """Write the artefacts of one kind and their manifest; `bad` videos are quarantined."""
        rows = []
        for video in self.videos:
            if video.video in bad:
                rows.append(Row(video.video, "0" * 64, code="V104", reason="no frame can be decoded"))
                continue
            artefact = Artefact(_arrays(video)[kind], {"video": video.video, "fps": "25/2", "start": 0.0})
            key = storage.array_digest(np.frombuffer(f"{kind} {video.video}".encode(), dtype=np.uint8))
            path = manifest.artefact_path(self.root / kind, video.video, key)
            rows.append(Row(video.video, key, storage.write_artefact(path, artefact, kind=kind, key=key)))
        manifest.write_manifest(self.manifest(kind), rows, [])

    def manifest(self, kind: str) -> Path:
        return self.root / kind / "manifests" / "000.tsv"

    def flags(self, method: Path, output: Path, *seeds: int) -> list[str]:
        """The flags that train and predict share; `output` is the table to write."""
        paths = {"frames": "frames", "tubes": "tubes", "image": "image_features", "region": "region_features"}
        manifests = [x for flag, kind in paths.items() for x in (f"--{flag}", str(self.manifest(kind)))]
        flags = ["--tables", str(self.root / "tables"), "--split", "cv", *manifests, "--methods", str(method)]
        wanted = f"{method.stem}={','.join(map(str, seeds or (0,)))}"
        return [*flags, "--seeds", wanted, "--output", str(output), "--device", "cpu"]


def _arrays(video: ClipFeatures) -> dict[str, dict[str, np.ndarray]]:
    grid = np.array(clip_grid(video.tubes.tubes, len(video.image)), dtype=np.int32).reshape(-1, 2)
    region = {"features": video.region, "tube": grid[:, 0], "clip": grid[:, 1]}
    region["hash"] = np.zeros((len(grid), 16), dtype=np.uint8)
    return {
        "frames": {"seconds": times.regular(video.tubes.n_frames, 12.5)},
        "tubes": video.tubes.to_arrays(),
        "image_features": {"features": video.image},
        "region_features": region,
    }


def detections_of(video: VideoTubes) -> dict[str, np.ndarray]:
    """The columns of the detections that the tubes of a video could have been linked from; none from whole frames."""
    boxes = [[t.boxes[f - t.start] for t in video.tubes if t.start <= f < t.stop and t.kind != "frame"] for f in
             range(video.n_frames)]  # fmt: skip
    size = (video.width, video.height)
    frames = [
        detections.canonical(corners, np.full(len(corners), 0.5), np.zeros(len(corners)), size=size)
        for corners in boxes
    ]
    return detections.to_arrays(frames, width=video.width, height=video.height)


def cross_validation(videos: Sequence[str], folds: int) -> dict[int, dict[str, str]]:
    """Folds in which each pair of videos, one normal and one abnormal, is tested once."""
    return {f: {v: "test" if (i // 2) % folds == f else "train" for i, v in enumerate(videos)} for f in range(folds)}


def no_detections(video: str, label: str, n_frames: int = 100, dimension: int = 32) -> ClipFeatures:
    """A video in which nothing was detected: whole-frame tubes for each videolet."""
    spans = tubes.divide(0, n_frames, 32, 16)
    whole_frames = [tubes.whole_frame(start, stop, 120, 100) for start, stop in spans]
    video_tubes = VideoTubes(n_frames, 120, 100, np.zeros(n_frames, dtype=bool), whole_frames)
    rng = np.random.default_rng(7)
    n_clips = clips.count_clips(n_frames)
    image = rng.random((n_clips, dimension)).astype(np.float16)
    region = rng.random((len(clip_grid(whole_frames, n_clips)), dimension)).astype(np.float16)
    return ClipFeatures(video, label, video_tubes, image, region)
