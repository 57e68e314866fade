"""Describe: write beside each model of a table what footage must go through to be scored by it."""

import argparse
from pathlib import Path

import yaml

from wsstad import config
from wsstad.artefacts import manifest, model_card, run_files, seals, storage
from wsstad.artefacts.model_card import Card, Link
from wsstad.jsonable import Json
from wsstad.learning import methods
from wsstad.planning import artefact_keys
from wsstad.planning.block import CHAIN
from wsstad.planning.families import FAMILIES

SIZE = manifest.size_column(model_card.SUFFIX)
COLUMNS = ("method", "seed", "fold", "key", "digest", SIZE)


def main(argv: list[str] | None = None) -> None:
    """Write the card of every model of a table, and last the table of cards."""
    args = parse(argv)
    chain: Json = {name: _link(getattr(args, name), family) for name, family in CHAIN.items()}
    chain["code"] = artefact_keys.chain_code(*(chain[name].parameters["type"] for name in CHAIN))
    chain |= {"dataset": args.dataset, "split": args.split, "decode": yaml.safe_load(args.decode)}
    types = {path.stem: methods.read(path).type for path in args.methods}
    rows = []
    for row in storage.read_table(args.models):
        run: Json = {
            "method": row["method"],
            "seed": int(row["seed"]),
            "fold": int(row["fold"]),
            "key": row["key"],
        }
        path = run_files.path(args.output, "models", row, model_card.SUFFIX)
        Card(**run, type=types[row["method"]], digest=row["digest"], **chain).write(path)
        seals.seal(path)
        rows.append({**run, "digest": storage.file_digest(path), SIZE: path.stat().st_size})
    storage.write_table(args.output, rows, COLUMNS)
    seals.seal(args.output)


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True, help="models.tsv of `train`")
    parser.add_argument(
        "--methods", type=Path, nargs="+", required=True, help="config/methods/<name>.yaml of the table"
    )
    parser.add_argument("--dataset", required=True, help="what the models learned from")
    parser.add_argument("--split", required=True, help="the split whose folds they learned from")
    for name, family in CHAIN.items():
        parser.add_argument(f"--{name}", type=Path, required=True, help=f"config/{family}/<name>.yaml")
    parser.add_argument("--decode", required=True, help="the section `decode` of the configuration, as YAML")
    parser.add_argument("--output", type=Path, required=True, help="the table of cards to write")
    return parser.parse_args(argv)


def _link(path: Path, family: str) -> Link:
    return Link(path.stem, config.load_variant(path, FAMILIES[family]).model_dump())
