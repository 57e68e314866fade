"""results/status.html has the words of `wsstad status`, whatever things are called, and never ends a run."""

import html
import re
from pathlib import Path

from unit.commands.running.test_console import NOW, at_work, beat, stage
from wsstad.commands import status
from wsstad.commands.running import live_page
from wsstad.commands.running.live_page import LivePage


def words_of(path):
    text = re.sub(r"<style>.*?</style>", "", path.read_text(), flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def test_it_has_the_words_of_status(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "results/status.html"
    stages = [stage(12, 12, name="decode small", ended=at_work(12, state="done")), stage(3, 12, running=at_work())]
    stages[0].quarantined["v1"] = "V105 cut"
    LivePage(path).show(stages, NOW)
    shown = words_of(path).lower()
    for line in status.describe(stages, NOW, bars=False):
        for part in line.strip().split("  "):
            assert part.lower() in shown
    assert '<meta http-equiv="refresh" content="10">' in path.read_text()


def test_the_last_page_stays_as_it_is_and_leads_to_the_report(tmp_path):
    path = tmp_path / "status.html"
    (tmp_path / "report.html").write_text("")
    page = LivePage(path)
    page.show([stage(3, 12, running=at_work())], NOW)
    page.show([stage(12, 12, ended=at_work(12, state="done"))], NOW + 1, last=["wsstad: done in 0:01:00"])
    assert "refresh" not in path.read_text()
    assert "Done in 0:01:00" in words_of(path)
    assert '<a href="report.html">' in path.read_text()


def test_it_is_not_written_at_every_look(tmp_path):
    page = LivePage(tmp_path / "status.html")
    page.show([stage(1, 12)], NOW)
    page.path.unlink()
    page.show([stage(2, 12)], NOW + live_page.EVERY / 2)
    assert not page.path.exists()
    page.show([stage(2, 12)], NOW + live_page.EVERY)
    assert "2/12 videos" in words_of(page.path)


def test_names_are_text_and_failures_have_their_reason(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    log = Path("results/logs/detect/small/motion/000.log")
    log.parent.mkdir(parents=True)
    log.write_text("Traceback\nValueError: <script>alert(1)</script>\n")
    path = tmp_path / "status.html"
    LivePage(path).show([stage(3, 12, failed=beat(state="failed"))], NOW)
    assert "<script>" not in path.read_text()
    assert "failed: 000: ValueError: <script>alert(1)</script>" in words_of(path)


def test_a_page_that_cannot_be_written_ends_nothing(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    LivePage(tmp_path / "file/status.html").show([stage(1, 2)], NOW)
    assert "no page of the status" in caplog.text
