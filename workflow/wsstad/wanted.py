"""What the configuration wants to be run: blocks, and of each its methods, seeds and annotators."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from wsstad.errors import UserError


@dataclass(frozen=True)
class Block:
    """One chain of variants: only inside a block are methods comparable, and what they share is read once."""

    dataset: str
    split: str
    extractor: str
    detector: str
    linker: str
    scale: str

    def folder(self) -> str:
        """Return the folder of the block below ``results/``."""
        chain = (self.split, self.extractor, self.detector, self.linker, self.scale)
        return f"{self.dataset}/runs/{'/'.join(chain)}"


@dataclass
class Wanted:
    """What the configuration wants of a block: methods, each with its seeds, and annotators; all in order."""

    methods: dict[str, list[int]] = field(default_factory=dict)
    annotators: list[str] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)

    def add(self, methods: Iterable[str], annotators: Iterable[str], seeds: Iterable[int]) -> None:
        """Add what one entry of the configuration wants."""
        for method in methods:
            self.methods[method] = sorted({*self.methods.get(method, []), *seeds})
        self.annotators = list(dict.fromkeys([*self.annotators, *annotators]))
        self.seeds = sorted({*self.seeds, *seeds})


def read_wanted(content: dict[str, Any]) -> dict[Block, Wanted]:
    """Return what a checked configuration wants of each block, in order."""
    wanted: dict[Block, Wanted] = {}
    if not content["benchmarks"] and not content["score"]:
        raise UserError("config.yaml: benchmarks: none, and no footage in `score` either; allowed: one at least")
    for number, entry in enumerate(content["benchmarks"]):
        if entry["dataset"] not in content["datasets"]:
            known = ", ".join(content["datasets"])
            where = f"config.yaml: benchmarks[{number}].dataset"
            raise UserError(f"{where}: {entry['dataset']!r} is unknown; allowed: {known}")
        lists = ("splits", "extractors", "detectors", "linkers", "scales")
        for chain in product(*(entry[name] for name in lists)):
            block = wanted.setdefault(Block(entry["dataset"], *chain), Wanted())
            block.add(entry["methods"], entry["annotators"], entry["seeds"])
    return wanted
