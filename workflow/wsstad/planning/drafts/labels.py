"""What the names of folders, or the words of a list, say of videos: normal or abnormal."""

from collections.abc import Iterable

from wsstad.planning.drafts.file_names import words

NORMAL = {"normal", "normals", "negative", "background"}
ABNORMAL = {"abnormal", "abnormals", "anomaly", "anomalies", "anomalous", "positive"}
NOT = ("no", "non", "not", "without")


def label_names(names: Iterable[str]) -> dict[str, str]:
    """Return the label of those names that say one, by their words or as the contrary of a name beside them.

    >>> label_names(["Normal_Videos", "anomalies", "cam1"])
    {'Normal_Videos': 'normal', 'anomalies': 'abnormal'}
    >>> label_names(["fight", "noFight"])
    {'noFight': 'normal', 'fight': 'abnormal'}
    """
    beside = sorted(set(names))
    joined = {"".join(words(name)): name for name in beside}
    labels = {name: label for name in beside if (label := _own_label(words(name)))}
    for whole, name in joined.items():
        for denial in NOT:
            other = joined.get(whole.removeprefix(denial)) if whole.startswith(denial) else None
            if other and not {name, other} & labels.keys():
                labels |= {name: "normal", other: "abnormal"}
    return labels


def _own_label(parts: list[str]) -> str:
    """Return the label that the words of a name say by themselves; "normal" counts more than "anomaly" beside it."""
    denied = bool(parts) and parts[0] in NOT
    if NORMAL & {*parts}:
        return "abnormal" if denied else "normal"
    if ABNORMAL & {*parts}:
        return "normal" if denied else "abnormal"
    return ""
