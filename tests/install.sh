#!/bin/bash
# Install what some tests need beside Python, where that is ours to do: on Debian, as root.
#   tests/install.sh browser   Chromium, for the tests of the report
#   tests/install.sh shells    zsh and fish, for the tests of completion
#   tests/install.sh cluster   Slurm and munge, for the tests of batches
set -euo pipefail
case "$1" in
    browser) programs="chromium chromedriver" packages="chromium chromium-driver" ;;
    shells) programs="zsh fish" packages="zsh fish" ;;
    cluster) programs="munged slurmctld slurmd sbatch srun" packages="slurm-wlm munge" ;;
esac
missing() {
    for program in $programs; do command -v "$program" > /dev/null || return 0; done
    return 1
}
missing || exit 0
if [ "$(id --user)" != 0 ] || ! command -v apt-get > /dev/null; then
    echo "the tests need ${programs// /, }; on Debian, as root: apt-get install $packages" >&2
    exit 1
fi
echo "[test] installing $packages"
apt-get update --quiet=2 || echo "[test] the package lists could not be renewed; using those that are there" >&2
# Installing Slurm starts no service where policy-rc.d forbids it, and ours use other ports and a folder of their own.
DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends -o DPkg::Lock::Timeout=500 $packages
