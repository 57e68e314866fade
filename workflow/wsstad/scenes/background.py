"""The still part of a scene: road, pavements, grass, houses and trees, textured in world coordinates."""

import cv2
import numpy as np

from wsstad.scenes.camera import Camera
from wsstad.scenes.painter import Painter, Pose, blend_cloud
from wsstad.scenes.roads import LANE_WIDTH, PAVEMENT_WIDTH, Layout
from wsstad.scenes.shapes import Patch, solid

GROUNDS = [(96, 122, 62), (150, 138, 108), (122, 116, 110), (84, 104, 66)]
WALLS = [(176, 150, 122), (150, 82, 66), (200, 192, 176), (122, 126, 136), (190, 170, 96)]


def paint_background(rng: np.random.Generator, camera: Camera, layout: Layout, painter: Painter) -> np.ndarray:
    """Return the picture (height, width, 3) uint8 of the empty scene."""
    x, y, seen = camera.ground()
    picture = _paint_ground(rng, layout, x, y)
    picture[~seen] = (178, 196, 212)
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    _build_houses(rng, layout, painter, picture)
    return picture


def noise_field(rng: np.random.Generator, size: int = 512) -> np.ndarray:
    """Return noise (size, size) float32 of several octaves, mean 0, standard deviation 1."""
    field = np.zeros((size, size), np.float32)
    for octave in range(3, 9):
        cells = rng.normal(0, 1, (2**octave, 2**octave)).astype(np.float32)
        field += cv2.resize(cells, (size, size), interpolation=cv2.INTER_CUBIC) * 0.75 ** (octave - 3)
    return ((field - field.mean()) / field.std()).astype(np.float32)


def _paint_ground(rng: np.random.Generator, layout: Layout, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    direction = layout.direction
    along = (x - layout.centre[0]) * direction[0] + (y - layout.centre[1]) * direction[1]
    across = -(x - layout.centre[0]) * direction[1] + (y - layout.centre[1]) * direction[0]
    fine, coarse = (_sample(noise_field(rng), along, across, scale) for scale in (60.0, 9.0))
    ground = np.array(GROUNDS[layout.style], np.float32) + rng.normal(0, 6, 3)
    picture = ground + (7 * fine + 12 * coarse)[..., None]
    pavement = np.abs(across) < LANE_WIDTH + PAVEMENT_WIDTH
    slabs = (along % 1.1 < 0.08) | (across % 1.1 < 0.08)
    stone = 158 + 8 * rng.normal() + 5 * fine + 4 * coarse - 26 * slabs
    picture[pavement] = (stone[..., None] * np.array([1.0, 0.97, 0.92]))[pavement]
    picture[np.abs(across) < LANE_WIDTH + 0.2] = (196, 194, 188)
    road = np.abs(across) < LANE_WIDTH
    if layout.side_road is not None:
        road |= (np.abs(along - layout.side_road) < 2.8) & (across * np.sign(direction[0]) > 0)
    asphalt = 92 + 8 * rng.normal() + 6 * fine + 5 * coarse
    asphalt = asphalt - 7 * np.exp(-(((np.abs(across) - LANE_WIDTH / 2) / 0.9) ** 2))
    picture[road] = (asphalt[..., None] * np.array([1.0, 1.0, 1.03]))[road]
    paint = np.full(3, 214.0) + 6 * fine[..., None]
    lines = (np.abs(across) < 0.09) & (along % 4 < 2)
    lines |= np.abs(np.abs(across) - LANE_WIDTH + 0.25) < 0.06
    if layout.zebra:
        place = float((layout.crossing.start - layout.centre) @ direction)
        stripes = (np.abs(along - place) < 1.5) & (np.abs(across) < LANE_WIDTH - 0.1)
        lines = np.where(stripes, across % 1.0 < 0.5, lines)
    picture[lines] = paint[lines]
    return picture


def _sample(field: np.ndarray, along: np.ndarray, across: np.ndarray, scale: float) -> np.ndarray:
    """Return the noise at world coordinates, `scale` cells a metre, mirrored again and again without a seam."""
    last = len(field) - 1
    u, v = (np.abs((c * scale) % (2 * last) - last).astype(np.float32) for c in (along, across))
    return cv2.remap(field, u, v, cv2.INTER_LINEAR)


def _build_houses(rng: np.random.Generator, layout: Layout, painter: Painter, picture: np.ndarray) -> None:
    """Put houses and trees along the far side of the road, from left to right, leaving the side road open."""
    away = np.sign(layout.direction[0]) * np.array([-layout.direction[1], layout.direction[0]])
    behind = LANE_WIDTH + PAVEMENT_WIDTH + rng.uniform(1.5, 3.5)
    place = -26.0
    solids = []
    while place < 26:
        width = rng.uniform(4, 9)
        middle = place + width / 2
        free = layout.side_road is None or abs(middle - layout.side_road) > width / 2 + 3.2
        if free:
            solids.append((middle, width, rng.random() < 0.55))
        place += width + rng.uniform(0.5, 3.5)
    spots = [
        (layout.centre + layout.direction * middle + away * behind, width, house) for middle, width, house in solids
    ]
    for spot, width, house in sorted(spots, key=lambda s: -s[0][1]):
        if house:
            pose = Pose(spot[0] + 3 * away[0], spot[1] + 3 * away[1], layout.angle)
            patches = _house(rng, width)
            painter.solids(picture, patches, pose)
        else:
            _plant_tree(rng, painter, picture, spot)


def _house(rng: np.random.Generator, width: float) -> list[Patch]:
    wall = np.clip(np.array(WALLS[rng.integers(len(WALLS))]) + rng.integers(-12, 13, 3), 0, 255)
    colour = (int(wall[0]), int(wall[1]), int(wall[2]))
    height = rng.uniform(4, 9)
    patches = solid((-width / 2, width / 2), (-3, 3), (0, height), (colour, (110, 90, 84)))
    for floor in np.arange(1.0, height - 1.4, 2.6):
        for left in np.arange(-width / 2 + 0.6, width / 2 - 1.2, 1.7):
            for front in (-3.02, 3.02):
                ring = np.array(
                    [
                        (left, front, floor),
                        (left + 0.9, front, floor),
                        (left + 0.9, front, floor + 1.3),
                        (left, front, floor + 1.3),
                    ]
                )
                patches.append(Patch(ring if front < 0 else ring[::-1], (58, 70, 86)))
    return patches


def _plant_tree(rng: np.random.Generator, painter: Painter, picture: np.ndarray, spot: np.ndarray) -> None:
    pose = Pose(spot[0], spot[1])
    trunk = solid((-0.18, 0.18), (-0.18, 0.18), (0, 2.2), ((92, 70, 48), (92, 70, 48)))
    painter.shadow(picture, trunk, pose)
    painter.solids(picture, trunk, pose)
    for _ in range(14):
        centre = np.array([*spot, 3.0]) + rng.normal(0, [0.8, 0.5, 0.7])
        u, v = painter.camera.project(centre)
        edge = painter.camera.project(centre + np.array([rng.uniform(0.5, 0.9), 0, 0]))
        radius = max(2, int(edge[0] - u))
        size = 2 * radius + 1
        green = np.array([58, 92, 40]) * rng.uniform(0.7, 1.3)
        speckle = rng.normal(0, 14, (size, size, 1))
        away = np.hypot(*(np.mgrid[-radius : radius + 1, -radius : radius + 1])) / radius
        blend_cloud(picture, green + speckle, np.clip(2 - 2 * away, 0, 0.9), corner=(int(u) - radius, int(v) - radius))
