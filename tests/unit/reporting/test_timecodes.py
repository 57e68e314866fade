"""Time codes, as a player shows them."""

import pytest

from wsstad.reporting.timecodes import timecode


@pytest.mark.parametrize("seconds", [0.0, 9.96, 59.99, 60.0, 3599.99, 7384.25])
def test_a_time_code_is_read_back(seconds):
    *hours, minutes, rest = timecode(seconds).split(":")
    read = 3600 * sum(map(int, hours)) + 60 * int(minutes) + float(rest)
    assert read <= seconds + 1e-9
    assert seconds - read < 0.1
