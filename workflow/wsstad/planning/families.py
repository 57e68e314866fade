"""The families of variants: folders of config/, and the types that there are of each."""

from typing import Any

from wsstad.learning.methods import METHODS
from wsstad.perception.detectors import DETECTORS
from wsstad.perception.extractors import EXTRACTORS
from wsstad.perception.linkers import LINKERS

FAMILIES: dict[str, Any] = {
    "detectors": DETECTORS,
    "linkers": LINKERS,
    "extractors": EXTRACTORS,
    "methods": METHODS,
}
