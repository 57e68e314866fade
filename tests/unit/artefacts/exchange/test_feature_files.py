"""Files of features: each layout gives the rows in it, what is written is read again, mistakes are one line."""

import h5py
import numpy as np
import pytest

from wsstad.artefacts.exchange import feature_files
from wsstad.errors import UserError

ROWS = np.random.default_rng(0).random((5, 4)).astype(np.float32)


def test_the_real_file_of_sultani_s_is_32_rows_of_length_1(shared):
    path = shared / "data/c3d_fc6_ucfcrime/RoadAccidents002_x264.txt"
    key, rows = feature_files.read(path, "sultani", [])
    assert (key, rows.shape) == ("RoadAccidents002_x264.txt", (32, 4096))
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(32), abs=1e-3)
    with np.load(path.parent / "c3d_fc6_32seg_f16.npz") as archive:
        assert rows == pytest.approx(archive["bku/RoadAccidents002_x264"].astype(float), abs=1e-3)


def test_crops_in_one_file_are_averaged_or_one_is_taken(tmp_path):
    crops = np.stack([ROWS, ROWS + 1, ROWS + 5], axis=1)
    np.save(tmp_path / "v_i3d.npy", crops)
    assert feature_files.read(tmp_path / "v_i3d.npy", "npy", [])[1] == pytest.approx(ROWS + 2)
    assert np.array_equal(feature_files.read(tmp_path / "v_i3d.npy", "npy", [], crop=1)[1], ROWS + 1)
    with pytest.raises(UserError, match=r"no crop 3; allowed: 0 to 2"):
        feature_files.read(tmp_path / "v_i3d.npy", "npy", [], crop=3)


def test_a_file_a_crop_is_the_same(tmp_path):
    for crop, more in enumerate((0, 1, 5)):
        np.save(tmp_path / f"v__{crop}.npy", ROWS + np.float32(more))
    np.save(tmp_path / "w__0.npy", ROWS * 9)
    key, rows = feature_files.read(tmp_path / "v__0.npy", "npy", [])
    assert (key, rows == pytest.approx(ROWS + 2)) == ("v__0.npy", True)
    assert np.array_equal(feature_files.read(tmp_path / "v__0.npy", "npy", [], crop=2)[1], ROWS + 5)
    with pytest.raises(UserError, match=r"no crop 7; allowed: 0, 1, 2"):
        feature_files.read(tmp_path / "v__0.npy", "npy", [], crop=7)


@pytest.mark.parametrize("form", ["npz", "hdf5"])
def test_the_first_key_of_an_archive_counts(form, tmp_path):
    if form == "npz":
        np.savez(tmp_path / "a", **{"b/v": ROWS, "c/v": ROWS + 1})
    else:
        with h5py.File(tmp_path / "a.npz", "w") as file:
            file["b/v"], file["c/v"] = ROWS, ROWS + 1
    key, rows = feature_files.read(tmp_path / "a.npz", form, ["a/v", "c/v", "b/v"])
    assert (key, np.array_equal(rows, ROWS + 1)) == ("c/v", True)
    with pytest.raises(UserError, match=r"a\.npz: has none of a/w, b/w"):
        feature_files.read(tmp_path / "a.npz", form, ["a/w", "b/w"])


@pytest.mark.parametrize("form", feature_files.FORMATS)
def test_what_is_no_such_file_is_one_line(form, tmp_path):
    for content in (b"", b"<html>", b"\x93NUMPY\x01\x00", b"PK\x03\x04cut", b"\x89HDF\r\n\x1a\ncut"):
        (tmp_path / "bad.npy").write_bytes(content)
        with pytest.raises(UserError, match=r"bad\.npy") as caught:
            feature_files.read(tmp_path / "bad.npy", form, ["v"])
        assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="no such file of features"):
        feature_files.read(tmp_path / "nonesuch", form, ["v"])


@pytest.mark.parametrize(
    "array", [np.zeros(4), np.zeros((0, 4)), np.zeros((3, 4), int), np.zeros((1, 2, 3, 4))], ids=str
)
def test_other_shapes_and_numbers_are_refused(array, tmp_path):
    np.save(tmp_path / "v.npy", array)
    with pytest.raises(UserError, match=r"v\.npy: \w+ of shape .*; allowed: floats of shape \(rows, d\)"):
        feature_files.read(tmp_path / "v.npy", "npy", [])


@pytest.mark.parametrize("form", ["npz", "npy", "hdf5"])
def test_rows_of_clips_are_written_and_read_again(form, tmp_path):
    features = {"a": ROWS, "b": ROWS[:2] + 7}
    paths = feature_files.write(tmp_path / "out", form, features, abnormal=["b"])
    for video, expected in features.items():
        path = tmp_path / "out" / (feature_files.ARCHIVE.get(form) or f"{video}.npy")
        assert path in paths
        assert np.array_equal(feature_files.read(path, form, [video])[1], expected)
    if form == "npy":  # the abnormal ones first
        listed = (tmp_path / "out/files.list").read_text().split()
        assert listed == [str(tmp_path / "out/b.npy"), str(tmp_path / "out/a.npy")]


def test_segments_are_written_as_sultani_s_code_does(tmp_path):
    features = np.random.default_rng(1).random((70, 6))
    feature_files.write(tmp_path, "sultani", {"v": features})
    rows = feature_files.read(tmp_path / "v.txt", "sultani", [])[1]
    for i in range(32):  # naively
        first, last = round(i * 70 / 32), round((i + 1) * 70 / 32)
        mean = sum(features[first:last]) / (last - first)
        assert rows[i] == pytest.approx(mean / np.sqrt((mean**2).sum()), abs=1e-6)


@pytest.mark.parametrize("n", [1, 5, 31, 32, 33])
def test_a_short_video_has_32_segments_too(n):
    features = np.arange(1.0, n + 1)[:, None] * [[3, 4]]
    assert feature_files.segments(features) == pytest.approx(np.tile([0.6, 0.8], (32, 1)))
