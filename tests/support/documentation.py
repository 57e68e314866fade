"""The pages of the documentation, and what of them is code."""

import re

from wsstad.__main__ import parser_of
from wsstad.locations import SHARE

PAGES = sorted([*SHARE.glob("*.md"), SHARE / "config/README.md", *(SHARE / "docs").rglob("*.md")])
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
RECIPE = re.compile(
    r"^```\w+\n(# |\+\+\+ )\S+\n.*?^```", re.MULTILINE | re.DOTALL
)  # a file that a recipe writes or changes
SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
# What `wsstad` alone means is the package; a command has a verb or a flag.
COMMAND = re.compile(
    r"([A-Z_]+=\S+ )*"
    r"((make|\S*python3?|snakemake|tests/install.sh|pip|git|sbatch|pre-commit)( |$)|(\S*/)?wsstad (-|[a-z]))"
)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def read(page):
    """Return the text of a page without the files of recipes, which a test of their own writes."""
    return RECIPE.sub("", page.read_text())


def fences(text, language):
    return [body for _, tag, body in FENCE.findall(text) if tag == language]


def code(text):
    """Return the content of every fence and of every code span, each on lines of its own."""
    spans = [" ".join(span.split()) for span in SPAN.findall(FENCE.sub("", text))]
    return "\n".join([body for *_, body in FENCE.findall(text)] + spans)


def commands(text, without_sh=False):
    """Return every command that a page has its reader type, without comments; if told so, none of fences of sh."""
    fenced = [
        body for _, language, body in FENCE.findall(text) if language == "" or (language == "sh" and not without_sh)
    ]
    spans = [" ".join(span.split()) for span in SPAN.findall(FENCE.sub("", text))]
    lines = (re.sub(r"  +#.*", "", line).strip() for line in "\n".join([*fenced, *spans]).splitlines())
    return [line for line in lines if COMMAND.match(line)]


def examples(verb):
    """Return the commands under `example:` in the help of a verb, an indented line being the rest of the one before."""
    _, _, text = parser_of(verb).format_help().partition("\nexample:\n")
    return [" ".join(line.split()) for line in re.split(r"^  (?! )", text, flags=re.MULTILINE) if line.strip()]


def rows_of(page, header):
    """Return the rows of the first table of a page with this header: a dictionary of cells each."""
    lines = (SHARE / page).read_text().splitlines()
    names = [name.strip() for name in header.split("|")[1:-1]]
    start = next(n for n, line in enumerate(lines) if [cell.strip() for cell in line.split("|")[1:-1]] == names)
    body = lines[start + 2 :]
    rows = body[: next(n for n, line in enumerate(body) if not line.startswith("|"))]
    return [dict(zip(names, (cell.strip() for cell in row.split("|")[1:-1]), strict=True)) for row in rows]
