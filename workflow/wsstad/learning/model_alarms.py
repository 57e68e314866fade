"""The false alarms by threshold that a model keeps: apart from its training, on which no prediction depends."""

from collections.abc import Mapping

import numpy as np

from wsstad.jsonable import Facts
from wsstad.structures import alarms


def alarm_curve(tensors: Mapping[str, np.ndarray], meta: Facts) -> alarms.Curve | None:
    """Return the false alarms by threshold that a model keeps, if it had normal videos to learn them from."""
    if "alarms/thresholds" not in tensors:
        return None
    return alarms.Curve(tensors["alarms/thresholds"], tensors["alarms/counts"], meta["training"]["alarm_hours"])
