#!/usr/bin/env bash
# Guess: Slurm starts a job again elsewhere once the first copy is known to have ended, so that what is submitted once runs once at a
# time.
#
# What happens: a node whose daemon doesn't answer for `SlurmdTimeout` (300 s unless it is set, here 10) is called down, and its
# jobs go back into the queue, as batch jobs do by default. Two minutes later the job runs on another node, while the first copy,
# which nobody could end, still runs on its own: what the script orders is ordered twice at once.
#
# Versions: Slurm 22.05.8 (Debian 12, packages slurmctld, slurmd, slurm-client, munge; needs root for its daemons).
# Source: `man sbatch`, --requeue and --no-requeue, tells of the second start, and not that the first copy may go on.
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "needs root"; exit 2; }
for program in slurmctld slurmd sbatch munged; do
    command -v "$program" >/dev/null || { echo "needs Debian's slurmctld, slurmd, slurm-client and munge"; exit 2; }
done
work=$(mktemp -d)
chmod 755 "$work"
stop() {
    for pid in "$work"/*.pid; do
        [ ! -s "$pid" ] || { kill -CONT "$(cat "$pid")"; kill "$(cat "$pid")"; } 2>/dev/null || true
    done
    sleep 2
    rm -rf "$work"
}
trap stop EXIT
read -r controller first second < <(python3 -c "
import socket
held = [socket.create_server(('127.0.0.1', 0)) for _ in range(3)]
print(*[one.getsockname()[1] for one in held])")
mkdir "$work/munge" "$work/state"
chown munge: "$work/munge"
run=(setpriv --reuid=munge --regid=munge --clear-groups)
"${run[@]}" mungekey -c -k "$work/munge/key"
"${run[@]}" munged --key-file "$work/munge/key" --socket "$work/munge/socket" --pid-file "$work/munge/pid" \
    --log-file "$work/munge/log" --seed-file "$work/munge/seed"
cp "$work/munge/pid" "$work/munge.pid"
cat >"$work/slurm.conf" <<CONF
ClusterName=one
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$controller
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
CredType=cred/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/%n
SlurmctldPidFile=$work/controller.pid
SlurmdPidFile=$work/%n.pid
SlurmctldLogFile=$work/controller.log
SlurmdLogFile=$work/%n.log
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SlurmdTimeout=10
NodeName=a NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=$first CPUs=1
NodeName=b NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=$second CPUs=1
PartitionName=main Nodes=ALL Default=YES State=UP
CONF
export SLURM_CONF=$work/slurm.conf
cat >"$work/job.sh" <<JOB
#!/bin/sh
for _ in \$(seq 240); do
    echo "\$(date +%s) on \$SLURMD_NODENAME, restarts: \${SLURM_RESTART_COUNT:-0}" >>"$work/seen"
    sleep 1
done
JOB
cd "$work"
slurmctld -c
slurmd -N a
slurmd -N b
slurmctld -V
for _ in $(seq 30); do
    [ "$(sinfo -h -o %T)" != idle ] || break
    sleep 1
done
job=$(sbatch --parsable -o /dev/null job.sh)
for _ in $(seq 30); do
    [ ! -s seen ] || break
    sleep 1
done
node=$(squeue -h -j "$job" -o %N)
kill -STOP "$(cat "$node.pid")"
at_once() { cut -d' ' -f1 seen | sort | uniq -c | awk '$1 > 1' | wc -l; }
for _ in $(seq 210); do
    [ "$(at_once)" -lt 3 ] || break
    sleep 1
done
echo "the daemon of node $node was silent; the job's copies wrote down:"
tail -n 4 seen | sort
squeue -h -j "$job" -o '  by squeue the job runs on: %N'
seconds=$(at_once)
kill -CONT "$(cat "$node.pid")"
scancel "$job"
sleep 3
[ "$seconds" -ge 3 ]
