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
python=${PYTHON:-python}
if ! "$python" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)' &> /dev/null; then
    echo "'$python' has no torch. Activate an environment that has (tools/setup_env.sh makes .venv, and for detection and" \
        "segmentation tools/setup_downstream.sh .venv-downstream), or name its interpreter: PYTHON=.venv/bin/python" >&2
    exit 2
fi
export PYTHONPATH="$tools/..:${PYTHONPATH:-}"
exec "$python" -m sslreg.utils.torchrun "${rendezvous[@]}" --nproc_per_node "$gpus" \
    "$tools/$script" --launcher pytorch "${@:3}"
