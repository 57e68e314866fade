"""Find the results of the configuration at a Git commit, as a side of a comparison.

They are those in the folder of results, or in a kept run, where every job on the way to the table has on record the
settings of the plan at that commit. The package's code, which Git may track too, is the present one.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from wsstad.commands import changes
from wsstad.commands.running import git_states, snakemake_records
from wsstad.errors import UserError
from wsstad.jsonable import Facts
from wsstad.locations import SHARE
from wsstad.planning import command_line, job_settings, kept_runs, paths
from wsstad.planning.command_line import RESULTS
from wsstad.planning.plan import Plan
from wsstad.planning.result_files import ResultFiles
from wsstad.planning.sides import Side

RULES = ("decode", "detect", "link", "extract_image", "extract_region", "train", "predict", "annotate", "evaluate")
# Settings on record that are no part of the configuration: the code, and in those of decode the state of raw videos.
APART = {"code"}
APART_OF = {"decode": {"code", "videos"}}

Wanted = Mapping[Path, tuple[str, Facts]]  # rule and settings of the job of each output


def read(revision: str, results: Path, *, file: Path | None, table: str) -> Side:
    """Return the results of a table as the configuration at a commit asks for them.

    `file` is the configuration, by default ``wsstad.yaml`` in the folder of `results`. Raises `UserError` where it
    cannot be read at the commit, or where there are no results of it, with what to run.
    """
    home = results.resolve().parent
    with git_states.laid_out(home, revision) as (commit, place), contextlib.chdir(place):
        try:
            plan = command_line.read_plan([_configuration(file, home)], [])
            wanted, names = _wanted(plan, table), _names(plan)
        except UserError as error:
            raise UserError(f"git:{revision} ({commit}): {error}") from error
    with contextlib.chdir(home):
        places = [RESULTS, *(kept_runs.folder(RESULTS, name) for name in kept_runs.names(RESULTS))]
        lacking = [_lacking(wanted, folder) for folder in places]
    if all(lacking):
        raise UserError(
            f"git:{revision} ({commit}): no run in {results} or kept there is of this configuration ({lacking[0]}); to"
            f" make it, check {commit} out and type `wsstad run --name {commit}`"
        )
    folder = results / places[lacking.index("")].relative_to(RESULTS)
    return Side(f"{revision} ({commit})", ResultFiles(folder), names)


def _configuration(file: Path | None, home: Path) -> Path:
    """Return the file of the configuration, by its path in the folder that is laid out where it is part of that."""
    if file is None:
        in_clone = home == SHARE and not command_line.DEFAULT.is_file()
        return Path("config/config.yaml") if in_clone else command_line.DEFAULT
    file = file if file.is_absolute() else home / file
    return file.relative_to(home) if file.is_relative_to(home) else file


def _wanted(plan: Plan, table: str) -> Wanted:
    """Return rule and settings of every job on the way to a table, by the output."""
    return {
        output.path: (output.rule, job_settings.read(plan, output.rule, output.wildcards))
        for output in paths.outputs(plan)
        if output.rule in RULES
        and output.wildcards["dataset"] in plan.datasets()
        and output.wildcards.get("table", table) == table
    }


def _names(plan: Plan) -> dict[str, str]:
    """Return the names that all results of a plan share."""
    values: dict[str, set[str]] = {}
    for block in plan.blocks():
        for name, value in asdict(block).items():
            values.setdefault(name, set()).add(value)
        values.setdefault("annotator", set()).update(plan.annotators(block))
    return {name: next(iter(known)) for name, known in values.items() if len(known) == 1}


def _lacking(wanted: Wanted, folder: Path) -> str:
    """Return in words the first job whose result in a folder is missing or has other settings; "" for none."""
    recorded = _recorded(folder)
    for path, (rule, settings) in wanted.items():
        apart = APART_OF.get(rule, APART)
        then, now = (
            {name: value for name, value in facts.items() if name not in apart} for facts in (settings, recorded(path))
        )
        if not (folder / path.relative_to(RESULTS)).is_file() or not now:
            return f"`{rule}` has not made {path}"
        if then != now:
            return f"there {next(changes.describe(then, now), f'`{rule}` went by something else')}"
    return ""


def _recorded(folder: Path) -> Callable[[Path], Facts]:
    """Return a function from an output in ``results`` to the settings with which a folder's copy of it was made."""
    if folder == RESULTS:
        return snakemake_records.settings
    kept = kept_runs.settings(RESULTS, folder.name)
    return lambda path: kept.get(path.as_posix(), {})
