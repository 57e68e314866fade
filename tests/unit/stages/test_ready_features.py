"""A dataset that comes as features, through the stages: what training reads are the rows of its files."""

import json
import shutil

import numpy as np
import pytest

from wsstad.artefacts import manifest, storage
from wsstad.artefacts.readers import read_fps
from wsstad.errors import UserError
from wsstad.learning.bags import BagReader, View
from wsstad.learning.methods.parameters import MgprParameters
from wsstad.locations import SHARE
from wsstad.perception import ready_features
from wsstad.planning import dataset_tables
from wsstad.stages import decode, detect, extract, link

DATASET = "title: Ready\nannotations: {}\nfeatures: {sources: [a, b], lengths: lengths.txt}\n"
OPTIONS = MgprParameters(type="mgpr", normalise="none")
DECODE = ["--store", "h264", "--crf", "18", "--damaged", "quarantine", "--max-pixels", "33000000"]
KINDS = ("frames", "detections", "tubes", "image_features", "region_features")


class Ready:
    """A dataset of features on disk, and the stages up to extract on it."""

    def __init__(self, root, tables=None, source=None):
        self.root, self.tables, self.source = root, tables or root, source or root
        self.videos = list(dataset_tables.read_videos(self.tables)) if tables else ["v0", "v1", "v2"]
        rows = [{"video": video, "shard": "000"} for video in self.videos]
        storage.write_table(root / "shards.tsv", rows, ["video", "shard"])

    def write(self, features, dataset=DATASET):
        np.savez(self.root / "all.npz", **{f"a/{video}": rows for video, rows in features.items()})
        listed = [
            {"video": video, "path": "all.npz", "label": ("normal", "abnormal")[i % 2], "class": "x"}
            for i, video in enumerate(self.videos)
        ]
        storage.write_table(self.root / "videos.tsv", listed, ["video", "path", "label", "class"])
        (self.root / "dataset.yaml").write_text(dataset)
        (self.root / "lengths.txt").write_text("x/v1.mp4 1000 x\n")

    def run(self):
        paths = {kind: self.root / kind / "manifests/000.tsv" for kind in KINDS}
        where = ["--tables", str(self.tables), "--source", str(self.source)]

        def job(stage, kind, *flags):
            shard = ["--shard-map", str(self.root / "shards.tsv"), "--shard", "000", "--manifest", str(paths[kind])]
            stage.main([*shard, *flags])

        job(decode, "frames", *where, *DECODE)
        frames = ["--frames", str(paths["frames"])]
        job(detect, "detections", *where, *frames, "--detector", str(SHARE / "config/detectors/no_detector.yaml"))
        linker = ["--linker", str(SHARE / "config/linkers/iou.yaml")]
        job(link, "tubes", "--detections", str(paths["detections"]), *linker)
        extractor = [*where, *frames, "--extractor", str(SHARE / "config/extractors/ready.yaml")]
        job(extract, "image_features", *extractor)
        job(extract, "region_features", *extractor, "--tubes", str(paths["tubes"]))
        return {kind: manifest.read_manifest(path) for kind, path in paths.items()}

    def reader(self, made, labels=None):
        return BagReader({kind: made[kind] for kind in KINDS if kind != "detections"}, labels or {})


def random_features(count, dimension=6):
    random = np.random.default_rng(0)
    return {f"v{i}": random.random((32, dimension)).astype(np.float16) for i in range(count)}


@pytest.fixture
def ready(tmp_path):
    made = Ready(tmp_path)
    made.write(random_features(3))
    return made


def test_bags_are_the_rows_of_the_files(ready):
    made = ready.run()
    reader, view = ready.reader(made, {"v1": "abnormal"}), View.of(OPTIONS)
    for video, rows in random_features(3).items():
        for bag in (view.bag(reader.read(video), use) for use in ("training", "inference")):
            assert np.array_equal(bag.videolets.astype(np.float16), rows)
            assert np.array_equal(bag.region, bag.image)
            assert np.array_equal(bag.region.astype(np.float16), rows[bag.spans[:, 0]])
    training = view.bag(reader.read("v1"), "training")
    assert training.spans.tolist()[-1] == [31, 992, 1024]
    assert len(view.bag(reader.read("v1"), "inference").spans) == 64
    assert training.label == "abnormal"
    assert read_fps(made["frames"], "v1") == 30


def test_tubes_are_whole_frames_and_the_manifests_count(ready):
    made = ready.run()
    for written in made.values():
        assert written.ok() == ["v0", "v1", "v2"]
    tubes = ready.reader(made).read("v0").tubes
    assert [(tube.start, tube.stop, tube.kind) for tube in tubes.tubes] == [
        (16 * i, 16 * i + 16, "frame") for i in range(32)
    ]
    assert all((tube.boxes == [0, 0, 320, 240]).all() for tube in tubes.tubes)
    assert made["detections"].rows["v0"].counts == {"boxes": 0}
    assert [made["image_features"].rows[video].counts["clips"] for video in ("v0", "v1")] == [32, 64]
    meta = storage.read_facts(made["frames"].path("v1"), kind="frames").meta
    assert (meta["imported"], meta["official_frames"], meta["errors"]) == ("a/v1", 1000, 0)


def test_a_second_run_computes_nothing_and_changes_no_byte(ready, monkeypatch):
    before = {path: path.read_bytes() for each in ready.run().values() for path in sorted(each.folder.rglob("*.*"))}
    for name in ("on_grid", "_extract"):
        monkeypatch.setattr(ready_features, name, lambda *_: pytest.fail("computed again"))
    ready.run()
    assert {path: path.read_bytes() for path in before} == before


def test_of_files_that_changed_only_those_are_read_again(tmp_path):
    made = Ready(tmp_path)
    made.write(random_features(3))
    for video, rows in random_features(3).items():
        np.save(tmp_path / f"{video}.npy", rows)
    text = (tmp_path / "videos.tsv").read_text()
    for video in made.videos:
        text = text.replace(f"{video}\tall.npz", f"{video}\t{video}.npy")
    (tmp_path / "videos.tsv").write_text(text)
    (tmp_path / "dataset.yaml").write_text("title: Ready\nannotations: {}\nfeatures: {format: npy, rows: segments}\n")
    before = made.run()
    np.save(tmp_path / "v2.npy", random_features(3)["v1"])
    after = made.run()
    for kind in KINDS:  # tubes have no more clips than before
        changed = {v for v in made.videos if before[kind].rows[v].key != after[kind].rows[v].key}
        assert changed == (set() if kind == "tubes" else {"v2"})
    assert before["image_features"].rows["v2"].digest != after["image_features"].rows["v2"].digest


@pytest.mark.parametrize(
    ("features", "dataset", "message"),
    [
        ({"v0": np.zeros((31, 6))}, DATASET, r"a/v0: float64 of shape \(31, 6\)"),
        ({"v0": np.full((32, 6), np.inf)}, DATASET, "a/v0: row 0: 32 rows hold NaN"),
        ({"w": np.zeros((32, 6))}, DATASET, "row 2: 'v0' has no features"),
        ({}, "title: x\nannotations: {}\nfeatures: {}\n", "'sources' is missing"),
        ({}, DATASET.replace("lengths.txt", "other.txt"), r"dataset\.yaml: features\.lengths: no .*other\.txt"),
        ({}, DATASET.replace("lengths.txt", "../x"), r"features\.lengths: '\.\./x'"),
    ],
)
def test_a_mistake_stops_with_one_line(ready, features, dataset, message):
    ready.write(features or random_features(3), dataset)
    with pytest.raises(UserError, match=message) as error:
        ready.run()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("n_clips", [1, 5, 32, 45])
def test_rows_of_clips_are_the_clips(ready, n_clips):
    rows = np.random.default_rng(1).random((n_clips, 3, 4)).astype(np.float32)  # of three crops
    np.save(ready.root / "all.npy", rows)
    shutil.move(ready.root / "all.npy", ready.root / "all.npz")
    (ready.root / "dataset.yaml").write_text("title: Ready\nannotations: {}\nfeatures: {format: npy}\n")
    made = ready.run()
    video = ready.reader(made).read("v0")
    assert video.tubes.n_frames == 16 * n_clips
    assert len(video.tubes.tubes) == min(32, n_clips)
    features = storage.read_artefact(made["image_features"].path("v0"), kind="image_features").arrays["features"]
    assert np.array_equal(features, rows.mean(axis=1, dtype=np.float64).astype(np.float16))
    bag = View.of(OPTIONS).bag(video, "training")
    assert np.isfinite(bag.videolets).all()


def test_the_real_archive(tmp_path, repository, shared):
    """41 real videos: what later stages read are the rows of the file."""
    if not (shared / "data/c3d_fc6_ucfcrime/c3d_fc6_32seg_f16.npz").is_file():
        pytest.skip("the C3D features of UCF-Crime are not here")
    real = Ready(tmp_path, repository / "config/datasets/ucf_crime_fc6", shared / "data")
    made = real.run()
    assert len(made["tubes"].ok()) == 41
    reader, view = real.reader(made), View.of(OPTIONS)
    with np.load(shared / "data/c3d_fc6_ucfcrime/c3d_fc6_32seg_f16.npz") as archive:
        for video, row in made["image_features"].rows.items():
            imported = storage.read_facts(made["frames"].path(video), kind="frames").meta["imported"]
            assert imported == f"waqas/{video}" or f"waqas/{video}" not in archive
            bag = view.bag(reader.read(video), "training")
            assert np.array_equal(bag.videolets.astype(np.float16), archive[imported]), video
            assert np.array_equal(bag.region, bag.videolets)
            assert row.counts["clips"] % 32 == 0
    lengths = {video: row.counts["clips"] for video, row in made["image_features"].rows.items()}
    assert lengths["Explosion008_x264"] == 96  # 1748 frames are 109 clips: three to a videolet
    assert lengths["Arson001_x264"] == 32  # of unknown length


def test_the_origin_of_the_features_is_in_the_artefact_as_json(ready):
    meta = storage.read_facts(ready.run()["frames"].path("v0"), kind="frames").meta
    assert json.loads(json.dumps(meta)) == meta
    assert meta["store"] == ready_features.STORE
