"""Entries: a metric of a method, as the file of a block has it."""

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

CHECKED = ConfigDict(extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Spread:
    """A metric over the runs of a method."""

    mean: float
    std: float | None
    """Standard deviation (n - 1) over the runs, null for one; of a choice at random, that over the choices."""
    n: int | None = None
    """Videos, frames, regions or tracks that it is over."""
    pairs: int | None = None
    """Of VAUC: pairs of an abnormal and a normal video of one fold."""


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Entry(Spread):
    """A metric over the runs of a method, with its 95 % interval over other test videos."""

    interval: tuple[float, float] | None = None
    """By bootstrap over the videos; null for a choice at random, of which one run is known to scatter by `std`."""
    wilson: tuple[float, float] | None = None
    """Of a share k / n: Wilson's interval, which is honest at 0 and n of n too; of a VAUC of 0 or 1, that of as many
    pairs as share no video."""
    k: tuple[int, ...] = ()
    """Of IoU@eps: the videos above eps, a count a run."""
    abnormal: int | None = None
    """Of frame-level metrics: how many of the n frames are abnormal."""

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The interval to show: Wilson's where there is one; none of a choice at random."""
        return self.wilson or self.interval


Card = dict[str, Entry]  # by the name of the metric
