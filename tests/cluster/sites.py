"""A folder in which the workflow runs on a cluster, and what the tests do to it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from cluster.slurm import Job, Slurm
from workflow.conftest import Workplace

PROFILES = Path(__file__).parents[2] / "workflow" / "profiles"
# The test cluster has no accounting database, and its jobs are short.
IMPATIENT = ("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "1")


@dataclass(kw_only=True)
class Site(Workplace):
    """A folder in which the workflow runs, and the cluster to which it submits its jobs."""

    slurm: Slurm
    profile: str = "slurm"

    def start(self, *arguments: str) -> subprocess.Popen:
        environment = self.slurm.environment()
        path = f"{self.slurm.folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        package = str(PROFILES.parent)
        quick = {"WSSTAD_QUEUE_SECONDS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": package}
        command = [sys.executable, "-m", "wsstad", "run", "--config", "config.yaml", "--profile", self.profile]
        return subprocess.Popen(
            [*command, "--", "--latency-wait", "10", *arguments],
            cwd=self.folder,
            env={**environment, **quick, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> str:
        """Run to the end; fail with everything that was said unless it ended well."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=1500)
        assert process.returncode == 0, output
        return output

    def run_slurm(self, *arguments: str) -> str:
        return self.run(*IMPATIENT, "--slurm-keep-successful-logs", *arguments)

    def jobs(self, rule: str = "") -> list[Job]:
        return self.slurm.jobs(self.folder, rule)

    def configure_shards(self, videos: int) -> None:
        """Change how many videos a job handles."""
        path = self.folder / "config.yaml"
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "shard_videos": videos}))

    def own_profile(self, rule: str, **resources: str) -> None:
        """Use the profile for Slurm with other resources for one rule."""
        own = self.folder / "own_profile"
        shutil.copytree(PROFILES / "slurm", own)
        content = yaml.safe_load((own / "config.yaml").read_text())
        content["set-resources"][rule].update(resources)
        (own / "config.yaml").write_text(yaml.safe_dump(content))
        self.profile = str(own)

    def unrecorded(self) -> list[str]:
        """Return the results whose provenance Snakemake does not know; a run would mend that before it told."""
        snakefile = PROFILES.parent.parent / "workflow/Snakefile"
        command = [sys.executable, "-m", "snakemake", "--snakefile", snakefile, "--configfile", "config.yaml"]
        output = subprocess.run(
            [*command, "--quiet", "all", "--summary"], cwd=self.folder, check=True, capture_output=True, text=True
        ).stdout
        rows = [line.split("\t") for line in output.splitlines() if line.startswith("results/")]
        assert rows
        return [row[0] for row in rows if row[1] != "-" and row[3] == "-"]

    def processes(self, stage: str) -> list[int]:
        """Return the processes of a stage that are at work in this folder, without those that they have forked."""
        parents = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                here = (folder / "cwd").readlink() == self.folder
                parent = int(re.search(r"PPid:\s+(\d+)", (folder / "status").read_text())[1])
            except OSError:  # it has ended
                continue
            if here and words[1:4] == [b"-m", b"wsstad.stages", stage.encode()]:
                parents[int(folder.name)] = parent
        return [pid for pid, parent in parents.items() if parent not in parents]


def manifests(workplace: Workplace, stage: str) -> dict[str, bytes]:
    """Return the bytes of the manifests of a stage, which hold the digest of every video's result."""
    result = sorted(workplace.folder.glob(f"results/small/{stage}/manifests/*.tsv"))
    assert result
    return {path.name: path.read_bytes() for path in result}


def wait_for(what: Callable[[], object], process: subprocess.Popen | None = None, seconds: float = 300) -> None:
    """Wait until `what` is true, while a run goes on if one is given."""
    deadline = time.monotonic() + seconds
    while not what():
        assert process is None or process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def stop_one(processes: Sequence[int]) -> bool:
    """SIGSTOP the first of some processes that has not ended; tell whether there was one."""
    for process in processes:
        try:
            os.kill(process, signal.SIGSTOP)
        except ProcessLookupError:
            continue
        return True
    return False


def kill(process: subprocess.Popen) -> str:
    """SIGKILL a run, as a crash of the host that submits does; return what it had said."""
    os.killpg(process.pid, signal.SIGKILL)
    return process.communicate()[0]
