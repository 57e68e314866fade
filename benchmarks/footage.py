"""Footage whose objects are known: UCSD Ped2 with its masks, and made-up roads with their road users."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fragments import Track
from scipy.optimize import linear_sum_assignment

from wsstad import config
from wsstad.artefacts import readers, storage
from wsstad.artefacts.manifest import read_manifest
from wsstad.commands import synthesize
from wsstad.evaluation import groundtruth
from wsstad.evaluation.annotations import table, ucsd_masks
from wsstad.evaluation.annotations.parameters import UcsdMasksParameters
from wsstad.evaluation.annotations.table import BoxRow
from wsstad.evaluation.groundtruth import GroundTruth
from wsstad.planning import dataset_tables
from wsstad.scenes.footage_plan import Benchmark, video_name
from wsstad.scenes.renderer import SCALE, Renderer
from wsstad.stages import decode, detect
from wsstad.structures import boxes as box

REPOSITORY = Path(__file__).resolve().parent.parent
SEED, FRAMES, SIZE = 2021, 96, (320, 240)  # of the roads of `make demo`
MAX_GAP = 2  # frames in which an object of the masks may be missing


@dataclass(frozen=True)
class Footage:
    """Per video: the "detections" arrays, the true objects, and T_gt where there is something abnormal."""

    detections: Mapping[str, dict[str, np.ndarray]]
    objects: Mapping[str, list[Track]]
    truths: Mapping[str, GroundTruth]

    @property
    def n_frames(self) -> int:
        """Frames of all videos together."""
        return sum(int(arrays["size"][0]) for arrays in self.detections.values())


def ped2(source: Path, weights: Path, work: Path) -> Footage:
    """Return the abnormal clips of UCSD Ped2, seen by YOLO11n (int8); their objects are the components of the masks."""
    tables = REPOSITORY / "config/datasets/ucsd_ped2"
    videos = [name for name, row in dataset_tables.read_videos(tables).items() if row["label"] == "abnormal"]
    detections = detect_in(videos, tables, source, work, detector="yolo11n_int8", weights=weights)
    options = UcsdMasksParameters(format="ucsd_masks", path="masks")
    rows = _by_video(ucsd_masks.read(source / "masks", videos, options))
    return Footage(
        detections,
        {video: link_boxes(rows_of_video) for video, rows_of_video in rows.items()},
        _truths(rows, detections),
    )


def roads(videos: int, work: Path) -> Footage:
    """Return the first videos of `make demo`, seen by its detector, with every road user in them."""
    source = work / "source"
    synthesize.main(["--output", str(source), "--videos", str(videos), "--seed", str(SEED), "--folds", "2"])
    names = [video_name(i) for i in range(videos)]
    detections = detect_in(names, source, source, work, detector="demo_yolo", weights=Path())
    rows = table.read_checked(source / "annotations.tsv")
    benchmark = Benchmark(SEED, FRAMES, SIZE)
    objects = {video_name(i): road_users(Renderer(benchmark.scene(i))) for i in range(videos)}
    return Footage(detections, objects, _truths(rows, detections))


def detect_in(
    videos: list[str], tables: Path, source: Path, work: Path, *, detector: str, weights: Path
) -> dict[str, dict[str, np.ndarray]]:
    """Decode and detect as a run does; what lies in `work` under the same keys is not made again."""
    shards = work / "shards.tsv"
    storage.write_table(shards, [{"video": video, "shard": "000"} for video in videos], ["video", "shard"])
    frames, detections = (work / name / "manifests/000.tsv" for name in ("frames", f"detections/{detector}"))
    where = ["--shard-map", str(shards), "--shard", "000", "--tables", str(tables), "--source", str(source)]
    demo = REPOSITORY / "config/config.yaml"
    settings = config.check(config.load_yaml(demo), "config", demo)["decode"]
    flags = [part for name, value in settings.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    decode.main([*where, "--manifest", str(frames), *flags])
    variant = REPOSITORY / f"config/detectors/{detector}.yaml"
    more = ["--frames", str(frames), "--detector", str(variant), "--weights", str(weights)]
    detect.main([*where, "--manifest", str(detections), *more])
    manifest = read_manifest(detections)
    return {video: readers.read_arrays(manifest, video, "detections") for video in videos}


def link_boxes(rows: list[BoxRow]) -> list[Track]:
    """Return the objects of a video from boxes without names: in following frames those that overlap most."""
    tracks: list[list[BoxRow]] = []
    for frame in sorted({row.frame for row in rows}):
        here = [row for row in rows if row.frame == frame]
        live = [track for track in tracks if frame - track[-1].frame <= MAX_GAP + 1]
        overlap = box.iou(_boxes([track[-1] for track in live]), _boxes(here))
        pairs = [(i, j) for i, j in zip(*linear_sum_assignment(-overlap), strict=True) if overlap[i, j] > 0]
        for i, j in pairs:
            live[i].append(here[j])
        taken = {j for _, j in pairs}
        tracks += [[row] for j, row in enumerate(here) if j not in taken]
    return [Track(np.array([row.frame for row in track]), _boxes(track)) for track in tracks]


def road_users(renderer: Renderer) -> list[Track]:
    """Return all road users of a scene, in the frames in which they count as visible."""
    seen: dict[int, list[tuple[int, np.ndarray]]] = {}
    for frame in range(renderer.scene.n_frames):
        _, owners = renderer.draw(frame)
        visible = renderer.visible(frame, owners)[0].tolist()
        for who, place in _extents(owners):
            if place.tolist() in visible:
                seen.setdefault(who, []).append((frame, place))
    return [
        Track(np.array([f for f, _ in places]), np.stack([place for _, place in places])) for places in seen.values()
    ]


def _extents(owners: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    for who in np.unique(owners[owners > 0]).tolist():
        rows, columns = np.nonzero(owners == who)
        yield who, np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], dtype=np.float32) / SCALE


def _boxes(rows: list[BoxRow]) -> np.ndarray:
    return np.array([row.box for row in rows], dtype=np.float64).reshape(-1, 4)


def _by_video(rows: list[BoxRow]) -> dict[str, list[BoxRow]]:
    grouped: dict[str, list[BoxRow]] = {}
    for row in rows:
        grouped.setdefault(row.video, []).append(row)
    return grouped


def _truths(
    rows: Mapping[str, list[BoxRow]], detections: Mapping[str, dict[str, np.ndarray]]
) -> dict[str, GroundTruth]:
    sizes = {video: arrays["size"].tolist() for video, arrays in detections.items()}
    return {
        video: groundtruth.from_rows(rows[video], n_frames=n_frames, width=width, height=height)
        for video, (n_frames, width, height) in sizes.items()
        if video in rows
    }
