"""Rebuild benchmarks for weakly-supervised spatio-temporal anomaly detection.

The command ``wsstad`` is `wsstad.__main__`; the rules run `wsstad.stages`.
"""

__version__ = "0.1.0"
