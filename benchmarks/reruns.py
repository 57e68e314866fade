"""Time what is run again after a change, on any configured dataset: a change at a time, on a copy of its results.

    python benchmarks/reruns.py --config config/ped2.yaml --set weights=weights datasets.ucsd_ped2.source=...

Run it where the results are; what is not there yet is made first. The copy lies in ``--work``; nothing else is touched.
"""

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

sys.path.insert(0, str(Path(__file__).parent.parent / "workflow"))

from wsstad import cli, config
from wsstad.artefacts import storage
from wsstad.locations import SHARE
from wsstad.planning import command_line
from wsstad.planning.families import FAMILIES
from wsstad.planning.plan import Plan

FOLDERS = {"image": "extract_image", "region": "extract_region"}
NOUNS = {"train": "models", "predict": "folds of runs"}


class Change(NamedTuple):
    """A change and what to call it."""

    title: str
    act: Callable[[], None]


class Place:
    """A copy of the results, in which variants and tables may be changed."""

    def __init__(self, folder: Path, content: dict[str, Any], plan: Plan) -> None:
        self.folder, self.content = folder, content
        self.block = plan.blocks()[0]
        self.methods = [name for name in plan.methods(self.block, "benchmark") if plan.is_trained(name)]
        self.tables = folder / "tables"
        self.entry = next(entry for entry in content["benchmarks"] if entry["dataset"] == self.block.dataset)
        for source in (SHARE / "config", Path("config")):
            shutil.copytree(source, folder / "config", dirs_exist_ok=True)
        shutil.copytree(plan.tables(self.block.dataset), self.tables, dirs_exist_ok=True)
        content["datasets"] = {
            self.block.dataset: {
                "source": str(Path(plan.source(self.block.dataset)).resolve()),
                "tables": "tables",
            }
        }
        content["benchmarks"] = [self.entry]
        content["weights"] = str(Path(plan.config["weights"]).resolve())
        self.write()

    def write(self, **changes: Any) -> None:
        """Write the configuration, changed at its top level."""
        (self.folder / "config.yaml").write_text(yaml.safe_dump({**self.content, **changes}))

    def variant(self, family: str, name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Change keys of a variant: `change` gets all its keys, defaults included."""
        path = self.folder / "config" / family / f"{name}.yaml"
        content = config.load_yaml(path)
        filled = content if family == "scales" else config.load_variant(path, FAMILIES[family]).model_dump()
        path.write_text(yaml.safe_dump({**content, **change(filled)}))

    def run(self, *arguments: str) -> tuple[float, float, dict[str, str]]:
        """Run; return how many seconds it took, and of all processors, and what each stage had to do."""
        before, used = self._logs(), _processor_seconds()
        started = time.perf_counter()
        command = [sys.executable, "-m", "wsstad", "run", "--config", "config.yaml", *arguments]
        env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(SHARE / "workflow")}
        subprocess.run(command, cwd=self.folder, check=True, env=env)
        seconds, used = time.perf_counter() - started, _processor_seconds() - used
        changed = [path for path, state in self._logs().items() if before.get(path) != state]
        return seconds, used, _amounts(self.folder, changed)

    def _logs(self) -> dict[Path, tuple[int, int]]:
        logs = self.folder.glob("results/logs/*/**/*.log")
        return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in logs}


def main(argv: list[str] | None = None) -> None:
    """Print the table of all changes."""
    parser = command_line.plan_parser(__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--work", type=Path, default=Path("runs/reruns"), help="where the copy lies; made anew")
    parser.add_argument("--cores", default="all", help="as for `wsstad run`")
    parser.add_argument("--extractor", action="store_true", help="change the extractor as well: all clips anew")
    args = parser.parse_args(argv)
    files = [path for group in args.config or [] for path in group]
    plan = command_line.read_plan(files, args.set)
    shutil.rmtree(args.work, ignore_errors=True)
    place = Place(_copied(args.work), plan.config, plan)
    print("| change | seconds | CPU seconds | what was done |\n|---|---:|---:|---|", flush=True)
    for change in changes(place, with_extractor=args.extractor):
        change.act()
        seconds, used, amounts = place.run("--cores", args.cores)
        listed = "; ".join(f"{stage}: {amount}" for stage, amount in amounts.items()) or "nothing"
        print(f"| {change.title} | {seconds:.0f} | {used:.0f} | {listed} |", flush=True)


def changes(place: Place, *, with_extractor: bool) -> Iterator[Change]:
    """Yield the changes, from the last stage to the first; each stays, so that the next row is about itself alone."""
    block, entry = place.block, place.entry
    yield Change("copied to another place, all looked at", lambda: None)
    yield Change("nothing", lambda: None)
    place.content["evaluate"] = {**place.content["evaluate"], "thresholds": [0.2, 0.4]}
    yield Change("thresholds of IoU@eps", place.write)
    seeds = sorted(entry["seeds"])
    entry["seeds"] = [*seeds, seeds[-1] + 1]
    yield Change("one more seed", place.write)
    if place.methods:
        method = place.methods[0]
        yield Change(f"method {method}: learning rate", lambda: place.variant("methods", method, _faster))
    yield Change("scale: a quarter less iterations", lambda: place.variant("scales", block.scale, _shorter))
    yield Change("an artefact lost", lambda: _lose(place, "detections"))
    yield Change("linker: min_iou + 0.1", lambda: place.variant("linkers", block.linker, _tighter))
    yield Change("detector: more certain", lambda: place.variant("detectors", block.detector, _stricter))
    yield Change("detector: and back", lambda: place.variant("detectors", block.detector, _looser))
    yield Change("detector: no box moves", lambda: place.variant("detectors", block.detector, _fewer))
    rows = storage.read_table(place.tables / "videos.tsv")
    first, second = [row for row in rows if row["label"] == rows[0]["label"]][:2]
    yield Change("one video replaced", lambda: _write_videos(place, rows, {**first, "path": second["path"]}))
    yield Change("one video added", lambda: _write_videos(place, rows, {**first, "video": "one_more"}))
    if with_extractor:
        yield Change("extractor", lambda: place.variant("extractors", block.extractor, _other_extractor))


def _fewer(detector: dict[str, Any]) -> dict[str, Any]:
    return {"max_detections": detector["max_detections"] - 1}


def _stricter(detector: dict[str, Any]) -> dict[str, Any]:
    name = "confidence" if "confidence" in detector else "threshold"
    return {name: round(detector[name] * 1.5, 4)}


def _looser(detector: dict[str, Any]) -> dict[str, Any]:
    name = "confidence" if "confidence" in detector else "threshold"
    return {name: round(detector[name] / 1.5, 4)}


def _tighter(linker: dict[str, Any]) -> dict[str, Any]:
    return {"min_iou": round(linker["min_iou"] + 0.1, 4)}


def _other_extractor(extractor: dict[str, Any]) -> dict[str, Any]:
    if extractor.get("seed") is not None:
        return {"seed": extractor["seed"] + 1}
    return {"margin": round(extractor["margin"] + 0.1, 4)}


def _faster(method: dict[str, Any]) -> dict[str, Any]:
    return {"learning_rate": 2 * method["learning_rate"]}


def _shorter(scale: dict[str, Any]) -> dict[str, Any]:
    return {"max_iterations": 3 * scale.get("max_iterations", 400) // 4}


def _write_videos(place: Place, rows: list[dict[str, str]], changed: dict[str, str]) -> None:
    """Write ``videos.tsv`` with a row changed, or added."""
    by_video = {row["video"]: row for row in rows} | {changed["video"]: changed}
    storage.write_table(place.tables / "videos.tsv", by_video.values(), list(rows[0]))


def _lose(place: Place, store: str) -> None:
    """Delete one of the artefacts that are in use."""
    (row, *_), path = _manifest(place, store)
    next(path.parent.parent.glob(f"{row['video']}.{row['key'][:12]}.h5")).unlink()


def _manifest(place: Place, store: str) -> tuple[list[dict[str, str]], Path]:
    path = sorted((place.folder / "results" / place.block.dataset / store).rglob("manifests/*.tsv"))[0]
    return storage.read_table(path), path


def _copied(work: Path) -> Path:
    """Return a folder with a copy of the results that are here."""
    work.mkdir(parents=True)
    for name in ("results", ".snakemake"):
        if Path(name).is_dir():
            subprocess.run(["cp", "-a", "--reflink=auto", name, work], check=True)
    return work


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _amounts(folder: Path, logs: list[Path]) -> dict[str, str]:
    """Return what the jobs with these logs had to do, by stage."""
    texts_of_stages: dict[str, list[str]] = {}
    for path in sorted(logs):
        parts = path.relative_to(folder / "results/logs").parts
        stage = next((FOLDERS[part] for part in parts if part in FOLDERS and parts[0] == "extract"), parts[0])
        texts_of_stages.setdefault(stage, []).append(path.read_text())
    amounts = {}
    for stage, texts in texts_of_stages.items():
        counts = [re.findall(r"(\d+) \S+(?: of runs)?, (\d+) to do", text)[-1:] for text in texts]
        jobs = f"{len(texts)} job{'s' if len(texts) > 1 else ''}"
        if all(counts):
            total, to_do = (sum(int(count[0][i]) for count in counts) for i in (0, 1))
            jobs += f", {to_do} of {total} {NOUNS.get(stage, 'videos')}"
        clips = [re.findall(r"_features: (\d+) computed, (\d+) taken over", text) for text in texts]
        if any(clips):
            computed, taken = (sum(int(clip[0][i]) for clip in clips if clip) for i in (0, 1))
            jobs += f" ({computed} clips computed, {taken} taken over)"
        amounts[stage] = jobs
    return amounts


if __name__ == "__main__":
    cli.run(main)
