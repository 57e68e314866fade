"""The cells of the fault matrix: which fault, in which job, and what has to come of it."""

import errno
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import torch

from faults.test_bad_videos import BAD
from support import injection, jobs
from support.injection import at_call, at_write, error, raises
from support.jobs import Benchmark
from support.matrix import KILLED, QUARANTINE, RETRY, STOP, UNAFFECTED, VIDEO, Cell, Fault, Place
from wsstad.artefacts.shards import QUARANTINE_SUFFIX
from wsstad.perception.detectors.motion import MotionDetector
from wsstad.perception.extractors.c3d import C3dExtractor
from wsstad.perception.linkers.iou import IouLinker
from wsstad.reporting.pictures.illustrations import Illustrations

SHARDED = ("decode 000", "detect 000", "link 000", "extract image 000", "extract region 000", "overlay 000")
WHOLE = ("annotate", "audit", "train", "describe", "predict", "evaluate", "tabulate", "tabulate dataset")
JOBS = (*SHARDED, *WHOLE, "illustrate", "report")
# The first file that they write is of one video, and made with it: what goes wrong over it costs that video alone.
PER_VIDEO = {"overlay 000", "illustrate"}
DISK = {
    errno.ENOSPC: "No space left on device: .* are free; make room",
    errno.EDQUOT: "Disk quota exceeded: .* are free; make room",
    errno.EIO: "Input/output error; the disk",
    errno.EROFS: "Read-only file system; mount",
}
# A job, and an artefact of the first shard that it has to read.
READS = {
    "detect 000": "frames/v000",
    "link 000": "detections/motion/v000",
    "extract image 000": "frames/v000",
    "extract region 000": "tubes/motion/iou/v000",
    "train": "region/motion/iou/v000",
    "predict": "models/mgpr_tiny/0/fold0",
    "evaluate": "predictions/mgpr_tiny/0/fold0",
    "overlay 000": "predictions/mgpr_tiny/0/fold0",
    "illustrate": "tubes/motion/iou/v000",
}
DAYS = 2 * 86_400
LARGE = {"large", "large_images"}  # for a limit that these jobs do not have


def of_family(name: str, benchmark: Benchmark) -> list[Cell]:
    """Return the cells of a family."""
    return list(FAMILIES[name](benchmark))


def sample(cells: Sequence[Cell]) -> list[Cell]:
    """Return one cell of each fault, each time of another job."""
    by_fault: dict[str, list[Cell]] = {}
    for cell in cells:
        by_fault.setdefault(cell.fault.name, []).append(cell)
    return [of_fault[number % len(of_fault)] for number, of_fault in enumerate(by_fault.values())]


# Disks -------------------------------------------------------------------------------------------------------------


def _disk(benchmark: Benchmark) -> Iterator[Cell]:
    """Yield faults of the disk, at counted points of the writing of files."""
    for job in JOBS:
        last = benchmark.writes[job][0]
        full = Fault("the first file is on a full device", inside=lambda place: injection.full_device(1))
        yield Cell(job, full, STOP, DISK[errno.ENOSPC])
        for number, point, n in (
            (errno.ENOSPC, "write", last),
            (errno.EDQUOT, "write", 1),
            (errno.EIO, "sync", 1),
            (errno.EIO, "rename", last),
            (errno.EIO, "folder", last - 1),
            (errno.EROFS, "open", 1),
        ):
            which = "the first file" if n == 1 else "the last file" if n == last else "the last but one"
            fault = Fault(f"{errno.errorcode[number]} at {point} of {which}", inside=_at_write(n, point, error(number)))
            costs_a_video = number == errno.EIO and point == "sync" and job in PER_VIDEO
            yield Cell(job, fault, RETRY, "S302") if costs_a_video else Cell(job, fault, STOP, DISK[number])
    for number, outcome in ((errno.ENOSPC, STOP), (errno.EIO, RETRY), (errno.EROFS, STOP)):
        inside = _at_write(1, "write", error(number), of_child=True)
        fault = Fault(f"{errno.errorcode[number]} at write of the frames", inside=inside)
        yield Cell("decode 000", fault, outcome, "S302" if outcome == RETRY else DISK[number])


def _at_write(n: int, point: str, act: injection.Act, *, of_child: bool = False) -> Callable[[Place], None]:
    return lambda place: at_write(n, point, act, of_child=of_child)


# What lies there ---------------------------------------------------------------------------------------------------


def _inputs(benchmark: Benchmark) -> Iterator[Cell]:
    """Yield artefacts that a job needs and cannot make: it sets them aside and names them."""
    for job, start in READS.items():
        words = rf"{start}.*\.[0-9a-f]{{12}}\.(h5|safetensors): .*"
        aside = f"{words}; set aside as "
        yield Cell(job, Fault("an input is missing", before=partial(_spoil, start, "missing")), STOP, words)
        for how in ("cut", "noise", "another's"):
            yield Cell(job, Fault(f"an input is {how}", before=partial(_spoil, start, how)), STOP, aside)


def _own(benchmark: Benchmark) -> Iterator[Cell]:
    """Yield artefacts of a job's own, under the key that it expects: it makes them again."""
    for job in (*SHARDED, "train", "predict", "illustrate"):
        for how in ("missing", "cut", "another's"):
            yield Cell(job, Fault(f"a result is {how}", before=partial(_spoil, "", how), afresh=False), UNAFFECTED)


def _spoil(start: str, how: str, place: Place) -> None:
    """Remove, cut or change the first artefact whose path has `start` in it, or the job's own first."""
    names = place.benchmark.clean if start else place.benchmark.made[place.job]
    artefacts = sorted(name for name in names if start in name and name.endswith((".h5", ".safetensors")))
    path = place.results / artefacts[0]
    content = path.read_bytes()
    half = len(content) // 2
    if how == "another's":
        others = [other for other in path.parent.glob(f"*{path.suffix}") if other != path]
        new = (others or [other for other in place.results.rglob(f"*{path.suffix}") if other != path])[0].read_bytes()
    else:
        noise = bytes(byte ^ 0xA5 for byte in content[half:])
        new = {"missing": None, "cut": content[:half], "noise": content[:half] + noise}[how]
    place.spoil(artefacts[0], new)


# Processes ---------------------------------------------------------------------------------------------------------


def _processes(benchmark: Benchmark) -> Iterator[Cell]:
    """Yield kills, of jobs in the middle of a write and of the child that decodes."""
    for job in JOBS:
        last = benchmark.writes[job][0]
        for point, n, which in (("write", 1, "first"), ("rename", last, "last")):
            kill = Fault(f"SIGKILL at {point} of the {which} file", inside=_at_write(n, point, injection.kill))
            yield Cell(job, kill, KILLED)
        end = Fault("SIGTERM at sync of the first file", inside=_at_write(1, "sync", _terminate))
        yield Cell(job, end, KILLED)
    for number, outcome, words in (
        (signal.SIGSEGV, RETRY, "V111"),
        (signal.SIGABRT, RETRY, "V111"),
        (signal.SIGKILL, STOP, "v000: its process was killed, perhaps for its memory"),
    ):
        dies = Fault(f"the child dies by {number.name}", inside=partial(_child_dies, number))
        yield Cell("decode 000", dies, outcome, words)
    hangs = Fault("the child hangs", inside=lambda place: injection.child_hangs())
    yield Cell("decode 000", hangs, RETRY, "V110")


def _terminate(path: Path) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _child_dies(number: int, place: Place) -> None:
    injection.child_dies(number)


# The machine around it ---------------------------------------------------------------------------------------------


def _surroundings(benchmark: Benchmark) -> Iterator[Cell]:
    """Yield what a result must not depend on."""
    for job in JOBS:
        yield Cell(job, Fault("no network", inside=lambda place: injection.no_network()), UNAFFECTED)
        hostile = Fault("hostile environment", inside=lambda place: injection.hostile_environment())
        yield Cell(job, hostile, UNAFFECTED)
        yield Cell(job, Fault("clock two days back", inside=lambda place: injection.clock_off(-DAYS)), UNAFFECTED)
        yield Cell(job, Fault("inputs from the future", before=_from_the_future), UNAFFECTED)

    for job in JOBS:
        sizes = [len(benchmark.clean.get(name, b"")) for name in benchmark.made[job]]
        small = Fault("ulimit -f of 4 KB", inside=lambda place: injection.file_limit(4096))
        if max(sizes) > 8192:
            yield Cell(job, small, STOP, "File too large; raise the limit of file sizes")
        elif max(sizes) < 4096:
            yield Cell(job, small, UNAFFECTED)
    if not jobs.apart(injection.read_only_shm).code:
        shm = Fault("/dev/shm is read-only", inside=lambda place: injection.read_only_shm())
        yield from (Cell(job, shm, UNAFFECTED) for job in JOBS)


def _from_the_future(place: Place) -> None:
    """Date all files two days ahead, in copies: a link has one time with the clean run."""
    for path in [path for path in place.folder.rglob("*") if path.is_file()]:
        state, content = path.stat(), path.read_bytes()
        path.unlink()
        path.write_bytes(content)
        os.utime(path, (state.st_atime, state.st_mtime + DAYS))


# Videos, networks, tables ------------------------------------------------------------------------------------------


def _videos(benchmark: Benchmark) -> Iterator[Cell]:
    """Yield bad videos: each has its code, and costs itself alone."""
    for make, code in BAD.items():
        if make.__name__ not in LARGE:
            before = partial(_replace_video, make)
            yield Cell("decode 000", Fault(make.__name__, before=before, after=_bring_back), QUARANTINE, code)
    gone = Fault("the file is gone", before=lambda place: _video(place).unlink(), after=_bring_back)
    yield Cell("decode 000", gone, STOP, r"tables/videos\.tsv: row 2: path: 'videos/v000\.mp4' .* is not under source")
    yield Cell("decode 000", Fault("a link to nothing", before=_link_to_nothing, after=_bring_back), RETRY, "V112")


def _video(place: Place) -> Path:
    return place.folder / "source/videos" / f"{VIDEO}.mp4"


def _link_to_nothing(place: Place) -> None:
    _video(place).unlink()
    _video(place).symlink_to("/nonexistent/v000.mp4")


def _replace_video(make: Callable[[Path], None], place: Place) -> None:
    _video(place).unlink()
    made = jobs.apart(lambda: make(_video(place)))
    if made.code:
        raise RuntimeError(made.log)


def _bring_back(place: Place) -> None:
    path = _video(place)
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    os.link(place.benchmark.folder / path.relative_to(place.folder), path)


def _computing(benchmark: Benchmark) -> Iterator[Cell]:
    """Yield what networks, linkers and drawing can raise over one video."""
    memory = torch.OutOfMemoryError("CUDA out of memory")
    for job, owner, name in (
        ("detect 000", MotionDetector, "_compare"),
        ("link 000", IouLinker, "link"),
        ("extract image 000", C3dExtractor, "features"),
        ("extract region 000", C3dExtractor, "features"),
        ("illustrate", Illustrations, "_draw"),
    ):
        for exception, outcome, code in (
            (memory, RETRY, "S302"),
            (MemoryError(), RETRY, "S302"),
            (RuntimeError("CUDA error: device-side assert"), RETRY, "S302"),
            (OSError(errno.EIO, "Input/output error"), RETRY, "S302"),
            (ValueError("a bug"), QUARANTINE, "S301"),
            (KeyError("another"), QUARANTINE, "S301"),
        ):
            inside = partial(_at_call, owner, name, raises(exception))
            if job == "extract region 000":  # whose batch spans both videos: where it fails, each is tried alone
                outcome = UNAFFECTED
            title = f"{type(exception).__name__}: {str(exception) or 'no memory'}"
            yield Cell(job, Fault(title, inside=inside, after=_mend_code), outcome, code)
    for job in ("extract image 000", "extract region 000"):
        inside = partial(_at_call, C3dExtractor, "_forward", _not_finite)
        yield Cell(job, Fault("a feature is not finite", inside=inside, after=_mend_code), QUARANTINE, "F201")


def _at_call(owner: object, name: str, act: Callable[..., object], place: Place) -> None:
    at_call(owner, name, 1, act)


def _not_finite(real: Callable[..., torch.Tensor], *args: object) -> torch.Tensor:
    made = real(*args)
    made[0, 0] = torch.nan
    return made


def _mend_code(place: Place) -> None:
    """Remove the notes of why videos have no artefact: mended code has other keys, under which there are none."""
    for path in place.results.rglob(f"*{QUARANTINE_SUFFIX}"):
        if path.relative_to(place.results).as_posix() not in place.benchmark.clean:
            path.unlink()


def _tables(benchmark: Benchmark) -> Iterator[Cell]:
    """Yield mistakes in a user's tables: one line with the file."""
    videos, split, boxes = "tables/videos.tsv", "tables/splits/cv2.tsv", "source/annotations.tsv"
    for title, name, old, new, readers in (
        ("a column is missing", videos, "\tpath\t", "\tfile\t", ("decode 000", "train", "predict", "illustrate")),
        ("a video twice", videos, "v001\t", "v000\t", ("decode 000", "annotate", "evaluate")),
        ("an unknown label", videos, "\tabnormal\t", "\tstrange\t", ("decode 000", "train")),
        ("an unknown part", split, "\ttest", "\tproof", ("train", "predict", "evaluate")),
        ("an unknown video", split, "\tv000\t", "\tv009\t", ("train", "predict", "evaluate", "illustrate")),
        ("no number", boxes, "70.248", "seventy", ("annotate",)),
        ("not finite", boxes, "70.248", "nan", ("annotate",)),
        ("a frame beyond the last", boxes, "\t27\t", "\t2700\t", ("annotate",)),
        ("NUL", boxes, "70.248", "70\0", ("annotate",)),
        ("an open quote", boxes, "70.248", '"70', ("annotate",)),
    ):
        for job in readers:
            before = partial(_edit, name, old, new)
            fault = Fault(f"{Path(name).name}: {title}", before=before, after=Place.restore)
            yield Cell(job, fault, STOP, re.escape(Path(name).name))


def _edit(name: str, old: str, new: str, place: Place) -> None:
    path = place.folder / name
    text = path.read_text()
    if old not in text:
        raise ValueError(f"{name} has no {old!r}")
    place.change(path, text.replace(old, new, 1).encode())


FAMILIES = {
    "disk": _disk,
    "inputs": _inputs,
    "own": _own,
    "processes": _processes,
    "surroundings": _surroundings,
    "videos": _videos,
    "computing": _computing,
    "tables": _tables,
}
