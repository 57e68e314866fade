"""What a person types: one module a verb of ``wsstad``, listed in `VERBS` of ``__main__``. No job imports this room.

What the verbs share: `run_progress`, `console` and `outlook` for how far a run is and what is left; `damage`,
`healing`, `keep` and `lock` for the folder of results; `snakemake_process` and `snakemake_records` for Snakemake;
`changes` for the words of a difference. `linting` holds the checks of `lint`.
"""
