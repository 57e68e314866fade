"""Findings: JSON that record schema allows, a row a frame, and the verdict at the calibrated threshold."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from support import scoring
from wsstad import config
from wsstad.artefacts.manifest import Manifest, Row
from wsstad.artefacts.model_card import Card, Link
from wsstad.evaluation import alarms
from wsstad.learning.likeness import Unlikeness
from wsstad.planning import artefact_keys
from wsstad.reporting import findings, verdicts
from wsstad.reporting.findings import Alarm, Findings, Threshold
from wsstad.reporting.pictures import drawing, timeline_plot
from wsstad.structures.alarms import Curve
from wsstad.structures.tubes import Tube, VideoTubes, whole_frame

CHAIN = (Link("motion", {"type": "motion"}), Link("iou", {"type": "iou"}), Link("c3d_seed0", {"type": "c3d"}))
CODE = artefact_keys.chain_code(*(variant.parameters["type"] for variant in CHAIN))
CARD = Card("mgpr", "mgpr", 0, 1, "a" * 64, "b" * 64, "demo", "cv4", *CHAIN, {}, CODE)
CURVE = Curve(np.array([0.2, 0.5]), np.array([3, 0]), hours=0.5)


FAR = {"image": Unlikeness(distance=2.1, farther_than=1.0, outside=0.196, usual=0.064)}
NEAR = {"region": Unlikeness(distance=1.1, farther_than=0.8, outside=0.07, usual=0.064)}


def make(
    scores=(0.3, 0.9, 0.6), *, curve=CURVE, tubes=None, n_frames=40, path="cam 1/a.mp4", unlikeness=None, by_hand=None
):
    """Three tubes at 10 frames a second, the second of which is a union."""
    box = np.array([[5, 5, 30.0625, 40]], dtype=np.float32)
    spans = [(0, 20), (10, 25), (30, 40)]
    made = tubes or [Tube(a, np.repeat(box, b - a, axis=0), "unary") for a, b in spans]
    if tubes is None:
        made[1] = Tube(10, made[1].boxes, "multivariate", members=(0,))
    detected = np.full(n_frames, tubes is None)
    prediction = scoring.prediction("a", made, scores, n_frames=n_frames, detected=detected)
    video = VideoTubes(n_frames, 100, 80, detected, made)
    return Findings(
        path,
        prediction,
        video,
        CARD,
        np.arange(n_frames + 1) / 10,
        0.0,
        Threshold.of(curve, 1.0, by_hand),
        unlikeness or {},
    )


def test_the_json_is_what_its_schema_says():
    content = json.loads(make().to_json())
    assert config.check(content, "tubes", "a.tubes.json") == content
    assert (content["verdict"], content["score"], content["seconds"]) == ("alarm", 0.9, 4.0)
    assert [tube["tube"] for tube in content["tubes"]] == [1, 2, 0], "the best first"
    first = content["tubes"][0]
    assert first["boxes"] == [[5, 5, 30.0625, 40]] * 15
    assert (first["kind"], first["members"], first["from_seconds"], first["to_seconds"]) == (
        "multivariate",
        [0],
        1,
        2.5,
    )
    assert first["parts"] == [{"start": 10, "stop": 25, "score": 0.9}]


def test_alarms_are_those_of_the_calibrated_threshold():
    findings = make()
    assert findings.threshold.score == alarms.calibrate(CURVE, 1.0).threshold == 0.5
    assert findings.alarms == [
        Alarm(start=10, stop=40, from_seconds=1.0, to_seconds=4.0, score=0.9),
    ], "half a second of quiet is closed"
    assert make((0.3, 0.5, 0.4)).verdict == "quiet", "above is above"
    assert make(curve=None).verdict == "unknown"
    assert json.loads(make(curve=None).to_json())["threshold"] is None


def test_the_csv_has_a_row_a_frame():
    rows = list(csv.DictReader(io.StringIO(make().to_csv())))
    assert [int(row["frame"]) for row in rows] == list(range(40))
    assert rows[12] == {"frame": "12", "seconds": "1.200", "score": "0.900000", "alarm": "1"}
    assert rows[5] == {"frame": "5", "seconds": "0.500", "score": "0.300000", "alarm": "0"}
    assert rows[27]["score"] == "0.000000"
    assert rows[27]["alarm"] == "1"


def test_an_unknown_verdict_says_why_and_is_no_zero_anywhere():
    record = make(curve=None)
    content = json.loads(record.to_json())
    assert config.check(content, "tubes", "a.tubes.json") == content
    assert (content["verdict"], content["alarms"], content["threshold"]) == ("unknown", None, None)
    assert content["reason"] == findings.NO_THRESHOLD
    assert {row["alarm"] for row in csv.DictReader(io.StringIO(record.to_csv()))} == {""}
    row = verdicts._row(Manifest(Path(), {}), Row("a", "k"), "a.mp4", {**record.facts(), "files": {}})
    assert (row["verdict"], row["alarms"], row["threshold"], row["note"]) == ("unknown", "", "", findings.NO_THRESHOLD)
    known = json.loads(make((0.1, 0.2, 0.3)).to_json())
    assert (known["verdict"], known["reason"], known["alarms"]) == ("quiet", "", [])


@pytest.mark.parametrize(
    ("curve", "by_hand", "note"),
    [
        (None, 0.7, "the model had no held-out normal video to say how many false alarms it gives"),
        (CURVE, 0.7, "0 false alarms in 0.5 h of held-out normal video"),
        (CURVE, 0.3, "3 false alarms in 0.5 h of held-out normal video"),
        (CURVE, 0.1, "it is below every score of the held-out normal videos, which are all alarm"),
    ],
)
def test_a_threshold_by_hand_says_what_it_would_have_cost(curve, by_hand, note):
    record = make(curve=curve, by_hand=by_hand)
    content = json.loads(record.to_json())
    assert config.check(content, "tubes", "a.tubes.json") == content
    assert content["threshold"] == {"score": by_hand, "alarms_per_hour": None, "note": f"given by hand; {note}"}
    assert (content["verdict"], content["reason"]) == ("alarm", "")
    _, line = verdicts.remarks([], CARD, content["threshold"], changed=[])
    assert line == f"an alarm is a score above {by_hand:.4f}, given by hand; {note}"


def test_the_json_says_how_unlike_the_training_videos_it_is():
    content = json.loads(make(unlikeness=FAR | NEAR).to_json())
    assert config.check(content, "tubes", "a.tubes.json") == content
    assert content["unlikeness"]["image"] == {"distance": 2.1, "farther_than": 1.0, "outside": 0.196, "usual": 0.064}
    assert content["lowest_score"] == 0.3
    assert json.loads(make().to_json())["unlikeness"] == {}


def notes(**options):
    return list(verdicts._notes(make(**options).facts()))


def test_a_video_that_is_unlike_the_training_videos_has_a_note():
    words = (
        "unlike the training videos: its image features are 2.1 times as far from the nearest as those are from each"
        " other, 20 % outside their range (6 % is usual)"
    )
    assert notes(unlikeness=FAR | NEAR) == [words]
    assert notes(unlikeness=FAR, scores=(0.39, 0.52, 0.45)) == [
        words,
        "its timeline is flat, 0.39 to 0.52: no finding",
    ]
    assert notes(unlikeness=NEAR, scores=(0.39, 0.52, 0.45)) == notes() == []


def test_boxes_are_told_of_the_best_alone():
    many = [scoring.constant_tube(0, 40, (i, 0, i + 9, 9)) for i in range(30)]
    content = json.loads(make([0.01 * i for i in range(30)], tubes=many).to_json())
    assert [("boxes" in tube) for tube in content["tubes"]] == [True] * 20 + [False] * 10
    assert len(content["tubes"]) == 30
    config.check(content, "tubes", "")


def test_a_video_in_which_nothing_was_seen_is_the_whole_image():
    tubes = [whole_frame(start, start + 20, 100, 80) for start in (0, 20)]
    content = json.loads(make((0.1, 0.2), tubes=tubes).to_json())
    config.check(content, "tubes", "")
    assert content["detected_frames"] == 0
    assert {tube["kind"] for tube in content["tubes"]} == {"frame"}


@pytest.mark.parametrize("path", ["a.mp4", "$x^$_{.mp4", "<b>a</b>.mp4", "a" * 300])
def test_the_timeline_is_a_picture_and_the_same_one_again(tmp_path, path):
    for name in ("one.png", "two.png"):
        timeline_plot.write_timeline(tmp_path / name, make(path=path))
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["score", "alarm threshold, 0.50", "alarm", "top-1 tube"]),
        ({"scores": (0.3, 0.4, 0.2)}, ["score", "alarm threshold, 0.50", "top-1 tube"]),
        ({"curve": None}, ["score", "top-1 tube"]),
    ],
)
def test_the_legend_of_a_timeline_names_what_is_in_it(options, names):
    figure = timeline_plot.draw(make(**options))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == names


def test_an_alarm_has_not_the_colour_of_the_truth():
    red, green, _ = to_rgb(timeline_plot.ALARM)
    assert red < 2 * green
    truth = drawing.TRUTH
    assert truth[0] > 2 * truth[1]


def test_verdicts_are_told_the_alarms_first():
    def row(name, state, score="", n=0, note="", first=("", "")):
        cells = {"path": name, "verdict": state, "score": score, "alarms": n, "note": note}
        return cells | {"first_from": first[0], "first_to": first[1]}

    rows = [
        row("b.mp4", "alarm", 0.91, 2, first=("0:12.3", "0:15.0")),
        row("a.mp4", "quiet", 0.4, note=verdicts.NOTHING_SEEN),
        row("cut.mp4", "not scored", note="V101 not a video"),
    ]
    threshold = {"score": 0.5, "alarms_per_hour": 1.0, "note": ""}
    remarks = verdicts.remarks(rows, CARD, threshold, changed=[], skipped="5 files were not looked at: .dav 5")
    assert list(verdicts.describe(rows, remarks)) == [
        "scored by mgpr, seed 0, trained on demo (cv4, fold 1)",
        "an alarm is a score above 0.5000, calibrated for 1 false alarm an hour on held-out normal videos",
        "5 files were not looked at: .dav 5",
        "3 videos: 1 alarm, 1 quiet, 1 not scored",
        "",
        "alarm       0.91  b.mp4    2 alarms, the first from 0:12.3 to 0:15.0",
        "quiet       0.40  a.mp4    nothing was detected in any frame: the whole image was scored",
        "not scored        cut.mp4  V101 not a video",
    ]
    remarks = list(verdicts.remarks(rows, CARD, {**threshold, "note": "little footage"}, changed=["link"]))
    assert remarks[2:] == [
        "warning: little footage",
        "warning: the code of link, or a library behind it, has changed since the model was trained",
    ]
    rows[0]["note"] = "unlike the training videos: far"
    lines = list(verdicts.describe(rows, verdicts.remarks(rows, CARD, threshold, changed=[])))
    assert lines[2] == (
        "warning: 1 of 3 videos are unlike those that the model learned from: its verdict on them is a guess,"
        " and a flat timeline, all alarm or all quiet, is no finding"
    )
    assert lines[5].endswith("from 0:12.3 to 0:15.0; unlike the training videos: far")
