#!/usr/bin/env bash
# Segmentation: train from a pre-trained backbone on the GPUs (or CPU processes) of one or more machines.
#   bash tools/downstream/dist_train_seg.sh CONFIG CHECKPOINT GPUS [options of tools/downstream/train.py]
# CHECKPOINT is a file of pre-training, or `none`. For several machines see tools/dist_train.sh.
set -euo pipefail
if [ $# -lt 3 ]; then
    sed -n '2,4s/^# \{0,1\}//p' "$0"
    exit 2
fi
exec bash "$(dirname "$0")/torchrun.sh" "$3" train.py "$1" "$2" --task seg "${@:4}"
