"""Chains of variants, and what a configuration wants of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Wildcards = Mapping[str, str]  # of a job, by name; Snakemake's own are no mapping, but read like one

# The variants that footage goes through before a method sees it, and the family of each.
CHAIN = {"detector": "detectors", "linker": "linkers", "extractor": "extractors"}


@dataclass(frozen=True)
class Block:
    """One chain of variants: only inside a block are methods comparable, and what they share is read once."""

    dataset: str
    split: str
    extractor: str
    detector: str
    linker: str
    scale: str

    @classmethod
    def of(cls, wildcards: Wildcards) -> "Block":
        """Return the block that a job's wildcards name."""
        return cls(**{name: wildcards[name] for name in cls.__dataclass_fields__})

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
