"""The model card of a detector that was trained on made-up scenes."""

from collections.abc import Mapping

from wsstad.jsonable import Facts
from wsstad.perception.detectors.accuracy import Accuracy

CARD = """\
# {name}

A small YOLOv8 ({parameters:,} parameters, fp16) for the demo's made-up road scenes at {width}x{height}.
It is of no use on real footage.

- Classes: {classes}.
- Data: {train} images of {scenes} scenes for training and {test} of {test_scenes} others for the test, rendered by
  `wsstad.scenes.stills` with seed {seed}. Their seeds lie in domains of their own: no scene, place or road user is
  one of any benchmark that `wsstad.commands.synthesize` makes, whatever its seed. Boxes come from the renderer and
  enclose the visible part of whatever is visible by 30 % or more.
- Training: from scratch, {epochs} epochs, with `make demo-detector`, that is

      python -m wsstad fit_detector --output <this file's folder>/{name}.pt --work <a folder> {flags}

- Licence: AGPL-3.0-or-later (it is built and trained with ultralytics, which is AGPL-3.0).
- sha256: `{sha256}`

On the test scenes, at IoU 0.5, precision and recall at confidence {confidence}:

| class | boxes | precision | recall | AP50 |
|---|---:|---:|---:|---:|
{rows}
| mean | | | | {mean:.3f} |

Limits: it knows one renderer; it misses people behind vehicles and whoever is hidden by smoke and sparks, and its boxes
enclose road users alone, never their debris. The file holds the weights without optimiser, paths or dates.
"""


def write_card(facts: Facts, accuracy: Mapping[str, Accuracy], confidence: float) -> str:
    """Return the card; `facts` are the flags of `wsstad.commands.fit_detector` and what came of them."""
    rows = [
        f"| {name} | {a.truths} | {a.precision:.3f} | {a.recall:.3f} | {a.average_precision:.3f} |"
        for name, a in accuracy.items()
    ]
    flags = ("scenes", "test_scenes", "epochs", "seed", "training_seed", "threads")
    return CARD.format(
        **facts,
        width=facts["size"][0],
        height=facts["size"][1],
        classes=", ".join(accuracy),
        train=facts["scenes"] * facts["stills"],
        test=facts["test_scenes"] * facts["stills"],
        flags=" ".join(f"--{name.replace('_', '-')} {facts[name]}" for name in flags),
        confidence=confidence,
        rows="\n".join(rows),
        mean=sum(a.average_precision for a in accuracy.values()) / len(accuracy),
    )
