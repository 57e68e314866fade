"""From the configuration to the plan: blocks, paths, settings and keys. Knows each family by its names only."""
