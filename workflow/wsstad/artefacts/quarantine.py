"""Quarantine: the videos that a stage set aside, why, and whether they are too many."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wsstad.artefacts import cells, manifest, seals, storage
from wsstad.errors import QUARANTINE_CODES, UserError

COLUMNS = ("video", "code", "meaning", "reason")


@dataclass(frozen=True)
class Budget:
    """How many videos may be quarantined: the larger of a `share` of all and a number of `videos`; `strict`: none."""

    share: float
    videos: int
    strict: bool

    def allowed(self, total: int) -> int:
        """Return the number allowed of `total` videos."""
        return 0 if self.strict else max(self.videos, int(self.share * total))


def audit(manifests: Iterable[Path], budget: Budget, output: Path) -> list[dict[str, str]]:
    """Write the table of quarantined videos and return its rows; raise `UserError` when they exceed the budget."""
    videos: set[str] = set()
    bad: dict[str, dict[str, str]] = {}
    for path in manifests:
        for video, row in manifest.read_manifest(path).rows.items():
            videos.add(video)
            if not row.ok:
                meaning = QUARANTINE_CODES[row.code]
                bad[video] = {"video": video, "code": row.code, "meaning": meaning, "reason": row.reason}
    allowed = budget.allowed(len(videos))
    if len(bad) > allowed:
        first = "; ".join(f"{row['video']} {row['code']} {row['reason']}" for _, row in sorted(bad.items())[:5])
        raise UserError(
            f"{len(bad)} of {len(videos)} videos are quarantined ({', '.join(sorted(bad))}); allowed: {allowed}"
            f" (config.yaml: quarantine); {first}"
        )
    rows = [bad[video] for video in sorted(bad)]
    storage.write_table(output, cells.readable(rows), COLUMNS)
    seals.seal(output)
    return rows
