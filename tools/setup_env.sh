#!/usr/bin/env bash
# Make .venv and install sslreg in it, once:  bash tools/setup_env.sh [EXTRAS]   (default: lite,fast)
# PYTHON chooses the interpreter (3.10 to 3.12). Nothing is compiled; a second call takes no time.
set -euo pipefail
cd "$(dirname "$0")/.."
extras=${1:-lite,fast}

supported='import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))'
find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 python3.12 python3.11 python3.10; do
        if [ -n "$candidate" ] && "$candidate" -c "$supported" 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Python 3.10, 3.11 or 3.12 is needed and was not found: install one, or set PYTHON=/path/to/python3.11" >&2
    exit 1
}

stamp=.venv/.installed-$(cat setup.py requirements/*.txt | cksum | cut -d' ' -f1)-$extras
if [ -e "$stamp" ]; then
    exit 0
fi
python=$(find_python)
[ -x .venv/bin/python ] || "$python" -m venv .venv
echo "Installing sslreg[$extras] into .venv (the first time about 5 GB, most of it torch; some minutes) ..."
quiet=--quiet
if [ -t 1 ]; then quiet=--progress-bar=on; fi  # someone is watching
.venv/bin/python -m pip install "$quiet" --disable-pip-version-check -c requirements/constraints.txt -e ".[$extras]"
if ! .venv/bin/python -c 'import cv2' 2>/tmp/sslreg-cv2.$$; then
    cat /tmp/sslreg-cv2.$$ >&2
    echo 'OpenCV needs system libraries; on Debian and Ubuntu: apt-get install -y libgl1 libglib2.0-0' >&2
    exit 1
fi
rm -f /tmp/sslreg-cv2.$$
touch "$stamp"
