#!/bin/bash
# Make the virtual environment anew from the lock: envs/set_up.sh <python> <folder>; with a third argument, checks, add what the
# tests need. One set-up at a time: whoever comes second waits, and finds it done.
set -euo pipefail
python=$1 venv=$2 what=${3:-complete} lock=envs/requirements.lock
[ "$what" = complete ] || lock=envs/$what.lock
[ -n "$python" ] || { echo "there is no python3 in PATH; on Debian: apt-get install python3-venv" >&2; exit 1; }
exec 8>> "$venv.lock"  # the kernel frees it however a set-up ends
if ! flock --nonblock 8; then
    echo "[set-up] another set-up is at work in $venv; waiting for it"
    flock 8
fi
[ ! "$venv/$what" -nt "$lock" ] || exit 0
# Install a lock, with a line now and then.
install() {
    local total
    total=$(grep -c '^[a-z0-9].*==' "$lock")
    "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar off --no-deps --require-hashes \
        -r "$lock" 2>&1 | awk -v total="$total" '
        /^Collecting|^Processing|^Ignoring|^Requirement already/ {
            n++; if (n % 20 == 0 || n == total) {printf "[set-up] %d/%d packages fetched\n", n, total; fflush()}}
        /^Installing/ {print "[set-up] installing them (about a minute and a half)"; fflush()}
        /ERROR|error:/ {print; fflush()}'
}
if [ "$what" != complete ]; then
    echo "[set-up] adding what the tests need to $venv"
    install
    touch "$venv/$what"
    exit 0
fi
case $("$python" --version) in
    "Python 2."* | "Python 3."[0-9].* | "Python 3.10."* | "Python 3."1[4-9].*)
        echo "wsstad needs Python 3.11, 3.12 or 3.13, and $python is $("$python" --version): make demo PYTHON=python3.12" >&2
        exit 1 ;;
esac
echo "[set-up] creating $venv with $("$python" --version); two to four minutes and 7 GB, once"
rm -rf "$venv"
"$python" -m venv "$venv" || { echo "$python cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
install
# The command of this clone. -I: nothing is imported from the current folder or from PYTHONPATH.
printf '#!%s/bin/python -I\n' "$(realpath "$venv")" > "$venv/bin/wsstad"
cat >> "$venv/bin/wsstad" << 'END'
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow"))
from wsstad.__main__ import main

if __name__ == "__main__":  # a process that is spawned imports this file again
    main()
END
chmod +x "$venv/bin/wsstad"
touch "$venv/complete"
