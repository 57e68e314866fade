"""Overlays, with real Snakemake: a video that a browser plays of every test video, once."""

import pytest

from wsstad.artefacts import storage
from wsstad.video import playback

pytestmark = pytest.mark.workflow
FOLDER = "results/small/runs/cv2/narrow/motion/iou/full/benchmark/overlays/exact/mgpr_tiny/1"


@pytest.mark.long
def test_every_test_video_has_one_that_plays_and_is_made_once(copy):
    copy.configure(overlays={"methods": ["mgpr_tiny", "not_there"], "seeds": [1]})
    before = copy.tables()
    assert copy.redo("overlays") == {"overlay": [6, 6]}
    made = sorted((copy.folder / FOLDER).glob("*.mp4"))
    assert [path.name.split(".")[0] for path in made] == [f"v{number:03d}" for number in range(12)]
    for path in made:
        facts = playback.facts(path)
        assert (facts["codec"], facts["pix_fmt"], facts["faststart"], facts["frames"]) == ("h264", "yuv420p", True, 64)
    assert copy.redo("overlays") == {}
    made[3].unlink()
    assert copy.redo("overlays") == {"overlay": [1]}
    assert copy.redo() == {}, "nobody else waits for them"
    (copy.folder / FOLDER).parents[3].joinpath("predictions.tsv").unlink()
    done = copy.redo("overlays")
    assert done["predict"] == [0], "behind overlays that stand"
    assert "evaluate" not in done, "no overlay needs it"
    made[4].unlink()
    assert copy.run("overlays").endswith(f"; look at {FOLDER}\n")
    assert copy.tables() == before
    rows = storage.read_table(copy.folder / FOLDER / "manifests/000.tsv")
    assert all(int(row["mp4_bytes"]) > 1000 for row in rows)


def test_what_no_block_has_is_told(copy):
    copy.configure(overlays={"methods": ["mgpr"]})
    assert copy.fail("overlays").startswith("wsstad: config.yaml: overlays: no block has one of these methods")
    assert copy.redo() == {}
