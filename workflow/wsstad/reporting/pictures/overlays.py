"""Overlays: a test video to look at, with its predicted tube, the truth, and the scores of all frames."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from wsstad.artefacts import failures, readers, storage
from wsstad.artefacts.manifest import Manifest
from wsstad.artefacts.shards import Outcome
from wsstad.artefacts.storage import Artefact
from wsstad.evaluation import alarms, groundtruth
from wsstad.evaluation.annotations.table import BoxRow
from wsstad.evaluation.groundtruth import FrameBoxes
from wsstad.evaluation.method_runs import Seed
from wsstad.progress import Progress
from wsstad.reporting.pictures import decision
from wsstad.reporting.pictures.decision import Portrayal
from wsstad.structures.predictions import VideoPrediction

SUFFIX = ".mp4"


@dataclass(frozen=True)
class Overlays:
    """The test videos of a seed, each in the fold that shows it, their frames, tubes and annotated boxes."""

    frames: Manifest
    tubes: Manifest
    fold_of: Mapping[str, int]
    seed: Seed
    boxes: Mapping[str, Sequence[BoxRow]]
    alarms_per_hour: float

    def digests(self, video: str) -> dict[str, str]:
        """Return the digests of what is drawn on a video."""
        prediction = self.seed.predictions[self.fold_of[video], video]
        truth = decision.truth_digest(self._truth(prediction))
        return {"prediction": decision.digest(prediction), "truth": truth}

    def threshold(self, video: str) -> float | None:
        """Return the score above which a video's frames are an alarm, where its fold's model knows one."""
        curve = self.seed.curves.get(self.fold_of[video])
        return alarms.calibrate(curve, self.alarms_per_hour).threshold if curve else None

    def draw(self, sources: Mapping[str, Path], outputs: Mapping[str, Path], *, crf: int) -> Iterator[Outcome]:
        """Draw each video of `sources`, its raw file, to its path in `outputs`."""
        total = sum(self.frames.rows[video].counts["frames"] for video in sources)
        with Progress("overlay", total, "frames") as progress:
            for video, source in sources.items():
                make = partial(self._draw, video, source, outputs[video], crf, progress)
                yield failures.attempt(video, make)

    def _draw(self, video: str, source: Path, output: Path, crf: int, progress: Progress) -> Artefact:
        from wsstad.video import open_frames, playback

        prediction = self.seed.predictions[self.fold_of[video], video]
        tubes = readers.read_tubes(self.tubes, video)
        pixels = open_frames(self.frames, video, source)
        shown = Portrayal(prediction, tubes, pixels.edges, self._truth(prediction), self.threshold(video))
        images = progress.each(shown.images(pixels.read()))
        playback.write(output, images, edges=pixels.edges, aspect=pixels.aspect, crf=crf)
        files = {SUFFIX: storage.file_digest(output)}
        facts = {"files": files, "frames": prediction.n_frames, "seconds": float(pixels.edges[-1])}
        return Artefact({"scores": prediction.frame_scores}, facts)

    def _truth(self, prediction: VideoPrediction) -> FrameBoxes | None:
        if prediction.video not in self.boxes:
            return None
        size = {"n_frames": prediction.n_frames, "width": prediction.width, "height": prediction.height}
        return groundtruth.from_rows(self.boxes[prediction.video], **size).united
