"""The Python API: a folder of results as arrays, tables and typed records. `wsstad.open_results` opens one.

It reads and never writes. Artefacts are checked against their digests and manifests. Boxes are float ``x1 y1 x2 y2`` in
pixels, half-open; frames count from 0.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wsstad.artefacts import model_card, readers, run_files, storage
from wsstad.artefacts.manifest import Manifest
from wsstad.artefacts.model_card import Card
from wsstad.artefacts.storage import Artefact
from wsstad.errors import DamagedError, UserError
from wsstad.evaluation import results
from wsstad.evaluation.results import BlockResult
from wsstad.planning import dataset_tables
from wsstad.planning.block import Block
from wsstad.planning.plan import BENCHMARK
from wsstad.planning.result_files import ResultFiles, listed
from wsstad.reporting import tidy
from wsstad.structures import predictions
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import VideoTubes

if TYPE_CHECKING:  # pandas and the decoder are imported where they are used
    from pandas import DataFrame

    from wsstad.video import Frames

# Columns that are numbers; all others stay text, since an id or a key may look like a number.
COMPARED = ("difference", "low", "high", "p_bootstrap", "p_permutation", "p_corrected", "n")
TABULATED = ("percent", "std", "low", "high", "n", "runs", "evaluated", "expected")
RUNS = ("seed", "fold", "videos", "quarantined")
MODELS = (
    *("seed", "fold", "chosen_iteration", "held_out_vauc", "last_iteration", "last_vauc"),
    *("training_videos", "held_out_videos", "quarantined"),
)


class Results:
    """A folder of results.

    A method that finds several datasets or variants to read from raises `UserError` with what to choose from; `only`
    chooses. The table is ``benchmark`` unless `only` names another.
    """

    def __init__(self, files: ResultFiles) -> None:
        self._files = files

    def __repr__(self) -> str:
        names = "".join(f", {name}={value!r}" for name, value in self._files.names.items())
        return f"Results({str(self.folder)!r}{names})"

    @property
    def folder(self) -> Path:
        """The folder."""
        return self._files.folder

    @property
    def datasets(self) -> list[str]:
        """The names of the datasets; footage that was scored is one."""
        return self._files.values("dataset")

    @property
    def blocks(self) -> list[Block]:
        """The chains of variants with predictions; only inside one are methods comparable."""
        return [Block.of(group.names) for group in self._files.groups("predict", over=("table",))]

    @property
    def tables(self) -> list[str]:
        """The names of the tables."""
        return self._files.values("table")

    def only(self, **names: str) -> "Results":
        """Return the results of some names alone, such as ``only(dataset="demo", detector="yolo11n")``.

        Names are dataset, split, extractor, detector, linker, scale, table and annotator. Raises `UserError` for a name
        or a value that is not there.
        """
        return Results(self._files.narrowed(names))

    # Videos ------------------------------------------------------------------------------------------------------

    def videos(self) -> "DataFrame":
        """Return the videos of a dataset, indexed by their ids.

        Columns: label, class, group and path (those of ``videos.tsv``, missing where it is not there any more or has
        none), status (``ok`` or ``quarantined``), code and reason of a quarantine, frames (their number).
        """
        import pandas as pd

        decoded, dataset = self._manifest("decode")
        about = self._listed(dataset)
        rows = [
            {
                "video": video,
                **{name: about.get(video, {}).get(name) for name in ("label", "class", "group", "path")},
                **{"status": "ok" if row.ok else "quarantined", "code": row.code, "reason": row.reason},
                "frames": row.counts.get("frames"),
            }
            for video, row in sorted(decoded.rows.items())
        ]
        return pd.DataFrame(rows).set_index("video").astype({"frames": "Int64"})

    def frames(self, video: str) -> "Frames":
        """Return the frames of a video: ``read(start, stop)`` yields RGB uint8 (height, width, 3).

        Raises `UserError` when the frames, or with ``store: index`` the raw video, are missing or have changed.
        """
        from wsstad.video import open_frames

        decoded, dataset = self._manifest("decode", video)
        path = self._listed(dataset).get(video, {}).get("path", video)
        return open_frames(decoded, video, self._files.source(dataset) / path)

    def seconds(self, video: str) -> np.ndarray:
        """Return the time of every frame of a video, (n_frames,) float64 in seconds."""
        decoded, _ = self._manifest("decode", video)
        return readers.read_edges(decoded, video)[:-1]

    def detections(self, video: str) -> "DataFrame":
        """Return the detections in a video, by frame and then by falling score.

        Columns: frame, x1, y1, x2, y2 (pixels), score (0 to 1), class.
        """
        import pandas as pd

        detected, _ = self._manifest("detect", video)
        made = _read(detected.path(video), "detections", detected.rows[video].digest)
        boxes = dict(zip(("x1", "y1", "x2", "y2"), made.arrays["boxes"].T, strict=True))
        classes = np.array(made.meta["classes"], dtype=object)[made.arrays["label"]]
        return pd.DataFrame({"frame": made.arrays["frame"], **boxes, "score": made.arrays["score"], "class": classes})

    def tubes(self, video: str) -> VideoTubes:
        """Return the tubes of a video; each has one box a frame, (n, 4) float32."""
        linked, _ = self._manifest("link", video)
        return readers.read_tubes(linked, video)

    def image_features(self, video: str) -> np.ndarray:
        """Return the features of the whole image, (clips, d) float16, one a clip of 16 frames."""
        extracted, _ = self._manifest("extract_image", video)
        return readers.read_arrays(extracted, video, "image_features", ("features",))["features"]

    def tube_features(self, video: str) -> list[np.ndarray]:
        """Return for each tube of a video the features of its clips, (clips, d) float16."""
        extracted, _ = self._manifest("extract_region", video)
        arrays = readers.read_arrays(extracted, video, "region_features", ("features", "tube"))
        ends = np.searchsorted(arrays["tube"], np.arange(1, len(self.tubes(video).tubes)))
        return np.split(arrays["features"], ends)

    # Methods -----------------------------------------------------------------------------------------------------

    def runs(self) -> "DataFrame":
        """Return the runs of the table, one a row: method, seed, fold, how many test videos, how many quarantined."""
        _, rows = self._table_of("predict")
        return _frame(rows, ("method", *RUNS), numbers=RUNS)

    def predictions(self, method: str, *, seed: int = 0, fold: int = 0) -> dict[str, VideoPrediction]:
        """Return by video what a method predicts of the test videos of a fold.

        `scores` (s,) are those of the candidates (sub-tubes), `spans` (s, 3) their tube, first frame and one past the
        last, `frame_scores` (n_frames,) the highest of each frame. Raises `UserError` for a method, seed or fold that
        was not run.
        """
        path, rows = self._table_of("predict")
        (row,) = _chosen(path, rows, method=method, seed=seed, fold=fold)
        made = _read(run_files.path(self._files.in_store(path), "predictions", row), "predictions", row["digest"])
        return {each.video: each for each in predictions.from_arrays(made.arrays, made.meta["videos"])}

    def prediction(self, video: str, method: str, *, seed: int = 0) -> VideoPrediction:
        """Return what a method predicts of a video, in the first fold that tests it.

        Raises `UserError` when there is no such video, when it is quarantined, or when no fold tests it.
        """
        self._manifest("decode", video)
        path, rows = self._table_of("predict")
        for row in _chosen(path, rows, method=method, seed=seed):
            by_video = self.predictions(method, seed=seed, fold=int(row["fold"]))
            if video in by_video:
                return by_video[video]
        raise UserError(f"{path}: {method}, seed {seed}: no fold tests {video!r}, or it is quarantined there")

    def models(self) -> "DataFrame":
        """Return the models of the table, one a row: method, seed, fold, facts of the training, and the path."""
        path, rows = self._table_of("train")
        rows = [{**row, "path": str(run_files.path(self._files.in_store(path), "models", row))} for row in rows]
        return _frame(rows, ("method", *MODELS, "path"), numbers=MODELS)

    def card(self, method: str, *, seed: int = 0, fold: int = 0) -> Card:
        """Return the card of a model: the detector, linker and extractor that it was trained with, and their settings.

        Raises `UserError` for a method, seed or fold without a model.
        """
        return model_card.read(self._model(method, seed, fold))

    def history(self, method: str, *, seed: int = 0, fold: int = 0) -> "DataFrame":
        """Return the training of a model, one iteration a row: parts of the loss, VAUC of the held-out videos.

        Raises `UserError` for a method, seed or fold without a model.
        """
        rows = storage.read_table(self._model(method, seed, fold).with_suffix(run_files.HISTORY_SUFFIX))
        return _frame(rows, tuple(rows[0]), numbers=tuple(rows[0]))

    # Tables ------------------------------------------------------------------------------------------------------

    def metrics(self) -> BlockResult:
        """Return what `evaluate` measured of the methods of the table in a block: typed records, shares of 1."""
        return results.read(self._in_table().of("evaluate").paths[0])

    def table(self) -> "DataFrame":
        """Return the table, one number a row, in percent; docs/formats.md has the columns."""
        return _frame(storage.read_table(self._tabulated()), tidy.COLUMNS, numbers=TABULATED)

    def comparisons(self) -> "DataFrame":
        """Return the comparisons of any two methods of the table, one a metric and row, in percent."""
        path = self._tabulated()
        rows = storage.read_table(path.with_name(f"{path.stem}.comparisons.tsv"))
        return _frame(rows, tidy.COMPARISONS, numbers=COMPARED)

    # Files -------------------------------------------------------------------------------------------------------

    def _in_table(self) -> ResultFiles:
        return self._files if "table" in self._files.names else self._files.narrowed({"table": BENCHMARK})

    def _table_of(self, rule: str) -> tuple[Path, list[dict[str, str]]]:
        """Return the path and the rows of the table that a rule wrote for a table of methods."""
        path = self._in_table().of(rule).paths[0]
        return path, storage.read_table(path)

    def _tabulated(self) -> Path:
        """Return the table of the dataset where one is chosen, else that of all."""
        return self._in_table().of("tabulate_dataset" if "dataset" in self._files.names else "tabulate").paths[0]

    def _model(self, method: str, seed: int, fold: int) -> Path:
        path, rows = self._table_of("train")
        (row,) = _chosen(path, rows, method=method, seed=seed, fold=fold)
        return run_files.path(self._files.in_store(path), "models", row)

    def _manifest(self, rule: str, video: str = "") -> tuple[Manifest, str]:
        """Return the manifest of a rule's shards, and the dataset; raise `UserError` unless it has a good `video`."""
        group = self._files.of(rule)
        made = self._files.manifest(group)
        dataset = group.names["dataset"]
        if video and video not in made.rows:
            raise UserError(f"{self.folder / dataset}: no video {video!r}; allowed: {listed(sorted(made.rows))}")
        if video and not made.rows[video].ok:
            row = made.rows[video]
            raise UserError(f"{self.folder / dataset}: {video!r} is quarantined: {row.code} {row.reason}")
        return made, dataset

    def _listed(self, dataset: str) -> Mapping[str, Mapping[str, str]]:
        """Return the rows of a dataset's ``videos.tsv`` by video, none where it is not there any more."""
        tables = self._files.dataset_tables(dataset)
        return dataset_tables.read_videos(tables) if tables else {}


def _chosen(path: Path, rows: Sequence[dict[str, str]], **wanted: str | int) -> Sequence[dict[str, str]]:
    """Return the rows of a table with the values that are wanted; raise `UserError` for one that no row has."""
    for name, value in wanted.items():
        allowed = dict.fromkeys(row[name] for row in rows)
        if str(value) not in allowed:
            raise UserError(f"{path}: no {name} {value!r}; allowed: {listed(allowed)}")
        rows = [row for row in rows if row[name] == str(value)]
    return rows


def _read(path: Path, kind: str, digest: str) -> Artefact:
    """Return an artefact; raise `DamagedError` when it is not the one of this digest."""
    artefact = storage.read_artefact(path, kind=kind)
    if artefact.digest != digest:
        raise DamagedError(path, "does not match its manifest")
    return artefact


def _frame(rows: Sequence[Mapping[str, str]], columns: Sequence[str], *, numbers: Sequence[str]) -> "DataFrame":
    """Return some columns of rows of text; those of `numbers` become numbers, an empty cell a missing one."""
    import pandas as pd

    frame = pd.DataFrame(rows, columns=list(columns))
    return frame.assign(**{name: pd.to_numeric(frame[name].replace("", None)) for name in numbers})
