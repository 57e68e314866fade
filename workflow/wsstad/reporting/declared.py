"""What stands under a table: what it compares, and the smallest difference that its videos show."""

from statistics import median

from wsstad.evaluation.results import BlockResult

METRICS = ("VAUC", "MIoU")  # of which the smallest difference is told


def remarks(block: BlockResult) -> list[str]:
    """Return the family of comparisons in words, what they can show, and which rows are branches of another."""
    lines = [compared(block), *smallest(block)] if block.family else []
    return [*lines, *branches(block)]


def compared(block: BlockResult) -> str:
    """Return in words what is compared, and what is not."""
    if block.family is None:
        return "Nothing is compared."
    reference, rivals = block.family.reference, block.family.rivals
    n = len(rivals)
    words = (
        f"Compared, as declared beforehand: {reference} with {listed(rivals)}, and no other rows; Holm's correction is"
        f" for {n} comparison{'s' * (n != 1)} a metric."
    )
    left = [name for name in rivals if name not in {row.second for row in block.comparisons}]
    return f"{words} Other test videos, so not compared after all: {listed(left)}." if left else words


def smallest(block: BlockResult) -> list[str]:
    """Return in words the smallest difference from the reference that the videos show: the median over the rivals."""
    smallest_effects = {metric: block.smallest(metric) for metric in METRICS}
    measured = {row.metric for row in block.comparisons}
    parts = []
    for metric in [metric for metric in METRICS if metric in measured]:
        if values := smallest_effects[metric]:
            span = f" ({points(values[0])} to {points(values[-1])}, by the rival)" if len(values) > 1 else ""
            parts.append(f"{metric} {points(median(values))} points{span}")
        else:
            parts.append(f"{metric} not known, as there are too few videos or the rows agree in all of them")
    words = "The smallest difference that these videos show at 80 % power (two-sided 0.05, Holm): "
    return [f"{words}{'; '.join(parts)}."] if parts else []


def branches(block: BlockResult) -> list[str]:
    """Return which rows are branches of a method, if there are any."""
    rows = [result for result in block.results if result.branch_of]
    wholes = dict.fromkeys(result.branch_of for result in rows if result.branch_of)
    return [
        f"{listed([row.method for row in rows if row.branch_of == whole])}: the branches of {whole}, trained together,"
        " each taken alone at inference. They are not compared."
        for whole in wholes
    ]


def points(difference: float) -> str:
    """Return a difference of a share in points of percent.

    >>> points(0.2694)
    '26.9'
    """
    return f"{100 * difference:.1f}"


def listed(names: list[str] | tuple[str, ...]) -> str:
    """Return names as a sentence has them.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
