"""The decode stage on a shard of good and bad videos."""

import hashlib
import logging
import os
import re
import signal
import time

import numpy as np
import pytest

from support import videos
from wsstad import video
from wsstad.artefacts import isolation, storage
from wsstad.artefacts.manifest import read_manifest
from wsstad.errors import UserError
from wsstad.stages import decode
from wsstad.video import decoding


@pytest.fixture
def shard(tmp_path):
    """Write a good, a corrupt, an empty and a too short video, and a folder of images, with their tables."""
    raw = tmp_path / "raw"
    raw.mkdir()
    videos.write(raw / "good.mp4", videos.frames(40))
    videos.damage(videos.write(raw / "corrupt.mp4", videos.frames(90)), flips=60)
    (raw / "empty.mp4").write_bytes(b"")
    videos.write(raw / "short.avi", videos.frames(5), kind="avi")
    videos.write_folder(raw / "images", videos.frames(17, 33, 21))
    paths = {p.stem: p.name for p in raw.iterdir()}
    videos.tables(tmp_path / "tables", paths)
    return tmp_path


def run(shard, *flags, name="frames"):
    path = shard / name / "manifests" / "000.tsv"
    options = {"--shard-map": shard / "tables" / "shards.tsv", "--shard": "000", "--manifest": path}
    options |= {"--tables": shard / "tables", "--source": shard / "raw"}
    given = dict(zip(flags[::2], flags[1::2], strict=True))
    settings = dict(zip(videos.DECODE_FLAGS[::2], videos.DECODE_FLAGS[1::2], strict=True))
    decode.main([str(part) for option in {**options, **settings, **given}.items() for part in option])
    return path


def snapshot(folder):
    return {p.relative_to(folder): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_video_that_is_not_as_its_list_of_checksums_says_is_set_aside(shard):
    clean = storage.read_table(run(shard))
    before = snapshot(shard / "frames")
    names = ("good.mp4", "short.avi")
    digests = {name: hashlib.new("sha1", (shard / "raw" / name).read_bytes()).hexdigest() for name in names}  # noqa: S324
    listed = shard / "SHA1SUMS"
    listed.write_text("".join(f"{digest}  {name}\n" for name, digest in digests.items()))
    assert storage.read_table(run(shard, "--checksums", listed)) == clean, "nothing is wrong with any"
    listed.write_text(f"{'0' * 40}  good.mp4\n")
    rows = {row["video"]: row for row in storage.read_table(run(shard, "--checksums", listed))}
    reason = f"sha1 of good.mp4 is {digests['good.mp4'][:12]}..., and 000000000000... in SHA1SUMS"
    assert (rows["good"]["code"], rows["good"]["reason"]) == ("V113", reason)
    assert [row for row in rows.values() if row["video"] != "good"] == [row for row in clean if row["video"] != "good"]
    listed.unlink()
    run(shard)
    assert snapshot(shard / "frames") == before


def test_a_shard_gives_each_video_its_row(shard):
    path = run(shard)
    rows = storage.read_table(path)
    cells = [(row["video"], row["status"], row["code"], row["frames"], row["errors"]) for row in rows]
    assert cells == [
        ("corrupt", "quarantined", "V105", "", ""),
        ("empty", "quarantined", "V102", "", ""),
        ("good", "ok", "", "40", "0"),
        ("images", "ok", "", "17", "0"),
        ("short", "quarantined", "V106", "", ""),
    ]
    assert [row["reason"] for row in rows if row["code"] in ("V102", "V106")] == ["empty file", "5 frames"]
    assert re.fullmatch(r"\d+ errors, \d+ corrupt of \d+ frames", rows[0]["reason"])
    names = sorted(re.sub(r"\.[0-9a-f]{12}", "", p.name) for p in path.parent.parent.iterdir())
    assert names == [
        *("corrupt.json", "empty.json", "good.h5", "good.mp4", "images.h5", "images.mp4", "manifests", "short.json")
    ]
    frames = read_manifest(path)
    for name in frames.ok():
        artefact = storage.read_artefact(frames.path(name), kind="frames")
        assert artefact.digest == frames.rows[name].digest
        assert artefact.meta["source_sha256"] == video.source_digest(next((shard / "raw").glob(f"{name}*")))
        assert artefact.meta["store_sha256"] == storage.file_digest(frames.path(name, ".mp4"))
        assert len(artefact.arrays["seconds"]) - 1 == artefact.arrays["size"][0] == frames.rows[name].counts["frames"]
    assert video.open_frames(frames, "images", shard / "raw" / "images").clip(0).shape == (16, 21, 33, 3)


def test_a_second_run_computes_nothing_and_a_third_place_has_the_same_bytes(shard, monkeypatch):
    folder = run(shard).parent.parent
    before = snapshot(folder)
    assert snapshot(run(shard, name="elsewhere").parent.parent) == before
    monkeypatch.setattr(decoding, "decode", lambda *args, **kwargs: pytest.fail("nothing was to be done"))
    run(shard)
    assert snapshot(folder) == before


def test_a_missing_store_is_made_again_and_nothing_else(shard, monkeypatch):
    path = run(shard)
    before = snapshot(path.parent.parent)
    read_manifest(path).path("good", ".mp4").unlink()
    note, done = notes(shard / "notes.txt")
    real = decoding.decode
    monkeypatch.setattr(
        decoding, "decode", lambda path, *args, **kwargs: note(path.name) or real(path, *args, **kwargs)
    )
    run(shard)
    assert done() == ["good.mp4"]
    assert snapshot(path.parent.parent) == before


def test_a_changed_source_is_decoded_again_whatever_its_age(shard):
    path = run(shard)
    before = read_manifest(path).rows
    source = shard / "raw" / "good.mp4"
    videos.write(source, videos.frames(41))
    run(shard)
    after = read_manifest(path).rows
    assert after["good"].counts["frames"] == 41
    assert {v for v in after if after[v] != before[v]} == {"good"}


def test_index_keeps_no_pixels_and_ignores_crf(shard, caplog):
    path = run(shard, "--store", "index")
    frames = read_manifest(path)
    assert sorted(p.suffix for p in path.parent.parent.iterdir()) == ["", ".h5", ".h5", ".json", ".json", ".json"]
    assert frames.rows["good"].counts == {"frames": 40, "errors": 0}
    with caplog.at_level(logging.INFO):
        run(shard, "--store", "index", "--crf", "30")
    assert "0 to do" in caplog.text
    lossless = read_manifest(run(shard, "--crf", "0", name="lossless"))
    for name, source in (("good", "good.mp4"), ("images", "images")):
        one, other = (video.open_frames(m, name, shard / "raw" / source) for m in (frames, lossless))
        np.testing.assert_array_equal(np.stack(list(one.read())), np.stack(list(other.read())))


def test_damaged_keep_says_what_was_wrong(shard):
    frames = read_manifest(run(shard, "--damaged", "keep"))
    row = frames.rows["corrupt"]
    assert row.ok
    assert row.counts["errors"] > 0
    meta = storage.read_artefact(frames.path("corrupt"), kind="frames").meta
    assert meta["errors"] + meta["corrupt_frames"] == row.counts["errors"]
    whole = list(video.open_frames(frames, "corrupt", shard).read())
    assert len(whole) == row.counts["frames"] <= 90
    index = read_manifest(run(shard, "--damaged", "keep", "--store", "index", name="index"))
    again = list(video.open_frames(index, "corrupt", shard / "raw" / "corrupt.mp4").read())
    assert len(again) == len(whole)


def test_the_content_does_not_depend_on_settings_that_change_no_pixel(shard):
    usual = read_manifest(run(shard)).rows["good"]
    kept = read_manifest(run(shard, "--damaged", "keep", "--max-pixels", "1000000", name="kept")).rows["good"]
    assert usual.key != kept.key
    assert usual.digest == kept.digest


def test_max_pixels_is_a_limit(shard):
    frames = read_manifest(run(shard, "--max-pixels", str(33 * 21)))
    assert {video: row.code for video, row in frames.rows.items() if row.code} == {
        "corrupt": "V109",
        "empty": "V102",
        "good": "V109",
        "short": "V109",
    }


def test_a_missing_source_stops_the_run_before_any_work(shard):
    (shard / "raw" / "good.mp4").unlink()
    row = [line.split("\t")[0] for line in (shard / "tables" / "videos.tsv").read_text().splitlines()].index("good") + 1
    with pytest.raises(UserError, match=rf"videos\.tsv: row {row}: .*'good\.mp4'"):
        run(shard)
    assert not (shard / "frames").exists()


def test_a_video_that_no_table_lists_stops_the_run(shard):
    with open(shard / "tables" / "shards.tsv", "a") as file:
        file.write("stranger\t000\n")
    with pytest.raises(UserError, match="'stranger'"):
        run(shard)


def test_a_bad_flag_is_refused(shard, capsys):
    for flags in (["--crf", "52"], ["--store", "jpeg"], ["--damaged", "hide"]):
        with pytest.raises(SystemExit):
            run(shard, *flags)
    assert "--crf" in capsys.readouterr().err


def test_a_failure_in_the_middle_leaves_no_artefact_without_its_store(shard, monkeypatch):
    """The store comes first, so an artefact without pixels can never be found."""
    note, order = notes(shard / "notes.txt")
    real_write, real_encode = storage.write_artefact, decoding.encode
    monkeypatch.setattr(storage, "write_artefact", lambda p, *a, **k: note(p.name) or real_write(p, *a, **k))
    monkeypatch.setattr(decoding, "encode", lambda p, *a, **k: real_encode(p, *a, **k) and note(p.name))
    run(shard)
    of_good = [name for name in order() if name.startswith("good.")]
    assert [name.rsplit(".")[-1] for name in of_good] == ["mp4", "h5"]
    assert len(order()) == 4, "those that are quarantined have neither"


def notes(path):
    """Return what notes a word, in whatever process, and what returns all that were noted."""

    def note(word):
        with open(path, "a") as file:
            file.write(f"{word}\n")

    return note, lambda: path.read_text().split()


def test_a_long_video_is_given_its_time(shard, monkeypatch):
    real = decoding.open_source

    def open_source(path, *limits):
        source = real(path, *limits)
        pictures = source.pictures
        monkeypatch.setattr(source, "pictures", lambda: (time.sleep(0.05) or picture for picture in pictures()))
        return source

    expected = read_manifest(run(shard)).rows
    monkeypatch.setattr(decoding, "open_source", open_source)
    monkeypatch.setattr(decode, "PATIENCE", 0.5)  # the 40 frames of the good video take 2 s
    monkeypatch.setattr(isolation, "INTERVAL", 0.1)
    assert read_manifest(run(shard, name="again")).rows == expected


def test_a_source_that_cannot_be_read_costs_itself_and_is_looked_at_again(shard, monkeypatch):
    expected = read_manifest(run(shard)).rows
    real = decode.source_digest

    def source_digest(path):
        if path.name == "good.mp4":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    with monkeypatch.context() as patched:
        patched.setattr(decode, "source_digest", source_digest)
        rows = read_manifest(run(shard, name="again")).rows
    assert (rows["good"].code, rows["good"].reason) == ("V112", "Permission denied")
    assert {name: row for name, row in rows.items() if name != "good"} == {
        name: row for name, row in expected.items() if name != "good"
    }
    assert read_manifest(run(shard, name="again")).rows == expected


def test_a_dangling_link_is_a_video_that_is_not_there_now(shard):
    (shard / "raw" / "good.mp4").rename(shard / "raw" / "elsewhere")
    (shard / "raw" / "good.mp4").symlink_to(shard / "raw" / "nowhere")
    rows = read_manifest(run(shard)).rows
    assert (rows["good"].code, rows["good"].reason) == ("V112", "No such file or directory")


def test_a_picture_beyond_the_encoder_costs_itself(shard):
    folder = shard / "raw" / "images"
    for file in folder.iterdir():
        file.unlink()
    videos.write_folder(shard / "wide", [np.zeros((2, 17_000, 3), np.uint8)] * 9)
    for file in (shard / "wide").iterdir():
        file.rename(folder / file.name)
    rows = read_manifest(run(shard)).rows
    assert (rows["images"].code, rows["images"].reason) == ("V109", "17000x2: H.264 has sides of 16384 at most")
    assert rows["good"].ok
    assert read_manifest(run(shard, "--store", "index", name="index")).rows["images"].ok


def test_whatever_a_decoder_raises_costs_its_video(shard, monkeypatch):
    real = decoding.decode

    def decode_(path, *args, **kwargs):
        if path.name == "good.mp4":
            raise RuntimeError("a bug")
        return real(path, *args, **kwargs)

    monkeypatch.setattr(decoding, "decode", decode_)
    rows = read_manifest(run(shard)).rows
    assert (rows["good"].code, rows["good"].reason) == ("S301", "frames: RuntimeError: a bug")
    assert rows["images"].ok


def crash():
    signal.signal(signal.SIGILL, signal.SIG_DFL)  # not pytest's handler, which prints where
    os.kill(os.getpid(), signal.SIGILL)


@pytest.mark.parametrize(
    ("does", "code", "reason"),
    [
        (lambda: time.sleep(60), "V110", "no frame for 1 s"),
        (crash, "V111", "Illegal instruction"),
    ],
)
def test_a_decoder_that_hangs_or_crashes_costs_its_video(shard, monkeypatch, does, code, reason):
    real = decoding.open_source

    def open_source(path, *limits):
        source = real(path, *limits)
        if path.name == "images":
            monkeypatch.setattr(source, "pictures", lambda: (does() for _ in range(1)))
        return source

    expected = read_manifest(run(shard)).rows
    monkeypatch.setattr(decoding, "open_source", open_source)
    monkeypatch.setattr(decode, "PATIENCE", 1)
    rows = read_manifest(run(shard, name="again")).rows
    assert (rows["images"].code, rows["images"].reason) == (code, reason)
    assert {name: row for name, row in rows.items() if name != "images"} == {
        name: row for name, row in expected.items() if name != "images"
    }
    assert not list((shard / "again").glob(".*.tmp"))
    monkeypatch.setattr(decoding, "open_source", real)
    again = read_manifest(run(shard, name="again")).rows
    assert again == expected, "it may have been the disk: whoever looks again tries again"
