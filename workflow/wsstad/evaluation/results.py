"""Results: what `evaluate` measured, as typed records, and the JSON file of a block that holds them.

A block is one dataset, chain of variants and annotator: only inside one can methods be compared. From Python::

    >>> from pathlib import Path
    >>> from wsstad.evaluation import results
    >>> block = results.read(Path("results/.../benchmark/metrics/exact.json"))  # doctest: +SKIP
    >>> {result.method: result.metrics["MIoU"].mean for result in block.results}  # doctest: +SKIP
    {'random': 0.173715, 'mgpr': 0.284862}

Every metric is a share of 1. ``workflow/schemas/metrics.schema.json`` describes the file for other programs; it is made
from these records by `write_schema`.
"""

import json
from collections.abc import Sequence
from dataclasses import field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.evaluation.entries import CHECKED, Card, Spread
from wsstad.locations import SCHEMAS

NAMES = ("dataset", "split", "extractor", "detector", "linker", "scale", "annotator")
SCHEMA = SCHEMAS / "metrics.schema.json"


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Names:
    """The block and the method."""

    dataset: str
    split: str
    extractor: str
    detector: str
    linker: str
    scale: str
    annotator: str
    method: str


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Settings:
    """How it was measured."""

    gamma: str
    """The frames that count in S_loc: Gamma of Eq. 10."""
    thresholds: tuple[float, ...]
    """The eps of IoU@eps."""
    bootstrap: int
    """Resamples of the videos behind each interval."""
    selection: str
    """How the method chooses a sub-tube: top1, random, oracle or oracle_frames."""


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Evaluated:
    """Test videos that were evaluated, of those that the split expects."""

    evaluated: int
    expected: int


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class EvaluatedAbnormal(Evaluated):
    """Abnormal test videos that were evaluated; those `localised` have boxes."""

    localised: int


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Counts:
    """The size of the test set."""

    videos: Evaluated
    abnormal: EvaluatedAbnormal


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class SeedAlarms:
    """The alarms of one seed: `alarms` are false ones, in `hours` of normal test videos."""

    alarms: int
    hours: float
    share: float
    """Of the frames of normal test videos that are under alarm."""
    detected: int
    """Abnormal test videos with an alarm in an abnormal frame, of `events`."""
    events: int
    notes: tuple[str, ...]
    """What to know of the thresholds."""
    thresholds: dict[str, float] = field(default_factory=dict)
    """By fold, the score above which the seed's model gives an alarm: exact, since rounding moves alarms."""


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Alarms:
    """Alarms at the threshold that allows so many an hour in the normal videos that training held out."""

    allowed_per_hour: float
    seeds: tuple[SeedAlarms, ...]


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Missing:
    """A test video without a prediction, and why."""

    fold: int
    video: str
    reason: str


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class VideoResult:
    """A test video: what was found of it, the mean over the runs and, but for a choice at random, run by run."""

    fold: int
    video: str
    label: str
    score: float
    s_loc: float | None = None
    """Of abnormal videos with boxes."""
    s_loc_of_runs: tuple[float, ...] = ()
    scores_of_runs: tuple[float, ...] = ()
    spans_of_runs: tuple[tuple[int, int], ...] = ()
    """First frame and one past the last of the chosen sub-tube."""


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class MethodResult:
    """All that was measured of one method over its runs."""

    names: Names
    title: str
    """Of the dataset."""
    features: str
    """In words, where the weights of the extractor come from."""
    settings: Settings
    seeds: tuple[str, ...]
    counts: Counts
    metrics: Card
    folds: dict[str, dict[str, Spread]]
    """VAUC and MIoU by fold, which is too small for an interval."""
    classes: dict[str, Card] = field(default_factory=dict)
    """By class of abnormal videos, where there are several: its videos against all normal ones."""
    alarms: Alarms | None = None
    missing: tuple[Missing, ...]
    unboxed: tuple[str, ...]
    """Abnormal test videos without boxes, which count in VAUC alone."""
    videos: tuple[VideoResult, ...]
    notes: tuple[str, ...] = ()
    """Why the numbers mean less than they seem to."""
    branch_of: str | None = None
    """The method whose branch this is, taken alone at inference; null of a whole method."""

    @property
    def method(self) -> str:
        """The name of the method."""
        return self.names.method

    @property
    def is_oracle(self) -> bool:
        """Whether the row knows the truth: an upper bound, whose VAUC is 100 % by definition."""
        return self.settings.selection.startswith("oracle")

    @property
    def is_random(self) -> bool:
        """Whether the row is a choice at random: its numbers are expectations."""
        return self.settings.selection == "random"


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Comparison:
    """The first method's metric less the second's on the same videos, with interval and two-sided p-values."""

    metric: str
    first: str
    second: str
    n: int
    value: float
    interval: tuple[float, float]
    p_bootstrap: float
    p_permutation: float
    corrected: float
    """The permutation p-value after Holm's correction for the table's family."""
    better: str
    """The better method, empty unless both tests agree that there is one."""
    smallest: float | None = None
    """The smallest difference of the two that as many videos show with 80 % power; null where that cannot be said."""


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Family:
    """What a table declares that it compares, before anything is measured: one method with each of the others.

    Constant boxes, a choice at random and upper bounds are no rivals.
    """

    reference: str
    rivals: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class BlockResult:
    """The methods of a table in its order, and the comparisons of its family: in each metric one a rival."""

    results: tuple[MethodResult, ...]
    comparisons: tuple[Comparison, ...]
    family: Family | None = None

    @property
    def names(self) -> dict[str, str]:
        """The names that tell the block from others."""
        return {name: getattr(self.results[0].names, name) for name in NAMES}

    @property
    def gamma(self) -> str:
        """The frames that count in S_loc."""
        return self.results[0].settings.gamma

    def of(self, method: str) -> MethodResult:
        """Return the result of a method."""
        return next(result for result in self.results if result.method == method)

    def smallest(self, metric: str) -> list[float]:
        """Return the smallest differences in a metric that the videos show, one a rival of which that can be said."""
        return sorted(row.smallest for row in self.comparisons if row.metric == metric and row.smallest is not None)

    def beaten(self, method: str, metric: str) -> list[str]:
        """Return the methods that `method` is significantly better than in a metric, in the order of the table."""
        won = [row for row in self.comparisons if row.metric == metric and row.better == method]
        names = {name for row in won for name in (row.first, row.second)} - {method}
        return [result.method for result in self.results if result.method in names]


_BLOCK = TypeAdapter(BlockResult)


def read(path: Path) -> BlockResult:
    """Read what `evaluate` wrote; raise `UserError`, naming the place in the file, if it is anything else."""
    try:
        return _BLOCK.validate_python(storage.read_json(path))
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def write(path: Path, block: BlockResult) -> None:
    """Write a block as JSON; what does not apply to an entry is left out."""
    storage.write_json(path, _BLOCK.dump_python(block, mode="json", exclude_defaults=True))


def in_order(blocks: Sequence[BlockResult]) -> list[BlockResult]:
    """Return blocks sorted by their names, whatever the order of their files."""
    return sorted(blocks, key=lambda block: [*block.names.values(), block.gamma])


def write_schema(path: Path = SCHEMA) -> None:
    """Write the JSON Schema of the file."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    storage.write_json(
        path, head | _BLOCK.json_schema() | {"title": "metrics/<annotator>.json, what evaluate measured"}
    )
