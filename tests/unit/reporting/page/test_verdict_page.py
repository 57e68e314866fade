"""The page of verdicts: alarms first, what is unknown says why, a moment is one click away, no network."""

import re

import numpy as np

from support import pages, scoring
from unit.reporting.test_findings import CARD, CURVE
from wsstad.artefacts import manifest, storage
from wsstad.artefacts.manifest import Manifest, Row
from wsstad.artefacts.storage import Artefact
from wsstad.reporting import verdicts
from wsstad.reporting.findings import KIND, NO_THRESHOLD, OVERLAY, THUMBNAIL, Findings, Threshold
from wsstad.reporting.page import verdict_page
from wsstad.structures import times
from wsstad.structures.tubes import VideoTubes

PATHS = {"quiet": "quiet.mp4", "loud": "cam 1/loud.mp4", "odd": f"{pages.HOSTILE}.mp4", "cut": "cut.mp4"}
SCORES = {"quiet": (0.1, 0.2), "loud": (0.3, 0.9), "odd": (0.1, 0.8)}


def page(folder, *, curve=CURVE, thumbnail=b"RIFFxxxxWEBP", film=True):
    manifest_rows = {"cut": Row("cut", "", code="V101", reason="not a video")}
    for video, scores in SCORES.items():
        tubes = [scoring.constant_tube(0, 20, (5, 5, 30, 40)), scoring.constant_tube(30, 40, (5, 5, 30, 40))]
        prediction = scoring.prediction(video, tubes, scores)
        linked = VideoTubes(40, 100, 80, np.ones(40, dtype=bool), tubes)
        threshold = Threshold.of(curve, 1.0)
        findings = Findings(PATHS[video], prediction, linked, CARD, np.arange(41) / 10, 10.0, threshold)
        arrays = {
            "scores": findings.scores,
            "knots": times.to_knots(findings.edges),
            **({THUMBNAIL: np.frombuffer(thumbnail, dtype=np.uint8)} if thumbnail else {}),
        }
        files = {".tubes.json": "a" * 64, **({OVERLAY: "b" * 64} if film else {})}
        path = manifest.artefact_path(folder, video, "c" * 64)
        digest = storage.write_artefact(
            path, Artefact(arrays, {**findings.facts(), "files": files}), kind=KIND, key="c" * 64
        )
        manifest_rows[video] = Row(video, "c" * 64, digest)
    scores = Manifest(folder, manifest_rows)
    rows, threshold = verdicts.read(scores, PATHS)
    return verdict_page.page(scores, rows, list(verdicts.remarks(rows, CARD, threshold, changed=[])))


def titles(text):
    return re.findall(r"<h2 [^>]*>([^<]*)</h2>", text)


def test_alarms_come_first_and_each_moment_is_one_click_away(tmp_path):
    text = page(tmp_path)
    assert titles(text)[0] == "cam 1/loud.mp4"
    assert titles(text)[-2:] == ["quiet.mp4", "cut.mp4"]
    assert "4 videos: 2 alarm, 1 quiet, 1 not scored" in text
    assert text.count('data-at="3.0"') == 2
    assert "0:03.0 to 0:04.0" in text
    assert f'src="loud.{"c" * 12}.overlay.mp4"' in text
    assert "An alarm is a score above 0.5000" in text
    assert "V101 not a video" in text


def test_an_unknown_verdict_says_why_and_shows_no_number_of_alarms(tmp_path):
    text = page(tmp_path, curve=None)
    assert text.count(NO_THRESHOLD) == 3 + 1, "each video, and all of them"
    assert not re.search(r"\d+ alarms?<", text)
    assert 'class="threshold"' not in text
    assert ">unknown</span>" in text


def test_names_are_text_and_nothing_is_asked_of_a_network(tmp_path):
    text = page(tmp_path)
    assert pages.HOSTILE not in text
    assert not re.search(r"""(src|href)=["']?(https?:|//)""", text)


def test_without_films_there_are_pictures_and_without_either_words(tmp_path):
    text = page(tmp_path, film=False)
    assert "<video" not in text
    assert "<button" not in text.replace('<button type="button">', "")
    assert text.count("data:image/webp") == 3
    assert "0:03.0 to 0:04.0" in text
    assert "data:image/webp" not in page(tmp_path, film=False, thumbnail=b"")


def test_the_first_keep_their_pictures_where_there_is_no_room_for_all(tmp_path, monkeypatch):
    monkeypatch.setattr(verdict_page, "PICTURE_BYTES", 100)
    assert page(tmp_path, film=False).count("data:image/webp") == 2
