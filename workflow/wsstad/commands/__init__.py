"""What a person types: one module a verb of ``wsstad``, listed in `VERBS` of ``__main__``. No job imports this room.

`running` has what the verbs share; `linting` the checks of `lint`, `fetching` what `weights get` does; `changes` words
differences, for `why` and `compare`.
"""
