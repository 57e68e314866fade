"""How road users move: tracks of position, heading and tilt, one row a frame."""

from dataclasses import dataclass

import numpy as np

from wsstad.scenes.roads import Lane


@dataclass(frozen=True)
class Track:
    """Position (n, 2) m, heading, tilt to the left and gait phase (n,) rad of an actor; `present` when it exists."""

    position: np.ndarray
    heading: np.ndarray
    tilt: np.ndarray
    phase: np.ndarray
    present: np.ndarray


def ease(time: np.ndarray, start: float, stop: float) -> np.ndarray:
    """Return a smooth step from 0 at `start` to 1 at `stop`."""
    x = np.clip((time - start) / max(stop - start, 1e-6), 0, 1)
    return x * x * (3 - 2 * x)


def travel(time: np.ndarray, *, place: float, moment: float, speed: np.ndarray | float) -> np.ndarray:
    """Return the way (n,) along a lane at `speed` m a frame, so that `place` is passed at frame `moment`."""
    step = np.broadcast_to(np.asarray(speed, dtype=np.float64), time.shape)
    way = np.cumsum(step) - step[0]
    return place + way - np.interp(moment, time, way) if 0 <= moment < len(time) else place + step[0] * (time - moment)


def pause(time: np.ndarray, *, start: float, stop: float, ramp: float = 8.0) -> np.ndarray:
    """Return a factor of the speed that falls to 0 during `ramp` frames until `start` and rises again from `stop`."""
    return 1 - ease(time, start - ramp, start) * (1 - ease(time, stop, stop + ramp))


def follow(lane: Lane, way: np.ndarray, *, across: np.ndarray | float = 0.0, stride: float = 1.3) -> Track:
    """Return the track along a lane, `across` m to its left; it exists while the way lies on the lane."""
    position = lane.at(way, across)
    drift = np.gradient(np.broadcast_to(np.asarray(across, dtype=np.float64), way.shape))
    pace = np.maximum(np.abs(np.gradient(way)), 0.05)
    heading = lane.heading + np.arctan2(np.clip(drift / pace, -0.7, 0.7), 1.0)
    present = (way >= 0) & (way <= lane.length)
    return Track(position, heading, np.zeros(len(way)), 2 * np.pi * way / stride, present)


def crash(
    track: Track, *, start: int, stop: int, push: np.ndarray, spin: float, tilt: float, rng: np.random.Generator
) -> Track:
    """Return a track that is knocked off course at frame `start` and finds back to it after `stop`.

    From `start` on the actor slides by `push` (2,) m and turns by `spin` rad, both dying out, shakes, tilts to
    `tilt` rad, and stays where it is; after `stop` it rights itself within 12 frames and goes on as `track` says,
    which must wait meanwhile.
    """
    time = np.arange(len(track.heading), dtype=np.float64)
    age = np.maximum(time - start, 0)
    back = 1 - ease(time, stop, stop + 12)
    slide = (1 - np.exp(-age / 3.5)) * back
    turned = (1 - np.exp(-age / 5.0)) * back
    shake = np.exp(-age / 5.0) * (age > 0)
    position = track.position + slide[:, None] * push + rng.normal(0, 0.12, (len(time), 2)) * shake[:, None]
    heading = track.heading + spin * turned + rng.normal(0, 0.12, len(time)) * shake
    lean = track.tilt + tilt * np.clip(age / 3, 0, 1) * back
    return Track(position, heading, lean, track.phase, track.present)
