"""What every command line shares: logging, one-line errors, the flags of stages that work on shards."""

import argparse
import ctypes
import inspect
import logging
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

from wsstad import machine, names
from wsstad.errors import UserError

FEEDING = "one of them is the network's, the others are of processes that read; no result depends on it"
MISTAKE = 2  # exit status after the one line
# Options of glibc's mallopt by name: their numbers, and the values.
MALLOC = {"M_MMAP_THRESHOLD": (-3, 1 << 25), "M_TRIM_THRESHOLD": (-1, 1 << 30)}


def keep_memory() -> bool:
    """Keep freed memory for later use instead of returning it to the system; return whether the C library can.

    A network's tensors are freed and allocated in every step; their new pages cost a fifth of a training's time.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # only glibc has it
    return mallopt is not None and all(mallopt(option, value) for option, value in MALLOC.values())


def run(main: Callable[[], None]) -> None:
    """Run a verb: log to stderr; print a `UserError`, or what the machine lacks, as one line, and exit with 2."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
    )
    try:
        main()
    except UserError as error:
        _end(str(error))
    except (OSError, MemoryError, ImportError, RuntimeError) as error:
        line = machine.cause(error)
        if not line:
            raise
        _end(line)


def _end(message: str) -> None:
    print("wsstad:", "\n".join(map(names.printable, message.split("\n"))), file=sys.stderr)
    sys.exit(MISTAKE)


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser whose help shows a description as it stands; a last paragraph that is a command is an example."""
    words, _, last = inspect.cleandoc(description or "").rpartition("\n\n")
    example = textwrap.dedent(last) if last.lstrip().startswith("wsstad ") else ""
    return argparse.ArgumentParser(
        description=words if example else f"{words}\n\n{last}".strip(),
        epilog=f"example:\n{textwrap.indent(example, '  ')}" if example else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_shard_map(parser: argparse.ArgumentParser) -> None:
    """Add the flag by which a folder of manifests stands for those of all shards: see `artefacts.shards.manifests`."""
    parser.add_argument("--shard-map", type=Path, help="table of video and shard; a folder then stands for manifests")


def shard_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the flags that every stage over a shard of videos takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--shard-map", type=Path, required=True, help="table of video and shard")
    parser.add_argument("--shard", required=True, help="the shard to process, such as 000")
    parser.add_argument(
        "--manifest",
        type=Path,
        required=True,
        help="the shard's manifest to write; artefacts go to the folder above its own",
    )
    return parser
