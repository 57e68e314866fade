"""Typed parameters: what the YAML file of a variant holds, with the default, the limits and the meaning of each key.

A family of variants (methods, detectors, ...) has a class for each type, built by inheritance, in a module called
``parameters`` beside its code. `config.load_variant` makes one from a file; `make reference` writes the JSON Schemas
and the reference in config/README.md from the classes. Such modules are in no key: what they hold is in it by value.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from wsstad.jsonable import Json, plain

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]
FileName = Annotated[str, Field(pattern=r"^[^/\x00-\x1f]*[^./\x00-\x1f][^/\x00-\x1f]*$")]  # in a folder, not a path
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{8,64}$")]  # a sha256, or its first digits, as many as are published


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) < len(values):
        raise ValueError("each value once")
    return values


# Of a list: one value at least, none twice.
Distinct = Field(min_length=1, json_schema_extra={"uniqueItems": True}), AfterValidator(_distinct)


class Parameters(BaseModel):
    """Keys with types: none unknown, none changed afterwards; `model_dump` gives them as plain JSON."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    @model_validator(mode="before")
    @classmethod
    def _from_yaml(cls, content: Any) -> Any:
        """Take what YAML writes: whole floats for integers, lists for tuples."""
        if not isinstance(content, dict):
            return content
        return {name: tuple(value) if isinstance(value, list) else value for name, value in plain(content).items()}

    @model_serializer(mode="wrap")
    def _to_json(self, dump: SerializerFunctionWrapHandler) -> Json:
        return plain(dump(self))


def check_either(seed: int | None, weights: str | None, sha256: str | None) -> None:
    """Raise `ValueError` unless there is either a seed, or weights with their sha256."""
    given = [value is not None for value in (seed, weights, sha256)]
    if given not in ([True, False, False], [False, True, True]):
        raise ValueError("either seed or weights and sha256")


class VariantParameters(Parameters):
    """What the YAML file of a variant holds."""

    type: str

    # Python package, and the path in it, of the weights that are used where the YAML names no file.
    packaged: ClassVar[tuple[str, str] | None] = None

    @property
    def weights_file(self) -> str | None:
        """The file of weights that must lie beside the YAML or in the folder of weights, if there is one."""
        return getattr(self, "weights", None)


P = TypeVar("P", bound=Parameters, covariant=True)


@dataclass(frozen=True)
class Registered(Generic[P]):
    """A type of a family: the class of its parameters, and where its code is, as "package.module:name".

    `look` names in the same way a function that returns why a file cannot be its weights, and loads no library for it.
    """

    parameters: type[P]
    path: str
    look: str = ""

    @property
    def module(self) -> str:
        """The module of the code."""
        return self.path.split(":")[0]

    def load(self) -> Any:
        """Import the code, when it is needed and not before."""
        return _load(self.path)

    def problem(self, weights: Any) -> str:
        """Return why a file (its path) cannot be the weights; nothing where it may be them."""
        return str(_load(self.look)(weights)) if self.look else ""


def _load(path: str) -> Any:
    module, name = path.split(":")
    return getattr(import_module(module), name)
