"""A comparison of two results: computed by `evaluation` from the files of both."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from wsstad.errors import UserError
from wsstad.evaluation import before_after, divergence
from wsstad.evaluation.before_after import Change, Paired, VideoChange
from wsstad.evaluation.divergence import StageChange
from wsstad.evaluation.results import BlockResult
from wsstad.jsonable import Facts
from wsstad.planning.sides import Side
from wsstad.planning.stages import STAGES
from wsstad.reporting.compare.side_results import SideResults
from wsstad.reporting.page.costs import Cost

ONE_SEED = "seeds: one a side, so what training by another seed would move is part of every difference"


@dataclass(frozen=True)
class Comparison:
    """Two results, the first of them before: where they diverge, and what that did to metrics, videos and cost.

    `method` is the one whose videos are shown; `limits` are what cannot be compared, and why.
    """

    first: SideResults
    second: SideResults
    stages: Sequence[StageChange]
    changes: Sequence[Change] = ()
    method: str = ""
    paired: Paired | None = None
    videos: Sequence[VideoChange] = ()
    limits: Sequence[str] = ()
    settings: tuple[Facts, Facts] = ({}, {})

    @property
    def diverged(self) -> StageChange | None:
        """The first stage at which the two diverge."""
        return divergence.first_of(self.stages)

    def costs(self) -> list[tuple[str, Cost | None, Cost | None]]:
        """Return the cost of each stage of either side."""
        a, b = ({cost.stage: cost for cost in side.costs()} for side in (self.first, self.second))
        return [(stage, a.get(stage), b.get(stage)) for stage in dict.fromkeys([*a, *b])]


def gather(first: Side, second: Side, *, method: str = "") -> Comparison:
    """Return the comparison of two sides; raise `UserError` for a method that they do not both have."""
    sides = SideResults(first), SideResults(second)
    limits = list(_limits_of_chain(*sides))
    stages = list(_stages(*sides, limits))
    settings = _of_both(sides[0].settings(), sides[1].settings(), limits)
    a, b = sides[0].measured, sides[1].measured
    if a is None or b is None:
        limits.append("metrics: not compared, since both sides have to be evaluated")
        return Comparison(*sides, stages, limits=limits, settings=settings)
    stages.append(divergence.of_metrics(a, b))
    trained = {row["method"] for row in sides[0].rows("train")} & {row["method"] for row in sides[1].rows("train")}
    unlike, boxes = _comparable_boxes(*sides, limits)
    changes = before_after.compare(a, b, trained=trained, unlike=unlike, boxes=boxes)
    shown = _method(a, b, trained, method)
    paired = before_after.pair(a.of(shown), b.of(shown), unlike=unlike, boxes=boxes)
    limits += _limits_of_tests(*sides, paired, shown)
    if shown in trained and min(len(a.of(shown).seeds), len(b.of(shown).seeds)) == 1:
        limits.append(ONE_SEED)
    return Comparison(*sides, stages, changes, shown, paired, before_after.videos(paired), limits, settings)


def _stages(first: SideResults, second: SideResults, limits: list[str]) -> Iterator[StageChange]:
    """Yield the stages that both sides have; note the others, and what could not be measured, in `limits`."""
    for stage in STAGES.values():
        if stage.entry == "video":
            made = first.manifest(stage.rule), second.manifest(stage.rule)
            if made[0] and made[1]:
                change = divergence.of_videos(stage.rule, stage.kind, made[0], made[1])
                limits += [f"{stage.rule}: {note}" for note in change.notes]
                yield change
            else:
                limits.append(_without(stage.rule, first, second, made))
        elif stage.entry and "table" in first.side.names:
            rows = first.rows(stage.rule), second.rows(stage.rule)
            if all(rows):
                yield divergence.of_runs(stage.rule, stage.unit, *rows)
            else:
                limits.append(_without(stage.rule, first, second, rows))


def _of_both(first: Facts, second: Facts, limits: list[str]) -> tuple[Facts, Facts]:
    """Return the settings of two results as far as both are known: names always, the rest from a model's card."""
    unknown = {name for name in ("decode", "methods", "code") if (name in first) != (name in second)}
    unknown |= {"evaluate"} if not (first["evaluate"] and second["evaluate"]) else set()
    if not unknown:
        return first, second
    limits.append(f"settings: one side has no record of {_some(sorted(unknown))}")
    sides = [{name: value for name, value in facts.items() if name not in unknown} for facts in (first, second)]
    if "decode" in unknown:  # and with it the card
        sides = [{n: {"name": v["name"]} if "name" in v else v for n, v in facts.items()} for facts in sides]
    return sides[0], sides[1]


def _without(rule: str, first: SideResults, second: SideResults, made: Sequence[object]) -> str:
    """Return that a stage is not compared, since a side has no results of it."""
    lacking = [side.label for side, results in zip((first, second), made, strict=True) if not results]
    return (
        f"{rule}: not compared, since {' and '.join(lacking)} {'has' if len(lacking) == 1 else 'have'} no results of it"
    )


def _limits_of_chain(first: SideResults, second: SideResults) -> Iterator[str]:
    a, b = first.side.names, second.side.names
    if a.get("dataset") != b.get("dataset"):
        yield f"datasets differ ({a.get('dataset')}, {b.get('dataset')}): videos are matched by their ids"
    if a.get("split") != b.get("split"):
        yield f"splits differ ({a.get('split')}, {b.get('split')}): the models of a fold learned from different videos"


def _comparable_boxes(first: SideResults, second: SideResults, limits: list[str]) -> tuple[Collection[str], bool]:
    """Return the videos whose annotations differ, and whether S_loc can be compared at all."""
    sides = first.measured, second.measured
    names = [(side.names["annotator"], side.gamma) for side in sides if side]
    for what, (a, b) in zip(("annotators", "frames that count (gamma)"), zip(*names, strict=True), strict=True):
        if a != b:
            limits.append(f"S_loc: not compared, since the {what} differ: {a}, {b}")
            return [], False
    boxes = first.boxes(), second.boxes()
    if boxes[0] is None or boxes[1] is None:
        limits.append("annotations: those of one side are gone; they are assumed to be the same")
        return [], True
    unlike = sorted(v for v in {*boxes[0], *boxes[1]} if boxes[0].get(v) != boxes[1].get(v))
    if unlike:
        limits.append(f"S_loc: not compared for {len(unlike)} videos whose annotations differ: {_some(unlike)}")
    return unlike, True


def _method(first: BlockResult, second: BlockResult, trained: Collection[str], asked: str) -> str:
    """Return the method whose videos are shown: as asked for, else the table's reference, else the first trained."""
    both = [row.method for row in first.results if row.method in {other.method for other in second.results}]
    if asked and asked not in both:
        raise UserError(f"--method {asked}: not in both results; allowed: {', '.join(both) or 'none'}")
    reference = [first.family.reference] if first.family else []
    known = [name for name in (asked, *reference, *(name for name in both if name in trained), *both) if name in both]
    if not known:
        raise UserError("the two results have no method in common")
    return known[0]


def _limits_of_tests(first: SideResults, second: SideResults, paired: Paired, method: str) -> Iterator[str]:
    for side, other in ((first, second), (second, first)):
        if side.measured and other.measured:
            shared = {row.method for row in other.measured.results}
            if alone := [row.method for row in side.measured.results if row.method not in shared]:
                yield f"methods: only {side.label} has {_some(alone)}"
    for label, rows, others in (
        (first.label, paired.first, paired.second),
        (second.label, paired.second, paired.first),
    ):
        if unpaired := sorted(rows.keys() - others.keys()):
            tests = _some([f"{video} (fold {fold})" for fold, video in unpaired])
            yield f"{method}: {len(unpaired)} tests have a score in {label} alone: {tests}"
    missing = sorted(test for test in paired.boxed if test not in paired.first or test not in paired.second)
    if missing or paired.lost:
        lost = len(missing) + paired.lost
        yield f"{method}: {lost} tests with boxes were set aside by a side: their S_loc is 0 there"
    if not paired.tests:
        yield f"{method}: no test is in both, so no metric is compared"


def _some(names: Sequence[str]) -> str:
    """Return the first names of several.

    >>> _some(list("abcde"))
    'a, b, c and 2 more'
    """
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
