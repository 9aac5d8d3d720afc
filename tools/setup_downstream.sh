#!/usr/bin/env bash
# Make .venv-downstream, for detection and segmentation:  bash tools/setup_downstream.sh [EXTRAS]   (default: lite,fast)
# It adds mmcv's operators, mmdet and mmsegmentation to .venv, which tools/setup_env.sh makes first.
# mmcv is compiled once, in 5 to 30 minutes; SSLREG_WHEELS=FOLDER is the folder of its wheels (default: work_dirs/wheels).
# FORCE_CUDA=1 builds for GPUs that are not in this machine. With SSLREG_BUILD=0 nothing is built, and the exit status is 3
# if no wheel works. A second call takes no time.
set -euo pipefail
cd "$(dirname "$0")/.."
bash tools/setup_env.sh "${1:-lite,fast}"

device=cpu
if [ "${FORCE_CUDA:-0}" = 1 ] || nvidia-smi -L > /dev/null 2>&1; then
    device=cuda
fi
packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
torch=$(cd "$packages" && echo torch-*.dist-info)
sources=$(cat requirements/*.txt tools/setup_downstream.sh tools/downstream/build_mmcv.py | cksum | cut -d' ' -f1)
stamp=.venv-downstream/.installed-$sources-${torch%.dist-info}-$device
if [ -e "$stamp" ]; then
    exit 0
fi
[ -x .venv-downstream/bin/python ] || .venv/bin/python -m venv .venv-downstream
python=$PWD/.venv-downstream/bin/python
# Packages of .venv are not installed again; packages installed here take precedence, e.g. mmcv over mmcv-lite.
echo "import site; site.addsitedir('$packages')" > "$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/_core.pth"
"$python" tools/downstream/build_mmcv.py --device "$device"
echo 'Installing mmdet and mmsegmentation into .venv-downstream ...'
"$python" -m pip install --quiet --disable-pip-version-check -c requirements/constraints.txt -r requirements/downstream.txt
"$python" -m sslreg.doctor 'mmcv operators' mmdet pycocotools shapely mmsegmentation ftfy regex
touch "$stamp"
