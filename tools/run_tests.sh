#!/usr/bin/env bash
# Install what tests need, then ruff, mypy and pytest:  bash tools/run_tests.sh [options of pytest, e.g. -m "not slow"]
set -euo pipefail
cd "$(dirname "$0")/.."
bash tools/setup_env.sh lite,tests
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
.venv/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder "$@"
