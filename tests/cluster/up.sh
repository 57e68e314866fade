#!/bin/bash
# Start a real Slurm on this machine: munged, slurmctld and some slurmd, all in a new folder of their own.
#   tests/cluster/up.sh FOLDER [NODES] [GPUS A NODE]
# No systemd, no file outside FOLDER; what is there already is not touched. down.sh FOLDER stops it. Nodes claim more
# processors and memory than the machine has, and each fake GPU is a device file of its own.
set -euo pipefail
folder=$(realpath --canonicalize-missing "$1") nodes=${2:-3} gpus=${3:-1}
source "$(dirname "$(realpath "$0")")/processes.sh"

host=$(hostname --short)
port=${WSSTAD_SLURM_PORT:-17800}
if (: < "/dev/tcp/127.0.0.1/$((port + 17))") 2> /dev/null; then
    echo "up.sh: port $((port + 17)) is taken: down.sh the other test cluster, or set WSSTAD_SLURM_PORT" >&2
    exit 1
fi
mkdir "$folder" "$folder"/{etc,state,log,munge,spool,dev,bin}
export SLURM_CONF=$folder/etc/slurm.conf

# Memory: the kernel's limits (cgroup v1) where they can be had, else Slurm looks every second and kills.
probe=/sys/fs/cgroup/memory/wsstad-probe
if mkdir "$probe" 2> /dev/null; then
    rmdir "$probe"
    limits="ProctrackType=proctrack/cgroup
TaskPlugin=task/cgroup
JobAcctGatherType=jobacct_gather/cgroup"
else
    limits="ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherParams=OverMemoryKill,NoShared"
fi

cat > "$folder/etc/slurm.conf" << CONF
ClusterName=wsstad
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$(id --user --name)
SlurmdUser=$(id --user --name)
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
SlurmctldPort=$((port + 17))
SlurmdPort=$((port + 18))
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.%n.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.%n.log
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
$limits
JobAcctGatherFrequency=task=1
# A node that comes back is used again; one that says nothing for 10 s is down, and its jobs have failed.
ReturnToService=2
SlurmdTimeout=10
KillWait=2
MessageTimeout=30
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=2,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
# The tests read the records of finished jobs, which the controller keeps for so many seconds.
MinJobAge=7200
PropagateResourceLimits=NONE
DefMemPerCPU=500
GresTypes=gpu
CONF
for gpu in $(seq 0 $((gpus - 1))); do
    mknod "$folder/dev/gpu$gpu" c 1 3 2> /dev/null || touch "$folder/dev/gpu$gpu"
    echo "NodeName=n[1-$nodes] Name=gpu File=$folder/dev/gpu$gpu" >> "$folder/etc/gres.conf"
done
for node in $(seq "$nodes"); do
    echo "NodeName=n$node NodeAddr=127.0.0.1 NodeHostname=$host Port=$((port + 100 + node)) CPUs=4 Sockets=1" \
        "CoresPerSocket=4 ThreadsPerCore=1 RealMemory=128000 Gres=gpu:$gpus State=UNKNOWN" >> "$folder/etc/slurm.conf"
done
cat >> "$folder/etc/slurm.conf" << CONF
PartitionName=cpu Nodes=n[1-$nodes] Default=YES MaxTime=12:00:00 State=UP
PartitionName=gpu Nodes=n[1-$nodes] Default=NO MaxTime=12:00:00 State=UP
CONF
cat > "$folder/etc/cgroup.conf" << CONF
CgroupPlugin=cgroup/v1
CgroupAutomount=no
CgroupMountpoint=/sys/fs/cgroup
ConstrainCores=no
ConstrainRAMSpace=yes
ConstrainSwapSpace=no
ConstrainDevices=no
CONF
# The executor drops every SLURM_* variable before it calls srun inside a job, SLURM_CONF too. A real cluster has its
# configuration in /etc/slurm; here srun is told again.
printf '#!/bin/sh\nSLURM_CONF=%q exec %q "$@"\n' "$SLURM_CONF" "$(command -v srun)" > "$folder/bin/srun"
chmod +x "$folder/bin/srun"

head --bytes 1024 /dev/urandom > "$folder/munge/key" && chmod 0400 "$folder/munge/key"
start "$folder" munged munged --force --foreground --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
    --pid-file="$folder/munge/pid" --seed-file="$folder/munge/seed" --log-file="$folder/log/munged.log"
await 20 munge --socket "$folder/munge/socket" --no-input
start "$folder" slurmctld slurmctld -D -i
await 60 scontrol ping
for node in $(seq "$nodes"); do
    mkdir "$folder/spool/n$node"
    start "$folder" "n$node" slurmd -D -N "n$node"
done
all_idle() { [ "$(sinfo --noheader --partition cpu --Node --format %T | grep --count --line-regexp idle)" = "$nodes" ]; }
await 60 all_idle
echo "$nodes nodes are up; export SLURM_CONF=$SLURM_CONF PATH=$folder/bin:\$PATH"
