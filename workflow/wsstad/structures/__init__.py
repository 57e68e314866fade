"""The vocabulary of every room: boxes, clips, tubes, detections, predictions. Pure arrays, no files."""
