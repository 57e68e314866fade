"""What the jobs left of their cost."""

from pathlib import Path

from support import pages
from wsstad import heartbeat
from wsstad.artefacts import storage
from wsstad.planning.paths import Output
from wsstad.planning.stages import STAGES
from wsstad.reporting.page import costs

OUTPUT = Output("evaluate", Path(STAGES["evaluate"].output.format(**pages.WILDCARDS)), pages.WILDCARDS)


def leave(stage, name, *, s, rss="10.0", **facts):
    cells = {"s": s, "max_rss": rss, "cpu_time": "2.0"}
    storage.write_table(Path("results/benchmarks") / stage / f"{name}.tsv", [cells], list(cells))
    log = Path("results/logs") / stage / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    if facts:
        with heartbeat.of_job(str(log)):
            heartbeat.note(**facts)


def test_jobs_of_a_stage_are_added_up(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    leave("decode/made_up", "000", s="3.5", entry="videos", to_do=2, unchanged=10)
    leave("decode/made_up", "001", s="1.5", rss="NA", entry="videos", to_do=1, unchanged=10)
    leave("decode/made_up", "002", s="1.0")
    leave("decode/other", "000", s="99", entry="videos", to_do=1)
    facts = {"entry": "videos", "to_do": 2, "unchanged": 10, "computed": 115, "reused": 7}
    leave("extract/made_up/c3d_seed0/region/motion/iou", "000", s="8", **facts)
    decode, extract = costs.read([OUTPUT, OUTPUT])
    assert (decode.stage, decode.jobs, decode.seconds, decode.cpu_seconds) == ("decode", 3, 6.0, 6.0)
    assert (decode.megabytes, decode.unit, decode.made, decode.cached) == (10.0, "videos", 3, 20)
    assert (extract.clips_made, extract.clips_cached) == (115, 7)


def test_nothing_is_made_up_where_there_is_no_record(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert costs.read([OUTPUT]) == []
