#!/usr/bin/env bash
# Start one process per GPU, by .venv-downstream if it exists:  bash tools/downstream/torchrun.sh GPUS SCRIPT [arguments]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
own=$here/../../.venv-downstream/bin/python
if [ -z "${PYTHON:-}" ] && [ -x "$own" ]; then
    export PYTHON=$own
fi
exec bash "$here/../torchrun.sh" "$1" "downstream/$2" "${@:3}"
