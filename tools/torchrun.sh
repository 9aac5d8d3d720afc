#!/usr/bin/env bash
# Start one process per GPU:  bash tools/torchrun.sh GPUS SCRIPT [arguments]   (dist_train.sh and dist_test.sh use it)
set -euo pipefail
gpus=$1 script=$2
tools=$(cd "$(dirname "$0")" && pwd)
case $gpus in
    '' | *[!0-9]* | 0) echo "GPUS='$gpus' must be a positive number" >&2; exit 2 ;;
esac
if [ "${NNODES:-1}" = 1 ]; then
    rendezvous=(--standalone)  # a free port
else
    rendezvous=(--nnodes "$NNODES" --node_rank "${NODE_RANK:?}" --master_addr "${MASTER_ADDR:?}" --master_port "${PORT:-29500}")
fi
export PYTHONPATH="$tools/..:${PYTHONPATH:-}"
exec "${PYTHON:-python}" -m torch.distributed.run "${rendezvous[@]}" --nproc_per_node "$gpus" \
    "$tools/$script" --launcher pytorch "${@:3}"
