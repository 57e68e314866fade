"""Made-up road scenes: a fixed camera over a street, the road users that pass, and now and then an accident.

A scene is built from numbers alone (`wsstad.scenes.scripts`), so its ground truth needs no pixels; the renderer turns
it into frames. World coordinates are metres: x to the camera's right, y away from it, z up. Time is counted in frames.
"""
