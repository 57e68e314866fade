"""Scoring: what a trained model finds in unlabelled footage, with a timeline and a video to look at."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Unpack

import numpy as np

from wsstad.artefacts import failures, readers, storage
from wsstad.artefacts.manifest import Manifest
from wsstad.artefacts.model_card import Card
from wsstad.artefacts.shards import Outcome
from wsstad.artefacts.storage import Artefact
from wsstad.learning.method import Machine
from wsstad.learning.trained_model import TrainedModel
from wsstad.progress import Progress
from wsstad.reporting.findings import OVERLAY, SCORES, THUMBNAIL, TIMELINE, TUBES, Findings, Threshold
from wsstad.reporting.pictures import decision
from wsstad.reporting.pictures.decision import Portrayal
from wsstad.structures import times

# Gives the file of a video with a suffix.
FileOf = Callable[[str, str], Path]


class Scoring:
    """A model that scores videos: `manifests` by kind hold their frames, tubes and features."""

    def __init__(
        self, model: TrainedModel, card: Card, manifests: Mapping[str, Manifest], threshold: Threshold | None
    ) -> None:
        self.model, self.card, self.manifests = model, card, manifests
        self.threshold = threshold

    def score(
        self,
        paths: Mapping[str, str],
        file_of: FileOf,
        *,
        source: Path,
        suffixes: tuple[str, ...],
        crf: int,
        **machine: Unpack[Machine],
    ) -> Iterator[Outcome]:
        """Yield what the model finds in each video of `paths`, which start from `source`; write its files.

        `suffixes` are those of the files wanted; `machine` is where the model runs.
        """
        self.model.load(**machine)
        frames = self.manifests["frames"].rows
        with Progress("score", sum(frames[video].counts["frames"] for video in paths), "frames") as progress:
            for video, path in paths.items():
                files = {suffix: file_of(video, suffix) for suffix in suffixes}
                make = partial(self._score, video, path, files, source=source, crf=crf, progress=progress)
                yield failures.attempt(video, make)

    def _score(
        self, video: str, path: str, files: Mapping[str, Path], *, source: Path, crf: int, progress: Progress
    ) -> Artefact:
        findings = self._find(video, path)
        _write(findings, files)
        arrays = {"scores": findings.scores, "knots": times.to_knots(findings.edges)}
        if OVERLAY in files:
            arrays[THUMBNAIL] = self._draw(findings, source / path, files[OVERLAY], crf, progress)
        else:
            progress.add(findings.prediction.n_frames)
        digests = {suffix: storage.file_digest(file) for suffix, file in files.items()}
        return Artefact(arrays, {**findings.facts(), "files": digests})

    def _find(self, video: str, path: str) -> Findings:
        scored = self.model.predict(video, self.manifests)
        frames = self.manifests["frames"]
        edges, start = readers.read_edges(frames, video), readers.read_start(frames, video)
        known = (self.card, edges, start, self.threshold, scored.unlikeness)
        return Findings(path, scored.prediction, scored.tubes, *known)

    def _draw(self, findings: Findings, source: Path, output: Path, crf: int, progress: Progress) -> np.ndarray:
        """Draw the overlay of a video; return its thumbnail, the bytes of a picture."""
        from wsstad.video import open_frames, playback

        score = self.threshold.score if self.threshold else None
        shown = Portrayal(findings.prediction, findings.tubes, findings.edges, threshold=score, name=findings.path)
        pixels = open_frames(self.manifests["frames"], findings.prediction.video, source)
        images = progress.each(shown.images(pixels.read()))
        playback.write(output, images, edges=pixels.edges, aspect=pixels.aspect, crf=crf)
        return decision.thumbnail(shown, pixels)


def _write(findings: Findings, files: Mapping[str, Path]) -> None:
    from wsstad.reporting.pictures.timeline_plot import write_timeline

    storage.write_text(files[TUBES], findings.to_json())
    storage.write_text(files[SCORES], findings.to_csv())
    write_timeline(files[TIMELINE], findings)
