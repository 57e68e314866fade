"""The checks of `wsstad lint`, each a function that yields findings; nothing is written."""
