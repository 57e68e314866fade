"""The order of names in which runs of digits count as numbers: 2.png comes before 10.png."""

import re


def natural_key(name: str) -> list[int | str]:
    """Return the key that sorts names in natural order.

    >>> sorted(["a10", "a9", "b1"], key=natural_key)
    ['a9', 'a10', 'b1']
    """
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]
