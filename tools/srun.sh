#!/usr/bin/env bash
# Start one Slurm task per GPU:  bash tools/srun.sh PARTITION JOB_NAME SCRIPT [arguments]   (slurm_*.sh use it)
# GPUS_PER_NODE=0 asks for no GPU: the tasks then train on the CPU.
set -euo pipefail
partition=$1 job=$2 script=$3
tools=$(cd "$(dirname "$0")" && pwd)
gpus=${GPUS:-8} per_node=${GPUS_PER_NODE-8}
resources=(--ntasks="$gpus" --cpus-per-task="${CPUS_PER_TASK:-12}" --kill-on-bad-exit=1)
if [ "$per_node" != 0 ]; then
    resources+=(--gres="gpu:$per_node" --ntasks-per-node="$per_node")
fi
export PYTHONPATH="$tools/..:${PYTHONPATH:-}"
# shellcheck disable=SC2086  # SRUN_ARGS is a list of words
exec srun --partition="$partition" --job-name="$job" "${resources[@]}" ${SRUN_ARGS:-} \
    "${PYTHON:-python}" -u "$tools/$script" --launcher slurm "${@:4}"
