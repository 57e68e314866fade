"""The plan, which checks the whole configuration before any job, and the names that the rules share."""

import os
import shlex
import sys
from pathlib import Path

# In a clone; an installed package is found anyway.
PACKAGE = Path(str(workflow.current_basedir)).parent
sys.path.insert(0, str(PACKAGE))

from wsstad.commands.running import damage, run_progress
from wsstad.config import name_files
from wsstad.errors import UserError
from wsstad.planning import compared, paths, precomputed
from wsstad.planning.plan import Plan
from wsstad.planning.rule_inputs import RuleInputs
from wsstad.planning.stages import STAGES

try:
    named = workflow.config_settings
    where = name_files(named.configfiles, values=bool(named.config))
    plan = Plan(config, Path("results"), where=where)
    compared.check(plan)
    precomputed.check(plan)
    plan.check_annotations()
    looks = workflow.output_settings.dryrun or run_progress.only_looks(sys.argv[1:])
    if workflow.is_main_process and not looks:
        plan.write_shard_maps()
        if "WSSTAD_LOCKED" in os.environ:
            damage.remove(plan)
            run_progress.write_run(plan, sys.argv)
except UserError as error:
    sys.exit(f"wsstad: {error}")

ask = RuleInputs(plan)
# A custom prefix replaces Snakemake's own strict mode, so it is repeated. A job imports nothing from the folder it runs in.
prefix = f"set -euo pipefail; export PYTHONPATH={shlex.quote(str(PACKAGE))} PYTHONSAFEPATH=1; "
shell.prefix(prefix.replace("{", "{{").replace("}", "}}"))


def objects(wildcards):
    """Return the raw videos of a shard that Snakemake has to fetch from object storage."""
    urls = ask.urls(wildcards)
    return storage.s3(urls) if urls else []


wildcard_constraints:
    dataset="[A-Za-z0-9_-]+",
    shard="[0-9]+",
    split="[A-Za-z0-9_-]+",
    detector="[A-Za-z0-9_-]+",
    linker="[A-Za-z0-9_-]+",
    extractor="[A-Za-z0-9_-]+",
    scale="[A-Za-z0-9_-]+",
    table="|".join(plan.table_names()),
    annotator="[A-Za-z0-9_-]+",
    method="[A-Za-z0-9_-]+",
    seed="[0-9]+",
    model="[A-Za-z0-9_-]+",
