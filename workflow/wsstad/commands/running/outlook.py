"""For every stage, the key of each entry, and whether an artefact is cached under it. Nothing is computed.

The key of an entry downstream of missing work is unknown: it depends on the digest of what is still to be made, which
may well be what it was before.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from wsstad.artefacts import manifest, run_files, shards, storage
from wsstad.artefacts.manifest import ARTEFACT_SUFFIX, STORE_SUFFIX, Manifest, Row
from wsstad.commands.running import snakemake_records
from wsstad.errors import DamagedError
from wsstad.learning import methods
from wsstad.learning.runs import Inputs, Run, Variant
from wsstad.perception import ready_boxes
from wsstad.perception.detectors.parameters import PrecomputedParameters
from wsstad.planning import artefact_keys, job_settings, precomputed, run_jobs
from wsstad.planning.block import Block
from wsstad.planning.plan import Plan
from wsstad.planning.stages import STAGES

# The stages whose entries are videos of a shard, and are needed before anything is trained.
PER_VIDEO = [stage.rule for stage in STAGES.values() if stage.entry == "video"]
OTHER_BYTES = "V113"  # the code of a video that is not as its list of checksums says


@dataclass(frozen=True)
class Entry:
    """The artefact of a video, a model, or a fold's predictions: `stem` is its file's name before the key.

    `key` is None where it cannot be known yet, and `row` where nothing stands under the key.
    """

    stem: str
    key: str | None
    row: Row | None


Entries = Mapping[str, Entry]  # by video


@dataclass(frozen=True)
class StageOutlook:
    """All entries of a rule under the same wildcards, the shard apart, and the folder that each lies in."""

    rule: str
    wildcards: dict[str, str]
    entries: list[tuple[Path, Entry]]

    @property
    def to_do(self) -> int:
        """How many entries are missing for certain."""
        return sum(entry.key is not None and entry.row is None for _, entry in self.entries)

    @property
    def unknown(self) -> int:
        """How many entries may be missing."""
        return sum(entry.key is None for _, entry in self.entries)


def look(plan: Plan, tables: Sequence[str], *, read_sources: bool) -> list[StageOutlook]:
    """Return the stages behind some tables in the order of the rules.

    With `read_sources`, raw videos whose content is not known are read; without, their keys are not known.
    """
    return _Look(plan, read_sources).stages(tables)


class _Look:
    """The stages that were looked at, each once, however many blocks share it."""

    def __init__(self, plan: Plan, read_sources: bool) -> None:
        self.plan, self.read_sources = plan, read_sources
        self._seen: dict[tuple[str, ...], tuple[StageOutlook, Entries]] = {}

    def stages(self, tables: Sequence[str]) -> list[StageOutlook]:
        """Return the stages behind some tables."""
        last = []
        for block in self.plan.blocks():
            entries = {STAGES[rule].kind: self.entries(rule, block) for rule in PER_VIDEO}
            last += [stage for table in tables for stage in _runs(self.plan, block, table, entries)]
        for footage in self.plan.footage.values():
            for rule in PER_VIDEO:
                self.entries(rule, Block(dataset=footage.name, split="", scale="", **footage.chain()))
        order = list(STAGES)
        return sorted([*(stage for stage, _ in self._seen.values()), *last], key=lambda stage: order.index(stage.rule))

    def entries(self, rule: str, block: Block) -> Entries:
        """Return the entry of every video of a stage that works on shards."""
        pattern = STAGES[rule].output
        wildcards = {name: value for name, value in asdict(block).items() if name in STAGES[rule].fields}
        seen = (rule, *wildcards.values())
        if seen not in self._seen:
            manifests = [Path(pattern.format(**wildcards, shard=shard)) for shard in self.plan.shards(block.dataset)]
            entries = self._look(rule, block, manifests)
            folder = manifests[0].parent.parent
            self._seen[seen] = StageOutlook(rule, wildcards, [(folder, entry) for entry in entries.values()]), entries
        return self._seen[seen][1]

    def _look(self, rule: str, block: Block, manifests: Sequence[Path]) -> Entries:
        upstream = [self.entries(before, block) for before in STAGES[rule].upstream]
        make_key, kind = self._key_maker(rule, block), STAGES[rule].kind
        refused = _refused(self.plan, block.dataset) if rule == "decode" else {}
        is_h264 = self.plan.config["decode"]["store"] == "h264" and not precomputed.features(self.plan, block.dataset)
        with_store = rule == "decode" and is_h264
        suffixes = (ARTEFACT_SUFFIX, STORE_SUFFIX) if with_store else (ARTEFACT_SUFFIX,)
        folder, recorded = manifests[0].parent.parent, _rows(manifests)
        entries = {}
        for video in self.plan.videos(block.dataset):
            if video in refused:
                entries[video] = refused[video]
                continue
            before = [entries[video] for entries in upstream]
            bad = next((entry for entry in before if entry.row and not entry.row.ok), None)
            known = all(entry.row for entry in before)
            key = make_key(video, *(entry.row for entry in before)) if known and not bad else None
            row = _cached(folder, video, key, recorded.get(video), kind, suffixes) if key else None
            entries[video] = bad or Entry(video, key, row)
        return entries

    def _key_maker(self, rule: str, block: Block) -> Callable[..., str | None]:
        """Return the function that gives the key of a video, from it and from the rows of the stages before."""
        if rule == "decode":
            sources, decode = _Sources(self.plan, block.dataset, self.read_sources), self.plan.config["decode"]
            features = precomputed.features(self.plan, block.dataset)
            make = (
                partial(artefact_keys.grid, features=features)
                if features
                else partial(artefact_keys.frames, settings=decode)
            )
            return lambda video: make(digest) if (digest := sources.digest(video)) else None
        if rule == "detect":
            return self._detections(block)
        if rule == "link":
            linker = self.plan.parameters("linkers", block.linker)
            return lambda video, detections: artefact_keys.tubes(linker, detections)
        extractor = self.plan.parameters("extractors", block.extractor)
        return lambda video, frames, tubes=None: artefact_keys.features(extractor, frames, tubes)

    def _detections(self, block: Block) -> Callable[..., str | None]:
        detector = self.plan.parameters("detectors", block.detector)
        if not isinstance(detector, PrecomputedParameters):
            return lambda video, frames: artefact_keys.detections(detector, frames)
        source, videos = Path(self.plan.source(block.dataset)), self.plan.videos(block.dataset)
        contents = ready_boxes.digests(source, detector, videos)
        return lambda video, frames: (
            artefact_keys.detections(detector, frames, contents[video]) if video in contents else None
        )


def _refused(plan: Plan, dataset: str) -> Entries:
    """Return the entries of the videos that are not as their list of checksums says, where neither has changed.

    No note of such a video lies under a key: its manifest alone has it.
    """
    entries = {}
    for shard in plan.shards(dataset):
        path = Path(STAGES["decode"].output.format(dataset=dataset, shard=shard))
        before, now = snakemake_records.settings(path), job_settings.decode(plan, {"dataset": dataset, "shard": shard})
        for video, row in _rows([path]).items():
            states = [(facts.get("checksums"), facts.get("videos", {}).get(video)) for facts in (before, now)]
            if row.code == OTHER_BYTES and states[0] == states[1]:
                entries[video] = Entry(video, "", row)
    return entries


class _Sources:
    """The content of the raw videos of a dataset, as far as it was recorded when they were decoded."""

    def __init__(self, plan: Plan, dataset: str, read: bool) -> None:
        self._plan, self._dataset, self._read = plan, dataset, read
        manifests = {
            shard: Path(STAGES["decode"].output.format(dataset=dataset, shard=shard)) for shard in plan.shards(dataset)
        }
        self._manifest = manifest.read_manifest(*existing) if (existing := _existing(manifests.values())) else None
        self._before: dict[str, str] = {}
        self._now: dict[str, str] = {}
        for shard, path in manifests.items():
            self._before |= snakemake_records.settings(path).get("videos", {})
            self._now |= job_settings.read(plan, "decode", {"dataset": dataset, "shard": shard})["videos"]

    def digest(self, video: str) -> str | None:
        """Return the digest of a raw video, or None if it may have changed and is not to be read."""
        same = self._before.get(video) == self._now[video]
        if same and self._manifest and video in self._manifest.ok():
            try:
                return storage.read_facts(self._manifest.path(video), kind="frames").meta["source_sha256"]
            except DamagedError:
                pass
        if not self._manifest or not (same or self._read):
            return None
        from wsstad import video as pixels

        raw = self._plan.raw_videos(self._dataset)
        path = self._plan.rows(self._dataset)[video]["path"]
        try:
            return pixels.source_digest(raw.root / path) if not raw.urls(path) else None
        except OSError:  # it cannot be read now: every run looks again
            return None


def _runs(plan: Plan, block: Block, table: str, per_video: Mapping[str, Entries]) -> list[StageOutlook]:
    """Return the models and the predictions of a block's methods."""
    scale = plan.scale(block.scale)
    variants = [
        Variant(name, methods.read(plan.variant("methods", name), scale), tuple(seeds))
        for name, seeds in plan.methods(block, table).items()
    ]
    known = {kind: {v: e.row for v, e in entries.items() if e.row} for kind, entries in per_video.items()}
    manifests = {kind: Manifest(Path(), rows) for kind, rows in known.items()}
    rows = plan.rows(block.dataset)
    labels, groups = ({video: row.get(name, "") for video, row in rows.items()} for name in ("label", "group"))
    inputs = Inputs(tuple(variants), labels, groups, plan.folds(block.dataset, block.split), manifests)
    tables = {rule: Path(STAGES[rule].output.format(**asdict(block), table=table)) for rule in ("train", "predict")}
    models, predictions = [], []
    for run in inputs.runs():
        model = _model(run, inputs, tables["train"]) if run.variant.trained else None
        if model:
            models.append((run_files.folder(tables["train"], "models", run.variant.name, run.seed), model))
        folder = run_files.folder(tables["predict"], "predictions", run.variant.name, run.seed)
        predictions.append((folder, _prediction(run, inputs, tables["predict"], model)))
    wildcards = {**asdict(block), "table": table}
    return [StageOutlook("train", wildcards, models), StageOutlook("predict", wildcards, predictions)]


def _model(run: Run, inputs: Inputs, table: Path) -> Entry:
    stem = run_files.stem(run.fold)
    if not _is_known(run, inputs, "train"):
        return Entry(stem, None, None)
    job = run_jobs.model_job(run, inputs, table)
    try:
        return Entry(stem, job.key, Row(stem, job.key, storage.tensors_digest(job.path)))
    except DamagedError:
        return Entry(stem, job.key, None)


def _prediction(run: Run, inputs: Inputs, table: Path, model: Entry | None) -> Entry:
    stem = run_files.stem(run.fold)
    if (model and not model.row) or not _is_known(run, inputs, "test"):
        return Entry(stem, None, None)
    row = {"digest": model.row.digest} if model and model.row else None
    job = run_jobs.prediction_job(run, inputs, table, row)
    return Entry(stem, job.key, shards.cached_row(job.path.parent, stem, job.key, kind="predictions"))


def _is_known(run: Run, inputs: Inputs, part: str) -> bool:
    """Tell whether all that one part of a run's fold reads stands."""
    videos = {video for video, side in inputs.folds[run.fold].items() if side == part}
    return all(videos <= manifest.rows.keys() for manifest in inputs.needed(run.variant).values())


def _rows(manifests: Sequence[Path]) -> dict[str, Row]:
    """Return the rows of the manifests that are there."""
    existing = _existing(manifests)
    return manifest.read_manifest(*existing).rows if existing else {}


def _existing(manifests: Iterable[Path]) -> list[Path]:
    return [path for path in manifests if path.exists()]


def _cached(folder: Path, video: str, key: str, recorded: Row | None, kind: str, suffixes: Sequence[str]) -> Row | None:
    """Return the row of what stands under a key: as its manifest notes it, without opening it, where it does."""
    if recorded and recorded.ok and recorded.key == key:
        files = [manifest.artefact_path(folder, video, key, suffix) for suffix in suffixes]
        return recorded if all(path.exists() for path in files) else None
    return shards.cached_row(folder, video, key, kind=kind, suffixes=suffixes)
