"""What the verbs share about runs.

`snakemake_process` and `snakemake_records` are for Snakemake, `queues` for the queue of a cluster; `run_progress`,
`outlook`, `console`, `live_page`, `run_about` and `blind` for the state of a run; `damage`, `healing`, `keep` and
`lock` for its folder of results; `git_sides` and `git_states` for runs of the configuration at a commit.
"""
