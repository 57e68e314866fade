#!/bin/bash
# Install what the cluster tests need, where that is ours to do: Slurm and munge, on Debian, as root.
set -euo pipefail
missing() {
    for program in munged slurmctld slurmd sbatch srun; do command -v "$program" > /dev/null || return 0; done
    return 1
}
missing || exit 0
if [ "$(id --user)" != 0 ] || ! command -v apt-get > /dev/null; then
    echo "the cluster tests need munged, slurmctld and slurmd; on Debian, as root: apt-get install slurm-wlm munge" >&2
    exit 1
fi
echo "[test-cluster] installing slurm-wlm and munge"
apt-get update --quiet=2 || echo "[test-cluster] the package lists could not be renewed; using those that are there" >&2
# Installing them starts no service where policy-rc.d forbids it, and ours use other ports and a folder of their own.
DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends -o DPkg::Lock::Timeout=500 \
    slurm-wlm munge
