"""The text that stands for code in keys: the same on every version of Python, and other for other code."""

import ast
import hashlib

import pytest

from wsstad.artefacts import code_text, keys

MODULES = sorted(keys.PACKAGE.rglob("*.py"))
# What versions of Python have parsed, dumped or printed in different ways: f-strings, defaults, types, slices, numbers.
GRAMMAR = '''
"""Doc."""
import a.b as c
from . import d
from .e import f as g

@decorated(1, *b, k=None, **kw)
class K(A, metaclass=M):
    x: int = 3
    """Of an attribute."""

    async def m(self, a, /, b: int = 0, *rest, c, d=None, **kw) -> None:
        """Doc."""
        async for i, j in x[1:2, ..., ::3]:
            yield lambda *, k=1: (k, -i, not j, i if j else 1.5e-7, 2j, b"\\0", "\\u00e9", 10**30)
        async with a as b, c: await d
        del a[0], b.c
        global e

def f():
    try: raise E from None
    except* (A, B) as e: return
    else: x = y = {**a, 1: {2, *b}}
    finally: assert x, "words"
    match x:
        case {"k": [1, *_], **rest} | K(a=None) if rest: pass
        case None | -1 | "s" as n: pass
    while (z := f"a{x!r:>{w}}" "b" f"{y=:.2f}"): z += 1; continue
    return [i for i in x if i if not i for j in i] @ {i: j for i in x} | {i for i in x}
'''


def text(source: str, tmp_path) -> str:
    file = tmp_path / "module.py"
    file.write_text(source)
    code_text.read.cache_clear()
    return code_text.read(file)[0]


def test_the_text_is_the_same_on_every_version_of_python(tmp_path):
    digest = hashlib.sha256(text(GRAMMAR, tmp_path).encode()).hexdigest()
    assert digest == "d9c7c186edf5311cf6f3ed2b1d37e733cd40527df48369ddc6a7933f23905331"


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(keys.PACKAGE)))
def test_layout_and_comments_are_no_part_of_it(file, tmp_path):
    source = file.read_text()
    assert text(ast.unparse(ast.parse(source)), tmp_path) == text(source, tmp_path)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("f(a, b)", "f((a, b))"),
        ("f(a, *b)", "f(a, b)"),
        ("f(**a)", "f(a)"),
        ("{**a, b: c}", "{a: b, **c}"),
        ("def f(*, a=None, b): pass", "def f(*, a, b=None): pass"),
        ("def f(a, /, b): pass", "def f(a, b): pass"),
        ("x = 1", "x = 1.0"),
        ("x = 1", "x = True"),
        ("x = 'None'", "x = None"),
        ("x = b'a'", "x = 'a'"),
        ("x = 1,", "x = 1"),
        ("x = -1", "x = 1"),
        ("x = a < b < c", "x = (a < b) < c"),
        ("x[a:b]", "x[a:b:c]"),
        ("if a:\n x\n y", "if a:\n x\ny"),
        ("if a: x\nelse: y", "if a: x\ny"),
        ("return_ = f'{a}'", "return_ = f'{a!r}'"),
        ("x = f'{a:.2f}'", "x = f'{a:.3f}'"),
        ("import a", "import a as b"),
        ("from a import b", "from .a import b"),
        ("def f(): return 1", "async def f(): return 1"),
        ("log.info('a', x)", "log.info('a', y)"),
        ("raise ValueError(x)", "raise ValueError(y)"),
        ("raise QuarantineError('V101', 'a')", "raise QuarantineError('V102', 'a')"),
        ("assert a, b", "assert c, b"),
        ("print('a')", "print('b')"),
    ],
)
def test_other_code_has_another_text(one, other, tmp_path):
    assert text(one, tmp_path) != text(other, tmp_path)


def test_names_that_are_imported(tmp_path):
    (tmp_path / "module.py").write_text("import a.b, c as d\nfrom e.f import g as h, i\ndef j():\n    import k\n")
    code_text.read.cache_clear()
    assert code_text.read(tmp_path / "module.py")[1] == ("a.b", "c", "e.f.g", "e.f.i", "k")
