"""Footage without labels, with real Snakemake: good and bad videos, a model of another dataset, the same cache."""

import json
import shutil

import numpy as np
import pytest

from wsstad import config, video
from wsstad.artefacts import model_card, storage
from wsstad.video import playback

pytestmark = pytest.mark.workflow


@pytest.fixture
def footage(copy):
    """A folder with a video that has everything, one in which nothing moves, one of three frames, and a cut one."""
    new = copy.folder / "new footage"
    new.mkdir()
    shutil.copy(copy.folder / "source/videos/v003.mp4", new / "cam 1.mp4")
    grey = np.full((120, 160, 3), 90, dtype=np.uint8)
    video.write_video(new / "still.mp4", [grey] * 40, fps=10, crf=18)
    video.write_video(new / "three.mp4", [grey] * 3, fps=10, crf=18)
    (new / "cut.mp4").write_bytes((new / "cam 1.mp4").read_bytes()[:2000])
    (new / "readme.txt").write_text("not a video")
    return new


def configure(copy, footage, **more):
    """Configure the scoring of the footage by the first model, with more settings of it; return the model."""
    models = sorted(copy.folder.glob("results/small/runs/**/models/mgpr_tiny/0/fold0.*.safetensors"))
    entry = {"source": footage.name, "model": str(models[0].relative_to(copy.folder))}
    copy.configure(benchmarks=[], score={"new": {**entry, **more}})
    return models[0]


def verdicts(copy, model):
    folder = copy.folder / "results/new/scores" / model_card.read(model).name
    return folder, {row["path"]: row for row in storage.read_table(folder / "verdicts.tsv")}


def test_each_video_gets_a_verdict_or_a_reason(copy, footage):
    model = configure(copy, footage)
    copy.run("scores")
    folder, rows = verdicts(copy, model)
    assert rows.keys() == {"cam 1.mp4", "still.mp4", "three.mp4", "cut.mp4"}
    assert {path: row["verdict"] for path, row in rows.items() if path in ("three.mp4", "cut.mp4")} == {
        "three.mp4": "not scored",
        "cut.mp4": "not scored",
    }
    assert rows["three.mp4"]["note"] == "V106 3 frames"
    assert rows["cut.mp4"]["note"].startswith("V101 ")
    assert rows["still.mp4"]["note"] == "nothing was detected in any frame: the whole image was scored"
    for path in ("cam 1.mp4", "still.mp4"):
        row = rows[path]
        assert row["verdict"] in ("alarm", "quiet")
        content = json.loads((folder / row["tubes"]).read_text())
        config.check(content, "tubes", row["tubes"])
        assert (content["path"], content["verdict"], content["model"]["dataset"]) == (path, row["verdict"], "small")
        lines = (folder / row["scores"]).read_text().splitlines()
        assert len(lines) == 1 + content["frames"]
        facts = playback.facts(folder / row["overlay"])
        assert (facts["codec"], facts["pix_fmt"], facts["faststart"]) == ("h264", "yuv420p", True)
        assert facts["frames"] == content["frames"]
        assert (folder / row["timeline"]).read_bytes().startswith(b"\x89PNG")
    page = (folder / "verdicts.html").read_text()
    assert page.count("<article") == 4
    assert page.count("data:image/webp") == page.count("<video") == 2
    words = (folder / "verdicts.txt").read_text()
    assert "4 videos: " in words
    assert "2 not scored" in words
    assert not list(footage.glob("*.h5")), "the footage is as it was"


@pytest.mark.long
@pytest.mark.whole
def test_what_stands_is_not_made_again_and_what_is_new_costs_itself(copy, footage):
    model = configure(copy, footage)
    copy.run("scores")
    assert copy.run("scores").startswith("wsstad: nothing to do; look at results/new/scores/")
    folder, rows = verdicts(copy, model)
    made = {path.name: path.stat().st_ino for path in folder.glob("*.mp4")}
    shutil.copy(copy.folder / "source/videos/v004.mp4", footage / "more.mp4")
    (folder / rows["still.mp4"]["timeline"]).unlink()
    copy.run("scores")
    assert len(verdicts(copy, model)[1]) == 5
    now = {path.name: path.stat().st_ino for path in folder.glob("*.mp4")}
    kept = rows["cam 1.mp4"]["overlay"]
    assert now[kept] == made[kept]
    assert (folder / rows["still.mp4"]["timeline"]).exists()
    configure(copy, footage, overlay=False)
    copy.run("scores")
    assert {row["overlay"] for row in verdicts(copy, model)[1].values()} == {""}
    assert len(list(folder.glob("*.csv"))) == 6, "under a key of its own"
    log = (copy.folder / "results/logs/decode/new/000.log").read_text()
    assert "frames: 5 videos, 1 to do, 4 unchanged" in log


def test_a_setting_that_moved_since_the_training_stops_it_in_one_line(copy, footage):
    configure(copy, footage)
    copy.change("linkers", "iou", max_gap=3)
    lines = [line for line in copy.fail("scores").splitlines() if line.startswith("wsstad: ")]
    assert len(lines) == 1
    assert "iou.yaml: not what" in lines[0]
    assert "max_gap was 8 and is 3" in lines[0]


@pytest.mark.long
def test_a_threshold_by_hand_decides_alone(copy, footage):
    model = configure(copy, footage, threshold=0.0, overlay=False)
    copy.run("scores")
    folder, rows = verdicts(copy, model)
    assert (rows["cam 1.mp4"]["verdict"], float(rows["cam 1.mp4"]["threshold"])) == ("alarm", 0.0)
    assert rows["cut.mp4"]["threshold"] == ""
    assert "an alarm is a score above 0.0000, given by hand; " in (folder / "verdicts.txt").read_text()
    configure(copy, footage, threshold=1.0, overlay=False)
    copy.run("scores")
    assert {row["verdict"] for row in verdicts(copy, model)[1].values()} == {"quiet", "not scored"}
