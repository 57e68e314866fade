"""The command ``wsstad``, which is also ``python -m wsstad``: a verb, and its flags."""

import sys
from functools import partial
from importlib import import_module

from wsstad import __version__, cli

# Verb -> what it does, and where: a module of `wsstad.commands`, and its function if that is not `main`.
VERBS = {
    "demo": ("make the demo's videos here, run everything on them, print the table", "targets:demo"),
    "run": ("run the workflow: everything, or the named targets", "run"),
    "why": ("list what a run would make, and because of which change", "why"),
    "status": ("show how far the run in this folder is", "status"),
    "tables": ("make tables and print them", "targets:tables"),
    "report": ("make results/report.html", "targets:report"),
    "overlays": ("draw predictions and truth on the test videos", "targets:overlays"),
    "score": ("score unlabelled footage with a trained model", "targets:score"),
    "power": ("say how many videos an effect needs, from a pilot's results", "power"),
    "gc": ("list results that no configured run can reach, or remove them", "gc"),
    "import-features": ("take C3D features that others extracted", "import_features"),
    "synthesize": ("render made-up road videos with exact annotations", "synthesize"),
    "fit-detector": ("train the demo's detector anew", "fit_detector"),
    "completion": ("print the completion for bash or zsh", "completion"),
}


def main() -> None:
    """Run the verb that is named."""
    verb = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if verb in ("-h", "--help"):
        print(usage())
    elif verb == "--version":
        print(f"wsstad {__version__}")
    elif verb not in VERBS:
        print(f"wsstad: {verb!r} is no command; allowed: {', '.join(VERBS)}", file=sys.stderr)
        sys.exit(2)
    else:
        module, _, function = VERBS[verb][1].partition(":")
        run = getattr(import_module(f"wsstad.commands.{module}"), function or "main")
        sys.argv[:2] = [f"wsstad {verb}"]
        cli.run(partial(run, verbs=dict.fromkeys(VERBS, "")) if verb == "completion" else run)


def usage() -> str:
    """Return what fits a screen: every verb in one line."""
    lines = [f"  {verb:16} {words}" for verb, (words, _) in VERBS.items()]
    first = ["usage: wsstad VERB [--config FILE ...] [--set KEY=VALUE ...] [--directory DIR]", ""]
    last = [
        "",
        "wsstad VERB --help explains its flags. Without --config, wsstad.yaml in this folder is read.",
    ]
    return "\n".join([*first, *lines, *last])


if __name__ == "__main__":
    main()
