"""Ground truth and metrics: how well predictions meet the annotations, and how sure one may be of it."""
