"""The shard map: balanced, and no video ever moves."""

from hypothesis import given
from hypothesis import strategies as st

from wsstad.artefacts import manifest, seals, storage
from wsstad.artefacts.manifest import Row
from wsstad.planning import shard_map

sizes = st.dictionaries(st.text("abcdef", min_size=1, max_size=4), st.integers(1, 1000), min_size=1, max_size=40)


@given(sizes, st.integers(1, 10))
def test_every_video_has_one_shard_and_no_shard_too_many(sizes, shard_videos):
    result = shard_map.assign(sizes, {}, shard_videos)
    assert result.keys() == sizes.keys()
    counts = [list(result.values()).count(shard) for shard in set(result.values())]
    assert max(counts) <= shard_videos
    assert len(counts) <= -(-len(sizes) // shard_videos)


@given(sizes, sizes, st.integers(1, 10), st.integers(1, 10))
def test_old_videos_never_move(old, new, before, after):
    known = shard_map.assign(old, {}, before)
    result = shard_map.assign({**old, **new}, known, after)
    assert {video: result[video] for video in known} == known


def naive_assign(sizes, known, shard_videos):
    """Look at every shard for every video."""
    result = {video: known[video] for video in sizes if video in known}
    shards = {f"{number:03d}" for number in range(-(-len(sizes) // shard_videos))} | set(result.values())
    for video in sorted(sizes.keys() - result.keys(), key=lambda video: (-sizes[video], video)):
        inside = {shard: [one for one in result if result[one] == shard] for shard in shards}
        room = [shard for shard in shards if len(inside[shard]) < shard_videos]
        if not room:
            room = [f"{max(map(int, shards)) + 1:03d}"]
            shards.add(room[0])
        loads = {shard: sum(sizes[one] for one in inside.get(shard, [])) for shard in room}
        result[video] = min(room, key=lambda shard: (loads[shard], shard))
    return result


@given(sizes, sizes, st.integers(1, 10), st.integers(1, 10))
def test_each_new_video_goes_to_the_shard_with_the_fewest_bytes(old, new, before, after):
    known = shard_map.assign(old, {}, before)
    both = {**old, **new}
    assert shard_map.assign(both, known, after) == naive_assign(both, known, after)


def test_shards_are_balanced_by_size():
    result = shard_map.assign({f"v{i:02d}": 10 + i for i in range(40)}, {}, 10)
    loads = [sum(10 + i for i in range(40) if result[f"v{i:02d}"] == shard) for shard in sorted(set(result.values()))]
    assert max(loads) - min(loads) <= 10


def test_the_map_is_written_once_and_follows_removals(tmp_path):
    path = tmp_path / "shards.tsv"
    shard_map.write_map(path, {"a": "000", "b": "001"})
    written = path.stat().st_mtime_ns
    shard_map.write_map(path, {"b": "001", "a": "000"})
    assert path.stat().st_mtime_ns == written
    shard_map.write_map(path, {"b": "001"})
    assert shard_map.read_map(path) == {"b": "001"}
    assert shard_map.read_map(tmp_path / "none.tsv") == {}


def test_a_damaged_map_is_made_again_from_the_manifests(tmp_path, caplog):
    path = tmp_path / "shards.tsv"
    shard_map.write_map(path, {"a": "001", "b": "000", "c": "001"})
    for shard, videos in {"000": ["b"], "001": ["a", "c"]}.items():
        rows = [Row(video, "1" * 64) for video in videos]
        manifest.write_manifest(tmp_path / f"frames/manifests/{shard}.tsv", rows, ())
    content = path.read_bytes()
    path.write_bytes(content.replace(b"a\t001", b"a\t000"))
    assert shard_map.read_map(path) == {"a": "001", "b": "000", "c": "001"}
    assert caplog.messages == [f"wsstad: {path}: has changed; it is made again"]
    shard_map.write_map(path, shard_map.read_map(path))
    assert path.read_bytes() == content
    assert seals.flaw(path) == ""


def test_a_map_without_a_seal_is_sealed(tmp_path):
    path = tmp_path / "shards.tsv"
    storage.write_table(path, [{"video": "a", "shard": "003"}], ["video", "shard"])
    assert shard_map.read_map(path) == {"a": "003"}
    shard_map.write_map(path, {"a": "003"})
    assert seals.flaw(path) == ""
