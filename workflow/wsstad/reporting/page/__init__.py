"""The page about a run: what it shows, read from results, and how it is drawn.

`contents` gathers, `charts` draw, `render` fills the templates; none of it decides what is good or bad.
"""
