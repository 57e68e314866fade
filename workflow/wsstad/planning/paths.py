"""Where results lie: the files that the rules may write for a plan, their logs, and the files that are there."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from itertools import product
from pathlib import Path
from string import Formatter
from typing import NamedTuple

from wsstad.planning.plan import Plan
from wsstad.planning.stages import STAGES, Stage

RESULTS = "results/"  # begins every pattern
SHARD_MAP = "results/{dataset}/shards.tsv"
RUN = ".run.json"  # in the folder of results: what the last run began with
NAME = "[A-Za-z0-9_-]+"  # of a wildcard


class Output(NamedTuple):
    """A file that a rule writes, and the wildcards of the job that does."""

    rule: str
    path: Path
    wildcards: dict[str, str]


def outputs(plan: Plan) -> Iterator[Output]:
    """Yield every file that the rules may write for a plan, whatever is asked for, in the order of the stages."""
    seen = set()
    for stage in STAGES.values():
        for pattern, choices in product(stage.outputs, list(_choices(plan, stage))):
            for values in product(*(choices[name] for name in stage.fields)):
                wildcards = dict(zip(stage.fields, values, strict=True))
                path = Path(pattern.format(**wildcards))
                if path not in seen:
                    seen.add(path)
                    yield Output(stage.rule, path, wildcards)


def log_path(output: Output) -> Path:
    """Return the log of the job that writes an output."""
    return Path(STAGES[output.rule].log.format(**output.wildcards))


def existing(results: Path, pattern: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield the files in a folder of results that have the form of a stage's pattern, each with its wildcards, sorted.

    They are those of every run in the folder, whatever its configuration.
    """
    below = pattern.removeprefix(RESULTS)
    parts = [(text, name) for text, name, _, _ in Formatter().parse(below)]
    form = re.compile("".join(re.escape(text) + (f"(?P<{name}>{NAME})" if name else "") for text, name in parts))
    for path in sorted(results.glob("".join(text + ("*" if name else "") for text, name in parts))):
        if match := form.fullmatch(path.relative_to(results).as_posix()):
            yield path, match.groupdict()


def _choices(plan: Plan, stage: Stage) -> Iterator[dict[str, list[str]]]:
    """Yield the values of each wildcard of a stage: in each block, and for each piece of footage."""
    for block in plan.blocks() if stage.scope != "footage" else ():
        choices = {
            **{name: [value] for name, value in asdict(block).items()},
            "shard": plan.shards(block.dataset),
            "table": plan.report_tables() if stage.target == "page" else plan.table_names(),
            "annotator": plan.annotators(block),
        }
        if stage.rule == "overlay":
            for table, method, seed in plan.overlays(block):
                yield {**choices, "table": [table], "method": [method], "seed": [str(seed)]}
        else:
            yield choices
    for footage in plan.footage.values() if stage.scope != "dataset" else ():
        chain = {name: [value] for name, value in footage.chain().items()}
        yield {**chain, "dataset": [footage.name], "model": [footage.card.name], "shard": plan.shards(footage.name)}
