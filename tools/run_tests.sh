#!/usr/bin/env bash
# Install what tests need, then ruff, mypy and pytest:  bash tools/run_tests.sh [options of pytest, e.g. -m "not slow"]
set -euo pipefail
cd "$(dirname "$0")/.."
bash tools/setup_env.sh lite,tests
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
.venv/bin/lint-imports --no-logo
pytest=(-m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder)
.venv/bin/python "${pytest[@]}" "$@"
# Detection and segmentation, where tools/setup_downstream.sh has made an environment for them; elsewhere they are skipped.
case " $*" in *" tests/"*) exit 0 ;; esac
if compgen -G '.venv-downstream/.installed-*' > /dev/null; then
    .venv-downstream/bin/python "${pytest[@]}" tests/downstream "$@"
fi
