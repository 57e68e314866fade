"""Rebuild benchmarks for weakly-supervised spatio-temporal anomaly detection.

Verbs are stages (``python -m wsstad decode`` ...), nouns are the library; imports run from verbs to nouns only.
"""

__version__ = "0.1.0"
