#!/usr/bin/env bash
# Train on several GPUs (or, where there are none, in several CPU processes) of one machine or more.
#   bash tools/dist_train.sh CONFIG GPUS [options of tools/train.py]
# Several machines: run it on each with NNODES, NODE_RANK, MASTER_ADDR and PORT set.
set -euo pipefail
if [ $# -lt 2 ]; then
    sed -n '2,4s/^# \{0,1\}//p' "$0"
    exit 2
fi
config=$1 gpus=$2
exec bash "$(dirname "$0")/torchrun.sh" "$gpus" train.py "$config" "${@:3}"
