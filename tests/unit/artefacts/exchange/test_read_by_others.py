"""What is written is read by the tools whose formats they are: pycocotools and motmetrics; and measured as perfect."""

import contextlib
import io

import numpy as np
import pytest

from support import tracks as made
from wsstad.artefacts.exchange import coco, mot

SIZE = (640, 480)


@pytest.fixture
def videos():
    """Two videos of two tracks each: boxes that move, one with a gap, boxes between pixels."""
    steps = np.arange(12)
    tracks = []
    for n in range(4):
        boxes = np.stack([20 + 100 * n + 3.25 * steps, 30 + steps, 90 + 100 * n + 3.25 * steps, 120.5 + steps], axis=1)
        frames = steps + 3 + (steps > 5) * (4 if n % 2 else 0)
        tracks.append(made.track(str(n), frames, boxes, scores=np.linspace(0.5, 0.9, 12)))
    return [made.VideoTracks(name, tuple(tracks[i : i + 2]), SIZE, 40, 25.0) for name, i in (("a", 0), ("b", 2))]


def test_pycocotools_reads_every_box_and_finds_it_perfect(videos, tmp_path):
    cocotools = pytest.importorskip("pycocotools.coco")
    evaluation = pytest.importorskip("pycocotools.cocoeval")
    (path,) = coco.write(tmp_path, videos)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = cocotools.COCO(str(path))
        rows = truth.loadAnns(truth.getAnnIds())
        results = truth.loadRes(
            [{key: row[key] for key in ("image_id", "category_id", "bbox", "score")} for row in rows]
        )
        measured = evaluation.COCOeval(truth, results, "bbox")
        measured.evaluate()
        measured.accumulate()
        measured.summarize()
    assert len(rows) == sum(len(track.frames) for video in videos for track in video.tracks)
    first, image = rows[0], truth.imgs[rows[0]["image_id"]]
    x1, y1, x2, y2 = videos[0].tracks[0].boxes[0]
    assert first["bbox"] == pytest.approx([x1, y1, x2 - x1, y2 - y1])
    assert (image["frame_id"], first["track_id"], first["area"]) == (3, 0, pytest.approx(70 * 90.5))
    assert truth.cats[first["category_id"]]["name"] == "car"
    assert measured.stats[0] == pytest.approx(1)  # AP over all IoU


@pytest.mark.filterwarnings("ignore")  # motmetrics is older than our pandas and numpy
def test_motmetrics_reads_every_track_and_finds_it_perfect(videos, tmp_path, monkeypatch):
    motmetrics = pytest.importorskip("motmetrics")
    monkeypatch.setattr(np, "asfarray", np.asarray, raising=False)
    files = {path.stem: path for path in mot.write(tmp_path, videos) if path.suffix == ".txt"}
    for video in videos:
        table = motmetrics.io.loadtxt(str(files[video.video]), fmt="mot15-2D", min_confidence=-1)
        assert len(table) == sum(len(track.frames) for track in video.tracks)
        frames = table.index.get_level_values("FrameId")
        assert frames.min() == video.tracks[0].frames.min() + 1  # from 1
        corner = table.iloc[0][["X", "Y", "Width", "Height"]].to_numpy(float)
        x1, y1, x2, y2 = video.tracks[0].boxes[0]
        assert corner == pytest.approx([x1, y1, x2 - x1, y2 - y1])  # its reader counts pixels from 0
        accumulated = motmetrics.utils.compare_to_groundtruth(table, table, "iou", distth=0.5)
        summary = motmetrics.metrics.create().compute(accumulated, metrics=["mota", "idf1", "num_switches"])
        assert summary.iloc[0].tolist() == [1, 1, 0]
