#!/usr/bin/env bash
# Evaluate on a Slurm cluster.
#   [GPUS=8 GPUS_PER_NODE=8 CPUS_PER_TASK=12 SRUN_ARGS=...] bash tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [options of tools/test.py]
set -euo pipefail
if [ $# -lt 4 ]; then
    sed -n '2,3s/^# \{0,1\}//p' "$0"
    exit 2
fi
exec bash "$(dirname "$0")/srun.sh" "$1" "$2" test.py "${@:3}"
