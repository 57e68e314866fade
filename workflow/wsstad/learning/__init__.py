"""Bags of sub-tubes, losses, training, and the methods: they learn from video labels and score sub-tubes."""
