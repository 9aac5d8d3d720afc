#!/usr/bin/env bash
# Install, pre-train MaSSL on tiles of photographs, and report: work_dirs/quickstart/report.html
#   bash tools/quickstart.sh [options of tools/quickstart.py]
set -euo pipefail
cd "$(dirname "$0")/.."
bash tools/setup_env.sh lite,fast
exec .venv/bin/python tools/quickstart.py "$@"
