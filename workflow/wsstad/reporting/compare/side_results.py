"""One side of a comparison: what its files hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from wsstad.artefacts import model_card, run_files, storage
from wsstad.artefacts.manifest import Manifest
from wsstad.artefacts.storage import Artefact
from wsstad.errors import DamagedError
from wsstad.evaluation import results
from wsstad.evaluation.annotations import table as canonical
from wsstad.evaluation.results import BlockResult
from wsstad.jsonable import Facts, Json
from wsstad.planning import paths
from wsstad.planning.paths import Output
from wsstad.planning.sides import Side
from wsstad.reporting.page import costs
from wsstad.reporting.page.costs import Cost


@dataclass(frozen=True)
class SideResults:
    """The results of one side, each read when it is needed."""

    side: Side

    @cached_property
    def measured(self) -> BlockResult | None:
        """What was measured of it, unless it was not evaluated."""
        groups = self.side.groups("evaluate") if "table" in self.side.names else []
        return results.read(groups[0].paths[0]) if groups else None

    @property
    def label(self) -> str:
        """What it was called on the command line."""
        return self.side.label

    @property
    def ran(self) -> float:
        """When the last run in its folder began, in seconds since the epoch; of results without a record, 0."""
        record = self.side.files.folder / paths.RUN
        return record.stat().st_mtime if record.exists() else 0.0

    def manifest(self, rule: str) -> Manifest | None:
        """Return the manifest of a stage, of all shards; its artefacts are those of the store."""
        groups = self.side.groups(rule)
        return self.side.files.manifest(groups[0]) if groups else None

    def rows(self, rule: str) -> list[dict[str, str]]:
        """Return the rows of the table that a stage wrote of all runs; none where there is none."""
        groups = self.side.groups(rule)
        return storage.read_table(groups[0].paths[0]) if groups else []

    def file(self, rule: str, row: Mapping[str, str]) -> Path:
        """Return the file that a row of such a table names."""
        kind = "predictions" if rule == "predict" else "models"
        return run_files.path(self.side.files.in_store(self.side.groups(rule)[0].paths[0]), kind, row)

    def settings(self) -> Facts:
        """Return what the results were made with, as far as a model and the run's record tell."""
        settings: Json = {
            name: {"name": value} for name, value in self.side.names.items() if name not in ("table", "annotator")
        }
        settings["evaluate"] = self.side.files.configuration().get("evaluate", {})
        for row in self.rows("train"):
            if row["method"] not in settings.get("methods", {}):
                settings.setdefault("methods", {})[row["method"]] = _parameters(self.file("train", row))
            path = model_card.path_of(self.file("train", row))
            if "decode" not in settings and path.is_file():
                card = storage.read_json(path)
                settings |= {
                    name: {"name": card[name]["name"], **card[name]["parameters"]} for name in model_card.LINKS
                }
                settings["decode"] = card["decode"]
                settings["code"] = {f"wsstad.{name}": digest for name, digest in card["code"].items()}
        return settings

    def boxes(self) -> Mapping[str, list[tuple[object, ...]]] | None:
        """Return the annotated boxes of each video, where the table of annotations is there."""
        groups = self.side.groups("annotate")
        if not groups:
            return None
        read = canonical.read_checked(groups[0].paths[0])
        return {video: [(r.event, r.frame, *r.box, r.fill, r.size) for r in rows] for video, rows in read.items()}

    def costs(self) -> list[Cost]:
        """Return what the last jobs of each stage cost."""
        output = Output("evaluate", Path(), dict(self.side.names))
        return costs.read([output], self.side.files.folder) if "table" in self.side.names else []

    @cached_property
    def illustrations(self) -> Manifest | None:
        """The manifest of what the report shows of each video, if it was made."""
        return self.manifest("illustrate")

    def illustration(self, video: str, method: str) -> Artefact | None:
        """Return what the report shows of a video, if it is of the method and still there."""
        illustrations = self.illustrations
        if illustrations is None or video not in illustrations.ok():
            return None
        try:
            artefact = storage.read_artefact(illustrations.path(video), kind="illustration")
        except DamagedError:
            return None
        return artefact if artefact.meta["method"] == method else None

    def overlay(self, video: str, method: str) -> Path | None:
        """Return the file in which a video is drawn with the predictions of a method, if there is one."""
        for group in self.side.groups("overlay"):
            overlays = self.side.files.manifest(group)
            path = overlays.path(video, ".mp4") if video in overlays.ok() else None
            if group.names["method"] == method and path is not None and path.is_file():
                return path
        return None


def _parameters(model: Path) -> Facts:
    """Return the parameters that a model was trained with; nothing where it is gone."""
    try:
        _, meta, _ = storage.read_tensors(model)
    except DamagedError:
        return {}
    return meta.get("parameters", {})
