"""Scenes of the study: seven kinds of incident, and for each an ordinary act of the same road users that resembles it.

An abnormal video has an incident in a window of its time, a normal one the ordinary act of a kind in such a window. All
else is drawn from the same distributions for both, near misses and overtaking included. So neither the number of road
users, nor who they are, nor that they are close, predicts the label. An incident raises at most a quarter of the dust,
smoke and debris of an accident of the demo.
"""

from collections.abc import Callable

import numpy as np

from wsstad.scenes.effects import Effects, make_effects
from wsstad.scenes.roads import LANE_WIDTH, MARGIN, PAVEMENT_WIDTH, Lane
from wsstad.scenes.scripts import SPACING, Actor, Play, Scene, make_place
from wsstad.scenes.shapes import MAKERS, Appearance
from wsstad.scenes.tracks import crash, ease, follow, pause, travel

INTERACTIONS = ("collision", "knockdown")
SINGLE = ("swerve", "skid", "topple", "fall", "wrong_way")
# How long an incident takes, as a part of the video; a drive through the picture takes at most so many frames.
SHARE = (0.06, 0.29)
LONGEST_DRIVE = 40
MIN_FRAMES = 128
# How much dust, smoke and debris an incident raises, of 1 in the demo; below 0 there is none.
AMOUNT = (-0.08, 0.25)
DUSTY = ("knockdown", "swerve", "fall")  # the others smoke
COLLIDING = (("car", "car"), ("car", "motorcycle"), ("motorcycle", "car"))


def make_incident_scene(
    seed: list[int], *, kind: str, abnormal: bool, place_seed: list[int], n_frames: int, size: tuple[int, int]
) -> Scene:
    """Build a scene with an incident of `kind`, or, if it is not abnormal, with the ordinary act in its place."""
    if n_frames < MIN_FRAMES:
        raise ValueError(f"a scene of the study takes at least {MIN_FRAMES} frames, not {n_frames}")
    camera, layout = make_place(place_seed, size)
    play = Incidents(np.random.default_rng(seed), layout, n_frames, seed)
    play.perform(kind, abnormal=abnormal)
    return play.scene(camera, place_seed)


class Incidents(Play):
    """Collects the actors of one video of the study."""

    def perform(self, kind: str, *, abnormal: bool) -> None:
        """Fill the video: traffic, the incident of `kind` or its ordinary counterpart, traffic, walkers."""
        n = len(self.time)
        length = int(self.rng.uniform(*SHARE) * n)
        start = int(self.rng.uniform(0.12 * n, 0.94 * n - length))
        stop = start + (min(length, LONGEST_DRIVE) if kind == "wrong_way" else length)
        self.traffic(6, start - 38)
        first = len(self.actors)
        incidents, ordinary = self._kinds()
        (incidents if abnormal else ordinary)[kind](start, stop)
        self.effects = None  # those of a collision or knockdown as in the demo
        if abnormal:
            self.event, self.victims = range(start, stop), [*range(first, len(self.actors))]
            self.effects = self._leave_traces(kind)
        if kind not in INTERACTIONS and self.rng.random() < 0.5:
            self.pass_alone((start + stop) / 2)
        self.traffic(stop + 26, n - 4)
        for _ in range(self.rng.integers(1, 3)):
            lane, pace = self._pavement(), self.rng.uniform(0.2, 0.34)
            self._walk(lane, travel(self.time, place=lane.length / 2, moment=self.rng.uniform(0, n), speed=pace))

    def traffic(self, first: int, last: int) -> None:
        """Fill frames `first` .. `last` with acts, half of them such as look like an incident from afar."""
        calm = [self.pass_alone, self.meet, self.follow_close, self.wait, self.give_way, self.stand_together]
        close = [self.overtake, self.cross_behind, self.greet, self.near_miss, self.queue, self.pull_over]
        acts: list[Callable[[float], None]] = [*calm, *close]
        moment = first + self.rng.uniform(0, 8)
        while moment < last:
            act = int(self.rng.integers(len(acts)))
            acts[act](moment)
            moment += SPACING * self.rng.uniform(0.85, 1.15) * (1.45 if act >= 3 else 1.0)

    def overtake(self, moment: float) -> None:
        """A fast vehicle goes round a slow one, on the other lane for a while."""
        lane, pace = self._lane(), self.rng.uniform(0.35, 0.5)
        self._drive(lane, travel(self.time, place=lane.length / 2, moment=moment, speed=pace))
        aside = self.rng.uniform(2.3, 2.8) * ease(self.time, moment - 16, moment - 6)
        aside = aside * (1 - ease(self.time, moment + 6, moment + 16))
        way = travel(self.time, place=lane.length / 2, moment=moment, speed=self.rng.uniform(0.9, 1.2))
        self.actors.append(Actor(self._vehicle(), follow(lane, way, across=aside)))

    def cross_behind(self, moment: float) -> None:
        """A pedestrian crosses the road close behind a vehicle."""
        lane, crossing = self._lane(), self.layout.crossing
        place, spot = self._spots(lane)
        self._drive(lane, travel(self.time, place=place, moment=moment, speed=self.rng.uniform(0.7, 1.0)))
        later, pace = moment + self.rng.uniform(5, 8), self.rng.uniform(0.26, 0.34)
        self._walk(crossing, travel(self.time, place=spot, moment=later, speed=pace))

    def greet(self, moment: float) -> None:
        """Two people meet on a pavement, stand together for a while and walk on."""
        lane, stop = self._pavement(), moment + self.rng.uniform(10, 26)
        other = _reversed(lane)
        place = lane.length * self.rng.uniform(0.35, 0.65)
        for path, at in ((lane, place - 0.4), (other, other.length - place - 0.4)):
            speed = self.rng.uniform(0.22, 0.32) * pause(self.time, start=moment, stop=stop)
            walker = MAKERS["pedestrian"](self.rng)
            way = travel(self.time, place=at, moment=moment, speed=speed)
            self.actors.append(Actor(walker, follow(path, way, across=0.35)))

    def near_miss(self, moment: float) -> None:
        """A vehicle stops right before a pedestrian on the crossing."""
        self._stop_short(int(moment), int(moment + self.rng.uniform(12, 26)))

    def queue(self, moment: float) -> None:
        """Two vehicles stand side by side, or one close behind the other."""
        self._stand_close(int(moment), int(moment + self.rng.uniform(12, 26)))

    def pull_over(self, moment: float) -> None:
        """A car stops at the kerb."""
        self._park(int(moment), int(moment + self.rng.uniform(14, 30)))

    def _leave_traces(self, kind: str) -> Effects | None:
        """Return what the incident raises at the place of its last road user, if anything."""
        amount = self.rng.uniform(*AMOUNT)
        if amount <= 0 or kind == "wrong_way":
            return None
        start, stop = self.event.start, self.event.stop
        place = self.actors[self.victims[-1]].track.position[min(start + 3, stop - 1)]
        seed = [*self.seed, 2]
        return make_effects(seed, place, start=start, stop=stop, dusty=kind in DUSTY, amount=amount)

    def _kinds(self) -> tuple[dict[str, Callable[[int, int], None]], dict[str, Callable[[int, int], None]]]:
        """Return for every kind the incident, and the ordinary act of the same road users."""
        incidents = {
            "collision": self._collision,
            "knockdown": self._knockdown,
            "swerve": self._swerve,
            "skid": self._skid,
            "topple": self._topple,
            "fall": self._fall,
            "wrong_way": lambda start, stop: self._cross_picture(_reversed(self._lane()), start, stop),
        }
        ordinary = {
            "collision": self._stand_close,
            "knockdown": self._stop_short,
            "swerve": self._park,
            "skid": lambda start, stop: self._halt("car", start, stop),
            "topple": lambda start, stop: self._halt("motorcycle", start, stop),
            "fall": self._linger,
            "wrong_way": lambda start, stop: self._cross_picture(self._lane(), start, stop),
        }
        return incidents, ordinary

    def _stand_close(self, start: int, stop: int) -> None:
        """As in a collision, but the two vehicles stand close and go on."""
        lane, other = self._lanes()
        kinds = COLLIDING[self.rng.choice(3, p=[0.5, 0.25, 0.25])]
        looks = [MAKERS[kind](self.rng) for kind in kinds]
        place = lane.length * self.rng.uniform(0.42, 0.58)
        gap = (looks[0].length + looks[1].length) / 2 + self.rng.uniform(0.7, 1.6)
        lanes, places = [lane, lane], [place, place + gap]
        if self.rng.random() < 0.6:
            meet = float((lane.at(np.array([place]))[0] - other.start) @ other.direction)
            lanes, places = [lane, other], [place, meet + self.rng.uniform(-1.5, 1.5)]
        for path, at, look in zip(lanes, places, looks, strict=True):
            self.actors.append(Actor(look, follow(path, self._halting(at, start, stop))))

    def _stop_short(self, start: int, stop: int) -> None:
        """As in a knockdown, but the vehicle stops in time; the pedestrian stops, too, and goes on."""
        lane, crossing = self._lane(), self.layout.crossing
        place, spot = self._spots(lane)
        vehicle = MAKERS["car" if self.rng.random() < 0.7 else "motorcycle"](self.rng)
        before = place - vehicle.length / 2 - self.rng.uniform(0.7, 1.6)
        self.actors.append(Actor(vehicle, follow(lane, self._halting(before, start, stop + 8))))
        pace = self.rng.uniform(0.26, 0.34) * pause(self.time, start=start, stop=stop, ramp=3)
        self._walk(crossing, travel(self.time, place=spot, moment=start, speed=pace))

    def _swerve(self, start: int, stop: int) -> None:
        """A car runs off the road and stands there."""
        aside = self.rng.uniform(0.85, 1.15) * (LANE_WIDTH / 2 + PAVEMENT_WIDTH / 2)
        self._leave_lane(start, stop, aside=aside, ramp=9)

    def _park(self, start: int, stop: int) -> None:
        """As in a swerve, but no farther than to the kerb, and slowly."""
        self._leave_lane(start, stop, aside=self.rng.uniform(0.6, 0.95), ramp=14)

    def _leave_lane(self, start: int, stop: int, *, aside: float, ramp: int) -> None:
        lane = self._lane()
        speed = self.rng.uniform(0.75, 1.1) * (1 - ease(self.time, start, start + ramp)) + 0.0 * self.time
        speed = speed + self.rng.uniform(0.7, 1.0) * ease(self.time, stop, stop + 12)
        way = travel(self.time, place=lane.length * self.rng.uniform(0.35, 0.5), moment=start, speed=speed)
        across = -aside * ease(self.time, start, start + ramp) * (1 - ease(self.time, stop, stop + 12))
        self.actors.append(Actor(MAKERS["car"](self.rng), follow(lane, way, across=across)))

    def _skid(self, start: int, stop: int) -> None:
        """A car spins and stands across the lane."""
        self._lose_control("car", start, stop, spin=self.rng.uniform(1.1, 2.6), tilt=0.0)

    def _topple(self, start: int, stop: int) -> None:
        """A motorcycle falls over and lies there."""
        self._lose_control("motorcycle", start, stop, spin=self.rng.uniform(0.3, 1.2), tilt=1.35)

    def _lose_control(self, kind: str, start: int, stop: int, *, spin: float, tilt: float) -> None:
        lane, side = self._lane(), self.rng.choice([-1, 1])
        place, speed = lane.length * self.rng.uniform(0.4, 0.6), self.rng.uniform(0.75, 1.15)
        way = travel(self.time, place=place, moment=start, speed=speed * self._standing(start, stop))
        push = lane.direction * self.rng.uniform(0.5, 1.5) + self.rng.normal(0, 0.2, 2)
        track = crash(
            follow(lane, way), start=start, stop=stop, push=push, spin=side * spin, tilt=side * tilt, rng=self.rng
        )
        self.actors.append(Actor(MAKERS[kind](self.rng), track))

    def _halt(self, kind: str, start: int, stop: int) -> None:
        """A vehicle stops in its lane and goes on."""
        lane = self._lane()
        way = self._halting(lane.length * self.rng.uniform(0.4, 0.6), start, stop)
        self.actors.append(Actor(MAKERS[kind](self.rng), follow(lane, way)))

    def _fall(self, start: int, stop: int) -> None:
        """A pedestrian falls on the pavement, lies there, and gets up."""
        lane, side = self._pavement(), self.rng.choice([-1, 1])
        pace = self.rng.uniform(0.22, 0.36) * self._standing(start, stop, brake=1)
        way = travel(self.time, place=lane.length * self.rng.uniform(0.35, 0.65), moment=start, speed=pace)
        push, spin = lane.direction * self.rng.uniform(0.2, 0.6), self.rng.uniform(-1.2, 1.2)
        track = crash(
            follow(lane, way), start=start, stop=stop, push=push, spin=spin, tilt=side * np.pi / 2, rng=self.rng
        )
        self.actors.append(Actor(MAKERS["pedestrian"](self.rng), track))

    def _linger(self, start: int, stop: int) -> None:
        """A pedestrian stops on the pavement and walks on."""
        lane = self._pavement()
        pace = self.rng.uniform(0.22, 0.36) * pause(self.time, start=start, stop=stop, ramp=3)
        self._walk(lane, travel(self.time, place=lane.length * self.rng.uniform(0.35, 0.65), moment=start, speed=pace))

    def _cross_picture(self, lane: Lane, start: int, stop: int) -> None:
        """A vehicle drives through the picture from frame `start` to `stop` along `lane`, whichever way that goes."""
        speed = (lane.length - 2 * MARGIN) / (stop - start)
        self._drive(lane, travel(self.time, place=lane.length / 2, moment=(start + stop) / 2, speed=speed))

    def _halting(self, place: float, start: int, stop: int) -> np.ndarray:
        """Return the way of a vehicle that stands at `place` from frame `start` to `stop`."""
        ramp = self.rng.uniform(5, 10)
        speed = self.rng.uniform(0.75, 1.15) * pause(self.time, start=start, stop=stop, ramp=ramp)
        return travel(self.time, place=place, moment=start, speed=speed)

    def _spots(self, lane: Lane) -> tuple[float, float]:
        """Return how far along the lane the crossing is, and how far along the crossing the lane."""
        place, crossing = self._at_crossing(lane), self.layout.crossing
        return place, float((lane.at(np.array([place]))[0] - crossing.start) @ crossing.direction)

    def _pavement(self) -> Lane:
        return self.layout.pavements[self.rng.integers(2)]

    def _vehicle(self) -> Appearance:
        return MAKERS["car" if self.rng.random() < 0.72 else "motorcycle"](self.rng)


def _reversed(lane: Lane) -> Lane:
    return Lane(lane.start + lane.length * lane.direction, -lane.direction, lane.length)
