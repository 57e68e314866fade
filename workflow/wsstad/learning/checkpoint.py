"""The state of a training that is under way, so that a killed one goes on where it was and ends with the same bytes."""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from wsstad.artefacts import storage
from wsstad.errors import DamagedError
from wsstad.jsonable import Facts

log = logging.getLogger(__name__)

State = tuple[Mapping[str, np.ndarray], Facts]


class Checkpoint:
    """A file with the state of one training, written every `seconds` and removed at the end.

    The `key` is that of the model: the state of another training is not taken up. Writing may take a twentieth of the
    time, so a large state is written less often.
    """

    def __init__(self, path: Path, key: str, seconds: float = 20.0) -> None:
        self.path, self.key, self.seconds = path, key, seconds
        self._last, self._took = time.monotonic(), 0.0

    def load(self) -> State | None:
        """Return the state that stands under the key, if one does."""
        if not self.path.exists():
            return None
        try:
            tensors, meta, key = storage.read_tensors(self.path)
        except DamagedError as error:
            log.warning("%s; training starts anew", error)
            return None
        return (tensors, meta) if key == self.key else None

    def save_if_due(self, state: Callable[[], State]) -> None:
        """Write the state if the last time was long enough ago."""
        started = time.monotonic()
        if started - self._last < max(self.seconds, 20 * self._took):
            return
        storage.write_tensors(self.path, *state(), key=self.key)
        self._last = time.monotonic()
        self._took = self._last - started

    def remove_others(self, *patterns: str) -> None:
        """Remove what killed trainings left in the folder: states of other inputs, files that were half written."""
        for pattern in patterns:
            for other in set(self.path.parent.glob(pattern)) - {self.path}:
                other.unlink()

    def remove(self) -> None:
        """Forget the state: the model stands."""
        self.path.unlink(missing_ok=True)
