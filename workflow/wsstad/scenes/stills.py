"""Single frames with the boxes of everything in them: what a detector is trained and tested on."""

from dataclasses import dataclass

import cv2
import numpy as np

from wsstad.scenes.renderer import Renderer
from wsstad.scenes.scripts import make_scene

# Two sets that share no scene with each other, nor with any video of `wsstad.scenes.footage_plan`, whatever the seeds.
DOMAINS = {"train": (2, 3), "test": (4, 5)}
FRAMES = 96
STILLS_A_SCENE = 4
KINDS = ("normal", "normal", "collision", "knockdown")


@dataclass(frozen=True)
class Still:
    """A frame (height, width, 3) RGB uint8, the boxes (n, 4) of its road users and their classes (n,)."""

    image: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray


def make_stills(part: str, scene: int, *, seed: int, size: tuple[int, int]) -> list[Still]:
    """Render a few frames, far apart, of one scene of `part` ("train" or "test"), compressed as a camera would."""
    domain, places = DOMAINS[part]
    rng = np.random.default_rng([domain, seed, scene, 9])
    made = make_scene(
        [domain, seed, scene], kind=KINDS[scene % 4], place_seed=[places, seed, scene], n_frames=FRAMES, size=size
    )
    renderer = Renderer(made)
    present = np.array([actor.track.present for actor in made.actors]).sum(axis=0)
    chance = np.where(present > 0, 1.0 + (present > 1), 0.05)
    if made.effects is not None:
        chance[made.effects.start : made.effects.stop] *= 2
    stills = []
    for frame in sorted(rng.choice(FRAMES, STILLS_A_SCENE, replace=False, p=chance / chance.sum()).tolist()):
        image, owners = renderer.draw(frame)
        boxes, labels = renderer.visible(frame, owners)
        stills.append(Still(_compress(image, int(rng.integers(55, 92))), boxes, labels))
    return stills


def _compress(image: np.ndarray, quality: int) -> np.ndarray:
    """Return the image as JPEG leaves it."""
    _, code = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR))[:, :, ::-1]
