"""Annotation formats: where frames counted from 1, inclusive boxes and other people's conventions are converted.

Each reads a file or a folder into `BoxRow`: frames from 0, boxes half-open in float pixels. What a format may say
besides `format` and `path` in ``dataset.yaml`` is checked by ``schemas/annotations/<format>.schema.yaml``.
"""

FORMATS = {
    "table": "wsstad.formats.table:read",
    "ucsd_masks": "wsstad.formats.ucsd_masks:read",
    "liu_ma": "wsstad.formats.liu_ma:read",
    "sst": "wsstad.formats.sst:read",
}
