"""The scenes of the study: exact boxes, and a label that only what the road users do predicts."""

import functools
import hashlib
import json

import numpy as np
import pytest

from support.scenes import check_accident
from wsstad.scenes.footage_plan import Benchmark
from wsstad.scenes.incidents import INTERACTIONS, SINGLE, make_incident_scene
from wsstad.scenes.renderer import Renderer, accident_boxes
from wsstad.scenes.study_plan import CAMERAS, StudyBenchmark

SIZE = (160, 128)
N = 256
STUDY = StudyBenchmark(11, N, SIZE)
# Of the first four videos of `make demo`: three frames and the boxes of the accident.
DEMO = ["8c08c6d7cba5dd42", "25688465c8a40d85", "7291fc59f1a7f48f", "652e00fae139b1d3"]


def auc(abnormal, normal):
    """Return the probability that a value of an abnormal video is larger, ties half."""
    return float(np.mean([(a > b) + (a == b) / 2 for a in abnormal for b in normal]))


@functools.cache
def scene_of(i):
    return STUDY.scene(i)


def by_label(fact, videos=200):
    """Return a fact of the scenes of the study's first videos: of the abnormal ones, of the normal ones."""
    values = {True: [], False: []}
    for i in range(videos):
        values[STUDY.kind(i) != "normal"].append(fact(scene_of(i)))
    return values[True], values[False]


def nearest(scene):
    """Return how close two road users come, in metres between their middles."""
    closest = np.inf
    for k, one in enumerate(scene.actors):
        for other in scene.actors[:k]:
            both = one.track.present & other.track.present
            apart = np.linalg.norm(one.track.position - other.track.position, axis=1)[both]
            closest = min(closest, apart.min(initial=np.inf))
    return closest


@pytest.mark.parametrize("i", range(4))
def test_the_videos_of_the_demo_are_what_they_were_before_there_was_a_study(i):
    scene = Benchmark(2021, 96, (320, 240)).scene(i)
    renderer, digest = Renderer(scene), hashlib.sha256()
    for frame in (0, 37, 60):
        digest.update(renderer.draw(frame)[0].tobytes())
    rounded = [[frame, [round(float(v), 3) for v in box]] for frame, box in accident_boxes(scene).items()]
    digest.update(json.dumps(rounded).encode())
    assert digest.hexdigest()[:16] == DEMO[i]


@pytest.mark.parametrize("kind", [*INTERACTIONS, *SINGLE])
def test_an_incident_takes_a_short_part_and_its_boxes_enclose_its_road_users(kind):
    for seed in range(4):
        scene = make_incident_scene([8, seed], kind=kind, abnormal=True, place_seed=[9, seed], n_frames=N, size=SIZE)
        assert 0.05 * N <= check_accident(scene, least=1) <= 0.3 * N
        assert len(scene.victims) == (2 if kind in INTERACTIONS else 1)


def test_the_ordinary_act_has_no_boxes_and_an_incident_needs_time():
    for kind in (*INTERACTIONS, *SINGLE):
        scene = make_incident_scene([8, 1], kind=kind, abnormal=False, place_seed=[9, 1], n_frames=N, size=SIZE)
        assert accident_boxes(scene) == {}
        assert scene.effects is None
    with pytest.raises(ValueError, match="at least 128 frames"):
        make_incident_scene([8, 1], kind="fall", abnormal=True, place_seed=[9, 1], n_frames=96, size=SIZE)


@pytest.mark.parametrize(
    "fact",
    [
        lambda scene: len(scene.actors),
        lambda scene: sum(actor.looks.label == 2 for actor in scene.actors),
        lambda scene: sum(actor.looks.label == 1 for actor in scene.actors),
        lambda scene: sum(int(actor.track.present.sum()) for actor in scene.actors),
    ],
    ids=["road users", "pedestrians", "motorcycles", "time in the scene"],
)
def test_who_is_there_does_not_predict_the_label(fact):
    # With 100 videos of a label and no difference the AUC has a standard deviation of 0.041.
    assert 0.4 < auc(*by_label(fact)) < 0.6


def test_light_does_not_predict_the_label():
    small = StudyBenchmark(11, 128, (64, 64))
    values = {True: [], False: []}
    for i in range(80):
        values[small.kind(i) != "normal"].append(float(Renderer(small.scene(i)).light.mean()))
    assert 0.34 < auc(values[True], values[False]) < 0.66


def test_in_most_normal_videos_too_road_users_come_close():
    abnormal, normal = by_label(nearest, 100)
    assert np.mean(np.array(normal) < 3) > 0.6
    assert auc(-np.array(abnormal), -np.array(normal)) < 0.75


def test_every_pair_holds_one_normal_video_and_half_of_the_incidents_are_interactions():
    kinds = [STUDY.kind(i) for i in range(200)]
    assert all((a == "normal") != (b == "normal") for a, b in zip(kinds[::2], kinds[1::2], strict=True))
    assert sum(kind in INTERACTIONS for kind in kinds) == sum(kind in SINGLE for kind in kinds) == 50
    assert {kind: kinds.count(kind) for kind in SINGLE} == dict.fromkeys(SINGLE, 10)


@pytest.mark.parametrize("folds", [2, 5])
def test_folds_share_no_camera_and_have_as_many_of_each_label(folds):
    tested = STUDY.folds(200, folds)
    assert tested[:20] == STUDY.folds(20, folds)
    cameras = [{STUDY.group(i) for i in range(200) if tested[i] == fold} for fold in range(folds)]
    assert sum(map(len, cameras)) == CAMERAS == len(set.union(*cameras))
    for fold in range(folds):
        labels = [STUDY.kind(i) == "normal" for i in range(200) if tested[i] == fold]
        assert labels.count(True) == labels.count(False) == 100 / folds
