"""What happens in a scene: acts of ordinary traffic, and in an abnormal video one accident among them."""

from dataclasses import dataclass, field

import numpy as np

from wsstad.scenes.camera import Camera, make_camera
from wsstad.scenes.effects import Effects, make_effects
from wsstad.scenes.roads import LANE_WIDTH, Lane, Layout, make_layout
from wsstad.scenes.shapes import MAKERS, Appearance
from wsstad.scenes.tracks import Track, crash, ease, follow, pause, travel

# Frames between the middles of two acts of a normal video.
SPACING = 34
MIN_FRAMES = 64


@dataclass(frozen=True)
class Actor:
    """A road user."""

    looks: Appearance
    track: Track


@dataclass(frozen=True)
class Scene:
    """Everything that the renderer needs; `victims` are the actors of the accident in the frames of `event`.

    `effects` are what the accident leaves in the air and on the ground, if anything.
    """

    n_frames: int
    camera: Camera
    layout: Layout
    place_seed: list[int]
    noise_seed: list[int]
    actors: list[Actor]
    effects: Effects | None = None
    victims: list[int] = field(default_factory=list)
    event: range = range(0)


def make_scene(seed: list[int], *, kind: str, place_seed: list[int], n_frames: int, size: tuple[int, int]) -> Scene:
    """Build a scene of `kind` ("normal", "collision" or "knockdown") at the place that `place_seed` stands for."""
    if n_frames < MIN_FRAMES:
        raise ValueError(f"a scene takes at least {MIN_FRAMES} frames, not {n_frames}")
    camera, layout = make_place(place_seed, size)
    play = Play(np.random.default_rng(seed), layout, n_frames, seed)
    if kind == "normal":
        play.ordinary(10, n_frames - 6)
    else:
        play.accident(kind)
    return play.scene(camera, place_seed)


def make_place(place_seed: list[int], size: tuple[int, int]) -> tuple[Camera, Layout]:
    """Return camera and layout of a place."""
    place = np.random.default_rng(place_seed)
    camera = make_camera(place, *size)
    return camera, make_layout(place, camera)


class Play:
    """Collects the actors of one video."""

    def __init__(self, rng: np.random.Generator, layout: Layout, n_frames: int, seed: list[int]) -> None:
        self.rng, self.layout, self.seed = rng, layout, seed
        self.time = np.arange(n_frames, dtype=np.float64)
        self.actors: list[Actor] = []
        self.effects: Effects | None = None
        self.victims: list[int] = []
        self.event = range(0)

    def scene(self, camera: Camera, place_seed: list[int]) -> Scene:
        """Return what was collected, at the place that `place_seed` stands for."""
        return Scene(
            n_frames=len(self.time),
            camera=camera,
            layout=self.layout,
            place_seed=place_seed,
            noise_seed=[*self.seed, 1],
            actors=self.actors,
            effects=self.effects,
            victims=self.victims,
            event=self.event,
        )

    def ordinary(self, first: int, last: int) -> None:
        """Fill frames `first` .. `last` with acts."""
        moment = first + self.rng.uniform(0, 8)
        acts = [self.pass_alone, self.meet, self.follow_close, self.wait, self.give_way, self.walk, self.stand_together]
        while moment < last:
            act = self.rng.choice(len(acts), p=[0.14, 0.2, 0.1, 0.13, 0.15, 0.07, 0.21])
            acts[act](moment)
            moment += SPACING * self.rng.uniform(0.85, 1.15) * (1.45 if act >= 3 else 1.0)

    def pass_alone(self, moment: float) -> None:
        """One vehicle, often a fast one."""
        lane = self._lane()
        self._drive(lane, travel(self.time, place=lane.length / 2, moment=moment, speed=self.rng.uniform(0.65, 1.5)))

    def meet(self, moment: float) -> None:
        """Two vehicles on opposite lanes pass each other."""
        for lane in self.layout.traffic:
            speed = self.rng.uniform(0.6, 1.2)
            place = lane.length / 2 + self.rng.uniform(-1, 1)
            self._drive(lane, travel(self.time, place=place, moment=moment, speed=speed))

    def follow_close(self, moment: float) -> None:
        """Two vehicles on one lane, the second close behind the first."""
        lane, speed = self._lane(), self.rng.uniform(0.8, 1.3)
        for gap in (0.0, self.rng.uniform(5.8, 7.5)):
            way = travel(self.time, place=lane.length / 2 - gap, moment=moment, speed=speed)
            self._drive(lane, way)

    def wait(self, moment: float) -> None:
        """A vehicle brakes, stands for a while, perhaps as another passes it, and goes on."""
        lane, other = self._lanes()
        stop = moment + self.rng.uniform(8, 18)
        speed = self.rng.uniform(0.8, 1.2) * pause(self.time, start=moment, stop=stop, ramp=7)
        self._drive(lane, travel(self.time, place=lane.length * self.rng.uniform(0.4, 0.6), moment=moment, speed=speed))
        if self.rng.random() < 0.4:
            passing = travel(
                self.time, place=other.length / 2, moment=(moment + stop) / 2, speed=self.rng.uniform(0.8, 1.3)
            )
            self._drive(other, passing)

    def stand_together(self, moment: float) -> None:
        """Two vehicles on opposite lanes stop side by side for a while."""
        stop = moment + self.rng.uniform(11, 18)
        for lane in self.layout.traffic:
            speed = self.rng.uniform(0.8, 1.2) * pause(
                self.time, start=moment, stop=stop + self.rng.uniform(-2, 2), ramp=7
            )
            place = lane.length / 2 + self.rng.uniform(-0.5, 0.5)
            self._drive(lane, travel(self.time, place=place, moment=moment, speed=speed))

    def give_way(self, moment: float) -> None:
        """A pedestrian crosses the road before a vehicle that waits."""
        lane = self._lane()
        pace = self.rng.uniform(0.26, 0.34)
        self._walk(
            self.layout.crossing,
            travel(self.time, place=self.layout.crossing.length / 2, moment=moment + 4, speed=pace),
        )
        speed = self.rng.uniform(0.8, 1.1) * pause(self.time, start=moment - 2, stop=moment + 13, ramp=7)
        line = self._at_crossing(lane) - self.rng.uniform(4.0, 5.0)
        self._drive(lane, travel(self.time, place=line, moment=moment, speed=speed), kind="car")

    def walk(self, moment: float) -> None:
        """Somebody runs along the pavement."""
        lane = self.layout.pavements[self.rng.integers(2)]
        pace = self.rng.uniform(0.38, 0.5)
        self._walk(lane, travel(self.time, place=lane.length / 2, moment=moment + 8, speed=pace))

    def accident(self, kind: str) -> None:
        """An accident for a fifth to a third of the video, ordinary traffic before and after where there is time."""
        n = len(self.time)
        start = int(self.rng.uniform(0.28, 0.66) * n)
        stop = min(start + int(self.rng.uniform(0.2, 1 / 3) * n), n)
        if start > 44:
            self.ordinary(6, start - 38)
        getattr(self, f"_{kind}")(start, stop)
        self.event = range(start, stop)
        if stop < n - 36:
            self.ordinary(stop + 26, n - 4)

    def _collision(self, start: int, stop: int) -> None:
        """Two vehicles run into each other: head-on, or one into the back of another."""
        lane, other = self._lanes()
        place = lane.length * self.rng.uniform(0.42, 0.58)
        kinds = [["car", "car"], ["car", "motorcycle"], ["motorcycle", "car"]][self.rng.choice(3, p=[0.5, 0.25, 0.25])]
        looks = [MAKERS[kind](self.rng) for kind in kinds]
        gap = 0.42 * (looks[0].length + looks[1].length)
        middle = lane.at(np.array([place + gap / 2]))[0]
        standing = self._standing(start, stop)
        speeds = self.rng.uniform(0.75, 1.15, 2)
        if self.rng.random() < 0.6:
            swerve = LANE_WIDTH * self.rng.uniform(0.7, 1.0) * ease(self.time, start - 9, start)
            swerve = swerve * (1 - ease(self.time, stop, stop + 12))
            meet = float((lane.at(np.array([place + gap]))[0] - other.start) @ other.direction)
            second = follow(
                other, travel(self.time, place=meet, moment=start, speed=speeds[1] * standing), across=swerve
            )
        else:
            slow = standing * (
                0.25
                + 0.75 * (1 - ease(self.time, start - 12, start - 3)) * (self.time < start)
                + 0.75 * (self.time > stop)
            )
            way = travel(self.time, place=place + gap, moment=start, speed=speeds[1] * slow)
            second = follow(lane, way)
        first = follow(lane, travel(self.time, place=place, moment=start, speed=speeds[0] * standing))
        for track, look, away in ((first, looks[0], -1), (second, looks[1], 1)):
            push = self.rng.normal(0, 0.35, 2) + away * lane.direction * self.rng.uniform(0.3, 1.0)
            spin = self.rng.choice([-1, 1]) * self.rng.uniform(0.7, 2.0)
            tilt = 0.0 if look.label == 0 else self.rng.choice([-1.35, 1.35])
            hit = crash(track, start=start, stop=stop, push=push, spin=spin, tilt=tilt, rng=self.rng)
            self.victims.append(len(self.actors))
            self.actors.append(Actor(look, hit))
        self.effects = make_effects([*self.seed, 2], middle, start=start, stop=stop, dusty=False)

    def _knockdown(self, start: int, stop: int) -> None:
        """A vehicle runs a pedestrian down on the crossing."""
        lane = self._lane()
        place = self._at_crossing(lane)
        crossing = self.layout.crossing
        spot = float((lane.at(np.array([place]))[0] - crossing.start) @ crossing.direction)
        kind = "car" if self.rng.random() < 0.7 else "motorcycle"
        vehicle = MAKERS[kind](self.rng)
        speed = self.rng.uniform(0.8, 1.2)
        way = travel(
            self.time,
            place=place - vehicle.length / 2,
            moment=start,
            speed=speed * self._standing(start, stop, brake=5),
        )
        pace = self.rng.uniform(0.26, 0.34) * self._standing(start, stop, brake=1)
        walker = follow(crossing, travel(self.time, place=spot, moment=start, speed=pace))
        thrown = lane.direction * (2.5 * speed + self.rng.uniform(0.0, 0.4)) + self.rng.normal(0, 0.3, 2)
        tilt = self.rng.choice([-1, 1]) * np.pi / 2
        fallen = crash(
            walker, start=start, stop=stop, push=thrown, spin=self.rng.uniform(-3, 3), tilt=tilt, rng=self.rng
        )
        self.victims = [len(self.actors), len(self.actors) + 1]
        self.actors.append(Actor(vehicle, follow(lane, way)))
        self.actors.append(Actor(MAKERS["pedestrian"](self.rng), fallen))
        middle = lane.at(np.array([place + 0.9]))[0]
        self.effects = make_effects([*self.seed, 2], middle, start=start, stop=stop, dusty=True)

    def _standing(self, start: int, stop: int, *, brake: int = 3) -> np.ndarray:
        """Return a factor of the speed that falls to 0 within `brake` frames from `start` and rises after `stop`."""
        return 1 - ease(self.time, start, start + brake) * (1 - ease(self.time, stop + 2, stop + 12))

    def _lanes(self) -> tuple[Lane, Lane]:
        first = int(self.rng.integers(2))
        return self.layout.traffic[first], self.layout.traffic[1 - first]

    def _lane(self) -> Lane:
        return self._lanes()[0]

    def _at_crossing(self, lane: Lane) -> float:
        """Return how far along a lane the crossing is."""
        return float((self.layout.crossing.start - lane.start) @ lane.direction)

    def _drive(self, lane: Lane, way: np.ndarray, *, kind: str = "") -> None:
        kind = kind or ("car" if self.rng.random() < 0.72 else "motorcycle")
        sway = 0.15 * self.rng.normal() + 0.0 * way
        self.actors.append(Actor(MAKERS[kind](self.rng), follow(lane, way, across=sway)))

    def _walk(self, lane: Lane, way: np.ndarray) -> None:
        self.actors.append(Actor(MAKERS["pedestrian"](self.rng), follow(lane, way)))
