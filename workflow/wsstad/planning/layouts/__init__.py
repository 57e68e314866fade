"""Layouts of public datasets, as they are when they have been unpacked; `wsstad init --as NAME SOURCE` reads them.

A module a layout, which says from what the layout is known. `read` takes the folder and returns the tables.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from wsstad.planning.drafts.draft import Draft
from wsstad.planning.layouts import (
    avenue,
    msad,
    shanghaitech,
    street_scene,
    tad,
    ucf_crime,
    ucfcrime2local,
    ucsd,
    xd_violence,
)

LAYOUTS: dict[str, Callable[[Path], Draft]] = {
    "avenue": avenue.read,
    "msad": msad.read,
    "shanghaitech": shanghaitech.read,
    "street_scene": street_scene.read,
    "tad": tad.read,
    "ucf_crime": ucf_crime.read,
    "ucfcrime2local": ucfcrime2local.read,
    "ucsd_ped1": partial(ucsd.read, name="UCSDped1"),
    "ucsd_ped2": partial(ucsd.read, name="UCSDped2"),
    "xd_violence": xd_violence.read,
}
