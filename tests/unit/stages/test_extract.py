"""The verb on small videos: what it writes, and what it computes when something changes."""

import argparse
import shutil
from pathlib import Path

import numpy as np
import pytest

from support import videos
from wsstad import config, heartbeat
from wsstad.artefacts import manifest, storage
from wsstad.artefacts.manifest import Row
from wsstad.artefacts.storage import Artefact
from wsstad.errors import UserError
from wsstad.locations import in_package
from wsstad.perception import clip_features, extraction
from wsstad.perception.extractors import EXTRACTORS
from wsstad.perception.extractors.c3d import C3dExtractor
from wsstad.perception.extractors.parameters import I3dParameters
from wsstad.stages import decode, extract
from wsstad.structures.tubes import Tube, VideoTubes

LENGTHS = {"a": 40, "b": 20, "c": 24}


@pytest.fixture(scope="module")
def decoded(tmp_path_factory):
    """Decode three good videos and one that is none."""
    folder = tmp_path_factory.mktemp("decoded")
    (folder / "source").mkdir()
    for seed, (video, n) in enumerate(LENGTHS.items()):
        videos.write(folder / "source" / f"{video}.mp4", videos.frames(n, 96, 64, seed=seed))
    (folder / "source" / "bad.mp4").write_text("no video")
    videos.tables(folder / "tables", {video: f"{video}.mp4" for video in (*LENGTHS, "bad")})
    decode.main(
        f"--shard-map {folder}/tables/shards.tsv --shard 000 --tables {folder}/tables --source {folder}/source"
        f" --manifest {folder}/frames/manifests/000.tsv".split()
        + videos.DECODE_FLAGS
    )
    return folder


@pytest.fixture
def place(decoded, tmp_path, monkeypatch):
    """A results folder of its own, on the shared frames."""
    shutil.copy(Path(__file__).parents[2] / "support/c3d_narrow.yaml", tmp_path / "c3d_narrow.yaml")
    return Place(decoded, tmp_path)


@pytest.fixture
def count(monkeypatch):
    """Count the clips that are prepared for the network."""
    counts = {"image": 0, "region": 0}
    for name, method in (("image", "prepare_image"), ("region", "_crops")):
        before = getattr(C3dExtractor, method)

        def counting(self, *arguments, name=name, before=before):
            counts[name] += 1
            return before(self, *arguments)

        monkeypatch.setattr(C3dExtractor, method, counting)
    return counts


class Place:
    def __init__(self, decoded, folder):
        self.decoded, self.folder = decoded, folder

    def run(self, name="image", *, tubes=None, shard="000", extractor="c3d_narrow.yaml", shard_map=None, threads=1):
        path = self.folder / "features" / name / "manifests" / f"{shard}.tsv"
        extract.main(
            ["--shard-map", str(shard_map or self.decoded / "tables" / "shards.tsv"), "--shard", shard]
            + ["--manifest", str(path), "--frames", f"{self.decoded}/frames/manifests/000.tsv"]
            + ["--tables", f"{self.decoded}/tables", "--source", f"{self.decoded}/source"]
            + ["--extractor", str(self.folder / extractor), "--weights", str(self.folder), "--threads", str(threads)]
            + ([] if tubes is None else ["--tubes", str(tubes)])
        )
        return manifest.read_manifest(path)

    def tubes(self, name="iou", **change):
        """Write the tubes of every video; `change` replaces the boxes of a video's first tube in some frames."""
        folder = self.folder / "tubes" / name
        frames = manifest.read_manifest(self.decoded / "frames" / "manifests" / "000.tsv")
        rows = []
        for video, row in frames.rows.items():
            if not row.ok:
                rows.append(row)
                continue
            video_tubes = make_tubes(LENGTHS[video])
            if video in change:
                part, boxes = change[video]
                video_tubes.tubes[0].boxes[part] = boxes
            path = folder / f"{video}.{'0' * 12}.h5"
            digest = storage.write_artefact(path, Artefact(video_tubes.to_arrays()), kind="tubes", key="0" * 64)
            rows.append(Row(video, "0" * 64, digest))
        manifest.write_manifest(folder / "manifests" / "000.tsv", rows, ())
        return folder / "manifests" / "000.tsv"


def make_tubes(n):
    """Two tubes, the second as long as the video, and a third with the same boxes as the first."""
    boxes = np.tile(np.array([10, 8, 50, 40], np.float32), (n, 1)) + np.arange(n, dtype=np.float32)[:, None] / 4
    whole = np.tile(np.array([0, 0, 96, 64], np.float32), (n, 1))
    tubes = [Tube(2, boxes[2:].copy()), Tube(0, whole, "frame"), Tube(2, boxes[2:].copy(), members=(0, 1))]
    return VideoTubes(n, 96, 64, np.ones(n, bool), tubes)


def read(manifest, video, kind="region_features"):
    return storage.read_artefact(manifest.path(video), kind=kind)


def test_there_is_a_feature_for_each_clip_of_the_image(place, count, decoded):
    manifest = place.run()
    assert {video: row.counts for video, row in manifest.rows.items() if row.ok} == {
        "a": {"clips": 3}, "b": {"clips": 1}, "c": {"clips": 2},
    }  # fmt: skip
    assert manifest.rows["bad"].code == "V101"
    assert count == {"image": 6, "region": 0}
    artefact = read(manifest, "a", "image_features")
    assert artefact.arrays["features"].shape == (3, 128)
    assert artefact.arrays["features"].dtype == np.float16
    assert artefact.origin["dimension"] == 128
    assert artefact.origin["mean"] == [90.0, 98.0, 102.0]
    assert artefact.origin["seed"] == 3


def direct(place):
    """Return the features of video a's clips and boxes as the extractor alone gives them."""
    parameters = config.load_variant(place.folder / "c3d_narrow.yaml", EXTRACTORS)
    extractor = C3dExtractor(parameters, place.folder, device="cpu", threads=1)
    frames = manifest.read_manifest(place.decoded / "frames" / "manifests" / "000.tsv")
    pictures = list(extraction.video.open_frames(frames, "a", place.decoded / "source" / "a.mp4").read())
    padded = np.stack(pictures + [pictures[-1]] * 8)
    image = [extractor.prepare_image(padded[16 * k : 16 * k + 16]) for k in range(3)]
    boxes = make_tubes(40).tubes[0].boxes
    track = np.concatenate([boxes[[0, 0]], boxes, boxes[[-1] * 8]])
    region = [extractor.prepare_region(padded[s], track[s]) for s in (slice(0, 16), slice(16, 32), slice(32, 48))]
    return tuple(
        np.concatenate([extractor.features(x[None]) for x in part]).astype(np.float16) for part in (image, region)
    )


def test_the_features_are_those_of_the_extractor_on_the_clips(place):
    image, region = direct(place)
    np.testing.assert_array_equal(read(place.run(), "a", "image_features").arrays["features"], image)
    arrays = read(place.run("region", tubes=place.tubes()), "a").arrays
    assert arrays["tube"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert arrays["clip"].tolist() == [0, 1, 2] * 3
    np.testing.assert_array_equal(arrays["features"][:3], region)
    np.testing.assert_array_equal(arrays["features"][6:], region)
    np.testing.assert_array_equal(arrays["hash"][:3], arrays["hash"][6:])


def test_equal_regions_are_computed_once(place, count):
    manifest = place.run("region/yolo/iou", tubes=place.tubes())
    assert {v: row.counts["clips"] for v, row in manifest.rows.items() if row.ok} == {"a": 9, "b": 3, "c": 6}
    assert count == {"image": 0, "region": 12}


def test_changed_tubes_compute_exactly_the_changed_clips(place, count, monkeypatch):
    place.run("region/yolo/iou", tubes=place.tubes())
    count["region"] = 0
    noted = {}
    monkeypatch.setattr(heartbeat, "note", lambda **facts: noted.update(facts))
    # Frames 18 and 19 of video a: in clip 1 alone; the third tube still has the old boxes.
    changed = place.tubes("other", a=(slice(16, 18), [5, 5, 30, 30]))
    manifest = place.run("region/yolo/other", tubes=changed)
    assert count["region"] == 1
    assert (noted["computed"], noted["reused"]) == (1, 12)
    scratch = Place(place.decoded, place.folder / "scratch")
    shutil.copytree(place.folder / "tubes", scratch.folder / "tubes")
    shutil.copy(place.folder / "c3d_narrow.yaml", scratch.folder)
    fresh = scratch.run("region/yolo/other", tubes=scratch.folder / "tubes" / "other" / "manifests" / "000.tsv")
    assert count["region"] == 1 + 13
    names = sorted(path.name for path in manifest.folder.rglob("*.*"))
    assert names == sorted(path.name for path in fresh.folder.rglob("*.*"))
    for video in LENGTHS:
        assert manifest.path(video).read_bytes() == fresh.path(video).read_bytes()
    manifests = [folder / "manifests" / "000.tsv" for folder in (manifest.folder, fresh.folder)]
    assert manifests[0].read_bytes() == manifests[1].read_bytes()


@pytest.mark.parametrize("change", ["seed: 4", "margin: 0.2", "mean: [1, 2, 3]"])
def test_another_extractor_takes_nothing_over(place, count, change):
    tubes = place.tubes()
    place.run("region/yolo/iou", tubes=tubes)
    name = change.split(":")[0]
    lines = (place.folder / "c3d_narrow.yaml").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(f"{name}:")]
    (place.folder / "other.yaml").write_text("\n".join([*kept, change]))
    count["region"] = 0
    place.run("region/yolo/iou", tubes=tubes, extractor="other.yaml")
    assert count["region"] == 12


def test_a_second_run_computes_nothing_and_loads_nothing(place, monkeypatch):
    tubes = place.tubes()
    first = place.run("region/yolo/iou", tubes=tubes)
    monkeypatch.setattr(extract.extractors, "create", lambda *_, **__: pytest.fail("loaded"))
    assert place.run("region/yolo/iou", tubes=tubes).rows == first.rows


def test_the_bytes_do_not_depend_on_the_shard(place):
    together = place.run()
    rows = [{"video": video, "shard": f"00{i}"} for i, video in enumerate(("c", "a", "b"))]
    storage.write_table(place.folder / "shards.tsv", rows, ["video", "shard"])
    for row in rows:
        alone = place.run("alone", shard=row["shard"], shard_map=place.folder / "shards.tsv")
        assert alone.path(row["video"]).read_bytes() == together.path(row["video"]).read_bytes()


def test_a_run_that_dies_keeps_the_videos_that_were_done(place, count, monkeypatch):
    clean = place.run("clean")
    features, calls = C3dExtractor.features, []

    def dying(self, clips):
        calls.append(len(clips))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return features(self, clips)

    monkeypatch.setattr(C3dExtractor, "features", dying)
    with pytest.raises(KeyboardInterrupt):
        place.run("cut")
    monkeypatch.setattr(C3dExtractor, "features", features)
    left = {path.name for path in (place.folder / "features" / "cut").glob("*.*")}
    # Which videos come first, and so how many a batch finishes, depends on the folder.
    lost = [video for video in clean.ok() if clean.path(video).name not in left]
    assert left
    assert lost
    count["image"] = 0
    again = place.run("cut")
    made = [storage.read_artefact(clean.path(video), kind="image_features").arrays["features"] for video in lost]
    assert count["image"] == sum(map(len, made))
    assert again.rows == clean.rows


def test_features_that_are_not_finite_quarantine_their_video_alone(place, monkeypatch):
    clean = place.run("clean")
    frames = manifest.read_manifest(place.decoded / "frames" / "manifests" / "000.tsv")
    target = next(extraction.video.open_frames(frames, "b", place.decoded / "source" / "b.mp4").read())
    prepare, features = C3dExtractor.prepare_image, C3dExtractor.features
    marked = []

    def spy(self, pictures):
        prepared = prepare(self, pictures)
        if np.array_equal(pictures[0], target):
            marked.append(prepared)
        return prepared

    def poisoned(self, clips):
        result = features(self, clips).copy()
        for i, clip in enumerate(clips):
            if any(np.array_equal(clip, mark) for mark in marked):
                result[i, 5] = np.nan
        return result

    monkeypatch.setattr(C3dExtractor, "prepare_image", spy)
    monkeypatch.setattr(C3dExtractor, "features", poisoned)
    spoiled = place.run("poisoned")
    assert spoiled.rows["b"].code == "F201"
    assert "1 of 1 features" in spoiled.rows["b"].reason
    for video in ("a", "c"):
        assert spoiled.rows[video] == clean.rows[video]


def files(manifest):
    return {video: manifest.path(video).read_bytes() for video in manifest.ok()}


@pytest.mark.parametrize("threads", [2, 4])
@pytest.mark.parametrize("regions", [False, True])
def test_the_bytes_are_the_same_for_any_number_of_processes_that_read(place, monkeypatch, threads, regions):
    monkeypatch.setattr(clip_features, "PART", 1)
    tubes = place.tubes() if regions else None
    alone, fed = place.run("one", tubes=tubes), place.run("two", tubes=tubes, threads=threads)
    assert sum(row.counts["clips"] for row in alone.rows.values() if row.ok) > 5
    assert fed.rows == alone.rows
    assert files(fed) == files(alone)


@pytest.mark.parametrize("threads", [1, 3])
def test_inputs_that_are_made_on_the_device_are_the_same(place, monkeypatch, threads):
    tubes = place.tubes()
    expected = [place.run(name, tubes=given) for name, given in (("image", None), ("a/one", tubes))]
    monkeypatch.setattr(C3dExtractor, "crops_on_device", True)
    whole = place.run("image2", threads=threads)
    region = place.run("b/two", tubes=tubes, threads=threads)
    assert [files(whole), files(region)] == [files(one) for one in expected]


def test_weights_lie_beside_the_yaml_or_in_their_folder(place, tmp_path):
    from safetensors.numpy import save_file

    from wsstad.perception.networks import c3d

    (place.folder / "variants").mkdir()
    save_file(c3d.seeded_weights(3, width=2), place.folder / "c3d.safetensors")
    digest = storage.file_digest(place.folder / "c3d.safetensors")
    yaml = f"type: c3d\nwidth: 2\nbatch: 3\nweights: c3d.safetensors\nsha256: {digest}\n"
    (place.folder / "variants" / "c3d.yaml").write_text(yaml)
    in_folder = place.run("one", extractor="variants/c3d.yaml")
    shutil.move(place.folder / "c3d.safetensors", place.folder / "variants")
    beside = place.run("two", extractor="variants/c3d.yaml")
    seeded = place.run("three")
    features = [read(manifest, "a", "image_features").arrays["features"] for manifest in (in_folder, beside, seeded)]
    np.testing.assert_array_equal(features[0], features[1])
    np.testing.assert_array_equal(features[0], features[2])
    (place.folder / "variants" / "c3d.safetensors").unlink()
    with pytest.raises(UserError, match=r"c3d\.safetensors: no such weights; name their folder with --weights"):
        place.run("four", extractor="variants/c3d.yaml")


def test_tubes_of_another_video_length_are_refused(place):
    tubes = place.tubes()
    row = manifest.read_manifest(tubes).rows["a"]
    path = manifest.read_manifest(tubes).path("a")
    digest = storage.write_artefact(path, Artefact(make_tubes(41).to_arrays()), kind="tubes", key="0" * 64)
    tubes.write_text(tubes.read_text().replace(row.digest, digest))
    with pytest.raises(UserError, match="tubes of 41 frames, but a has 40"):
        place.run("region", tubes=tubes)


def test_each_folder_has_an_order_of_its_own():
    videos = [f"v{i}" for i in range(48)]
    orders = [extraction._rotated(videos, f"region/{detector}/iou") for detector in ("yolo", "motion", "demo_yolo")]
    assert all(sorted(order) == sorted(videos) for order in orders)
    assert len({order[0] for order in orders}) == 3


def test_i3d_is_read_from_the_folder_of_weights_where_its_package_is_not_installed(tmp_path, monkeypatch, repository):
    packaged = in_package(*I3dParameters.packaged)
    monkeypatch.setattr(extract.variant_weights, "in_package", lambda package, member: None)
    (tmp_path / "i3d-kinetics-400.ckpt").symlink_to(packaged)
    path = repository / "config/extractors/i3d.yaml"
    args = argparse.Namespace(extractor=path, weights=tmp_path, device="cpu", threads=1)
    made = extract.load_extractor(args, config.load_variant(path, EXTRACTORS))
    assert made.facts()["weights"] == "i3d-kinetics-400.ckpt"
    (tmp_path / "i3d-kinetics-400.ckpt").unlink()
    with pytest.raises(UserError, match=r"i3d-kinetics-400\.ckpt: no such weights"):
        extract.load_extractor(args, config.load_variant(path, EXTRACTORS))
