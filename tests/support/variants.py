"""Parameters of a type of a family, as a YAML would give them."""

from wsstad import config


def parameters_of(family, name, **given):
    """Return the parameters of type `name`; what is None is left out, as if the YAML did not have it."""
    content = {"type": name, **{key: value for key, value in given.items() if value is not None}}
    return config.parse(content, family[name].parameters, name)
