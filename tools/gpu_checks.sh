#!/usr/bin/env bash
# Run the checks and benchmarks of docs/gpu_checks.md that fit into ten minutes on one GPU, also after a failure. Outputs go
# to FOLDER, a table comes last, and the exit status is 1 if a check failed; checks without time left do not fail.
#   bash tools/gpu_checks.sh [--quick] [FOLDER]     (default folder: work_dirs/gpu_checks)
# --quick takes small sizes and also runs without a GPU. PYTHON selects the interpreter, LIMIT the seconds for all checks.
set -uo pipefail
quick=
for argument in "$@"; do
    case $argument in
        --quick) quick=--quick ;;
        -*) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2 ;;
        *) folder=$argument ;;
    esac
done
folder=$(realpath -m "${folder:-work_dirs/gpu_checks}")
cd "$(dirname "$0")/.."
python=${PYTHON:-python}
limit=${LIMIT:-580}
summary=$folder/summary.txt
failed=0
mkdir -p "$folder"
printf '%-20s %-8s %s\n' check status seconds > "$summary"

note() { printf '%-20s %-8s %s\n' "$@" >> "$summary"; }

check() {  # NAME, its own limit in seconds, command
    local name=$1 own=$2 left=$((limit - SECONDS)) start=$SECONDS status
    shift 2
    if [ "$left" -lt 1 ]; then
        note "$name" 'no time' 0
        return
    fi
    echo "== $name: $*"
    timeout --kill-after=10 "$((own < left ? own : left))" "$@" > "$folder/$name.log" 2>&1
    status=$?
    tail -n 12 "$folder/$name.log"
    case $status in
        0) note "$name" ok $((SECONDS - start)) ;;
        124) note "$name" cut $((SECONDS - start)) ;;
        *) note "$name" "exit $status" $((SECONDS - start)); failed=1 ;;
    esac
}

benchmark() { check "$1" "$2" "$python" -m "benchmarks.$1" --json "$folder/$1.json" $quick "${@:3}"; }

train() {  # name, limit, config, options of the config
    check "$1" "$2" "$python" tools/train.py "$3" --work-dir "$folder/$1" --cfg-options train_cfg.max_epochs=1 "${@:4}"
}

gpu=$("$python" -c 'import torch; print(torch.cuda.device_count())')
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2> /dev/null || echo 'no GPU'
check hardware 60 "$python" -c 'from benchmarks.measure import hardware; print(hardware())'
if [ "$gpu" = 0 ]; then
    note no_wait skipped 'needs a GPU'
else
    check no_wait 60 "$python" -m benchmarks.no_wait
fi
tests() {  # limit, options and paths of pytest
    if "$python" -c 'import pytest' 2> /dev/null; then
        check tests "$1" "$python" -m pytest -q -p no:cacheprovider "${@:2}"
    else
        note tests skipped 'needs the extra tests'
    fi
}

if [ -n "$quick" ]; then
    tests 120 tests/models/test_queue_memory.py
    for name in loss instance data knn step; do benchmark $name 120 --rounds 1; done
    train quickstart 120 configs/massl/quickstart.py train_dataloader.dataset.dataset.tiles_per_class=8
else
    tests 150 -m 'not slow' tests/models tests/engine tests/datasets
    for name in loss data instance knn; do benchmark $name 40; done
    if [ -f data/cifar10/train.npz ]; then
        train cifar10 60 configs/massl/resnet18_cifar10_packed_200e.py
    else
        note cifar10 skipped 'needs data/cifar10'
    fi
    check quickstart 80 "$python" tools/quickstart.py --work-dir "$folder/quickstart"
    benchmark step "$limit"  # last: it has what time is left, and stores each row as it goes
fi
echo
cat "$summary"
exit $failed
