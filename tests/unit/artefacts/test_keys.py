"""Keys: they move with everything that can change a result, and with nothing else."""

import hashlib
import json

import pytest

from wsstad.artefacts import code_text, keys

PARTS = {"code": "c", "parameters": {"crf": 18, "store": "h264"}, "inputs": {"frames": "d"}}


def test_a_key_does_not_depend_on_the_order_of_its_parts():
    turned = {**PARTS, "parameters": {"store": "h264", "crf": 18}}
    assert keys.make_key("decode", **PARTS) == keys.make_key("decode", **turned)


def test_a_key_does_not_depend_on_how_a_number_is_written():
    as_float = {**PARTS, "parameters": {"crf": 18.0, "store": "h264"}}
    assert keys.make_key("decode", **PARTS) == keys.make_key("decode", **as_float)


@pytest.mark.parametrize(
    "change",
    [{"code": "d"}, {"parameters": {"crf": 19, "store": "h264"}}, {"inputs": {"frames": "e"}}, {"inputs": {}}],
)
def test_every_part_moves_the_key(change):
    assert keys.make_key("decode", **PARTS) != keys.make_key("decode", **{**PARTS, **change})


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package: a module imports another, which imports a third; neutral ones; one that nobody imports."""
    sources = {
        "room/linking.py": "from wsstad.room import noun\nimport wsstad.cli\nfrom wsstad.stages import link\n",
        "room/noun.py": '"""Doc."""\nfrom wsstad.room.deep import f\n\ndef g():\n    """Doc."""\n    return f()\n',
        "room/deep.py": """
import logging
import numpy
log = logging.getLogger(__name__)

def f(x):
    log.info("a line of %s", x)
    if x:
        raise ValueError(f"bad {x}")
    raise QuarantineError("V101", "words")
    assert x, "more words"
    return 1  # one
""",
        "room/other.py": "y = 1\n",
        "stages/link.py": "z = 1\n",
        "cli.py": "x = 1\n",
    }
    for name, text in sources.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).parent.joinpath("__init__.py").touch()
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(keys, "PACKAGE", tmp_path)
    return tmp_path


def forget():
    for cached in (keys.code_digest, keys.code, code_text.read):
        cached.cache_clear()


def digest():
    forget()
    return keys.code_digest("wsstad.room.linking")


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("room/linking.py", "noun", "noun, other"),
        ("room/noun.py", "return f()", "return -f()"),
        ("room/deep.py", "return 1", "return 2"),
        ("room/deep.py", '"V101"', '"V102"'),
    ],
)
def test_a_change_in_the_import_closure_moves_the_digest(package, file, old, new):
    before = digest()
    edit(package / file, old, new)
    assert digest() != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("room/deep.py", "# one", "# another comment"),
        ("room/deep.py", "return 1", "return  1"),
        ("room/deep.py", "a line of %s", "another line, of %s"),
        ("room/deep.py", "bad {x}", "not allowed: {x!r}"),
        ("room/deep.py", '"words"', '"other words"'),
        ("room/deep.py", '"more words"', '"less"'),
        ("room/noun.py", "Doc.", "Another docstring."),
        ("room/noun.py", '    """Doc."""\n', ""),
        ("room/deep.py", "def f(x):\n", 'def f(x):\n    """New."""\n'),
        ("cli.py", "x = 1", "x = 2"),
        ("stages/link.py", "z = 1", "z = 2"),
        ("room/other.py", "y = 1", "y = 2"),
    ],
)
def test_words_layout_and_neutral_modules_do_not(package, file, old, new):
    before = digest()
    edit(package / file, old, new)
    assert digest() == before


def test_code_that_never_counts_cannot_be_asked_for(package):
    forget()
    with pytest.raises(ValueError, match="link: in no key"):
        keys.code("wsstad.stages.link")


def test_the_version_of_a_library_moves_the_digest(package, monkeypatch):
    before = digest()
    monkeypatch.setattr(keys, "version", lambda distribution: "0.0.0")
    assert digest() != before


def test_code_names_every_module_and_library(package):
    forget()
    closure = {"wsstad.room.linking", "wsstad.room.noun", "wsstad.room.deep", "numpy"}
    assert keys.code("wsstad.room.linking").keys() == closure


def test_a_dynamic_variant_is_part_of_the_digest_when_it_is_named(package):
    before = digest()
    assert keys.code_digest("wsstad.room.linking", "wsstad.room.other") != before


def test_a_key_is_the_digest_of_its_parts_by_name():
    """Whatever is renamed, what was computed stands."""
    parts = {"stage": "decode", "code": "c", "parameters": PARTS["parameters"], "inputs": PARTS["inputs"]}
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    assert keys.make_key("decode", **PARTS) == hashlib.sha256(text.encode()).hexdigest()
