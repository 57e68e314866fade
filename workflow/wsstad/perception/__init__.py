"""Frames -> detections -> tubes -> features: detectors, linkers, extractors and the networks inside them."""
