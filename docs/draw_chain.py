"""Draw docs/chain.png, the README's picture, from the results of `make demo`: one video, stage by stage."""

from pathlib import Path

import cv2
import numpy as np

from wsstad.artefacts import storage
from wsstad.artefacts.manifest import Manifest, artefact_path, read_manifest
from wsstad.structures import predictions
from wsstad.structures.tubes import Tube, VideoTubes
from wsstad.video import open_frames

RESULTS = Path("results/demo")
BLOCK = RESULTS / "runs/cv4/i3d/demo_yolo/iou/full_width"
METHOD = "mgpr"
GREEN, BLUE, RED, WHITE = (80, 200, 80), (60, 130, 255), (230, 60, 60), (255, 255, 255)
SCALE = 2


def main() -> None:
    """Take the abnormal video that the demo localises best and draw its five panels side by side."""
    results = storage.read_json(BLOCK / "benchmark" / "metrics" / "exact.json")["results"]
    rows = next(result for result in results if result["names"]["method"] == METHOD)["videos"]
    best = max((row for row in rows if row.get("s_loc_of_runs")), key=lambda row: row["s_loc_of_runs"][0])
    video = best["video"]
    top = top1(video, best["fold"])
    frame = (top.start + top.stop) // 2
    frames, detections = manifest("frames"), manifest("detections/demo_yolo")
    linked_at = manifest("tubes/demo_yolo/iou").path(video)
    tubes = VideoTubes.from_arrays(storage.read_artefact(linked_at, kind="tubes").arrays)
    image = next(open_frames(frames, video, Path()).read(frame, frame + 1))
    detected = storage.read_artefact(detections.path(video), kind="detections").arrays
    seen = [(box, WHITE) for box in detected["boxes"][detected["frame"] == frame]]
    linked = [(t.boxes[frame - t.start], GREEN if t.kind == "unary" else BLUE) for t in tubes.tubes if covers(t, frame)]
    answer = [(truth(video, frame), RED), (top.boxes[frame - top.start], BLUE)]
    panels = [
        panel(image, [], "decode: frames"),
        panel(image, seen, "detect: boxes"),
        panel(image, linked, "link: unary, multivariate"),
        features(video, image.shape, "extract: C3D fc6, a row a clip"),
        panel(image, answer, "MGPR: top-1 tube, truth"),
    ]
    picture = np.concatenate(panels, axis=1)
    cv2.imwrite("docs/chain.png", cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)[:, :, ::-1])


def manifest(stage: str) -> Manifest:
    """Return the manifests of all shards of a stage as one."""
    return read_manifest(*sorted((RESULTS / stage / "manifests").glob("*.tsv")))


def top1(video: str, fold: int) -> Tube:
    """Return the tube that the first seed's model gives for a video."""
    table = storage.read_table(BLOCK / "benchmark" / "predictions.tsv")
    row = next(row for row in table if (row["method"], row["seed"], row["fold"]) == (METHOD, "0", str(fold)))
    path = artefact_path(BLOCK / "predictions" / METHOD / "0", f"fold{fold}", row["key"])
    artefact = storage.read_artefact(path, kind="predictions")
    rows = predictions.from_arrays(artefact.arrays, artefact.meta["videos"])
    predicted = next(row for row in rows if row.video == video)
    return predicted.candidates[predicted.top1]


def truth(video: str, frame: int) -> np.ndarray:
    """Return the annotated box of a frame (zeros where there is none)."""
    rows = storage.read_table(RESULTS / "annotations" / "exact.tsv")
    rows_of_video = [row for row in rows if row["video"] == video and int(row["frame"]) <= frame]
    return (
        np.array([float(rows_of_video[-1][name]) for name in ("x1", "y1", "x2", "y2")])
        if rows_of_video
        else np.zeros(4)
    )


def covers(tube: Tube, frame: int) -> bool:
    """Return whether a tube has a box in a frame."""
    return tube.start <= frame < tube.stop


def panel(image: np.ndarray, boxes: list[tuple[np.ndarray, tuple[int, int, int]]], title: str) -> np.ndarray:
    """Return the image with boxes and a title above it."""
    large = cv2.resize(image, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC)
    for box, colour in boxes:
        x1, y1, x2, y2 = (round(float(value) * SCALE) for value in box)
        cv2.rectangle(large, (x1, y1), (x2, y2), colour, 3)
    return titled(large, title)


def features(video: str, shape: tuple[int, ...], title: str) -> np.ndarray:
    """Return the first 256 values of the region features of a video as an image, one row a clip."""
    path = manifest("features/i3d/region/demo_yolo/iou").path(video)
    values = storage.read_artefact(path, kind="region_features").arrays["features"][:, :256].astype(np.float32)
    grey = np.clip(255 * values / np.quantile(values, 0.99), 0, 255).astype(np.uint8)
    size = (shape[1] * SCALE, shape[0] * SCALE)
    coloured = cv2.applyColorMap(cv2.resize(grey, size, interpolation=cv2.INTER_NEAREST), cv2.COLORMAP_VIRIDIS)
    return titled(coloured[:, :, ::-1], title)


def titled(image: np.ndarray, title: str) -> np.ndarray:
    """Return an image on white, with its title."""
    framed = cv2.copyMakeBorder(image, 56, 8, 8, 8, cv2.BORDER_CONSTANT, value=WHITE)
    return cv2.putText(framed, title, (8, 40), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (30, 30, 30), 2, cv2.LINE_AA)


if __name__ == "__main__":
    main()
