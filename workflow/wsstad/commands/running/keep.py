"""Keep a run by name, so that a change in place does not overwrite what it is to be compared with.

Copied are the small files, with their seals: manifests, tables, metrics, annotations, and what the jobs cost; written
is what each job went by, by which `compare` knows the configuration of a commit. Artefacts, which lie under keys, stay
where they are.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from wsstad import heartbeat
from wsstad.artefacts import seals, storage
from wsstad.commands.running import damage, run_progress, snakemake_records
from wsstad.errors import UserError
from wsstad.jsonable import Facts
from wsstad.planning import kept_runs, paths, run_targets
from wsstad.planning.paths import Output
from wsstad.planning.plan import Plan
from wsstad.planning.stages import STAGES


def keep(plan: Plan, name: str) -> Path:
    """Keep the last run in the folder of results by a name, whole or not at all; return where.

    Raises `UserError` when the name is taken, when a dataset is called as the folder is, or when no run was noted.
    """
    kept_runs.check_new(plan.results, name)
    record = run_progress.read_run(plan.results)
    if record is None:
        raise UserError(f"{plan.results}: no run to keep")
    if kept_runs.KEPT in (*plan.datasets(), *plan.footage):
        raise UserError(f"{plan.where}: a dataset is called {kept_runs.KEPT!r}, so no run can be kept beside it")
    folder = kept_runs.folder(plan.results, name)
    part = folder.with_name(f".{name}.part")
    shutil.rmtree(part, ignore_errors=True)
    for path in dict.fromkeys(_files(plan, record.targets)):
        if path.is_file():
            target = part / path.relative_to(plan.results)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
            if (seal := seals.path_of(path)).is_file():
                shutil.copy2(seal, seals.path_of(target))
    storage.write_json(part / kept_runs.SETTINGS, _settings(plan, record.targets))
    return part.rename(folder)


def entries(results: Path, name: str) -> Iterator[tuple[Path, str, dict[str, str]]]:
    """Yield every row of a kept run that names artefacts, with their folder and the start of their files' names."""
    folder = kept_runs.folder(results, name)
    for output in outputs(results, name):
        for below, stem, row in damage.entries(output):
            yield results / below.relative_to(folder), stem, row


def outputs(results: Path, name: str) -> Iterator[Output]:
    """Yield the manifests and tables of a kept run that name artefacts."""
    folder = kept_runs.folder(results, name)
    for stage in STAGES.values():
        for path, wildcards in paths.existing(folder, stage.output) if stage.kind else ():
            yield Output(stage.rule, path, wildcards)


def _settings(plan: Plan, targets: list[str]) -> dict[str, Facts]:
    """Return what is on record of the jobs of a run, by their outputs."""
    recorded = {o.path.as_posix(): snakemake_records.settings(o.path) for o in run_targets.outputs(plan, targets)}
    return {path: settings for path, settings in recorded.items() if settings}


def _files(plan: Plan, targets: list[str]) -> Iterator[Path]:
    """Yield the files of a run that are kept: its record, its outputs without the page, and what each job cost."""
    yield plan.results / paths.RUN
    for dataset in (*plan.datasets(), *plan.footage):
        yield plan.shard_map_path(dataset)
    for output in run_targets.outputs(plan, targets):
        if output.rule != run_targets.REPORT:
            yield output.path
            yield Path(STAGES[output.rule].benchmark.format(**output.wildcards))
            yield heartbeat.path_of(paths.log_path(output))
