"""The weights that a variant names: whether they are there, and may be what they should be."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wsstad.errors import UserError
from wsstad.parameters import Registered, VariantParameters


@dataclass(frozen=True)
class Weights:
    """The YAML of a variant, its parameters, and the types of its family."""

    variant: Path
    parameters: VariantParameters
    family: Mapping[str, Registered[Any]]

    def check(self, folder: Path, where: str) -> None:
        """Raise `UserError` unless they lie beside the YAML or in `folder` and may be used; their job looks closer.

        `where` is the configuration that can name another folder.
        """
        name = self.parameters.weights_file
        if not name:
            return
        folders = (self.variant.parent, folder)
        path = next((place / name for place in folders if (place / name).is_file()), None)
        if path is None:
            places = " or ".join(map(str, folders))
            hint = f"put it there, or name its folder as `weights` in {where}"
            raise UserError(f"{self.variant}: weights: {name!r} is not in {places}; {hint}")
        if problem := self.family[self.parameters.type].problem(path):
            raise UserError(f"{path}: {problem}")
