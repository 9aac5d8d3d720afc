#!/usr/bin/env bash
# Evaluate on several GPUs (or, where there are none, in several CPU processes) of one machine or more.
#   bash tools/dist_test.sh CONFIG CHECKPOINT GPUS [options of tools/test.py]
# Several machines: run it on each with NNODES, NODE_RANK, MASTER_ADDR and PORT set.
set -euo pipefail
if [ $# -lt 3 ]; then
    sed -n '2,4s/^# \{0,1\}//p' "$0"
    exit 2
fi
config=$1 checkpoint=$2 gpus=$3
exec bash "$(dirname "$0")/torchrun.sh" "$gpus" test.py "$config" "$checkpoint" "${@:4}"
