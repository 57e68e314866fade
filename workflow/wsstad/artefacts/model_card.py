"""Cards: beside each model, what footage must go through to be scored by it. A model and its card belong together."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from wsstad import names
from wsstad.artefacts import storage
from wsstad.errors import DamagedError, UserError
from wsstad.jsonable import Json
from wsstad.parameters import Sha256

SUFFIX = ".card.json"
KIND = "card"
LINKS = ("detector", "linker", "extractor")
LARGEST = 1_000_000  # bytes of a card
STRICT = ConfigDict(strict=True, extra="forbid")
Number = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(pattern=f"^{names.PATTERN}$")]  # it becomes a part of paths


def _has_type(parameters: Json) -> Json:
    if not isinstance(parameters.get("type"), str):
        raise ValueError("no `type` that is a text")
    return parameters


@dataclass(frozen=True, config=STRICT)
class Link:
    """A variant of one family: its name, and all that its YAML file said, with the defaults."""

    name: Name
    parameters: Annotated[Json, AfterValidator(_has_type)]


@dataclass(frozen=True, config=STRICT)
class Card:
    """Which model this is, what it learned from, and the chain that made the features it learned from.

    `type` is the method's name in METHODS; `method` that of its YAML file. `code` are digests of the code by stage.
    """

    method: Name
    type: str
    seed: Number
    fold: Number
    key: Sha256
    digest: Sha256
    dataset: Name
    split: Name
    detector: Link
    linker: Link
    extractor: Link
    decode: Json
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
    except DamagedError as error:
        raise UserError(f"{error}; a run of what trained it makes it again") from error
    if path.stat().st_size > LARGEST:
        raise UserError(f"{path}: not the card of a model: more than {LARGEST} bytes")
    try:
        card = TypeAdapter(Card).validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"])) or "top level"
        raise UserError(f"{path}: not the card of a model: {key}: {first['msg']}") from error
    if card.digest != digest:
        raise UserError(f"{path}: the card of another model than {model.name}")
    return card
