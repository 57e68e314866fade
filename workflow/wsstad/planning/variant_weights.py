"""The weights that a variant names: whether they are there, and are what they should be."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wsstad.errors import UserError
from wsstad.locations import in_package
from wsstad.parameters import Registered, VariantParameters
from wsstad.planning import weights_catalogue as catalogue


def find(parameters: VariantParameters) -> tuple[str | None, Path | None]:
    """Return the name of the file of weights that must lie in some folder, or the path of one in a Python package.

    Raises `UserError` where the package is not installed and no file can stand in for it.
    """
    name, packaged = parameters.weights_file, parameters.packaged
    if name or packaged is None:
        return name, None
    if path := in_package(*packaged):
        return None, path
    if "weights" not in type(parameters).model_fields:
        raise UserError(f"the Python package {packaged[0]}, which holds the weights, is not installed")
    return Path(packaged[1]).name, None


@dataclass(frozen=True)
class Weights:
    """The YAML of a variant, its parameters, and the types of its family."""

    variant: Path
    parameters: VariantParameters
    family: Mapping[str, Registered[Any]]

    def check(self, folder: Path, where: str) -> None:
        """Raise `UserError` unless they are there, may be used, and are the ones that the variant names.

        They lie beside the YAML or in `folder`, which `where`, the configuration, can name, or in a Python package.
        """
        sha256 = getattr(self.parameters, "sha256", None)
        name, path = find(self.parameters)
        if name:
            places = (self.variant.parent, folder)
            path = next((place / name for place in places if (place / name).is_file()), None)
            if path is None:
                hint = f"{catalogue.remedy(str(sha256), folder)}; or name its folder as `weights` in {where}"
                raise UserError(f"{self.variant}: weights: {name!r} is not in {' or '.join(map(str, places))}; {hint}")
            if problem := self.family[self.parameters.type].problem(path):
                raise UserError(f"{path}: {problem}")
        if path and sha256 and not catalogue.is_right(path, sha256):
            digest = catalogue.digest_of(path)
            actual = f"its sha256 is {digest}{catalogue.known_as(digest)}"
            raise UserError(
                f"{path}: {actual}; {self.variant} allows only {sha256}: {catalogue.remedy(sha256, folder)}"
            )
