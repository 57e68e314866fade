"""The line of facts: what the run noted, and nothing that is not known."""

from wsstad.artefacts import seals, storage
from wsstad.reporting.page import run_facts
from wsstad.reporting.page.costs import Cost

COST = Cost("decode", 1, 90.0, 80.0, 100.0, "videos", 3, 0, 0, 0)
ABOUT = {"host": "node7", "command": "wsstad run", "configuration": "my.yaml", "commit": "0123456789abcdef" * 2}


def write_run(folder, **more):
    storage.write_json(folder / ".run.json", {"config": {}, "targets": [], **more})
    seals.seal(folder / ".run.json")


def test_the_facts_are_those_that_the_run_noted(tmp_path):
    write_run(tmp_path, about=ABOUT)
    assert run_facts.read(tmp_path, [COST, COST], 0.0) == [
        ("made", "1970-01-01 00:00 UTC"),
        ("on", "node7"),
        ("by", "wsstad run"),
        ("from", "my.yaml"),
        ("commit", "0123456789ab"),
        ("time of all jobs", "3 min 0 s"),
    ]


def test_what_is_not_known_is_left_out(tmp_path):
    assert [name for name, _ in run_facts.read(tmp_path, [], 0.0)] == ["made"]
    write_run(tmp_path)  # by an earlier version
    assert [name for name, _ in run_facts.read(tmp_path, [COST], 0.0)] == ["made", "time of all jobs"]
    write_run(tmp_path, about={**ABOUT, "commit": "", "command": ""})
    assert [name for name, _ in run_facts.read(tmp_path, [], 0.0)] == ["made", "on", "from"]


def test_a_record_that_was_changed_tells_nothing(tmp_path):
    write_run(tmp_path, about=ABOUT)
    (tmp_path / ".run.json").write_text((tmp_path / ".run.json").read_text().replace("node7", "node8"))
    assert [name for name, _ in run_facts.read(tmp_path, [], 0.0)] == ["made"]
