"""The three ways in which something can go wrong that is not a bug."""

from pathlib import Path


class UserError(ValueError):
    """Stop the run with one line: a file, its row, the value found and what is allowed."""


class DamagedError(UserError):
    """A result at `path` is missing, cut, foreign, or does not match its digest: it can be made again."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        """Return one line that begins with the file."""
        return f"{self.path}: {' '.join(self.reason.split())}"


class QuarantineError(Exception):
    """Set one video aside, with a stable code and a reason, and let the run go on."""

    def __init__(self, code: str, reason: str) -> None:
        if code not in QUARANTINE_CODES:
            raise ValueError(f"unknown quarantine code {code!r}")
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


QUARANTINE_CODES = {
    "V101": "not a video: unknown container",
    "V102": "empty file or folder",
    "V103": "no video stream",
    "V104": "no frame can be decoded",
    "V105": "damaged: the decoder reported errors",
    "V106": "too short: fewer than 8 frames",
    "V107": "frame size changes",
    "V108": "truncated: much shorter than its container says",
    "V109": "too large: more pixels than allowed",
    "V110": "the decoder hangs",
    "V111": "the decoder crashes",
    "V112": "cannot be read",
    "V113": "other bytes than the list of checksums says",
    "S301": "a stage failed over it: its log has the traceback",
    "S302": "memory, a device or a disk failed over it",
    "F201": "features are not finite",
}
# The cause may pass: the video is tried again whenever its shard is looked at again.
PASSING_CODES = {"V110", "V111", "V112", "S302"}
# Of these every run looks again; a decoder that hangs would cost minutes each time.
RETRIED_CODES = {"V112", "S302"}
