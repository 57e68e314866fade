"""The plan of a run: what the configuration asks for, checked before any job, in the terms of the rules.

The Snakefile asks this module for names and digests only; it runs nothing.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from wsstad import config, keys, shard_map, storage, tables
from wsstad.detectors import DETECTORS
from wsstad.errors import UserError
from wsstad.extractors import EXTRACTORS
from wsstad.formats import FORMATS
from wsstad.linkers import LINKERS
from wsstad.methods import METHODS, REFERENCES

FAMILIES = {"detectors": DETECTORS, "linkers": LINKERS, "extractors": EXTRACTORS, "methods": METHODS}
REPOSITORY = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Run:
    """One method on one chain of variants; its seeds are runs of their own."""

    dataset: str
    split: str
    extractor: str
    detector: str
    linker: str
    method: str
    annotator: str

    def folder(self) -> str:
        """Return the folder of the run below ``results/``."""
        chain = (self.split, self.extractor, self.detector, self.linker, self.method)
        return f"{self.dataset}/runs/{'/'.join(chain)}"


class Plan:
    """The checked configuration; `results` is the folder of everything generated."""

    def __init__(self, content: dict[str, Any], results: Path) -> None:
        self.config = config.check(content, "config", "config.yaml")
        self.results = results
        self._variants: dict[Path, dict[str, Any]] = {}
        self.runs = list(self._runs())
        self._paths = {name: self._source_paths(name) for name in self.datasets()}
        self._shard_maps = {name: self._shard_map(name) for name in self.datasets()}
        for run in self.runs:
            self._check_run(run)

    # Names -----------------------------------------------------------------------------------------------------

    def datasets(self) -> list[str]:
        """Return the datasets that some benchmark uses, in order."""
        return list(dict.fromkeys(run.dataset for run in self.runs))

    def tables(self, dataset: str) -> Path:
        """Return the folder of a dataset's tables."""
        given = self.config["datasets"][dataset]["tables"]
        return _find(given or f"config/datasets/{dataset}", f"config.yaml: datasets.{dataset}.tables")

    def source(self, dataset: str) -> str:
        """Return the root of a dataset's raw videos."""
        return self.config["datasets"][dataset]["source"]

    def variant(self, family: str, name: str) -> Path:
        """Return the YAML file of a variant."""
        return _find(f"config/{family}/{name}.yaml", f"config.yaml: {family}: {name!r}")

    def parameters(self, family: str, name: str) -> dict[str, Any]:
        """Return what the YAML file of a variant says, with the defaults."""
        path = self.variant(family, name)
        if path not in self._variants:
            self._variants[path] = config.load_variant(path, family)
        return self._variants[path]

    def shards(self, dataset: str) -> list[str]:
        """Return the names of a dataset's shards."""
        return sorted(set(self._shard_maps[dataset].values()))

    def seeds(self, dataset: str, split: str, method: str) -> list[int]:
        """Return the seeds that a method is run with: 0 alone for a method without training."""
        wanted = {
            seed
            for entry in self.config["benchmarks"]
            if entry["dataset"] == dataset and split in entry["splits"] and method in entry["methods"]
            for seed in entry["seeds"]
        }
        return sorted(wanted) if self.is_trained(method) else [0]

    def metrics(self, dataset: str) -> list[str]:
        """Return the metrics files of all runs on a dataset, in the order of the configuration."""
        runs = [run for run in self.runs if run.dataset == dataset]
        return [str(self.results / run.folder() / "metrics" / f"{run.annotator}.json") for run in runs]

    def annotations(self, dataset: str, annotator: str) -> list[str]:
        """Return the files and folders that an annotator's annotations come from."""
        entry = tables.read_annotator(self.tables(dataset), annotator)
        return [str(Path(self.source(dataset), entry[name])) for name in ("path", "events") if entry.get(name)]

    def is_trained(self, method: str) -> bool:
        """Return whether a method has a model."""
        return self.parameters("methods", method)["type"] not in REFERENCES

    # Digests, for Snakemake's `params` trigger -------------------------------------------------------------------

    def code(self, stage: str, family: str = "", name: str = "") -> str:
        """Return the digest of the code behind a stage with one of its variants."""
        modules = [f"wsstad.{stage}"]
        if stage == "annotate":
            modules += [path.split(":")[0] for path in FORMATS.values()]
        if family:
            kind = self.parameters(family, name)["type"]
            modules.append(FAMILIES[family][kind].split(":")[0])
        return keys.code_digest(*modules)

    def weights(self, family: str, name: str) -> list[str]:
        """Return the weights file of a variant, if it names one: where it lies, for the `input` of its rule."""
        weights = self.parameters(family, name).get("weights")
        if not weights:
            return []
        folders = (self.variant(family, name).parent, Path(self.config["weights"]))
        found = [folder / weights for folder in folders if (folder / weights).is_file()]
        if not found:
            places = " or ".join(map(str, folders))
            raise UserError(f"{self.variant(family, name)}: weights: {weights!r} is not in {places}")
        return [str(found[0])]

    def sources(self, dataset: str, shard: str) -> str:
        """Return a digest of size, mtime and inode of the raw videos of a shard: when it moves, decode looks again."""
        mine = sorted(video for video, its in self._shard_maps[dataset].items() if its == shard)
        state = [(video, str(self._paths[dataset][video]), _state(self._paths[dataset][video])) for video in mine]
        return hashlib.sha256(storage.canonical_json(state).encode()).hexdigest()

    # Shards -----------------------------------------------------------------------------------------------------

    def shard_map_path(self, dataset: str) -> Path:
        """Return the path of the append-only table of video and shard."""
        return self.results / dataset / "shards.tsv"

    def write_shard_maps(self) -> None:
        """Append new videos to the shard maps on disk."""
        for dataset in self.datasets():
            shard_map.write_map(self.shard_map_path(dataset), self._shard_maps[dataset])

    def _shard_map(self, dataset: str) -> dict[str, str]:
        sizes = {video: _size(path) for video, path in self._paths[dataset].items()}
        return shard_map.assign(sizes, shard_map.read_map(self.shard_map_path(dataset)), self.config["shard_videos"])

    # Checks -----------------------------------------------------------------------------------------------------

    def _runs(self) -> Iterator[Run]:
        for number, entry in enumerate(self.config["benchmarks"]):
            if entry["dataset"] not in self.config["datasets"]:
                known = ", ".join(self.config["datasets"])
                where = f"config.yaml: benchmarks[{number}].dataset"
                raise UserError(f"{where}: {entry['dataset']!r} is unknown; allowed: {known}")
            lists = ("splits", "extractors", "detectors", "linkers", "methods", "annotators")
            for combination in product(*(entry[name] for name in lists)):
                yield Run(entry["dataset"], *combination)

    def _check_run(self, run: Run) -> None:
        folder = self.tables(run.dataset)
        tables.check_labels(folder, run.split, "test")
        for family, name in (
            ("detectors", run.detector),
            ("linkers", run.linker),
            ("extractors", run.extractor),
            ("methods", run.method),
        ):
            self.parameters(family, name)
            self.weights(family, name)
        if self.is_trained(run.method):
            tables.check_labels(folder, run.split, "train")
        tables.read_annotator(folder, run.annotator)

    def _source_paths(self, dataset: str) -> dict[str, Path]:
        folder = self.tables(dataset)
        return tables.source_paths(folder, Path(self.source(dataset)), tables.read_videos(folder))


def _find(path: str, where: str) -> Path:
    """Return `path` as it is, else inside the repository: a run in another folder finds what comes with wsstad."""
    for candidate in (Path(path), REPOSITORY / path):
        if candidate.exists():
            return candidate
    beside = Path(path).parent
    allowed = sorted(p.stem for root in (Path(), REPOSITORY) for p in (root / beside).glob("*.yaml"))
    raise UserError(f"{where}: no {path}" + (f"; allowed: {', '.join(dict.fromkeys(allowed))}" if allowed else ""))


def _state(path: Path) -> list[list[Any]]:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return [[f.name, s.st_size, s.st_mtime_ns, s.st_ino] for f in files for s in (f.stat(),)]


def _size(path: Path) -> int:
    return sum(f.stat().st_size for f in path.iterdir()) if path.is_dir() else path.stat().st_size
