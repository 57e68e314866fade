"""What an accident leaves in the air and on the ground: debris, smoke or dust, sparks."""

from dataclasses import dataclass

import cv2
import numpy as np

from wsstad.scenes.camera import Camera
from wsstad.scenes.painter import blend_cloud

PIECES = 26
PUFFS = 12
SPARKS = 28
# How far debris flies from the place of the accident, in metres: it stays close to those who lost it.
REACH = 1.7


@dataclass(frozen=True)
class Effects:
    """The debris, cloud and sparks of an accident at `place` (2,) m over frames `start` .. `stop` - 1.

    `landing` (n, 2) m, `speed` (n,) m a frame upwards, `colours` (n, 3), each of n pieces; `seed` draws what flickers;
    `amount` scales all of it, 1 in the demo.
    """

    place: np.ndarray
    start: int
    stop: int
    landing: np.ndarray
    speed: np.ndarray
    colours: np.ndarray
    cloud: np.ndarray
    seed: list[int]
    amount: float = 1.0

    def debris(self, frame: int) -> np.ndarray:
        """Return the pieces (n, 3) in world coordinates: they fly, fall and lie."""
        age = frame - self.start
        flown = min(age / 5.0, 1.0)
        rise = np.maximum(self.speed * age - 0.05 * age * age, 0.0)
        return np.column_stack([self.place + (self.landing - self.place) * flown, rise + 0.02])

    def strength(self, frame: int) -> float:
        """Return how thick the cloud is, in [0, 1]: it grows over 4 frames and thins out at the end."""
        return float(np.clip(min((frame - self.start + 1) / 4, (self.stop - frame) / 6), 0, 1)) * self.amount

    def active(self, frame: int) -> bool:
        """Tell whether there is anything to see at `frame`."""
        return self.start <= frame < self.stop

    def draw(self, picture: np.ndarray, camera: Camera, frame: int) -> None:
        """Draw everything into the picture of `camera`."""
        rng = np.random.default_rng([*self.seed, frame])
        self._draw_debris(picture, camera, frame)
        self._draw_cloud(picture, camera, frame, rng)
        self._draw_sparks(picture, camera, frame, rng)

    def _draw_debris(self, picture: np.ndarray, camera: Camera, frame: int) -> None:
        metre = _pixels_a_metre(camera, self.place)
        pixels = camera.project(self.debris(frame))
        turn = self.landing[:, 0] * 7 + min(frame - self.start, 6)
        for (u, v), angle, colour in zip(pixels, turn, self.colours, strict=True):
            corners = angle + np.array([0.0, 2.2, 3.9])
            ring = np.column_stack([u + 0.2 * metre * np.cos(corners), v + 0.12 * metre * np.sin(corners)])
            cv2.fillConvexPoly(picture, np.round(ring).astype(np.int32), tuple(int(c) for c in colour))

    def _draw_cloud(self, picture: np.ndarray, camera: Camera, frame: int, rng: np.random.Generator) -> None:
        thick = self.strength(frame)
        metre = _pixels_a_metre(camera, self.place)
        for puff in range(PUFFS):
            turn = 2.4 * puff + 0.35 * frame
            height = 0.3 + 0.16 * ((frame * 1.7 + puff * 5) % 12)
            spot = np.array(
                [*(self.place + 0.9 * np.array([np.cos(turn), np.sin(turn)]) * (0.4 + (puff % 4) / 4)), height]
            )
            u, v = camera.project(spot)
            radius = max(3, int((0.4 + 0.25 * height) * metre))
            size = 2 * radius + 1
            away = np.hypot(*np.mgrid[-radius : radius + 1, -radius : radius + 1]) / radius
            grain = cv2.resize(rng.normal(0, 1, (9, 9)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
            alpha = np.clip(1.1 - away + 0.22 * grain, 0, 1) * (away < 1.2) * 0.5 * thick
            shade = self.cloud * (0.75 + 0.5 * rng.random())
            blend_cloud(picture, shade + 22 * grain[..., None], alpha, corner=(int(u) - radius, int(v) - radius))

    def _draw_sparks(self, picture: np.ndarray, camera: Camera, frame: int, rng: np.random.Generator) -> None:
        metre = _pixels_a_metre(camera, self.place)
        n = int(SPARKS * self.strength(frame))
        spots = np.column_stack([self.place + rng.normal(0, 0.9, (n, 2)), np.abs(rng.normal(0.6, 0.5, n))])
        for u, v in camera.project(spots):
            angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.45) * metre
            end = (round(u + reach * np.cos(angle)), round(v + reach * np.sin(angle)))
            colour = (255, int(rng.integers(110, 250)), int(rng.integers(10, 120)))
            cv2.line(picture, (round(u), round(v)), end, colour, max(1, round(0.09 * metre)))


def make_effects(
    seed: list[int], place: np.ndarray, *, start: int, stop: int, dusty: bool, amount: float = 1.0
) -> Effects:
    """Draw the effects of an accident; a `dusty` one raises dust, the other smokes."""
    rng, n = np.random.default_rng(seed), round(PIECES * amount)
    angle, reach = rng.uniform(0, 2 * np.pi, n), REACH * np.sqrt(rng.uniform(0.05, 1, n))
    landing = place + np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None]
    colours = rng.choice([[238, 238, 232], [30, 30, 32], [196, 60, 40], [210, 190, 70]], n)
    cloud = np.array([176.0, 152.0, 116.0] if dusty else [120.0, 120.0, 124.0])
    return Effects(place, start, stop, landing, rng.uniform(0.1, 0.3, n), colours, cloud, seed, amount)


def _pixels_a_metre(camera: Camera, place: np.ndarray) -> float:
    ends = camera.project(np.array([[place[0], place[1], 0.0], [place[0] + 1, place[1], 0.0]]))
    return float(ends[1, 0] - ends[0, 0])
