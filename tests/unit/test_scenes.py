"""Made-up scenes: the same numbers give the same frames, and the boxes are where the pixels are."""

import numpy as np
import pytest

from support.scenes import check_accident
from wsstad.scenes.camera import Camera
from wsstad.scenes.footage_plan import CAMERAS, Benchmark
from wsstad.scenes.renderer import SCALE, Renderer, accident_boxes
from wsstad.scenes.scripts import make_scene
from wsstad.scenes.stills import make_stills
from wsstad.scenes.tracks import pause, travel

SIZE = (160, 128)


def scene(kind, seed=0, n_frames=96):
    return make_scene([8, seed], kind=kind, place_seed=[9, seed], n_frames=n_frames, size=SIZE)


def test_ground_is_the_inverse_of_project():
    camera = Camera(80, 60, altitude=8.0, pitch=0.6, focal=70.0)
    x, y, seen = camera.ground()
    pixels = camera.project(np.stack([x, y, np.zeros_like(x)], axis=-1))
    v, u = np.mgrid[:60, :80] + 0.5
    np.testing.assert_allclose(pixels[seen], np.stack([u, v], axis=-1)[seen], atol=1e-6)
    np.testing.assert_allclose(camera.project(np.array([*camera.target, 0.0])), [40, 30], atol=1e-9)


def test_travel_passes_the_place_at_the_moment_and_waits_in_a_pause():
    time = np.arange(90.0)
    assert travel(time, place=7.0, moment=30, speed=0.8)[30] == pytest.approx(7.0)
    way = travel(time, place=7.0, moment=40, speed=1.0 * pause(time, start=40, stop=60))
    assert way[40] == pytest.approx(7.0)
    assert np.ptp(way[40:60]) < 1e-9
    assert (np.diff(way) >= -1e-12).all()


@pytest.mark.parametrize("kind", ["normal", "collision", "knockdown"])
def test_frames_are_the_same_every_time_and_change(kind):
    first, again = Renderer(scene(kind)), Renderer(scene(kind))
    for frame in (5, 60):
        np.testing.assert_array_equal(first.draw(frame)[0], again.draw(frame)[0])
    assert first.draw(5)[0].shape == (128, 160, 3)
    assert (first.draw(5)[0] != first.draw(60)[0]).any()


def test_visible_boxes_enclose_exactly_the_pixels_of_their_actor():
    for seed in range(4):
        made = scene("collision", seed)
        renderer = Renderer(made)
        frame = made.effects.start
        _, owners = renderer.draw(frame)
        boxes, labels = renderer.visible(frame, owners)
        assert len(boxes) == len(labels) >= 1
        enclosed = set()
        for number in range(len(made.actors)):
            rows, columns = np.nonzero(owners == number + 1)
            if len(rows):
                corners = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
                enclosed.add(tuple(float(v) / SCALE for v in corners))
        assert {tuple(box) for box in boxes.tolist()} <= enclosed


@pytest.mark.parametrize("kind", ["collision", "knockdown"])
def test_an_accident_takes_a_short_part_and_its_box_encloses_its_victims(kind):
    for seed in range(8):
        made = scene(kind, seed)
        assert list(made.event) == list(range(made.effects.start, made.effects.stop))
        assert 0.15 * 96 <= check_accident(made, least=8) <= 96 / 3


def test_a_normal_scene_has_no_accident_and_a_short_one_is_refused():
    assert accident_boxes(scene("normal")) == {}
    with pytest.raises(ValueError, match="at least 64 frames"):
        scene("normal", n_frames=20)


def test_every_pair_holds_one_normal_video_and_every_camera_as_many_of_each():
    benchmark = Benchmark(5, 96, SIZE)
    kinds = [benchmark.kind(i) for i in range(48)]
    assert all((a == "normal") != (b == "normal") for a, b in zip(kinds[::2], kinds[1::2], strict=True))
    assert kinds.count("knockdown") == 8
    assert len({kinds[2 * i] == "normal" for i in range(24)}) == 2  # the place in the pair tells nothing
    for normal in (True, False):
        seen = [benchmark.camera(i) for i in range(48) if (kinds[i] == "normal") == normal]
        assert sorted(seen) == sorted(list(range(CAMERAS)) * (24 // CAMERAS))


@pytest.mark.parametrize("folds", [2, 3, 4, 5])
def test_folds_are_stratified_and_do_not_change_when_videos_are_added(folds):
    for seed in range(5):
        benchmark = Benchmark(seed, 96, SIZE)
        few, many = benchmark.folds(2 * folds, folds), benchmark.folds(60, folds)
        assert many[: 2 * folds] == few
        for tested, n in ((few, 2 * folds), (many, 60)):
            for label in (True, False):
                of_label = [tested[i] for i in range(n) if (benchmark.kind(i) == "normal") == label]
                assert set(of_label) == set(range(folds))
                counts = np.bincount(of_label, minlength=folds)
                assert np.ptp(counts) <= 2


def test_stills_of_the_two_parts_differ_and_their_boxes_are_inside():
    train, again, test = (make_stills(part, 2, seed=1, size=SIZE) for part in ("train", "train", "test"))
    for one, other, foreign in zip(train, again, test, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.boxes, other.boxes)
        assert (one.image != foreign.image).any()
        assert len(one.boxes) == len(one.labels)
        assert (one.boxes >= 0).all()
        assert (one.boxes <= [160, 128, 160, 128]).all()
    assert any(len(still.boxes) for still in train)
