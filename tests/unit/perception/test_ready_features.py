import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.learning import bags
from wsstad.learning.bags import ClipFeatures
from wsstad.perception import ready_features
from wsstad.perception.linkers import iou
from wsstad.perception.ready_features import Videolets
from wsstad.planning import dataset_tables
from wsstad.structures.clips import CLIP_FRAMES
from wsstad.structures.tubes import VideoTubes

OPTIONS = {"sources": ["first", "second"], "lengths": "lengths.txt"}


def rows(seed: int, shape: tuple[int, ...] = (32, 5)) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


@pytest.fixture
def folder(tmp_path):
    """Tables of three videos whose features are in one archive; the first has two arrays."""
    listed = [{"video": f"v{i}", "path": "all.npz", "label": "normal", "class": "x"} for i in range(3)]
    storage.write_table(tmp_path / "videos.tsv", listed, ["video", "path", "label", "class"])
    write(tmp_path)
    (tmp_path / "lengths.txt").write_text("Normal/v0.mp4 1748 Normal -1 -1\nx/other.mp4 9 x\nv1.mp4\t347\n")
    return tmp_path


def write(folder, **changes) -> None:
    arrays = {"second/v0": rows(0), "first/v0": rows(1), "second/v1": rows(2), "first/v2": rows(3)}
    arrays |= {key.replace("_", "/"): change for key, change in changes.items()}
    np.savez(folder / "all.npz", **{key: array for key, array in arrays.items() if array is not None})


def read(folder, *videos: str, **changes) -> dict[str, Videolets]:
    archives = dataset_tables.source_paths(folder, folder, videos or ("v0", "v1", "v2"))
    return ready_features.read(archives, folder, {**OPTIONS, **changes}, where=dataset_tables.row_names(folder))


def test_takes_the_array_of_the_source_named_first(folder) -> None:
    result = read(folder)
    assert {video: videolets.key for video, videolets in result.items()} == {
        "v0": "first/v0",
        "v1": "second/v1",
        "v2": "first/v2",
    }
    assert np.array_equal(result["v0"].features, rows(1).astype(np.float16))
    assert read(folder, "v0", sources=["second", "first"])["v0"].key == "second/v0"


def test_takes_lengths_where_they_are_known(folder) -> None:
    result = read(folder)
    assert {video: videolets.official_frames for video, videolets in result.items()} == {
        "v0": 1748,
        "v1": 347,
        "v2": None,
    }
    assert {video: videolets.clips for video, videolets in result.items()} == {"v0": 3, "v1": 1, "v2": 1}
    assert read(folder, "v0", lengths="")["v0"].clips == 1


@given(st.one_of(st.none(), st.integers(1, 30_000)), st.integers(0, 99))
def test_the_means_of_clips_are_the_rows_again(frames: int | None, seed: int) -> None:
    videolets = Videolets("first/v", rows(seed).astype(np.float16), frames)
    clip_features = videolets.clip_features()
    n_frames = len(clip_features) * CLIP_FRAMES
    video_tubes = VideoTubes(n_frames, 320, 240, np.zeros(n_frames, dtype=bool), iou.videolets(n_frames, 320, 240))
    region = clip_features.copy()
    bag = bags.make_bag(ClipFeatures("v", "normal", video_tubes, clip_features, region), normalise="none")
    for features in (bag.videolets, bag.image, bag.region):
        assert np.array_equal(features.astype(np.float16), videolets.features)
        assert np.array_equal(features, videolets.features.astype(np.float32))
    assert np.array_equal(bag.videolet_spans, bag.spans[:, 1:])


@given(st.integers(1, 30_000))
def test_the_grid_is_the_videos_own_as_nearly_as_whole_clips_allow(frames: int) -> None:
    n_frames = len(Videolets("k", rows(0), frames).clip_features()) * CLIP_FRAMES
    assert n_frames % 512 == 0
    assert n_frames == 512 or abs(n_frames - frames) <= 256


def test_what_stands_in_the_place_of_frames_has_their_facts_and_no_store() -> None:
    artefact = ready_features.on_grid(Videolets("k", rows(0), 1000), "ab" * 32, (320, 240))
    assert artefact.arrays["size"].tolist() == [1024, 320, 240]
    assert artefact.arrays["seconds"][[0, 30, -1]].tolist() == pytest.approx([0, 1, 1024 / 30])
    assert artefact.arrays["features"].shape == (64, 5)
    assert artefact.meta.items() >= {"frames": 1024, "fps": "30", "imported": "k", "source_sha256": "ab" * 32}.items()


NOT_FINITE = rows(4)
NOT_FINITE[7, 2] = np.nan
TOO_LARGE = rows(4)
TOO_LARGE[3, 1] = 70_000


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (rows(0, (31, 5)), r"second/v1: float32 of shape \(31, 5\); allowed: floats of shape \(32, d\)"),
        (rows(0, (32,)), r"second/v1: float32 of shape \(32,\)"),
        (rows(0, (32, 0)), r"shape \(32, 0\)"),
        (np.ones((32, 5), dtype=int), "second/v1: int64"),
        (np.full((32, 5), "x", dtype=object), "second/v1: cannot be read"),
        (NOT_FINITE, "second/v1: row 7: 1 rows hold NaN"),
        (TOO_LARGE, "second/v1: row 3: 1 rows hold NaN or what float16 cannot"),
        (None, r"row 3: 'v1' has no features: .*all.npz: has none of first/v1, second/v1"),
    ],
    ids=["rows", "vector", "empty", "integers", "objects", "nan", "large", "absent"],
)
def test_a_bad_array_stops_with_one_line(folder, array, message: str) -> None:
    write(folder, second_v1=array)
    assert read(folder, "v0", "v2")
    with pytest.raises(UserError, match=message) as error:
        read(folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("all.npz", b"PK no archive", "not an npz archive"),
        ("all.npz", b"", "not an npz archive"),
        ("lengths.txt", b"v0.mp4 many\n", "row 1: 'many' frames"),
        ("lengths.txt", b"v0.mp4 10\nv1.mp4\n", "row 2: '' frames"),
        ("lengths.txt", b"v0.mp4 0\n", "row 1: '0' frames; allowed: a whole number above 0"),
    ],
)
def test_a_bad_file_stops_with_one_line(folder, name: str, content: bytes, message: str) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        read(folder)
    assert "\n" not in str(error.value)


def test_one_array_is_no_archive(folder) -> None:
    with open(folder / "all.npz", "wb") as file:
        np.save(file, rows(0))
    with pytest.raises(UserError, match="not an npz archive"):
        read(folder)


def test_a_missing_list_and_a_missing_video_stop_with_one_line(folder) -> None:
    with pytest.raises(UserError, match="no such list of lengths"):
        read(folder, lengths="absent.txt")
    with pytest.raises(UserError, match="'v9' of the shard map is not listed"):
        read(folder, "v9")
