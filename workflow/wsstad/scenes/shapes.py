"""What road users look like: a few painted solids each, in metres, x forward, y to the left, z up from the ground."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

CLASSES = ("car", "motorcycle", "pedestrian")

PAINTS = [
    (188, 30, 32), (28, 62, 150), (232, 232, 228), (40, 42, 46), (150, 154, 160), (214, 172, 30),
    (30, 110, 62), (226, 110, 26), (96, 30, 90), (120, 80, 50), (70, 150, 190), (200, 190, 160),
]  # fmt: skip
CLOTHES = [(190, 40, 50), (40, 70, 160), (230, 220, 210), (30, 30, 34), (60, 130, 70), (220, 170, 40), (150, 60, 140)]
GLASS = (38, 48, 60)
RUBBER = (18, 18, 20)
SKIN = [(224, 180, 150), (190, 138, 100), (120, 82, 60)]

Colour = tuple[int, int, int]
# The six faces of a solid by its corners 0-3 (bottom, counter-clockwise from above) and 4-7 (top), outward.
FACES = [(0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7), (4, 5, 6, 7), (3, 2, 1, 0)]


@dataclass(frozen=True)
class Patch:
    """A flat painted polygon (n, 3), its corners counter-clockwise from the side that is seen."""

    corners: np.ndarray
    colour: Colour


@dataclass(frozen=True)
class Appearance:
    """The class, the length and width in metres, and for every phase of its gait the patches to draw in order."""

    label: int
    length: float
    width: float
    height: float
    patches: Callable[[float], list[Patch]]


def solid(
    x: tuple[float, float],
    y: tuple[float, float],
    z: tuple[float, float],
    colours: tuple[Colour, Colour],
    *,
    inset: float = 0.0,
) -> list[Patch]:
    """Return the faces of a box, its top drawn in by `inset` m fore and aft; `colours` are those of sides and top."""
    bottom = [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])]
    side = min(inset / 3, (y[1] - y[0]) / 3)
    top = [
        (x[0] + inset, y[0] + side),
        (x[1] - inset, y[0] + side),
        (x[1] - inset, y[1] - side),
        (x[0] + inset, y[1] - side),
    ]
    corners = np.array([(*p, z[0]) for p in bottom] + [(*p, z[1]) for p in top])
    return [Patch(corners[list(face)], colours[1] if i == 4 else colours[0]) for i, face in enumerate(FACES)]


def disc(x: float, y: float, z: float, radius: float, *, colour: Colour = RUBBER) -> list[Patch]:
    """Return an upright wheel that faces left and right."""
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ring = np.column_stack([x + radius * np.cos(turn), np.full(12, y), z + radius * np.sin(turn)])
    return [Patch(ring, colour), Patch(ring[::-1], colour)]


def ball(x: float, z: float, radius: float, colour: Colour) -> list[Patch]:
    """Return a head, as a box with its corners cut."""
    return solid(
        (x - radius, x + radius), (-radius, radius), (z - radius, z + radius), (colour, colour), inset=radius / 2
    )


def make_car(rng: np.random.Generator) -> Appearance:
    """Draw a saloon, a hatchback, a van or a lorry."""
    kind = rng.choice(4, p=[0.4, 0.3, 0.2, 0.1])
    length, width = [(4.4, 1.8), (3.8, 1.75), (5.0, 2.0), (6.4, 2.3)][kind]
    paint = _choose(rng, PAINTS)
    a, b = length / 2, width / 2
    patches: list[Patch] = []
    for wheel in (-0.62 * a, 0.62 * a):
        for side in (-b, b):
            patches.append(disc(wheel, side, 0.33, 0.33)[int(side > 0)])
    patches += solid((-a, a), (-b, b), (0.25, 0.95 if kind < 2 else 1.1), (paint, paint))
    if kind < 2:
        back = -0.85 * a if kind else -0.6 * a
        patches += solid((back, 0.45 * a), (-0.92 * b, 0.92 * b), (0.95, 1.5), (GLASS, paint), inset=0.3)
        height = 1.5
    else:
        height = 2.1 if kind == 2 else 2.8
        box = _choose(rng, PAINTS) if kind == 3 else paint
        patches += solid((0.45 * a, 0.98 * a), (-0.95 * b, 0.95 * b), (1.1, height - 0.25), (GLASS, paint), inset=0.15)
        patches += solid((-a, 0.45 * a), (-b, b), (1.1, height), (box, box))
    for side in (-0.7 * b, 0.7 * b):
        patches.append(_lamp(a, side, (250, 246, 214), forward=True))
        patches.append(_lamp(-a, side, (200, 20, 16), forward=False))
    patches.sort(key=lambda patch: patch.colour == RUBBER)
    return Appearance(0, length, width, height, lambda phase: patches)


def make_motorcycle(rng: np.random.Generator) -> Appearance:
    """Draw a motorcycle with its rider."""
    paint, jacket, helmet = _choose(rng, PAINTS), _choose(rng, CLOTHES), _choose(rng, PAINTS)
    patches = disc(-0.72, 0.0, 0.34, 0.34) + disc(0.72, 0.0, 0.34, 0.34)
    patches += solid((-0.8, 0.75), (-0.16, 0.16), (0.4, 0.85), (paint, paint), inset=0.15)
    patches += solid((-0.25, 0.2), (-0.28, 0.28), (0.45, 0.95), ((40, 40, 60), (40, 40, 60)))
    patches += solid((-0.35, 0.15), (-0.26, 0.26), (0.9, 1.5), (jacket, jacket), inset=0.06)
    patches += ball(0.0, 1.66, 0.18, helmet)
    return Appearance(1, 2.15, 0.65, 1.85, lambda phase: patches)


def make_pedestrian(rng: np.random.Generator) -> Appearance:
    """Draw a person whose legs swing with the phase of the gait."""
    shirt, trousers, skin = _choose(rng, CLOTHES), _choose(rng, CLOTHES), _choose(rng, SKIN)
    size = float(rng.uniform(0.95, 1.12))

    def patches(phase: float) -> list[Patch]:
        swing = 0.27 * np.sin(phase) * size
        legs: list[Patch] = []
        for side, x in ((-1, swing), (1, -swing)):
            y = (0.02, 0.2) if side > 0 else (-0.2, -0.02)
            legs += solid((x - 0.1, x + 0.1), y, (0.0, 0.85 * size), (trousers, trousers))
        body = solid((-0.17, 0.17), (-0.27, 0.27), (0.8 * size, 1.45 * size), (shirt, shirt), inset=0.04)
        return legs + body + ball(0.0, 1.62 * size, 0.15, skin)

    return Appearance(2, 0.6, 0.55, 1.8 * size, patches)


MAKERS: dict[str, Callable[[np.random.Generator], Appearance]] = {
    "car": make_car,
    "motorcycle": make_motorcycle,
    "pedestrian": make_pedestrian,
}


def _lamp(x: float, y: float, colour: Colour, *, forward: bool) -> Patch:
    """Return a lamp on the front or the back."""
    x += 0.02 if forward else -0.02
    ring = np.array([(x, y - 0.22, 0.55), (x, y + 0.22, 0.55), (x, y + 0.22, 0.8), (x, y - 0.22, 0.8)])
    return Patch(ring if forward else ring[::-1], colour)


def _choose(rng: np.random.Generator, colours: list[Colour]) -> Colour:
    """Draw a colour and vary it a little."""
    base = np.array(colours[rng.integers(len(colours))]) + rng.integers(-14, 15, 3)
    red, green, blue = (int(value) for value in np.clip(base, 8, 246))
    return red, green, blue
