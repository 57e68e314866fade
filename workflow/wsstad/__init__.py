"""Rebuild benchmarks for weakly-supervised spatio-temporal anomaly detection.

The command ``wsstad`` is `wsstad.__main__`; the rules run `wsstad.stages`; `open_results` is the Python API.
"""

from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsstad.reporting.results_folder import Results

__version__ = "0.1.0"


def open_results(folder: "str | PathLike[str]" = "results") -> "Results":
    """Open a folder that runs have written, such as ``results``; raise `UserError` when it is none.

    >>> import wsstad
    >>> results = wsstad.open_results("results")  # doctest: +SKIP
    >>> results.tubes("v001").tubes[0].boxes.shape  # doctest: +SKIP
    (96, 4)
    """
    from pathlib import Path

    from wsstad.planning.result_files import ResultFiles
    from wsstad.reporting.results_folder import Results

    return Results(ResultFiles(Path(folder)))
