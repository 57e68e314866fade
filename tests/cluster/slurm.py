"""A real Slurm on this machine, and the records that it keeps of its jobs."""

import os
import re
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

SCRIPTS = Path(__file__).parent


@dataclass(frozen=True)
class Job:
    """What Slurm says of a job: MB of memory and minutes that it was given, GPUs, and when it ran."""

    id: str
    rule: str
    state: str
    node: str
    memory: int
    minutes: int
    gpus: int
    start: datetime
    end: datetime
    log: Path


@dataclass(frozen=True)
class Slurm:
    """The Slurm in `folder`, that `up.sh` started."""

    folder: Path

    def environment(self) -> dict[str, str]:
        """Return the variables with which Slurm's commands find this one."""
        return {
            **os.environ,
            "SLURM_CONF": str(self.folder / "etc" / "slurm.conf"),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
        }

    def say(self, *command: str) -> str:
        """Run a command of Slurm and return what it prints."""
        return subprocess.run(command, env=self.environment(), check=True, capture_output=True, text=True).stdout

    def node(self, name: str, action: str) -> None:
        """Kill a node, or start it again."""
        subprocess.run([SCRIPTS / "node.sh", self.folder, name, action], check=True)

    def jobs(self, workplace: Path, rule: str = "") -> list[Job]:
        """Return the jobs that were submitted from a folder, finished ones too, in the order of their submission."""
        records = self.say("scontrol", "show", "job", "--detail", "--oneliner").splitlines()
        fields = [dict(re.findall(r"([\w/:]+)=(\S*)", record)) for record in records if record.startswith("JobId=")]
        jobs = [_job(field) for field in fields if field["WorkDir"] == str(workplace)]
        return sorted((job for job in jobs if rule in ("", job.rule)), key=lambda job: int(job.id))


def _job(record: dict[str, str]) -> Job:
    hours, minutes, seconds = (int(part) for part in record["TimeLimit"].split(":"))
    assert seconds == 0
    memory = re.search(r"mem=(\d+)([MG])", record["TRES"])
    assert memory
    gpus = re.fullmatch(r"gres:gpu:(\d+)", record.get("TresPerJob", ""))
    # The executor keeps a job's rule in its comment, the script of the generic profile in its name.
    named = re.match(r"rule_(.+?)(_wildcards_.*)?$", record.get("Comment", "")) or re.search(
        r"_(\w+)$", record["JobName"]
    )
    return Job(
        id=record["JobId"],
        rule=named.group(1) if named else "",
        state=record["JobState"],
        node=record["NodeList"],
        memory=int(memory.group(1)) * (1024 if memory.group(2) == "G" else 1),
        minutes=60 * hours + minutes,
        gpus=int(gpus.group(1)) if gpus else 0,
        start=_time(record["StartTime"]),
        end=_time(record["EndTime"]),
        log=Path(record["StdOut"]),
    )


def _time(text: str) -> datetime:
    return datetime.max if text == "Unknown" else datetime.fromisoformat(text)
