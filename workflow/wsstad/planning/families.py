"""The families of variants: folders of config/, and the types that there are of each."""

from collections.abc import Mapping

from wsstad.learning.methods import METHODS
from wsstad.parameters import Registered, VariantParameters
from wsstad.perception.detectors import DETECTORS
from wsstad.perception.extractors import EXTRACTORS
from wsstad.perception.linkers import LINKERS

FAMILIES: dict[str, Mapping[str, Registered[VariantParameters]]] = {
    "detectors": DETECTORS,
    "linkers": LINKERS,
    "extractors": EXTRACTORS,
    "methods": METHODS,
}
