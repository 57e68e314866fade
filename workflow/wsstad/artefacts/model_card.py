"""Cards: beside each model, what footage must go through to be scored by it. A model and its card belong together."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from wsstad.artefacts import storage
from wsstad.errors import DamagedError, UserError
from wsstad.jsonable import Facts

SUFFIX = ".card.json"
KIND = "card"
LINKS = ("detector", "linker", "extractor")


@dataclass(frozen=True)
class Link:
    """A variant of one family: its name, and all that its YAML file said, with the defaults."""

    name: str
    parameters: Facts


@dataclass(frozen=True)
class Card:
    """Which model this is, what it learned from, and the chain that made the features it learned from.

    `type` is the method's name in METHODS; `method` that of its YAML file. `code` are digests of the code by stage.
    """

    method: str
    type: str
    seed: int
    fold: int
    key: str
    digest: str
    dataset: str
    split: str
    detector: Link
    linker: Link
    extractor: Link
    decode: Facts
    code: Mapping[str, str]

    def changed(self, now: Mapping[str, str]) -> list[str]:
        """Return the stages whose code, of which `now` has the digests, has changed since the training."""
        return [stage for stage in now if now[stage] != self.code.get(stage)]

    def types(self) -> dict[str, str]:
        """Return the type of the variant of each family."""
        return {name: getattr(self, name).parameters["type"] for name in LINKS}

    @property
    def name(self) -> str:
        """The name of the model in paths."""
        return f"{self.method}_{self.key[:12]}"

    def write(self, path: Path) -> None:
        """Write the card as JSON."""
        storage.write_json(path, asdict(self))


def path_of(model: Path) -> Path:
    """Return where the card of a model lies."""
    return model.with_suffix(SUFFIX)


def read(model: Path) -> Card:
    """Return the card of a model; raise `UserError` when either is missing, or they do not belong together."""
    path = path_of(model)
    if not model.is_file():
        raise UserError(
            f"{model}: no such model; those that were trained are results/*/runs/**/models/**/*.safetensors"
        )
    if not path.is_file():
        raise UserError(f"{model}: no card {path.name} beside it; a run of what trained the model writes it")
    try:
        digest = storage.tensors_digest(model)
        found = storage.read_json(path)
        links = {name: Link(**found[name]) for name in LINKS}
        card = Card(**{**found, **links})
    except DamagedError as error:
        raise UserError(f"{error}; a run of what trained it makes it again") from error
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: not the card of a model: {error}") from error
    if card.digest != digest:
        raise UserError(f"{path}: the card of another model than {model.name}")
    return card
