#!/usr/bin/env bash
# Train on a Slurm cluster.
#   [GPUS=8 GPUS_PER_NODE=8 CPUS_PER_TASK=12 SRUN_ARGS=...] bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG [options of tools/train.py]
set -euo pipefail
if [ $# -lt 3 ]; then
    sed -n '2,3s/^# \{0,1\}//p' "$0"
    exit 2
fi
exec bash "$(dirname "$0")/srun.sh" "$1" "$2" train.py "${@:3}"
