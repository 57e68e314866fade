"""Say which videos are quarantined, at which stage and why; stop the run when they are too many."""

import argparse
import logging
from pathlib import Path

from wsstad.artefacts import manifest, storage
from wsstad.errors import QUARANTINE_CODES, UserError

log = logging.getLogger(__name__)


def main(argv: list[str] | None = None) -> None:
    """Write the table of quarantined videos, or raise `UserError` when they exceed the budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifests", type=Path, nargs="+", required=True, help="manifests of one or several stages")
    parser.add_argument("--budget", type=float, required=True, help="share of the videos that may be quarantined")
    parser.add_argument("--videos", type=int, required=True, help="number of videos that may be, whatever the share")
    parser.add_argument("--strict", action="store_true", help="allow none")
    parser.add_argument("--output", type=Path, required=True, help="table of the quarantined videos")
    args = parser.parse_args(argv)

    videos: set[str] = set()
    bad: dict[str, dict[str, str]] = {}
    for path in args.manifests:
        for video, row in manifest.read_manifest(path).rows.items():
            videos.add(video)
            if not row.ok:
                meaning = QUARANTINE_CODES[row.code]
                bad[video] = {"video": video, "code": row.code, "meaning": meaning, "reason": row.reason}
    for cells in bad.values():
        log.warning("quarantined: %(video)s %(code)s %(reason)s", cells)
    allowed = 0 if args.strict else max(args.videos, int(args.budget * len(videos)))
    if len(bad) > allowed:
        raise UserError(
            f"{len(bad)} of {len(videos)} videos are quarantined ({', '.join(sorted(bad))}); allowed: {allowed}"
            " (config.yaml: quarantine); their reasons stand in the manifests beside the features"
        )
    storage.write_table(args.output, [bad[video] for video in sorted(bad)], ["video", "code", "meaning", "reason"])
