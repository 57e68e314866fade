"""Render a small road-surveillance benchmark: videos, tables, and where the accidents are.

wsstad synthesize --output roads --videos 8 --seed 1 --frames 64 --size 160x120
wsstad synthesize --output study --kind study --videos 200 --seed 11 --frames 256 --folds 2
"""

import argparse
import logging
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from wsstad import cli, video
from wsstad.artefacts import keys, storage
from wsstad.errors import UserError
from wsstad.jsonable import Json
from wsstad.progress import Progress
from wsstad.scenes import incidents, scripts
from wsstad.scenes.footage_plan import Benchmark, FootagePlan, video_name
from wsstad.scenes.renderer import Renderer, accident_boxes
from wsstad.scenes.study_plan import StudyBenchmark
from wsstad.scenes.tables import record_path, write_annotations, write_tables

log = logging.getLogger(__name__)

FPS = 10
CRF = 23
# Kinds of footage: the plan, and the fewest frames of a video.
KINDS: dict[str, tuple[Callable[[int, int, tuple[int, int]], FootagePlan], int]] = {
    "demo": (Benchmark, scripts.MIN_FRAMES),
    "study": (StudyBenchmark, incidents.MIN_FRAMES),
}

Task = tuple[Path, FootagePlan, int]


def main(argv: list[str] | None = None) -> None:
    """Make a benchmark in a folder, or what is missing of it."""
    args = parse(argv)
    benchmark = KINDS[args.kind][0](args.seed, args.frames, args.size)
    write_tables(args.output, benchmark, videos=args.videos, folds=args.folds)
    if args.tables_only:
        return
    wanted = [(args.output, benchmark, i) for i in range(args.videos)]
    missing = [task for task in wanted if not _is_made(*task)]
    log.info("synthesize: %d videos, %d to do, %d unchanged", len(wanted), len(missing), len(wanted) - len(missing))
    if missing:
        with Progress("synthesize", len(missing), "videos") as progress:
            for _ in _map(missing, args.jobs):
                progress.add()
    write_annotations(args.output, benchmark, videos=args.videos)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = cli.make_parser(__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder of the benchmark")
    parser.add_argument("--videos", type=int, required=True, help="number of videos, half of them abnormal")
    parser.add_argument(
        "--kind",
        choices=KINDS,
        default="demo",
        help="demo: accidents with smoke and debris; study: incidents with little or none, and acts like them",
    )
    parser.add_argument("--seed", type=int, required=True, help="video i is drawn from the seed and i alone")
    parser.add_argument(
        "--frames",
        type=int,
        default=96,
        help=f"frames a video, at least {scripts.MIN_FRAMES}; of the study {incidents.MIN_FRAMES}",
    )
    parser.add_argument("--size", type=_size, default=(320, 240), help="width x height, such as 320x240")
    parser.add_argument("--folds", type=int, default=4, help="folds of the cross-validation")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--tables-only", action="store_true", help="write videos.tsv, splits and dataset.yaml alone")
    return parser


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments; raise `UserError` when they make no benchmark."""
    args = parser().parse_args(argv)
    least = {"videos": max(2 * args.folds, 1), "folds": 2, "frames": KINDS[args.kind][1], "jobs": 1, "seed": 0}
    for name, minimum in least.items():
        if getattr(args, name) < minimum:
            raise UserError(f"--{name} {getattr(args, name)} is not allowed; allowed: at least {minimum}")
    return args


def make_video(task: Task) -> None:
    """Render one video and write its record: key, sha256 and the boxes of its accident."""
    folder, benchmark, i = task
    scene, path = benchmark.scene(i), _video(folder, video_name(i))
    video.write_video(path, Renderer(scene).frames(), fps=FPS, crf=CRF)
    boxes = [[frame, [round(float(v), 3) for v in box]] for frame, box in accident_boxes(scene).items()]
    record = {"key": _key(benchmark, i), "sha256": storage.file_digest(path), "boxes": boxes}
    storage.write_json(record_path(folder, video_name(i)), record)


def _map(tasks: list[Task], jobs: int) -> Iterator[None]:
    if jobs == 1 or len(tasks) == 1:
        yield from map(make_video, tasks)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(make_video, tasks)


def _is_made(folder: Path, benchmark: FootagePlan, i: int) -> bool:
    """Return whether a video is there, made from the same numbers by the same code, and is what its record says."""
    path, record = _video(folder, video_name(i)), record_path(folder, video_name(i))
    if not path.is_file() or not record.is_file():
        return False
    try:
        facts: Json = storage.read_json(record)
        return facts["key"] == _key(benchmark, i) and facts["sha256"] == storage.file_digest(path)
    except (ValueError, KeyError, TypeError):
        return False


def _key(benchmark: FootagePlan, i: int) -> str:
    code = keys.code_digest("wsstad.scenes.renderer", type(benchmark).__module__, "wsstad.video.encoding")
    parameters = {
        "seed": benchmark.seed,
        "frames": benchmark.n_frames,
        "size": list(benchmark.size),
        "fps": FPS,
        "crf": CRF,
    }
    return keys.make_key("synthesize", code=code, parameters=parameters, inputs={"video": i})


def _video(folder: Path, name: str) -> Path:
    return folder / "videos" / f"{name}.mp4"


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and min(int(width), int(height)) >= 64):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no size; allowed: width x height, each 64 or more, such as 320x240"
        )
    return int(width), int(height)
