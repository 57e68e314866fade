"""Networks that run with fixed weights: C3D, EfficientNet-Lite0."""
