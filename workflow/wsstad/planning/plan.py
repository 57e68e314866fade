"""The plan of a run: what the configuration asks for, checked before any job, in the terms of the rules.

The Snakefile asks this module for names only; it runs nothing.
"""

from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import cast

from wsstad import config, names
from wsstad.errors import UserError
from wsstad.jsonable import Json
from wsstad.learning.parameters import MethodParameters, TrainedParameters
from wsstad.locations import SHARE, find
from wsstad.parameters import VariantParameters
from wsstad.planning import dataset_tables, footage, raw_videos, shard_map
from wsstad.planning.block import CHAIN, Block, Wanted
from wsstad.planning.families import FAMILIES
from wsstad.planning.footage import Footage
from wsstad.planning.raw_videos import Bucket, RawVideos
from wsstad.planning.stages import RULES
from wsstad.planning.variant_weights import Weights

BENCHMARK = "benchmark"  # the table whose rows are the methods that the configuration lists


class Plan:
    """The checked configuration; `results` is the folder of everything generated, `where` the configuration's files."""

    def __init__(self, content: Json, results: Path, where: str = "config/config.yaml") -> None:
        self.where = where
        self.config = config.check(content, "config", where)
        self.results = results
        self._variants: dict[Path, VariantParameters] = {}
        self._rows: dict[str, dict[str, dict[str, str]]] = {}
        self._folds: dict[tuple[str, str], dict[int, dict[str, str]]] = {}
        self._wanted = self._read_benchmarks()
        self.footage = {
            name: footage.read(name, entry, f"{where}: score.{name}") for name, entry in self.config["score"].items()
        }
        self._raw_videos = {name: self._find_raw_videos(name) for name in [*self.datasets(), *self.footage]}
        self._shard_maps = {name: self._shard_map(name) for name in self._raw_videos}
        self._members = {name: shard_map.members(shards) for name, shards in self._shard_maps.items()}
        for source in self.footage.values():
            self._check_footage(source)
        for block, wanted in self._wanted.items():
            self._check_block(block, wanted)
        self._check_report()

    def datasets(self) -> list[str]:
        """Return the datasets that some benchmark uses, in order."""
        return list(dict.fromkeys(block.dataset for block in self._wanted))

    def blocks(self) -> list[Block]:
        """Return the blocks that the configuration wants, in order."""
        return list(self._wanted)

    def annotators(self, block: Block) -> list[str]:
        """Return the annotators by whose boxes a block is evaluated."""
        return self._wanted[block].annotators

    def tables(self, dataset: str) -> Path:
        """Return the folder of a dataset's tables."""
        if dataset in self.footage:
            return self.results / dataset / "tables"
        given = self.config["datasets"][dataset]["tables"]
        return find(given or f"config/datasets/{dataset}", f"{self.where}: datasets.{dataset}.tables")

    def rows(self, dataset: str) -> dict[str, dict[str, str]]:
        """Return the rows of a dataset's videos.tsv, by video."""
        if dataset in self.footage:
            return self.footage[dataset].rows()
        if dataset not in self._rows:
            self._rows[dataset] = dataset_tables.read_videos(self.tables(dataset))
        return self._rows[dataset]

    def folds(self, dataset: str, split: str) -> dict[int, dict[str, str]]:
        """Return for every fold of a split the part of each of its videos."""
        if (dataset, split) not in self._folds:
            self._folds[dataset, split] = dataset_tables.read_split(self.tables(dataset), split)
        return self._folds[dataset, split]

    def source(self, dataset: str) -> str:
        """Return the folder of a dataset's annotations, and of its raw videos if they are nowhere else."""
        if dataset in self.footage:
            return str(self.footage[dataset].folder)
        return self.config["datasets"][dataset]["source"]

    def raw_videos(self, dataset: str) -> RawVideos:
        """Return the raw videos of a dataset."""
        return self._raw_videos[dataset]

    def variant(self, family: str, name: str) -> Path:
        """Return the YAML file of a variant."""
        return find(f"config/{family}/{name}.yaml", f"{self.where}: {family}: {name!r}")

    def scale(self, name: str) -> Path:
        """Return the YAML file of a scale."""
        return find(f"config/scales/{name}.yaml", f"{self.where}: scales: {name!r}")

    def variants(self, tables: Iterable[str]) -> list[Path]:
        """Return the YAML files of all variants behind some tables, family by family."""
        chain = [self.variant(family, getattr(b, name)) for name, family in CHAIN.items() for b in self._wanted]
        chain += [self.scale(block.scale) for block in self._wanted]
        methods = [method for block in self._wanted for table in tables for method in self.methods(block, table)]
        return list(dict.fromkeys([*chain, *(self.variant("methods", method) for method in methods)]))

    def parameters(self, family: str, name: str) -> VariantParameters:
        """Return what the YAML file of a variant says, with the defaults."""
        path = self.variant(family, name)
        if path not in self._variants:
            self._variants[path] = config.load_variant(path, FAMILIES[family])
        return self._variants[path]

    def method(self, name: str) -> MethodParameters:
        """Return what the YAML file of a method says, with the defaults."""
        return cast(MethodParameters, self.parameters("methods", name))

    def shards(self, dataset: str) -> list[str]:
        """Return the names of a dataset's shards."""
        return list(self._members[dataset])

    def table_names(self) -> list[str]:
        """Return the tables that can be asked for: that of the configured methods, and each of ``config/tables/``."""
        paths = [path for root in (Path(), SHARE) for path in (root / "config/tables").glob("*.yaml")]
        known = {names.check(path.stem, path) for path in paths}
        if taken := known & RULES:
            raise UserError(f"config/tables: {taken.pop()!r} is the name of a rule; allowed: any other")
        return [BENCHMARK, *sorted(known - {BENCHMARK})]

    def table(self, name: str) -> Path:
        """Return the YAML file of a table."""
        return find(f"config/tables/{name}.yaml", f"table {name!r}")

    def title(self, name: str) -> str:
        """Return the heading of a table."""
        return "Benchmark" if name == BENCHMARK else self._table(name)["title"]

    def paper(self, name: str) -> list[str]:
        """Return the file with the paper's own values of a table, if it has some."""
        file = "table1.tsv" if name == BENCHMARK else self._table(name)["paper"]
        return [str(find(f"config/paper/{file}", f"table {name!r}: paper"))] if file else []

    def methods(self, block: Block, table: str) -> dict[str, list[int]]:
        """Return the methods of a table in a block, each with its seeds: 0 alone for one that they do not change."""
        wanted = self._wanted[block]
        if table == BENCHMARK:
            methods = wanted.methods
        else:
            methods = {name: wanted.methods.get(name, wanted.seeds) for name in self._table(table)["methods"]}
        return {name: seeds if self.method(name).seeded else [0] for name, seeds in methods.items()}

    def report_tables(self) -> list[str]:
        """Return the tables that the report shows."""
        return self.config["report"]["tables"]

    def illustrated(self, block: Block, table: str) -> str:
        """Return the method of a table in a block whose decisions the report shows: that of the configuration.

        Where it names none, the first of the type mgpr, else the first that is trained, else the first.
        """
        methods, wanted = list(self.methods(block, table)), self.config["report"]["method"]
        if wanted:
            if wanted not in methods:
                allowed = ", ".join(methods)
                raise UserError(
                    f"{self.where}: report.method: {wanted!r} is not in table {table!r}; allowed: {allowed}"
                )
            return wanted
        proposed = [method for method in methods if self.method(method).type == "mgpr"]
        return next(iter([*proposed, *filter(self.is_trained, methods), *methods]))

    def overlays(self, block: Block) -> list[tuple[str, str, int]]:
        """Return the table, the method and the seed of the predictions of a block that are to be shown."""
        wanted = self.config["overlays"]
        methods = self.methods(block, wanted["table"])
        chosen = [name for name in wanted["methods"] if name in methods and self.is_trained(name)]
        return [(wanted["table"], name, seed) for name in chosen for seed in wanted["seeds"] if seed in methods[name]]

    def metrics(self, dataset: str, table: str) -> list[str]:
        """Return the metrics files of a table on a dataset, in the order of the configuration."""
        return [
            str(self.results / block.folder() / table / "metrics" / f"{annotator}.json")
            for block, wanted in self._wanted.items()
            if block.dataset == dataset
            for annotator in wanted.annotators
        ]

    def annotations(self, dataset: str, annotator: str) -> list[str]:
        """Return the files and folders that an annotator's annotations come from."""
        entry = dataset_tables.read_annotator(self.tables(dataset), annotator)
        paths = [Path(self.source(dataset), file) for file in entry.files.values()]
        for missing in [path for path in paths if not path.exists()]:
            raise UserError(f"{self.tables(dataset) / 'dataset.yaml'}: annotations.{annotator}: no {missing}")
        return list(map(str, paths))

    def check_annotations(self) -> None:
        """Raise `UserError` where what annotators are read from is not there; for a look at results it need not be."""
        for block in self._wanted:
            for annotator in self.annotators(block):
                self.annotations(block.dataset, annotator)

    def is_trained(self, method: str) -> bool:
        """Return whether a method has a model."""
        return isinstance(self.method(method), TrainedParameters)

    def videos(self, dataset: str, shard: str = "") -> list[str]:
        """Return the videos of a shard, or of all, sorted."""
        return list(self._members[dataset].get(shard, [])) if shard else sorted(self._shard_maps[dataset])

    def shard_map_path(self, dataset: str) -> Path:
        """Return the path of the append-only table of video and shard."""
        return self.results / dataset / "shards.tsv"

    def write_shard_maps(self) -> None:
        """Append new videos to the shard maps on disk, and write the tables of footage, which has none of its own."""
        for source in self.footage.values():
            source.write_table(self.tables(source.name))
        for dataset in self._shard_maps:
            shard_map.write_map(self.shard_map_path(dataset), self._shard_maps[dataset])

    def _shard_map(self, dataset: str) -> dict[str, str]:
        raw = self.raw_videos(dataset)
        sizes = {video: raw.n_bytes(row["path"]) for video, row in self.rows(dataset).items()}
        return shard_map.assign(sizes, shard_map.read_map(self.shard_map_path(dataset)), self.config["shard_videos"])

    def _read_benchmarks(self) -> dict[Block, Wanted]:
        wanted: dict[Block, Wanted] = {}
        if not self.config["benchmarks"] and not self.config["score"]:
            raise UserError(f"{self.where}: benchmarks: none, and no footage in `score` either; allowed: one at least")
        for number, entry in enumerate(self.config["benchmarks"]):
            if entry["dataset"] not in self.config["datasets"]:
                known = ", ".join(self.config["datasets"])
                where = f"{self.where}: benchmarks[{number}].dataset"
                raise UserError(f"{where}: {entry['dataset']!r} is unknown; allowed: {known}")
            lists = ("splits", "extractors", "detectors", "linkers", "scales")
            for chain in product(*(entry[name] for name in lists)):
                block = wanted.setdefault(Block(entry["dataset"], *chain), Wanted())
                block.add(entry["methods"], entry["annotators"], entry["seeds"])
        return wanted

    def _check_block(self, block: Block, wanted: Wanted) -> None:
        folder = self.tables(block.dataset)
        dataset_tables.check_labels(folder, block.split, "test")
        for name, family in CHAIN.items():
            self._check_weights(family, getattr(block, name))
        config.check(config.load_yaml(self.scale(block.scale)), "scale", self.scale(block.scale))
        for method in wanted.methods:
            self.method(method)
        if any(self.is_trained(method) for method in wanted.methods):
            dataset_tables.check_labels(folder, block.split, "train")
        for annotator in wanted.annotators:
            dataset_tables.read_annotator(folder, annotator)

    def _check_report(self) -> None:
        known = self.table_names()
        for number, table in enumerate(self.report_tables()):
            if table not in known:
                where = f"{self.where}: report.tables[{number}]"
                raise UserError(f"{where}: {table!r} is unknown; allowed: {', '.join(known)}")
            for block in self._wanted:
                self.illustrated(block, table)

    def _check_footage(self, footage: Footage) -> None:
        """Raise `UserError` unless the footage would go through what its model was trained with."""
        name, folder = footage.name, self.results / footage.name
        is_dataset = (folder / "shards.tsv").exists() and not self.tables(name).exists()
        if is_dataset or name in self.config["datasets"]:
            raise UserError(f"{self.where}: score: {name!r} names a dataset, in {folder}; allowed: any other name")
        for family, link in footage.links().items():
            now = self.parameters(family, link.name)
            footage.check_same(self.variant(family, link.name), now.model_dump(), link.parameters)
            self._check_weights(family, link.name)
        footage.check_same(f"{self.where}: decode", self.config["decode"], footage.card.decode, of=("store", "crf"))

    def _check_weights(self, family: str, name: str) -> None:
        """Raise `UserError` when the weights that a variant names are not there, or can be none."""
        weights = Weights(self.variant(family, name), self.parameters(family, name), FAMILIES[family])
        weights.check(Path(self.config["weights"]), self.where)

    def _table(self, name: str) -> Json:
        path = self.table(name)
        return config.check(config.load_yaml(path), "table", path)

    def _find_raw_videos(self, dataset: str) -> RawVideos:
        """Return the raw videos of a dataset; raise `UserError` for one that is listed and not there."""
        if dataset in self.footage:
            return raw_videos.find(str(self.footage[dataset].folder))
        entry = self.config["datasets"][dataset]
        source = raw_videos.find(entry["videos"] or entry["source"])
        if isinstance(source, Bucket) and self.config["decode"]["store"] == "index":
            where = f"{self.where}: datasets.{dataset}.videos"
            raise UserError(f"{where}: {source.url} is fetched once, so decode.store cannot be 'index'; allowed: h264")
        for number, (video, row) in enumerate(self.rows(dataset).items(), start=2):
            if not source.holds(row["path"]):
                where = f"{self.tables(dataset) / 'videos.tsv'}: row {number}: path"
                raise UserError(f"{where}: {row['path']!r} of video {video!r} is not under {source.name}")
        return source
