"""Keys: they move with everything that can change a result, and with nothing else."""

import pytest

from wsstad.artefacts import keys

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
    """A package with a stage that imports a noun, which imports another; and a module that nobody imports."""
    sources = {
        "__init__.py": "",
        "stage.py": "from wsstad import noun\nimport wsstad.cli\n",
        "noun.py": '"""Doc."""\nfrom wsstad.deep import f\n\ndef g():\n    """Doc."""\n    return f()\n',
        "deep.py": "import numpy\n\ndef f():\n    return 1  # one\n",
        "cli.py": "x = 1\n",
        "other.py": "y = 1\n",
    }
    for name, text in sources.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(keys, "PACKAGE", tmp_path)
    return tmp_path


def digest():
    keys.code_digest.cache_clear()
    keys.code.cache_clear()
    keys._parse.cache_clear()
    return keys.code_digest("wsstad.stage")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("stage.py", "noun", "noun, other"),
        ("noun.py", "return f()", "return -f()"),
        ("deep.py", "return 1", "return 2"),
    ],
)
def test_a_change_in_the_import_closure_moves_the_digest(package, file, old, new):
    before = digest()
    path = package / file
    path.write_text(path.read_text().replace(old, new))
    assert digest() != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("deep.py", "# one", "# another comment"),
        ("deep.py", "return 1", "return  1"),
        ("noun.py", "Doc.", "Another docstring."),
        ("cli.py", "x = 1", "x = 2"),
        ("other.py", "y = 1", "y = 2"),
    ],
)
def test_comments_docstrings_layout_and_other_modules_do_not(package, file, old, new):
    before = digest()
    path = package / file
    path.write_text(path.read_text().replace(old, new))
    assert digest() == before


def test_the_version_of_a_library_moves_the_digest(package, monkeypatch):
    before = digest()
    monkeypatch.setattr(keys, "version", lambda distribution: "0.0.0")
    assert digest() != before


def test_code_names_every_module_and_library(package):
    keys.code.cache_clear()
    keys._parse.cache_clear()
    assert keys.code("wsstad.stage").keys() == {"wsstad.stage", "wsstad.noun", "wsstad.deep", "numpy"}


def test_a_dynamic_variant_is_part_of_the_digest_when_it_is_named(package):
    before = digest()
    assert keys.code_digest("wsstad.stage", "wsstad.other") != before
