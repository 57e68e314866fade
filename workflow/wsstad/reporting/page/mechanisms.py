"""What the mechanisms of a method do in its trainings: attention, guidance, separation, memorisation."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

BRANCHES = {"tube_": "tube branch: ", "temporal_": "temporal branch: "}
MEANING = {
    "entropy": "attention's entropy over log n; 1 is uniform",
    "guidance_sd": "guidance of abnormal videos, standard deviation; 0 is constant",
    "inside": "share of the variance of scores inside training videos",
    "training_vauc": "VAUC on the videos learned from",
    "held_out_vauc": "VAUC on training videos left out",
}


class Mechanism(NamedTuple):
    """A number that was measured in each training: what it is, its mean, the lowest and the highest."""

    words: str
    mean: float
    low: float
    high: float


def read(models: Sequence[Mapping[str, str]]) -> list[Mechanism]:
    """Return what was measured in the trainings of a method, from its rows of models.tsv; what none has is left out."""
    values: dict[str, list[float]] = {}
    for row in models:
        for name, value in json.loads(row["measured"]).items():
            if value is not None:
                values.setdefault(name, []).append(value)
    result = []
    for prefix, branch in {"": "", **BRANCHES}.items():
        for name, words in MEANING.items():
            if measured := values.get(f"{prefix}{name}"):
                result.append(
                    Mechanism(f"{branch}{words}", sum(measured) / len(measured), min(measured), max(measured))
                )
    return result


def warnings(models: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the warnings of the trainings without their numbers, the most frequent first, each with its count."""
    counts = Counter(line.partition(":")[0] for row in models for line in json.loads(row["warnings"]))
    return [f"{words}, in {count} of {len(models)} trainings" for words, count in counts.most_common()]
