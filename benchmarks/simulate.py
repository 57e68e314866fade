"""Hours for UCF-Crime, computed from the rates of the stages, for a few machines.

`python benchmarks/simulate.py` prints for each machine the hours of every stage and what bounds it. Every rate is
below, with its origin. A stage on a GPU is given twice: as a job of one thread does it,
reading, cropping and computing in turn, and with as many processes beside the GPU as it takes to keep it busy.
"""

import argparse
import sys
from dataclasses import dataclass

HOUR = 3600


@dataclass(frozen=True)
class Rate:
    """Something a second, of one core or one GPU, and where the number is from."""

    value: float
    origin: str


@dataclass(frozen=True)
class Machine:
    """`count` machines of `cores` cores and `gpus` GPUs each."""

    name: str
    cores: int
    gpus: int
    count: int = 1


@dataclass(frozen=True)
class Stage:
    """`amount` of `unit`; the rates of a core beside the network, and of the network on a core and on a GPU."""

    name: str
    amount: float
    unit: str
    own: Rate | None
    on_core: Rate | None = None
    on_gpu: Rate | None = None


OWN = "measured: `make usual-way`, Normal_006"
CORE = "measured here, one core"
H100 = "measured: docs/cluster.md, H100, fp32"
FRAMES, CELLS, REGIONS = 13.8e6, 862_500, 1.9e6  # UCF-Crime; regions of at most 200 tubes a video are an estimate
STAGES = (
    Stage("decode", FRAMES, "frames", Rate(1000 / 0.77, OWN)),
    Stage("detect", FRAMES, "frames", Rate(1000 / 1.77, OWN), Rate(15, CORE), Rate(2099, H100)),
    Stage("link", FRAMES, "frames", Rate(1000 / 0.10, OWN)),
    Stage("extract image", CELLS, "clips", Rate(1000 / 6.6, OWN), Rate(2.5, CORE), Rate(484, H100)),
    Stage("extract region", REGIONS, "clips", Rate(1000 / 1.24, OWN), Rate(2.5, CORE), Rate(484, H100)),
    Stage("train", 30 * 3000, "steps of MGPR", None, Rate(1 / 11.0, CORE), Rate(26, H100)),
    Stage("start of jobs", 208, "jobs", Rate(1 / 5.5, "measured: docs/cluster.md")),
)
MACHINES = (
    Machine("2 cores", 2, 0),
    Machine("one H100, 16 cores", 16, 1),
    Machine("8 of these", 16, 1, count=8),
)


def hours(stage: Stage, machine: Machine, *, beside: bool) -> tuple[float, str]:
    """Return the hours of a stage on a machine, and what bounds it: cores or GPU.

    With `beside` all cores of a machine feed its GPUs; without, one job a GPU does both in turn.
    """
    cores, gpus = machine.cores * machine.count, machine.gpus * machine.count
    own = stage.amount / stage.own.value / HOUR if stage.own else 0.0
    if stage.on_core is None or stage.on_gpu is None:
        return own / cores, "cores"
    if not gpus:
        return (own + stage.amount / stage.on_core.value / HOUR) / cores, "cores"
    network = stage.amount / stage.on_gpu.value / HOUR / gpus
    if beside:
        return max((own / cores, "cores"), (network, "GPU"))
    return own / gpus + network, "GPU" if network > own / gpus else "the core that feeds it"


def table() -> str:
    """Return the hours as a Markdown table, a row a stage, and the rates below it."""
    columns = [(machine, beside) for machine in MACHINES for beside in ((False, True) if machine.gpus else (False,))]
    heads = [machine.name + (", fed by all cores" if beside else "") for machine, beside in columns]
    lines = [f"| hours | {' | '.join(heads)} |", "|---" + "|--:" * len(columns) + "|"]
    for stage in STAGES:
        cells = [hours(stage, machine, beside=beside) for machine, beside in columns]
        lines.append(f"| {stage.name} | {' | '.join(f'{spent:.2f} ({bound})' for spent, bound in cells)} |")
    totals = [sum(hours(stage, machine, beside=beside)[0] for stage in STAGES) for machine, beside in columns]
    lines.append(f"| all, one stage after the other | {' | '.join(f'{total:,.1f}' for total in totals)} |")
    lines += ["", "| stage | what | a second | from |", "|---|---|--:|---|"]
    for stage in STAGES:
        for what, rate in (("beside the network", stage.own), ("on a core", stage.on_core), ("on a GPU", stage.on_gpu)):
            if rate is not None:
                lines.append(f"| {stage.name} | {stage.unit} {what} | {rate.value:,.4g} | {rate.origin} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    sys.stdout.write(table())
