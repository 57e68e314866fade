"""What the jobs left of their cost."""

from pathlib import Path

from support import pages
from wsstad.artefacts import storage
from wsstad.planning.paths import Output
from wsstad.planning.stages import STAGES
from wsstad.reporting.page import costs

OUTPUT = Output("evaluate", Path(STAGES["evaluate"].output.format(**pages.WILDCARDS)), pages.WILDCARDS)


def leave(stage, name, *, s, log="", rss="10.0"):
    cells = {"s": s, "max_rss": rss, "cpu_time": "2.0"}
    storage.write_table(Path("results/benchmarks") / stage / f"{name}.tsv", [cells], list(cells))
    storage.write_text(Path("results/logs") / stage / f"{name}.log", log)


def test_jobs_of_a_stage_are_added_up(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    leave("decode/made_up", "000", s="3.5", log="09:00:00 frames: 12 videos, 2 to do, 10 unchanged")
    leave("decode/made_up", "001", s="1.5", log="09:00:00 frames: 11 videos, 1 to do, 10 unchanged", rss="NA")
    leave("decode/other", "000", s="99", log="09:00:00 frames: 1 videos, 1 to do, 0 unchanged")
    log = "09:00:00 region_features: 12 videos, 2 to do, 10 unchanged\n"
    log += "09:00:09 region_features: 115 computed, 7 taken over"
    leave("extract/made_up/c3d_seed0/region/motion/iou", "000", s="8", log=log)
    decode, extract = costs.read([OUTPUT, OUTPUT])
    assert (decode.stage, decode.jobs, decode.seconds, decode.cpu_seconds) == ("decode", 2, 5.0, 4.0)
    assert (decode.megabytes, decode.unit, decode.made, decode.cached) == (10.0, "videos", 3, 20)
    assert (extract.clips_made, extract.clips_cached) == (115, 7)


def test_nothing_is_made_up_where_there_is_no_record(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert costs.read([OUTPUT]) == []
