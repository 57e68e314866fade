#!/bin/bash
# Stop the Slurm that up.sh started in FOLDER: its jobs, then its daemons, by their ids; nothing else.
#   tests/cluster/down.sh FOLDER
set -euo pipefail
folder=$(realpath --canonicalize-missing "$1")
source "$(dirname "$(realpath "$0")")/processes.sh"
[ -e "$folder/pids" ] || exit 0
export SLURM_CONF=$folder/etc/slurm.conf

quiet() { [ -z "$(timeout 10 squeue --noheader)" ]; }
timeout 20 scancel --user "$(id --user --name)" 2> /dev/null || true
await 20 quiet || true
tac "$folder/pids" | while read -r name pid when; do
    stop "$pid" "$when" || echo "down.sh: $name is still there" >&2
done
for pid in $(of_job "$folder"); do
    stop "$pid" "$(born "$pid")"
done
# Empty groups that slurmd leaves in the kernel's tree.
for node in "$folder"/spool/*/; do
    find /sys/fs/cgroup/*/ -depth -type d -path "*/slurm_$(basename "$node")*" -exec rmdir {} + 2> /dev/null || true
done
mv "$folder/pids" "$folder/pids.stopped"
