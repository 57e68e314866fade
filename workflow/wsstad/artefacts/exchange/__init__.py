"""Files of boxes over time that other tools read and write: one module a format, which reads and writes it.

All share one convention outside of their files: `wsstad.structures.tracks`, with frames from 0 and half-open boxes in
float pixels. What counts from 1, means pixels inclusively or divides by the size of the frame is converted here alone.
"""
