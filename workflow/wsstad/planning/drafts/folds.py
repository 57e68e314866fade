"""Folds of a dataset: every video tested once, labels and classes spread evenly, groups kept together."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from wsstad.errors import UserError

Folds = Mapping[int, Mapping[str, str]]  # fold -> video -> part, train or test
Row = Mapping[str, str]  # of videos.tsv

LABELS = ("abnormal", "normal")
FOLDS = 5
TESTED = 3  # groups of a label that a fold should test
SEED = 2021
LARGE = 1000  # videos from which one fold is enough


def cross_validate(rows: Sequence[Row], n_folds: int, seed: int) -> dict[int, dict[str, str]]:
    """Return `n_folds` folds that test every video of `rows` once, in the order of the folds.

    Videos of a `group` are in one fold. Each label, and each class of `n_folds` groups or more, is spread over the
    folds as evenly as its groups allow. The order of `rows` makes no difference. Raises `UserError` when a label has
    fewer groups than folds, or a fold would lack a label.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    rows = sorted((row for row in rows if row["label"]), key=lambda row: row["video"])
    few = {label: len(groups) for label, groups in groups_of(rows, "label").items() if len(groups) < n_folds}
    for label in LABELS:
        if few.get(label, 0) or not any(row["label"] == label for row in rows):
            raise UserError(
                f"{n_folds} folds need {n_folds} groups of {label} videos; there are {few.get(label, 0)}: a group, "
                "or a video without one, is never divided"
            )
    strata, groups = _strata(rows, n_folds), [group_of(row) for row in rows]
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    tested: dict[str, int] = {}
    for fold, (_, test) in enumerate(splitter.split(strata, strata, groups)):
        tested |= {rows[i]["video"]: fold for i in test}
        lacking = [label for label in LABELS if label not in {rows[i]["label"] for i in test}]
        if lacking:
            raise UserError(
                f"{n_folds} folds, seed {seed}: fold {fold} would test no {lacking[0]} video, so unequal are the "
                "groups; take fewer folds or another seed"
            )
    return make(tested, n_folds)


def make(tested: Mapping[str, int], n_folds: int) -> dict[int, dict[str, str]]:
    """Return the folds in each of which the videos of its number are tested, and the others trained on."""
    return {
        fold: {video: "test" if number == fold else "train" for video, number in tested.items()}
        for fold in range(n_folds)
    }


def hold_out(rows: Sequence[Row], share: float, seed: int) -> dict[int, dict[str, str]]:
    """Return one fold that tests about `share` of the videos: the first of as many as that share goes into 1."""
    return {0: cross_validate(rows, max(2, round(1 / share)), seed)[0]}


def choose(rows: Sequence[Row], seed: int = SEED) -> tuple[str, dict[int, dict[str, str]], str]:
    """Return the name of a split that suits `rows`, its folds, and why.

    There are up to five folds, as many as leave each of them three groups of each label to test, and two at least: a
    fold that tests one video of a label orders next to nothing. A large dataset has one fold that tests a fifth of it.
    Raises `UserError` when not even two folds can be made.
    """
    if len(rows) >= LARGE:
        why = f"one fold, a fifth is tested, as there are {LARGE} videos or more"
        return "holdout", hold_out(rows, 1 / FOLDS, seed), why
    n_groups = min((len(groups) for label, groups in groups_of(rows, "label").items() if label), default=0)
    for n_folds in range(min(FOLDS, n_groups // TESTED), 2, -1):
        try:
            folds = cross_validate(rows, n_folds, seed)
        except UserError:
            continue
        return f"cv{n_folds}", folds, f"{n_folds} folds, each video is tested once"
    why = "2 folds, each video is tested once; there are too few for more"
    return "cv2", cross_validate(rows, 2, seed), why


def groups_of(rows: Sequence[Row], column: str) -> dict[str, set[str]]:
    """Return the groups that the videos of each value of a column are of."""
    groups: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        groups[row[column]].add(group_of(row))
    return groups


def group_of(row: Row) -> str:
    """Return the group of a video; one without a group is a group of its own."""
    return row.get("group", "") or f"\0{row['video']}"


def _strata(rows: Sequence[Row], n_folds: int) -> list[str]:
    """Return what each video is to be spread by: label and class, or where a class is too small the rest of its label.

    A rest that is too small itself goes with the largest class of its label.
    """
    by_class = [{**row, "stratum": f"{row['label']} {row['class']}"} for row in rows]
    large = {name for name, groups in groups_of(by_class, "stratum").items() if len(groups) >= n_folds}
    merged = [row if row["stratum"] in large else {**row, "stratum": row["label"]} for row in by_class]
    small = {name for name, groups in groups_of(merged, "stratum").items() if len(groups) < n_folds}
    sizes = Counter(row["stratum"] for row in merged if row["stratum"] not in small)
    for row in merged:
        if row["stratum"] in small:
            row["stratum"] = max(
                (name for name in sizes if name.split(" ")[0] == row["label"]), key=lambda name: (sizes[name], name)
            )
    return [row["stratum"] for row in merged]
