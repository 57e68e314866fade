#!/bin/bash
# Kill a node of the Slurm in FOLDER as a power cut does, its jobs included, or start it again:
#   tests/cluster/node.sh FOLDER NODE kill|start
set -euo pipefail
folder=$(realpath "$1") node=$2
source "$(dirname "$(realpath "$0")")/processes.sh"
export SLURM_CONF=$folder/etc/slurm.conf

if [ "$3" = start ]; then
    start "$folder" "$node" slurmd -D -N "$node"
    exit
fi
jobs=$(squeue --noheader --nodelist "$node" --format %A)
read -r _ pid when < <(grep "^$node " "$folder/pids" | tail --lines 1)
[ "$(born "$pid")" = "$when" ] && kill -KILL "$pid"
for job in $jobs; do
    for pid in $(of_job "$folder" "$job"); do
        kill -KILL "$pid" 2> /dev/null || true  # it may have ended with another
    done
done
