"""What the key of each stage's artefacts is made of: its parameters, the digests of what it reads, its code.

`make_key` says what that means. The stages ask here, and so does whoever wants to know what a run would do.
"""

from collections.abc import Mapping, Sequence

from wsstad.artefacts import keys
from wsstad.artefacts.manifest import Row
from wsstad.jsonable import Facts
from wsstad.learning.runs import Variant
from wsstad.parameters import VariantParameters
from wsstad.planning.families import FAMILIES
from wsstad.planning.stages import STAGES

READY = "wsstad.perception.ready_features"  # what decode runs where a dataset comes as features


def frames(source_sha256: str, settings: Facts) -> str:
    """Return the key of one video's frames; of `settings` (of `decode`), crf counts only where it is used."""
    parameters = {name: value for name, value in settings.items() if name != "crf" or settings["store"] == "h264"}
    code, inputs = _code("decode"), {"source": source_sha256}
    return keys.make_key("decode", code=code, parameters=parameters, inputs=inputs)


def grid(source_sha256: str, features: Facts) -> str:
    """Return the key of one video's features on the grid of clips, where a dataset has those in the place of frames."""
    return keys.make_key("decode", code=keys.code_digest(READY), parameters=features, inputs={"source": source_sha256})


def detections(detector: VariantParameters, frames: Row, boxes: str = "") -> str:
    """Return the key of one video's detections; `boxes` is the digest of the file that has them, if one does."""
    inputs = {"frames": frames.digest} | ({"boxes": boxes} if boxes else {})
    return _key("detections", "detect", detector, inputs)


def tubes(linker: VariantParameters, detections: Row) -> str:
    """Return the key of one video's tubes."""
    return _key("tubes", "link", linker, {"detections": detections.digest})


def features(extractor: VariantParameters, frames: Row, tubes: Row | None = None) -> str:
    """Return the key of the features of one video's image, or of its `tubes`."""
    inputs = {"frames": frames.digest} | ({"tubes": tubes.digest} if tubes else {})
    kind = "region_features" if tubes else "image_features"
    return _key(kind, "extract_image", extractor, inputs)


def extraction(extractor: VariantParameters, frames: Row, device: str) -> str:
    """Return the key of whatever features are made of a video's pixels, whichever regions they are of."""
    inputs = {"frames": frames.digest, "device": device}
    return _key("extract", "extract_image", extractor, inputs)


def chain_code(detector: str, linker: str, extractor: str) -> dict[str, str]:
    """Return a digest of the code of each stage that footage goes through before a model sees it, of these types."""
    return {
        "decode": _code("decode"),
        "detect": _code("detect", detector),
        "link": _code("link", linker),
        "extract": _code("extract_image", extractor),
    }


def model(
    variant: Variant,
    seed: int,
    *,
    labels: Mapping[str, str],
    groups: Mapping[str, str],
    digests: Mapping[str, Sequence[str]],
) -> str:
    """Return the key of a model of the training videos with `labels`; `digests` are those of their artefacts.

    `groups` are those of the videos that have one: it decides which are left out together.
    """
    return keys.make_key(
        "train",
        code=_code("train", variant.type),
        parameters={"method": variant.parameters.model_dump(), "seed": seed},
        inputs={video: [label, groups.get(video, ""), *digests[video]] for video, label in labels.items()},
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
        code=_code("predict", variant.type),
        parameters={"method": variant.parameters.model_dump(), "seed": seed},
        inputs={"model": model, "videos": dict(digests), "quarantined": dict(quarantined)},
    )


def illustration(about: Facts, *, frames: Row, tubes: Row, predictions: str, annotations: str) -> str:
    """Return the key of what a page shows of one video; the last two are digests, `about` is what it says of it."""
    digests = {"frames": frames.digest, "tubes": tubes.digest}
    return keys.make_key(
        "illustration",
        code=_code("illustrate"),
        parameters=about,
        inputs={**digests, "predictions": predictions, "annotations": annotations},
    )


def overlay(frames: Row, tubes: Row, *, prediction: str, truth: str, settings: Facts) -> str:
    """Return the key of one test video's overlay; `prediction` and `truth` are digests of what is drawn."""
    inputs = {"frames": frames.digest, "tubes": tubes.digest, "prediction": prediction, "truth": truth}
    return keys.make_key("overlay", code=_code("overlay"), parameters=settings, inputs=inputs)


def score(method: str, model: str, rows: Mapping[str, Row], *, settings: Facts) -> str:
    """Return the key of what a model (its digest; `method` is its type) finds in one video of footage."""
    inputs = {"model": model, **{kind: row.digest for kind, row in rows.items()}}
    return keys.make_key("score", code=_code("score", method), parameters=settings, inputs=inputs)


def modules(rule: str, *variants: str) -> list[str]:
    """Return the modules that compute a stage's results: its own, and those of the types of its `variants`."""
    stage = STAGES[rule]
    return [*stage.code, *sorted(FAMILIES[stage.family][kind].module for kind in variants)]


def _key(kind: str, rule: str, variant: VariantParameters, inputs: Mapping[str, str]) -> str:
    """Return the key of what a variant makes of a video's `inputs`, by the code of a rule."""
    return keys.make_key(kind, code=_code(rule, variant.type), parameters=variant.model_dump(), inputs=inputs)


def _code(rule: str, *variants: str) -> str:
    return keys.code_digest(*modules(rule, *variants))
