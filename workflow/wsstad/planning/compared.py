"""What a table declares: which method it compares with each other that is trained, and whose branches are rows."""

from wsstad import config
from wsstad.errors import UserError
from wsstad.jsonable import Json
from wsstad.planning.block import Block
from wsstad.planning.plan import BENCHMARK, Plan

OURS = "mgpr"  # the method, and the type of its variants, that is the reference where none is named


def methods(plan: Plan, block: Block, table: str) -> list[str]:
    """Return the family of comparisons of a table in a block: the reference, then its rivals in the table's order.

    The reference is that of the table, else `evaluate.reference`, else MGPR, else the first row that is trained. What
    is not trained (constant boxes, a choice at random, upper bounds) is no rival. Nothing where there is no rival.
    Raises `UserError` when the named reference is no trained row.
    """
    trained = [name for name in plan.methods(block, table) if plan.is_trained(name)]
    reference = _named(plan, table, trained)
    if not reference and trained:
        proposed = [name for name in trained if plan.parameters("methods", name).type == OURS]
        reference = next(iter([*(name for name in trained if name == OURS), *proposed, *trained]))
    return [reference, *(name for name in trained if name != reference)] if len(trained) > 1 else []


def branches(plan: Plan, block: Block, table: str) -> list[str]:
    """Return the methods of a table whose branches are rows of their own too; raise `UserError` if one is no row."""
    if table == BENCHMARK:
        return []
    path, named = plan.table(table), _own(plan, table)["branches"]
    for name in named:
        if name not in plan.methods(block, table):
            raise UserError(f"{path}: branches: {name!r} is no row; allowed: {', '.join(plan.methods(block, table))}")
    return named


def check(plan: Plan) -> None:
    """Raise `UserError` unless every table has the rows that are named as its reference and for their branches."""
    for block in plan.blocks():
        for table in plan.table_names():
            methods(plan, block, table)
            branches(plan, block, table)


def _named(plan: Plan, table: str, trained: list[str]) -> str:
    """Return the reference that a table names, else the configuration's, which is for the tables that have that row."""
    asked, where = plan.config["evaluate"]["reference"], f"{plan.where}: evaluate.reference"
    if table != BENCHMARK:
        if own := _own(plan, table)["reference"]:
            asked, where = own, f"{plan.table(table)}: reference"
        elif asked not in trained:
            return ""
    if asked and asked not in trained:
        raise UserError(f"{where}: {asked!r} is no trained row of table {table!r}; allowed: {', '.join(trained)}")
    return asked or ""


def _own(plan: Plan, table: str) -> Json:
    path = plan.table(table)
    return config.check(config.load_yaml(path), "table", path)
