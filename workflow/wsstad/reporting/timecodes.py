"""Times as a player shows them."""


def timecode(seconds: float) -> str:
    """Return a time as a player shows it, cut to tenths.

    >>> timecode(83.25), timecode(3725.0)
    ('1:23.2', '1:02:05.0')
    """
    tenths = int(round(seconds * 10, 6))
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}:{minutes:02d}:" if hours else f"{minutes}:") + f"{rest // 10:02d}.{rest % 10}"
