"""What the key of each stage's artefacts is made of: its parameters, the digests of what it reads, its code.

`make_key` says what that means. The stages ask here, and so does whoever wants to know what a run would do.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from wsstad.artefacts import keys
from wsstad.artefacts.manifest import Row
from wsstad.learning.runs import Variant
from wsstad.perception.detectors import DETECTORS
from wsstad.perception.extractors import EXTRACTORS
from wsstad.perception.linkers import LINKERS

Parameters = Mapping[str, Any]


def frames(source_sha256: str, settings: Parameters) -> str:
    """Return the key of one video's frames; of `settings` (of `decode`), crf counts only where it is used."""
    parameters = {name: value for name, value in settings.items() if name != "crf" or settings["store"] == "h264"}
    code, inputs = keys.code_digest("wsstad.stages.decode"), {"source": source_sha256}
    return keys.make_key("decode", code=code, parameters=parameters, inputs=inputs)


def detections(detector: Parameters, frames: Row) -> str:
    """Return the key of one video's detections."""
    return keys.make_key("detections", code=_detection(detector), parameters=detector, inputs={"frames": frames.digest})


def tubes(linker: Parameters, detections: Row) -> str:
    """Return the key of one video's tubes."""
    return keys.make_key("tubes", code=_linking(linker), parameters=linker, inputs={"detections": detections.digest})


def features(extractor: Parameters, frames: Row, tubes: Row | None = None) -> str:
    """Return the key of the features of one video's image, or of its `tubes`."""
    inputs = {"frames": frames.digest} | ({"tubes": tubes.digest} if tubes else {})
    kind = "region_features" if tubes else "image_features"
    return keys.make_key(kind, code=_extraction(extractor), parameters=extractor, inputs=inputs)


def extraction(extractor: Parameters, frames: Row, device: str) -> str:
    """Return the key of whatever features are made of a video's pixels, whichever regions they are of."""
    inputs = {"frames": frames.digest, "device": device}
    return keys.make_key("extract", code=_extraction(extractor), parameters=extractor, inputs=inputs)


def chain_code(detector: Parameters, linker: Parameters, extractor: Parameters) -> dict[str, str]:
    """Return a digest of the code of each stage that footage goes through before a model sees it."""
    return {
        "decode": keys.code_digest("wsstad.stages.decode"),
        "detect": _detection(detector),
        "link": _linking(linker),
        "extract": _extraction(extractor),
    }


def model(variant: Variant, seed: int, *, labels: Mapping[str, str], digests: Mapping[str, Sequence[str]]) -> str:
    """Return the key of a model of the training videos with `labels`; `digests` are those of their artefacts."""
    return keys.make_key(
        "train",
        code=keys.code_digest("wsstad.stages.train", variant.module),
        parameters={"method": variant.parameters, "seed": seed},
        inputs={video: [label, *digests[video]] for video, label in labels.items()},
    )


def predictions(
    variant: Variant,
    seed: int,
    *,
    model: str,
    digests: Mapping[str, Sequence[str]],
    quarantined: Mapping[str, str],
) -> str:
    """Return the key of predictions by a model (its digest; "" for none) of test videos; and why some have none."""
    return keys.make_key(
        "predict",
        code=keys.code_digest("wsstad.stages.predict", variant.module),
        parameters={"method": variant.parameters, "seed": seed},
        inputs={"model": model, "videos": dict(digests), "quarantined": dict(quarantined)},
    )


def illustration(about: Parameters, *, frames: Row, tubes: Row, predictions: str, annotations: str) -> str:
    """Return the key of what a page shows of one video; the last two are digests, `about` is what it says of it."""
    digests = {"frames": frames.digest, "tubes": tubes.digest}
    return keys.make_key(
        "illustration",
        code=keys.code_digest("wsstad.stages.illustrate"),
        parameters=about,
        inputs={**digests, "predictions": predictions, "annotations": annotations},
    )


def overlay(frames: Row, tubes: Row, *, prediction: str, truth: str, settings: Parameters) -> str:
    """Return the key of one test video's overlay; `prediction` and `truth` are digests of what is drawn."""
    inputs = {"frames": frames.digest, "tubes": tubes.digest, "prediction": prediction, "truth": truth}
    return keys.make_key("overlay", code=keys.code_digest("wsstad.stages.overlay"), parameters=settings, inputs=inputs)


def score(module: str, model: str, rows: Mapping[str, Row], *, settings: Parameters) -> str:
    """Return the key of what a model (its digest; `module` has its class) says of one video of footage."""
    inputs = {"model": model, **{kind: row.digest for kind, row in rows.items()}}
    code = keys.code_digest("wsstad.stages.score", module)
    return keys.make_key("score", code=code, parameters=settings, inputs=inputs)


def _detection(detector: Parameters) -> str:
    return keys.code_digest("wsstad.stages.detect", DETECTORS[detector["type"]].split(":")[0])


def _linking(linker: Parameters) -> str:
    return keys.code_digest("wsstad.stages.link", LINKERS[linker["type"]].split(":")[0])


def _extraction(extractor: Parameters) -> str:
    return keys.code_digest("wsstad.stages.extract", EXTRACTORS[extractor["type"]].split(":")[0])
