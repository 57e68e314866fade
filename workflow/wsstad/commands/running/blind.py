"""Detectors that found nothing in any video: a run ends well with them, and its numbers mean nothing."""

from collections.abc import Iterator

from wsstad.artefacts import manifest
from wsstad.errors import UserError
from wsstad.planning import paths
from wsstad.planning.plan import Plan


def detectors(plan: Plan) -> Iterator[str]:
    """Yield a line for each detector that has looked at all videos of a dataset and found nothing in any.

    Where features are given, none is meant to look.
    """
    boxes: dict[tuple[str, str], list[int]] = {}
    waiting: set[tuple[str, str]] = set()
    for output in paths.outputs(plan):
        if output.rule == "detect" and plan.parameters("detectors", output.wildcards["detector"]).type != "none":
            name = output.wildcards["dataset"], output.wildcards["detector"]
            try:
                rows = manifest.read_manifest(output.path).rows.values()
                boxes.setdefault(name, []).extend(row.counts["boxes"] for row in rows if row.ok)
            except (OSError, UserError, KeyError):  # it is not there yet, or is about to be made again
                waiting.add(name)
    for (dataset, detector), counts in boxes.items():
        if counts and not any(counts) and (dataset, detector) not in waiting:
            yield f"mind: the detector {detector} found nothing in any of the {len(counts)} videos of {dataset}"
