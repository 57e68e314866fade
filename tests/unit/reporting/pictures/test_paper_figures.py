"""Figures of a paper: what is drawn lies where it is in the video, and every colour is explained."""

import numpy as np
import pytest
from matplotlib.patches import Polygon, Rectangle

from wsstad.reporting.pictures import paper_figures
from wsstad.reporting.pictures.excerpts import Excerpt, Layer
from wsstad.reporting.pictures.paper_figures import COLOURS, NARROW, STEP

WIDTH, HEIGHT, FRAMES = 80, 60, 40


def a_layer(role, start=10, n=20, box=(20.0, 15.0, 40.0, 45.0)):
    return Layer(role, start, np.repeat(np.array([box]), n, axis=0))


def an_excerpt(*layers, numbers=(5, 15, 25, 35), title="a_b $x$: mgpr"):
    images = [np.full((HEIGHT, WIDTH, 3), 40 * i, dtype=np.uint8) for i in range(len(numbers))]
    edges = np.arange(FRAMES + 1) / 10
    times = [number / 10 for number in numbers]
    return Excerpt(title, list(numbers), times, images, list(layers), edges, np.linspace(0, 1, FRAMES))


def polygons(axes, role):
    """Return the corners (4, 2) of the boxes of a role."""
    drawn = [patch for patch in axes.patches if isinstance(patch, Polygon)]
    return [p.get_xy()[:4] for p in drawn if np.allclose(p.get_edgecolor()[:3], _rgb(COLOURS[role]))]


def _rgb(colour):
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def test_a_tube_is_drawn_on_the_frames_that_it_lasts_over():
    with paper_figures.drawing():
        figure = paper_figures.draw_tube(an_excerpt(a_layer("truth"), a_layer("prediction", start=20, n=20)))
    upper = figure.axes[0]
    truth, predicted = polygons(upper, "truth"), polygons(upper, "prediction")
    assert len(truth) == 2, "frames 15 and 25"
    assert len(predicted) == 2, "frames 25 and 35"
    left, right = truth[0][:, 0].min(), truth[0][:, 0].max()
    assert (left, right) == pytest.approx((STEP + NARROW * 20 / WIDTH, STEP + NARROW * 40 / WIDTH))
    assert np.ptp(truth[0][[0, 3], 1]) == pytest.approx(30 / WIDTH), "as high as it is in the frame"


def test_ways_of_corners_are_of_every_frame_and_leave_gaps_of_the_truth_out():
    boxes = np.repeat(np.array([[20.0, 15.0, 40.0, 45.0]]), 20, axis=0)
    boxes[5:8] = np.nan
    layer = Layer("truth", 10, boxes)
    assert layer.box(9) is layer.box(16) is layer.box(30) is None
    assert layer.box(10).tolist() == [20, 15, 40, 45]
    with paper_figures.drawing():
        figure = paper_figures.draw_tube(an_excerpt(layer))
    lines = [line for line in figure.axes[0].lines if line.get_color() == COLOURS["truth"]]
    assert [len(line.get_xdata()) for line in lines] == [17] * 4


def test_instances_have_their_boxes_in_pixels_and_a_legend_without_repeats():
    excerpts = [
        an_excerpt(a_layer("truth"), a_layer("unary"), numbers=(10, 29), title="v1: unary tube"),
        an_excerpt(
            a_layer("member"), a_layer("member"), a_layer("union"), numbers=(10, 29), title="v1: multivariate tube"
        ),
    ]
    with paper_figures.drawing():
        figure = paper_figures.draw_instances(excerpts)
    first = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    assert [(p.get_x(), p.get_y(), p.get_width(), p.get_height()) for p in first] == [(19.5, 14.5, 20, 30)] * 2
    (legend,) = figure.legends
    words = [text.get_text() for text in legend.get_texts()]
    assert words == ["annotated event", "box of one object", "union box of a multivariate tube"]
    assert figure.axes[0].get_title(loc="left") == "(a) v1: unary tube"
    assert figure.axes[2].get_title(loc="left") == "(b) v1: multivariate tube"


def test_it_is_saved_three_times_and_the_same_figure_has_the_same_bytes(tmp_path):
    made = []
    for name in ("a", "b"):
        with paper_figures.drawing():
            figure = paper_figures.draw_tube(an_excerpt(a_layer("truth"), a_layer("prediction")))
            made.append(paper_figures.save(figure, tmp_path / name / "v1.mp4"))
    assert [path.name for path in made[0]] == ["v1.mp4.svg", "v1.mp4.pdf", "v1.mp4.png"]
    assert [path.read_bytes() for path in made[0]] == [path.read_bytes() for path in made[1]]
    text = made[0][0].read_text()
    assert "a_b $x$: mgpr" in text, "a name is text"
    assert made[0][1].read_bytes().startswith(b"%PDF")
