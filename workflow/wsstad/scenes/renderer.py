"""Turn a scene into frames, and into the boxes of what can be seen in them."""

from collections.abc import Iterator

import cv2
import numpy as np

from wsstad.scenes.background import paint_background
from wsstad.scenes.painter import Painter, Pose
from wsstad.scenes.scripts import Actor, Scene
from wsstad.scenes.shapes import Patch

# Drawn twice as large as it is shown: the edges become smooth.
SCALE = 2
# A road user counts as visible from this part of its outline on.
MIN_VISIBLE = 0.3
MIN_SIDE = 4.0


class Renderer:
    """Draws the frames of one scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        place = np.random.default_rng([*scene.place_seed, 1])
        sun = np.array([place.uniform(-0.7, 0.7), place.uniform(-0.6, 0.2), 1.0])
        self.painter = Painter(scene.camera.scaled(SCALE), sun / np.linalg.norm(sun))
        self.empty = paint_background(place, self.painter.camera, scene.layout, self.painter)
        rng = np.random.default_rng(scene.noise_seed)
        self.noise_level = rng.uniform(2.0, 4.5)
        self.light = (
            1 + 0.05 * np.sin(np.arange(scene.n_frames) / rng.uniform(25, 60) + rng.uniform(0, 6)) + rng.normal(0, 0.05)
        )

    def frames(self) -> Iterator[np.ndarray]:
        """Yield every frame (height, width, 3) as RGB uint8."""
        for frame in range(self.scene.n_frames):
            yield self.draw(frame)[0]

    def draw(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a frame, and who (actor + 1, or 0) is seen at each pixel of it at `SCALE` times the size."""
        picture, owners = self.empty.copy(), np.zeros(self.empty.shape[:2], np.uint8)
        cast = self._cast(frame)
        for _, patches, pose in cast:
            self.painter.shadow(picture, patches, pose)
        for number, patches, pose in cast:
            self.painter.solids(picture, patches, pose, owners=owners, owner=number + 1)
        effects = self.scene.effects
        if effects is not None and effects.active(frame):
            effects.draw(picture, self.painter.camera, frame)
        return self._expose(picture, frame), owners

    def visible(self, frame: int, owners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the boxes (n, 4) of the visible parts of the road users in a frame, and their classes (n,)."""
        boxes, labels = [], []
        for number, patches, pose in self._cast(frame):
            rows, columns = np.nonzero(owners == number + 1)
            hull = cv2.convexHull(self.painter.outline(patches, pose).astype(np.float32))
            if len(rows) < MIN_VISIBLE * cv2.contourArea(hull) or not len(rows):
                continue
            box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / SCALE
            if min(box[2] - box[0], box[3] - box[1]) >= MIN_SIDE:
                boxes.append(box)
                labels.append(self.scene.actors[number].looks.label)
        return np.array(boxes, dtype=np.float32).reshape(-1, 4), np.array(labels, dtype=np.int64)

    def _cast(self, frame: int) -> list[tuple[int, list[Patch], Pose]]:
        """Return the actors that are there, the farthest first."""
        present = [(n, actor) for n, actor in enumerate(self.scene.actors) if actor.track.present[frame]]
        present.sort(key=lambda item: -item[1].track.position[frame, 1])
        return [(n, *posed(actor, frame)) for n, actor in present]

    def _expose(self, picture: np.ndarray, frame: int) -> np.ndarray:
        """Return the picture at its final size, with the light of the moment and the noise of the sensor."""
        camera = self.scene.camera
        small = cv2.resize(picture, (camera.width, camera.height), interpolation=cv2.INTER_AREA)
        rng = np.random.default_rng([*self.scene.noise_seed, frame])
        noise = rng.standard_normal(small.shape, dtype=np.float32) * np.float32(self.noise_level)
        return np.clip(np.round(small * np.float32(self.light[frame]) + noise), 0, 255).astype(np.uint8)


def posed(actor: Actor, frame: int) -> tuple[list[Patch], Pose]:
    """Return an actor's patches and where they are at a frame."""
    track = actor.track
    x, y = track.position[frame]
    return actor.looks.patches(float(track.phase[frame])), Pose(
        x, y, float(track.heading[frame]), float(track.tilt[frame])
    )


def accident_boxes(scene: Scene) -> dict[int, np.ndarray]:
    """Return for every frame of the accident the box (4,) around its victims and their debris, inside the picture."""
    painter = Painter(scene.camera, np.array([0.0, 0.0, 1.0]))
    boxes = {}
    for frame in scene.event:
        points = [scene.camera.project(scene.effects.debris(frame))] if scene.effects else []
        points += [painter.outline(*posed(scene.actors[n], frame)) for n in scene.victims]
        pixels = np.clip(np.concatenate(points), 0, [scene.camera.width, scene.camera.height])
        boxes[frame] = np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])
    return boxes
