"""What the tests of made-up scenes check of an accident."""

import numpy as np

from wsstad.scenes.renderer import SCALE, Renderer, accident_boxes
from wsstad.scenes.scripts import Scene


def check_accident(scene: Scene, least: float) -> int:
    """Check that each frame of an accident has a box in the picture, of sides above `least`, around the victims.

    Returns the number of frames. Where the victims are is read from the pixels of the frame in the middle.
    """
    boxes = accident_boxes(scene)
    assert sorted(boxes) == list(scene.event)
    array = np.array(list(boxes.values()))
    assert (array >= 0).all()
    assert (array <= [scene.camera.width, scene.camera.height] * 2).all()
    assert (array[:, 2:] - array[:, :2] > least).all()
    frame = (scene.event.start + scene.event.stop) // 2
    _, owners = Renderer(scene).draw(frame)
    rows, columns = np.nonzero(np.isin(owners, np.array(scene.victims) + 1))
    x1, y1, x2, y2 = boxes[frame] * SCALE
    assert len(rows)
    assert x1 - 2 <= columns.min() <= columns.max() <= x2 + 2
    assert y1 - 2 <= rows.min() <= rows.max() <= y2 + 2
    return len(boxes)
