#!/usr/bin/env bash
# Detection: evaluate a trained network on the GPUs (or CPU processes) of one or more machines.
#   bash tools/downstream/dist_test_det.sh CONFIG CHECKPOINT GPUS [options of tools/downstream/test.py]
set -euo pipefail
if [ $# -lt 3 ]; then
    sed -n '2,3s/^# \{0,1\}//p' "$0"
    exit 2
fi
exec bash "$(dirname "$0")/torchrun.sh" "$3" test.py "$1" "$2" --task det "${@:4}"
