import numpy as np
import pytest

from support.toy_bags import METHODS
from wsstad.artefacts import manifest, storage
from wsstad.artefacts.readers import read_fps
from wsstad.commands import import_features
from wsstad.errors import UserError
from wsstad.learning.bags import BagReader, View
from wsstad.learning.methods.parameters import MgprParameters
from wsstad.perception import ready_features
from wsstad.planning import dataset_tables
from wsstad.stages import predict, train

KINDS = {"frames": "frames", "tubes": "tubes", "image": "image_features", "region": "region_features"}
DATASET = "title: Ready\nannotations: {}\nfeatures: {sources: [a, b], lengths: lengths.txt}\n"
OPTIONS = MgprParameters(type="mgpr", normalise="none")


class Imported:
    """A dataset of features on disk, and its import."""

    def __init__(self, root, features: dict[str, np.ndarray], tables_folder=None, source=None) -> None:
        self.root, self.tables, self.source = root, tables_folder or root, source or root
        self.videos = list(features) or list(dataset_tables.read_videos(self.tables))
        self.paths = {flag: root / kind / "manifests/000.tsv" for flag, kind in KINDS.items()}
        shard_rows = [{"video": video, "shard": "000"} for video in self.videos]
        storage.write_table(root / "shards.tsv", shard_rows, ["video", "shard"])
        if features:
            self.write(features)

    def write(self, features: dict[str, np.ndarray], dataset: str = DATASET) -> None:
        np.savez(self.root / "all.npz", **{f"a/{video}": rows for video, rows in features.items()})
        labels = ("normal", "abnormal")
        listed = [
            {"video": video, "path": "all.npz", "label": labels[i % 2], "class": "x"}
            for i, video in enumerate(self.videos)
        ]
        storage.write_table(self.root / "videos.tsv", listed, ["video", "path", "label", "class"])
        (self.root / "dataset.yaml").write_text(dataset)
        (self.root / "lengths.txt").write_text("x/v1.mp4 1000 x\n")

    def flags(self) -> list[str]:
        return [part for flag, path in self.paths.items() for part in (f"--{flag}", str(path))]

    def run(self) -> dict[str, manifest.Manifest]:
        where = ["--tables", str(self.tables), "--source", str(self.source)]
        import_features.main([*where, "--shard-map", str(self.root / "shards.tsv"), "--shard", "000", *self.flags()])
        return {KINDS[flag]: manifest.read_manifest(path) for flag, path in self.paths.items()}


def random_features(count: int, dimension: int = 6) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {f"v{i}": random.random((32, dimension)).astype(np.float16) for i in range(count)}


@pytest.fixture
def imported(tmp_path):
    return Imported(tmp_path, random_features(3))


def test_bags_of_what_is_imported_are_the_files_rows(imported) -> None:
    manifests = imported.run()
    reader, view = BagReader(manifests, {"v1": "abnormal"}), View.of(OPTIONS)
    for video, rows in random_features(3).items():
        for bag in (view.bag(reader.read(video), use) for use in ("training", "inference")):
            assert np.array_equal(bag.videolets.astype(np.float16), rows)
            assert np.array_equal(bag.region, bag.image)
            assert np.array_equal(bag.region.astype(np.float16), rows[bag.spans[:, 0]])
    training = view.bag(reader.read("v1"), "training")
    assert training.spans.tolist()[-1] == [31, 992, 1024]
    assert len(view.bag(reader.read("v1"), "inference").spans) == 64
    assert training.label == "abnormal"
    assert read_fps(manifests["frames"], "v1") == 30


def test_says_what_it_imported(imported) -> None:
    manifests = imported.run()
    facts = {"imported": "a/v1", "level": "image", "official_frames": 1000}
    for kind, written in manifests.items():
        assert written.ok() == ["v0", "v1", "v2"]
        assert storage.read_facts(written.path("v1"), kind=kind).meta.items() >= facts.items()
    assert manifests["tubes"].rows["v0"].counts == {"unary": 0, "multivariate": 0, "dropped": 0}
    assert [manifests["image_features"].rows[video].counts["clips"] for video in ("v0", "v1")] == [32, 64]


def test_second_import_computes_nothing_and_changes_no_byte(imported, monkeypatch) -> None:
    before = {
        path: path.read_bytes() for manifest in imported.run().values() for path in sorted(manifest.folder.rglob("*.*"))
    }
    monkeypatch.setattr(ready_features, "make", lambda *_: pytest.fail("computed again"))
    imported.run()
    assert {path: path.read_bytes() for path in before} == before


def test_only_what_changed_is_imported_again(imported) -> None:
    before = imported.run()
    features = random_features(3)
    features["v2"][5] = 0
    imported.write(features)
    after = imported.run()
    for kind in KINDS.values():
        assert {v for v in imported.videos if before[kind].rows[v].key != after[kind].rows[v].key} == {"v2"}
    assert before["tubes"].rows["v2"].digest == after["tubes"].rows["v2"].digest
    assert before["image_features"].rows["v2"].digest != after["image_features"].rows["v2"].digest


@pytest.mark.parametrize(
    ("features", "dataset", "message"),
    [
        ({"v0": np.zeros((31, 6))}, DATASET, r"a/v0: float64 of shape \(31, 6\)"),
        ({"v0": np.full((32, 6), np.inf)}, DATASET, "a/v0: row 0: 32 rows hold NaN"),
        ({"w": np.zeros((32, 6))}, DATASET, "row 2: 'v0' has no features"),
        ({}, "title: x\nannotations: {}\n", "no key 'features'"),
        ({}, "title: x\nannotations: {}\nfeatures: {}\n", "'sources' is missing"),
    ],
)
def test_a_mistake_stops_with_one_line(imported, features, dataset: str, message: str) -> None:
    imported.write(features or random_features(3), dataset)
    with pytest.raises(UserError, match=message) as error:
        imported.run()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("n_clips", [1, 5, 32, 45])
def test_rows_of_clips_are_the_clips_and_tubes_are_whole_frames(tmp_path, n_clips) -> None:
    imported = Imported(tmp_path, random_features(2))
    rows = np.random.default_rng(1).random((n_clips, 3, 4)).astype(np.float32)  # of three crops
    np.save(tmp_path / "all.npz.npy", rows)
    (tmp_path / "all.npz.npy").replace(tmp_path / "all.npz")
    (tmp_path / "dataset.yaml").write_text("title: Ready\nannotations: {}\nfeatures: {format: npy}\n")
    manifests = imported.run()
    reader = BagReader(manifests, {})
    video = reader.read("v0")
    assert video.tubes.n_frames == 16 * n_clips
    assert [tube.start for tube in video.tubes.tubes] == [
        16 * (part * n_clips // min(32, n_clips)) for part in range(min(32, n_clips))
    ]
    features = storage.read_artefact(manifests["image_features"].path("v0"), kind="image_features").arrays["features"]
    assert np.array_equal(features, rows.mean(axis=1, dtype=np.float64).astype(np.float16))
    bag = View.of(OPTIONS).bag(video, "training")
    assert np.isfinite(bag.videolets).all()


def test_methods_train_on_what_is_imported(tmp_path) -> None:
    imported = Imported(tmp_path, random_features(8))
    imported.run()
    parts = [{"fold": 0, "video": v, "part": "test" if v in ("v0", "v1") else "train"} for v in imported.videos]
    storage.write_table(tmp_path / "splits/loo.tsv", parts, ["fold", "video", "part"])
    method = tmp_path / "method.yaml"
    method.write_text((METHODS / "mgpr_temporal.yaml").read_text() + "heads: 2\nmax_iterations: 4\n")
    flags = ["--tables", str(tmp_path), "--split", "loo", *imported.flags(), "--methods", str(method)]
    flags += ["--seeds", "method=0", "--device", "cpu"]
    models, predictions = tmp_path / "run/table/models.tsv", tmp_path / "run/table/predictions.tsv"
    train.main([*flags, "--output", str(models)])
    predict.main([*flags, "--output", str(predictions), "--models", str(models)])
    row = storage.read_table(predictions)[0]
    assert (row["videos"], row["quarantined"]) == ("2", "0")


def test_the_real_archive(tmp_path, repository, shared) -> None:
    """41 real videos: what later stages read are the rows of the file."""
    if not (shared / "data/c3d_fc6_ucfcrime/c3d_fc6_32seg_f16.npz").is_file():
        pytest.skip("the C3D features of UCF-Crime are not here")
    folder = repository / "config/datasets/ucf_crime_fc6"
    manifests = Imported(tmp_path, {}, tables_folder=folder, source=shared / "data").run()
    assert len(manifests["tubes"].ok()) == 41
    reader, view = BagReader(manifests, {}), View.of(OPTIONS)
    with np.load(shared / "data/c3d_fc6_ucfcrime/c3d_fc6_32seg_f16.npz") as archive:
        for video, manifest_row in manifests["image_features"].rows.items():
            meta = storage.read_facts(manifests["image_features"].path(video), kind="image_features").meta
            assert meta["imported"] == f"waqas/{video}" or f"waqas/{video}" not in archive
            bag = view.bag(reader.read(video), "training")
            assert np.array_equal(bag.videolets.astype(np.float16), archive[meta["imported"]]), video
            assert np.array_equal(bag.region, bag.videolets)
            assert manifest_row.counts["clips"] % 32 == 0
    lengths = {video: row.counts["clips"] for video, row in manifests["image_features"].rows.items()}
    assert lengths["Explosion008_x264"] == 96  # 1748 frames are 109 clips: three to a videolet
    assert lengths["Arson001_x264"] == 32  # of unknown length


def test_the_code_that_lays_out_features_is_in_their_key(monkeypatch) -> None:
    videolets = ready_features.Videolets("a/v", np.zeros((32, 2), dtype=np.float16), None)
    before = import_features.make_key("tubes", videolets, (4, 3))
    monkeypatch.setattr(import_features.keys, "code_digest", lambda module: f"another digest of {module}")
    after = import_features.make_key("tubes", videolets, (4, 3))
    assert after != before
    monkeypatch.undo()
    assert "wsstad.perception.clip_regions" in import_features.keys.code("wsstad.perception.ready_features")
