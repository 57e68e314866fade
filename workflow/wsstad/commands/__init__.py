"""What a person types: one module a verb of ``wsstad``, and what those share. No job imports this room."""
