# Start, await and stop processes; sourced by the other scripts. A process is known by its id and the time it was started,
# so that nothing else is ever stopped: ids are used again.

# born PID: the time at which a process started, in ticks; nothing for one that is gone, or dead and not yet reaped.
born() {
    local fields
    fields=$(sed 's/.*) //' "/proc/$1/stat" 2> /dev/null) || return 0
    [ "${fields:0:1}" = Z ] || cut --delimiter ' ' --fields 20 <<< "$fields"
}

# start FOLDER NAME COMMAND...: start a daemon in a session of its own and note it in FOLDER/pids.
start() {
    local folder=$1 name=$2
    shift 2
    setsid "$@" > "$folder/log/$name.out" 2>&1 < /dev/null &
    echo "$name $! $(born $!)" >> "$folder/pids"
}

# await SECONDS COMMAND...: wait until a command succeeds.
await() {
    local seconds=$1
    shift
    for _ in $(seq $((seconds * 5))); do
        ! "$@" > /dev/null 2>&1 || return 0
        sleep 0.2
    done
    echo "gave up after $seconds s: $*" >&2
    return 1
}

# stop PID BORN: end a process that we started, first politely.
stop() {
    local signal
    for signal in TERM KILL; do
        [ -n "$2" ] && [ "$(born "$1")" = "$2" ] || return 0
        kill "-$signal" "$1" 2> /dev/null || true
        for _ in $(seq 50); do
            [ "$(born "$1")" = "$2" ] || return 0
            sleep 0.1
        done
    done
    echo "process $1 does not end" >&2
    return 1
}

# of_job FOLDER [JOB]: the processes of one job, or of any, of the Slurm in FOLDER, with the daemons that watch them.
of_job() {
    local environment pid variables command
    for environment in /proc/[0-9]*/environ; do
        pid=${environment//[^0-9]/}
        variables=$(tr '\0' '\n' 2> /dev/null < "$environment") || continue
        grep --quiet --line-regexp "SLURM_CONF=$1/etc/slurm.conf" <<< "$variables" || continue
        command=$(tr '\0' ' ' 2> /dev/null < "/proc/$pid/cmdline") || continue
        if grep --quiet "^SLURM_JOB_ID=${2:-.*}\$" <<< "$variables" || [[ "$command" == "slurmstepd: [${2:+$2.}"* ]]; then
            echo "$pid"
        fi
    done
}
