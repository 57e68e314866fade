"""Change small good files, led by which lines a change reaches: every parser of foreign input has to end well.

Allowed is that it reads the file, or one of our own errors. Not allowed: another exception, a crash, more than 2
CPU-seconds, more than 500 MB. It needs atheris, which is not among what the tests need: ``pip install atheris==3.0.0``

    python tests/fuzz.py --minutes 60 findings [words of a parser]

What is not allowed lies in the folder `findings` afterwards, each with the text of its error.
`docs/reliability.md` keeps what it counted.
"""

import argparse
import hashlib
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

CPU_SECONDS = 2.0
MEGABYTES = 500
STUCK = 150  # seconds after which a process that should have ended hangs
LARGEST = 16384  # bytes of an input


class TooSlowError(Exception):
    """Raised where an input takes too long."""


def main() -> None:
    """Fuzz every parser for its share of the time, print what was tried; exit with 1 if anything is open."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("findings", type=Path)
    parser.add_argument("words", nargs="*", help="parsers with one of these in their names")
    args = parser.parse_args()
    args.findings.mkdir(parents=True, exist_ok=True)
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "workflow")]
    import atheris

    with atheris.instrument_imports(include=["wsstad"]):
        from support.foreign import PARSERS

    chosen = [name for name in PARSERS if not args.words or any(word in name for word in args.words)]
    for name in chosen:
        campaign(name, PARSERS[name], args.findings, args.minutes * 60 / len(chosen))
    files = sorted(args.findings.glob("*.txt"))
    print(f"{len(files)} findings", *(file.name for file in files), sep="\n")
    sys.exit(bool(files))


def campaign(name: str, make: Callable[[Path], Any], findings: Path, seconds: float) -> None:
    """Fuzz a parser in processes forked off until the time is over: one that dies is a finding, and another goes on."""
    end, tried, crashes = time.monotonic() + seconds, 0, 0
    while (left := end - time.monotonic()) > 1 and crashes < 5:
        with tempfile.TemporaryDirectory(prefix="fuzz-", dir="/dev/shm") as folder:
            log = Path(folder, "log")
            child = os.fork()
            if child == 0:
                os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT), 2)
                fuzz(name, make, Path(folder), findings, int(left))
            status = _wait(child, left + STUCK)
            printed = log.read_text(errors="replace")
        units = [line.split()[-1] for line in printed.splitlines() if "number_of_executed_units" in line]
        tried += int(units[0]) if units else 0
        if status:
            crashes += 1
            (findings / f"{name}-died-{crashes}.txt").write_text(printed[-4000:])
    cpu = os.times()
    print(f"| {name} | {tried} | {crashes} | {cpu.children_user + cpu.children_system:.0f} |", flush=True)


def _wait(child: int, seconds: float) -> int:
    """Return the status of a process when it has ended; end it after some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.2)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def fuzz(name: str, make: Callable[[Path], Any], work: Path, findings: Path, seconds: int) -> None:
    """Fuzz one parser; this process does not come back."""
    from wsstad.errors import DamagedError, QuarantineError, UserError

    inputs = work / "inputs"
    inputs.mkdir()
    parser = make(work)
    good = parser.file.read_bytes()
    parser.read()
    (inputs / "good").write_bytes(good)
    signal.signal(signal.SIGVTALRM, _slow)
    allowed = (UserError, QuarantineError, DamagedError)

    def one(data: bytes) -> None:
        parser.file.write_bytes(data)
        _try(parser.read, allowed, name, data, findings)

    _limit()
    options = [f"-max_total_time={max(1, seconds)}", f"-max_len={LARGEST}", "-timeout=120", "-rss_limit_mb=0"]
    options += ["-print_final_stats=1", f"-artifact_prefix={findings.resolve()}/{name}-died-"]
    import atheris

    atheris.Setup([sys.argv[0], *options, str(inputs)], one)
    atheris.Fuzz()


def _try(
    read: Callable[[], object], allowed: tuple[type[Exception], ...], name: str, data: bytes, findings: Path
) -> None:
    """Read once; note what is not allowed, once for each place in the code."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
    try:
        read()
    except allowed:
        pass
    except BaseException as error:  # a panic of polars is no `Exception`
        _note(name, error, data, findings)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before > MEGABYTES << 10:
        _note(name, MemoryError("over the limit"), data, findings)


def _note(name: str, error: BaseException, data: bytes, findings: Path) -> None:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "wsstad/" in frame.filename]
    place = f"{Path(frames[-1].filename).stem}:{frames[-1].name}" if frames else ""
    mark = hashlib.sha256(f"{type(error).__name__} {place}".encode()).hexdigest()[:8]
    file = findings / f"{name.replace('/', '-')}-{mark}.txt"
    if not file.exists():
        file.write_text("".join(traceback.format_exception(error)))
        file.with_suffix(".bin").write_bytes(data)


def _slow(*about: object) -> None:
    raise TooSlowError(f"more than {CPU_SECONDS} seconds")


def _limit() -> None:
    """Leave room for what is allowed, and some for what libFuzzer keeps."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + (2 * MEGABYTES << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    main()
