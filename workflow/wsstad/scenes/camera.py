"""A pinhole camera above the ground that looks down a little."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Camera:
    """A camera `altitude` m above the ground, `pitch` rad below the horizon, with a focal length in pixels."""

    width: int
    height: int
    altitude: float
    pitch: float
    focal: float

    @property
    def target(self) -> np.ndarray:
        """Return the ground point (x, y) in the middle of the picture."""
        return np.array([0.0, self.altitude / np.tan(self.pitch)])

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project world points (..., 3) to pixels (..., 2); points behind the camera go far outside."""
        points = np.asarray(points, dtype=np.float64)
        sine, cosine = np.sin(self.pitch), np.cos(self.pitch)
        y, z = points[..., 1], points[..., 2] - self.altitude
        depth = np.maximum(y * cosine - z * sine, 0.3)
        u = self.width / 2 + self.focal * points[..., 0] / depth
        v = self.height / 2 - self.focal * (y * sine + z * cosine) / depth
        return np.stack([u, v], axis=-1)

    def ground(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return x, y (height, width) of the ground under every pixel, and where (bool) there is ground at all."""
        v, u = np.mgrid[: self.height, : self.width] + 0.5
        right, up = (u - self.width / 2) / self.focal, (self.height / 2 - v) / self.focal
        forward = np.cos(self.pitch) + up * np.sin(self.pitch)
        down = np.sin(self.pitch) - up * np.cos(self.pitch)
        seen = down > 0.03
        distance = self.altitude / np.where(seen, down, 1.0)
        return right * distance, forward * distance, seen

    def scaled(self, factor: int) -> "Camera":
        """Return the same camera with `factor` times as many pixels a side."""
        return Camera(self.width * factor, self.height * factor, self.altitude, self.pitch, self.focal * factor)


def make_camera(rng: np.random.Generator, width: int, height: int) -> Camera:
    """Draw a camera that sees a stretch of about 20 m of road across the middle of the picture."""
    pitch = np.deg2rad(rng.uniform(30, 40))
    altitude = rng.uniform(7.5, 10.0)
    stretch = rng.uniform(18, 22)
    return Camera(width, height, altitude, pitch, float(width * altitude / np.sin(pitch) / stretch))
