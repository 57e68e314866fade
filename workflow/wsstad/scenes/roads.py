"""The layout of a scene: a road with two lanes and two pavements, perhaps a side road, a crossing, houses and trees."""

from dataclasses import dataclass

import numpy as np

from wsstad.scenes.camera import Camera

LANE_WIDTH = 3.3
PAVEMENT_WIDTH = 2.2
# How far outside the picture, in metres, a lane begins and ends: a lorry must not appear out of nothing.
MARGIN = 4.5


@dataclass(frozen=True)
class Lane:
    """A straight path from `start` along the unit vector `direction` over `length` m, all on the ground."""

    start: np.ndarray
    direction: np.ndarray
    length: float

    @property
    def left(self) -> np.ndarray:
        """Return the unit vector to the left of the direction."""
        return np.array([-self.direction[1], self.direction[0]])

    @property
    def heading(self) -> float:
        """Return the angle of the direction in rad, counter-clockwise from x."""
        return float(np.arctan2(self.direction[1], self.direction[0]))

    def at(self, along: np.ndarray, across: np.ndarray | float = 0.0) -> np.ndarray:
        """Return points (n, 2) at `along` m from the start and `across` m to the left."""
        along = np.asarray(along, dtype=np.float64)
        across = np.broadcast_to(np.asarray(across, dtype=np.float64), along.shape)
        return self.start + along[:, None] * self.direction + across[:, None] * self.left


@dataclass(frozen=True)
class Layout:
    """Where things are: `centre` and `angle` of the road, the lanes of traffic, pavements, the crossing's path."""

    centre: np.ndarray
    angle: float
    traffic: tuple[Lane, Lane]
    pavements: tuple[Lane, Lane]
    crossing: Lane
    zebra: bool
    side_road: float | None
    style: int

    @property
    def direction(self) -> np.ndarray:
        """Return the unit vector along the road."""
        return np.array([np.cos(self.angle), np.sin(self.angle)])


def make_layout(rng: np.random.Generator, camera: Camera) -> Layout:
    """Draw a layout for a camera."""
    angle = float(np.deg2rad(rng.uniform(5, 30) * rng.choice([-1, 1])))
    centre = camera.target + np.array([rng.uniform(-2, 2), rng.uniform(-0.5, 2.0)])
    direction = np.array([np.cos(angle), np.sin(angle)])
    left = np.array([-direction[1], direction[0]])
    edge = LANE_WIDTH + PAVEMENT_WIDTH / 2
    traffic = (
        _lane(camera, centre - left * LANE_WIDTH / 2, direction),
        _lane(camera, centre + left * LANE_WIDTH / 2, -direction),
    )
    pavements = (_lane(camera, centre - left * edge, direction), _lane(camera, centre + left * edge, direction))
    across = centre + direction * rng.uniform(-3.5, 3.5)
    crossing = Lane(across - left * (LANE_WIDTH + 1.2), left, 2 * (LANE_WIDTH + 1.2))
    side_road = float(rng.uniform(-9, 9)) if rng.random() < 0.5 else None
    return Layout(
        centre, angle, traffic, pavements, crossing, bool(rng.random() < 0.7), side_road, int(rng.integers(4))
    )


def _lane(camera: Camera, middle: np.ndarray, direction: np.ndarray) -> Lane:
    """Return the part of a line that the camera sees, and a margin at both ends."""
    steps = np.arange(-45, 45, 0.25)
    points = middle + steps[:, None] * direction
    pixels = camera.project(np.column_stack([points, np.full(len(points), 0.7)]))
    inside = ((pixels >= 0) & (pixels < [camera.width, camera.height])).all(axis=1) & (points[:, 1] > 1)
    seen = steps[inside]
    first, last = seen[0] - MARGIN, seen[-1] + MARGIN
    return Lane(middle + first * direction, direction, float(last - first))
