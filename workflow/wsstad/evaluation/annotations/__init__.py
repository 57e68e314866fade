"""Annotation formats: where frames counted from 1, inclusive boxes and other people's conventions are converted.

Each reads a file or a folder into `BoxRow`: frames from 0, boxes half-open in float pixels. What a format may say
besides `format` and `path` in ``dataset.yaml`` is checked by ``schemas/annotations/<format>.schema.yaml``.
"""

FORMATS = {
    "table": "wsstad.evaluation.annotations.table:read",
    "ucsd_masks": "wsstad.evaluation.annotations.ucsd_masks:read",
    "liu_ma": "wsstad.evaluation.annotations.liu_ma:read",
    "sst": "wsstad.evaluation.annotations.sst:read",
    "none": "wsstad.evaluation.annotations.none:read",
}
