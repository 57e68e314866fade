"""Print the completion of a shell: ``source <(wsstad completion bash)``."""

import argparse
from collections.abc import Mapping

SCRIPTS = {
    "bash": """_wsstad() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} verb=${{COMP_WORDS[1]}}
    if [ "$COMP_CWORD" = 1 ]; then
        COMPREPLY=($(compgen -W "{verbs}" -- "$word"))
    elif [[ $word == -* ]]; then
        local flags=$(wsstad "$verb" --help | grep --only-matching -- '--[a-z-]*' | sort --unique)
        COMPREPLY=($(compgen -W "$flags" -- "$word"))
    else
        COMPREPLY=($(compgen -f -- "$word"))
    fi
}}
complete -F _wsstad wsstad
""",
    "zsh": """autoload -U +X bashcompinit && bashcompinit
{bash}""",
}


def main(argv: list[str] | None = None, verbs: Mapping[str, str] | None = None) -> None:
    """Print the script for a shell."""
    parser = argparse.ArgumentParser(prog="wsstad completion", description=__doc__)
    parser.add_argument("shell", choices=sorted(SCRIPTS))
    args = parser.parse_args(argv)
    bash = SCRIPTS["bash"].format(verbs=" ".join(verbs or {}))
    print(bash if args.shell == "bash" else SCRIPTS["zsh"].format(bash=bash))
