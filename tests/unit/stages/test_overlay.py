"""Overlay: a playable video of every test video of a shard, made again when what it shows moves and not before."""

import numpy as np
import pytest

from support import scoring, videos
from wsstad.artefacts import manifest, storage
from wsstad.artefacts.manifest import Row
from wsstad.artefacts.storage import Artefact
from wsstad.reporting.pictures import captions
from wsstad.reporting.pictures.overlays import Overlays
from wsstad.stages import decode, overlay
from wsstad.structures import alarms
from wsstad.structures.tubes import VideoTubes
from wsstad.video import playback

BOX = (5, 5, 30, 40)


@pytest.fixture
def place(tmp_path):
    """Three decoded videos in one shard, `a` and `b` tested and `c` not; `b` is normal and has no annotation."""
    paths = {name: f"{name}.mp4" for name in "abc"}
    for name, path in paths.items():
        videos.write(tmp_path / path, videos.frames(20, seed=ord(name)))
    shard_map = videos.tables(tmp_path / "tables", paths)
    split = [{"fold": 0, "video": v, "part": "train" if v == "c" else "test"} for v in "abc"]
    storage.write_table(tmp_path / "tables/splits/cv.tsv", split, ["fold", "video", "part"])
    flags = ["--shard-map", str(shard_map), "--shard", "000", "--tables", str(tmp_path / "tables"), "--source"]
    decode.main([*flags, str(tmp_path), "--manifest", str(tmp_path / "frames/manifests/000.tsv"), *videos.DECODE_FLAGS])
    tubes = []
    for name in "abc":
        video_tubes = VideoTubes(20, 64, 48, np.ones(20, dtype=bool), [scoring.constant_tube(0, 20, BOX)])
        path = manifest.artefact_path(tmp_path / "tubes", name, "f" * 64)
        digest = storage.write_artefact(path, Artefact(video_tubes.to_arrays()), kind="tubes", key="f" * 64)
        tubes.append(Row(name, "f" * 64, digest))
    manifest.write_manifest(tmp_path / "tubes/manifests/000.tsv", tubes, [])
    write_predictions(tmp_path)
    columns = ["video", "event", "frame", "x1", "y1", "x2", "y2", "fill"]
    row = dict(zip(columns, ["a", "0", 3, 8, 8, 28, 38, "none"], strict=True))
    storage.write_table(tmp_path / "annotations.tsv", [row], columns)
    return tmp_path


def write_predictions(place, *, score=0.7, quarantined=None):
    (place / "run/table/predictions.tsv").unlink(missing_ok=True)
    tube = [scoring.constant_tube(0, 20, BOX)]
    tested = [scoring.prediction(v, tube, [score if v == "a" else 0.2], n_frames=20, size=(64, 48)) for v in "ab"]
    kept = [predicted for predicted in tested if predicted.video not in (quarantined or {})]
    curve = alarms.Curve(np.array([0.1, 0.5]), np.array([1, 0]), 0.01)
    scoring.write_run(place / "run", {0: kept}, quarantined={0: quarantined or {}}, curve=curve)


def run(place):
    flags = {
        "shard-map": place / "tables/shards.tsv",
        "shard": "000",
        "manifest": place / "overlays/manifests/000.tsv",
        "tables": place / "tables",
        "source": place,
        "split": "cv",
        "frames": place / "frames/manifests/000.tsv",
        "tubes": place / "tubes/manifests/000.tsv",
        "predictions": place / "run/table/predictions.tsv",
        "annotations": place / "annotations.tsv",
        "method": "mgpr",
        "seed": 0,
        "alarms-per-hour": 1.0,
    }
    overlay.main([word for name, value in flags.items() for word in (f"--{name}", str(value))])
    return manifest.read_manifest(flags["manifest"])


def inodes(place):
    return {path.name.split(".")[0]: path.stat().st_ino for path in place.glob("overlays/*.mp4")}


def test_every_test_video_gets_one_that_a_browser_plays(place):
    manifest = run(place)
    assert manifest.ok() == ["a", "b"]
    for video in "ab":
        facts = playback.facts(manifest.path(video, ".mp4"))
        assert (facts["codec"], facts["pix_fmt"], facts["faststart"]) == ("h264", "yuv420p", True)
        assert (facts["frames"], facts["fps"]) == (20, 10)
        wide, high = facts["size"]
        lines = high - (48 * 8 + 50)  # of name and time, of the axis, of the legend
        assert (wide, lines % captions.LINE) == (64 * 8, 0)
        assert 3 <= lines // captions.LINE <= 4
        artefact = storage.read_artefact(manifest.path(video), kind="overlay")
        assert artefact.meta["files"] == {".mp4": storage.file_digest(manifest.path(video, ".mp4"))}


def test_a_video_that_cannot_be_drawn_costs_itself(place, monkeypatch):
    real = Overlays._draw

    def draw(self, video, *rest):
        if video == "a":
            raise ValueError("too narrow")
        return real(self, video, *rest)

    monkeypatch.setattr(Overlays, "_draw", draw)
    result = run(place)
    assert (result.rows["a"].code, result.rows["a"].reason) == ("S301", "overlay: ValueError: too narrow")
    assert result.ok() == ["b"]


def test_the_truth_is_red_where_it_is_known(place):
    import av

    manifest = run(place)

    def red(video):
        with av.open(str(manifest.path(video, ".mp4"))) as container:
            frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
        # The left edge of the true box: x 8, y 8 to 38, enlarged eight times.
        return [bool((f[100:250, 64:66, 0] - f[100:250, 64:66, 1]).mean() > 90) for f in frames]

    assert red("a") == [number == 3 for number in range(20)]
    assert not any(red("b"))


def test_one_whose_prediction_moved_is_made_again_and_no_other(place):
    run(place)
    before = inodes(place)
    run(place)
    assert inodes(place) == before
    write_predictions(place, score=0.8)
    keys = {video: row.key for video, row in run(place).rows.items()}
    made = {path.name for path in place.glob("overlays/*.mp4")}
    assert len(made) == 3
    assert f"a.{keys['a'][:12]}.mp4" in made
    assert inodes(place)["b"] == before["b"]


def test_a_quarantined_video_says_why_it_has_none(place):
    write_predictions(place, quarantined={"b": "F201 features are not finite"})
    row = run(place).rows["b"]
    assert (row.code, row.reason) == ("F201", "features are not finite")
