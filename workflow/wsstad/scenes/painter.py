"""Draw solids, shadows and clouds into a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from wsstad.scenes.camera import Camera
from wsstad.scenes.shapes import Patch


@dataclass(frozen=True)
class Pose:
    """Where an actor stands: ground point (x, y) m, heading and tilt in rad."""

    x: float
    y: float
    heading: float = 0.0
    tilt: float = 0.0

    def place(self, points: np.ndarray) -> np.ndarray:
        """Return local points (n, 3) in world coordinates, none of them under the ground."""
        c, s = np.cos(self.heading), np.sin(self.heading)
        a, b = np.cos(self.tilt), np.sin(self.tilt)
        y = points[:, 1] * a - points[:, 2] * b
        z = points[:, 1] * b + points[:, 2] * a
        if self.tilt:
            z = z - min(z.min(), 0.0)
        return np.column_stack([self.x + points[:, 0] * c - y * s, self.y + points[:, 0] * s + y * c, z])


class Painter:
    """A picture (height, width, 3) uint8, seen by `camera`, lit from `light` (unit vector to the sun)."""

    def __init__(self, camera: Camera, light: np.ndarray) -> None:
        self.camera, self.light = camera, light

    def outline(self, patches: Sequence[Patch], pose: Pose) -> np.ndarray:
        """Return the pixels (n, 2) of all corners."""
        return self.camera.project(pose.place(np.concatenate([p.corners for p in patches])))

    def solids(
        self,
        picture: np.ndarray,
        patches: Sequence[Patch],
        pose: Pose,
        *,
        owners: np.ndarray | None = None,
        owner: int = 0,
    ) -> None:
        """Draw the patches that face the camera, in order; mark their pixels in `owners` (height, width) uint8."""
        world = pose.place(np.concatenate([p.corners for p in patches]))
        pixels = np.round(self.camera.project(world)).astype(np.int32)
        eye = np.array([0.0, 0.0, self.camera.altitude])
        start = 0
        for patch in patches:
            stop = start + len(patch.corners)
            a, b, c = world[start], world[start + 1], world[start + 2]
            normal = np.cross(b - a, c - a)
            if normal @ (eye - a) > 0:
                shade = 0.55 + 0.45 * max(0.0, float(normal @ self.light) / float(np.linalg.norm(normal)))
                cv2.fillConvexPoly(picture, pixels[start:stop], tuple(round(v * shade) for v in patch.colour))
                if owners is not None:
                    cv2.fillConvexPoly(owners, pixels[start:stop], owner)
            start = stop

    def shadow(self, picture: np.ndarray, patches: Sequence[Patch], pose: Pose) -> None:
        """Darken the ground where the sun does not reach it."""
        world = pose.place(np.concatenate([p.corners for p in patches]))
        world[:, :2] -= world[:, 2:] * self.light[:2] / self.light[2]
        world[:, 2] = 0
        hull = cv2.convexHull(np.round(self.camera.project(world)).astype(np.int32))
        x, y, w, h = cv2.boundingRect(hull)
        left, top = max(x, 0), max(y, 0)
        part = picture[top : max(y + h, 0), left : max(x + w, 0)]
        if part.size:
            mask = np.zeros(part.shape[:2], np.uint8)
            cv2.fillConvexPoly(mask, hull - np.array([left, top], np.int32), 1)
            part[mask > 0] = (part[mask > 0] * 0.55).astype(np.uint8)


def blend_cloud(picture: np.ndarray, cloud: np.ndarray, alpha: np.ndarray, *, corner: tuple[int, int]) -> None:
    """Blend a `cloud` (h, w, 3) with `alpha` (h, w) in [0, 1] into the picture, its top left at `corner` (x, y)."""
    x, y = corner
    height, width = picture.shape[:2]
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + alpha.shape[1], width), min(y + alpha.shape[0], height)
    if right <= left or bottom <= top:
        return
    inner = (slice(top - y, bottom - y), slice(left - x, right - x))
    part = picture[top:bottom, left:right]
    weight = alpha[inner][..., None]
    part[:] = np.clip(part * (1 - weight) + cloud[inner] * weight, 0, 255).astype(np.uint8)
