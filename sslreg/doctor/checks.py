"""Python that shows that a part works, each run by an interpreter of its own.

A check prints what is worth knowing and ends; or it raises; or it says ``MISSING`` and the reason, where there is
nothing to check.
"""

_PARSE = """
import pathlib, tempfile
from mmengine.config import Config
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, 'config.py')
    path.write_text(f'_base_ = {BASED!r}')
    Config.fromfile(path).model
"""

CHECKS = {
    'python': """
import platform, sys
if not (3, 10) <= sys.version_info[:2] <= (3, 12):
    raise SystemExit(f'Python 3.10, 3.11 or 3.12 is needed, this is {platform.python_version()}')
print(sys.executable)
""",
    'torch': """
import torch
weight = torch.eye(3, requires_grad=True)
(torch.ones(2, 3) @ weight).sum().backward()
if weight.grad.tolist() != [[2.0] * 3] * 3:
    raise SystemExit(f'wrong gradient: {weight.grad}')
from torch import distributed
backends = [name for name in ('gloo', 'nccl') if getattr(distributed, f'is_{name}_available')()]
build = f'built for CUDA {torch.version.cuda}' if torch.version.cuda else 'built for the CPU'
print(f'{build}, {torch.get_num_threads()} threads, {" and ".join(backends)}')
""",
    'torchvision': """
import torch
from torchvision.ops import nms
from torchvision.transforms.v2.functional import resize
boxes = torch.tensor([[0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30.0]])
if nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.5).tolist() != [0, 2]:
    raise SystemExit('wrong boxes of nms')
resize(torch.zeros(3, 8, 8, dtype=torch.uint8), [4, 4])
""",
    'mmengine': """
from mmengine.config import Config
from mmengine.runner import Runner
Config(dict(a=1)).pretty_text
""",
    'mmcv': """
from importlib import metadata
import mmcv, numpy
mmcv.imresize(numpy.zeros((8, 8, 3), numpy.uint8), (4, 4))
def folder(name):
    try:
        return metadata.distribution(name).locate_file('')
    except metadata.PackageNotFoundError:
        return name
if folder('mmcv') == folder('mmcv-lite'):
    raise SystemExit('mmcv and mmcv-lite are installed in one place and overwrite each other: pip uninstall both')
from packaging.version import Version
if not Version('2.0.0rc4') <= Version(mmcv.__version__) < Version('2.2.0'):
    raise SystemExit(f'mmcv {mmcv.__version__}: 2.0.0rc4 <= mmcv < 2.2.0 is needed')
""",
    'mmpretrain': """
import torch
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
with DefaultScope.overwrite_default_scope('mmpretrain'):
    network = MODELS.build(dict(type='ResNet', depth=18, stem_channels=8, base_channels=8))
if network(torch.zeros(2, 3, 32, 32))[0].shape != (2, 64, 1, 1):
    raise SystemExit('wrong shape of ResNet-18')
""",
    'timm': """
import timm, torch
timm.create_model('resnet10t', num_classes=0)(torch.zeros(2, 3, 32, 32))
""",
    'opencv': """
import cv2, numpy
done, file = cv2.imencode('.jpg', numpy.full((8, 8, 3), 127, numpy.uint8))
if abs(int(cv2.imdecode(file, cv2.IMREAD_COLOR).mean()) - 127) > 2:
    raise SystemExit('an image is not what it was after JPEG')
""",
    'pillow': """
import io
from PIL import Image, features
Image.new('RGB', (8, 8)).save(io.BytesIO(), 'JPEG')
print('with libjpeg-turbo' if features.check_feature('libjpeg_turbo') else '')
""",
    'rich': 'import io, rich.console; rich.console.Console(file=io.StringIO()).print("text")',
    'scipy': 'from scipy.stats import ttest_ind; ttest_ind([1, 2, 3], [2, 3, 5])',
    'scikit-learn': 'from sklearn.datasets import load_sample_images; load_sample_images()',
    'scikit-image': 'from skimage.data import astronaut; astronaut()',
    'matplotlib': """
import io, matplotlib
matplotlib.use('Agg')
from matplotlib import pyplot
pyplot.plot([0, 1])
pyplot.savefig(io.BytesIO())
""",
    'sslreg': """
import torch
from sslreg.models import ViewMemoryCELoss
import sslreg.datasets, sslreg.engine, sslreg.evaluation
views = torch.nn.functional.normalize(torch.randn(2, 4, 8), dim=-1)
loss = ViewMemoryCELoss()(views.requires_grad_() * 10, views.detach() * 10, views.detach().reshape(1, 8, 8))
loss.backward()
print(f'{sslreg.__version__} in {sslreg.__path__[0]}')
""",
    'numba': """
from numba import njit
if njit(lambda x: x + 1)(1) != 2:
    raise SystemExit('wrong sum')
""",
    'faiss-cpu': """
import faiss, numpy
index = faiss.IndexFlatIP(2)
index.add(numpy.eye(2, dtype='f4'))
if index.search(numpy.eye(2, dtype='f4'), 1)[1].tolist() != [[0], [1]]:
    raise SystemExit('wrong neighbours')
""",
    'tensorboard': 'from torch.utils.tensorboard import SummaryWriter',
    'mmcv operators': """
import torch
from mmcv.ops import RoIAlign, nms
def run(device):
    boxes = torch.tensor([[0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30.0]], device=device)
    if nms(boxes, torch.tensor([0.9, 0.8, 0.7], device=device), 0.5)[1].tolist() != [0, 2]:
        raise SystemExit(f'wrong boxes of nms on {device}')
    maps = torch.ones(1, 2, 16, 16, device=device, requires_grad=True)
    pooled = RoIAlign(7, 0.5)(maps, torch.tensor([[0, 4, 4, 20, 20.0]], device=device))
    pooled.sum().backward()
    if abs(pooled.mean().item() - 1) > 1e-5 or abs(maps.grad.sum().item() - 2 * 49) > 1e-3:
        raise SystemExit(f'wrong values of RoIAlign on {device}')
devices = ['cpu', 'cuda'] if torch.cuda.is_available() else ['cpu']
for device in devices:
    run(device)
print('nms and RoIAlign ran on ' + ' and '.join(devices))
""",
    'mmdet': """
import mmdet.models
BASED = 'mmdet::_base_/models/faster-rcnn_r50_fpn.py'
"""
    + _PARSE,
    'mmsegmentation': """
import mmseg.models
BASED = 'mmseg::_base_/models/fcn_r50-d8.py'
"""
    + _PARSE,
    'pycocotools': """
import numpy
from pycocotools import mask
if mask.area(mask.encode(numpy.asfortranarray(numpy.eye(4, dtype='u1')))) != 4:
    raise SystemExit('wrong area of a mask')
""",
    'pytest-timeout': 'import pytest_timeout',
    'pytest-xdist': 'import xdist',
    'ruff': 'import subprocess, sys; subprocess.run([sys.executable, "-m", "ruff", "--version"], check=True)',
    'c++': """
import os, shutil, subprocess
compiler = shutil.which(os.environ.get('CXX', 'c++'))
if not compiler:
    print('MISSING')
else:
    print(subprocess.run([compiler, '--version'], capture_output=True, text=True, check=True).stdout.splitlines()[0])
""",
    'nvcc': """
import os, shutil, subprocess
compiler = shutil.which('nvcc', path=os.pathsep.join([os.environ.get('CUDA_HOME', '') + '/bin', os.environ['PATH']]))
if not compiler:
    print('MISSING')
else:
    print(subprocess.run([compiler, '--version'], capture_output=True, text=True, check=True).stdout.splitlines()[-2])
""",
    'gpu': """
import shutil, torch
if torch.cuda.is_available():
    for i in range(torch.cuda.device_count()):
        torch.ones(8, 8, device=f'cuda:{i}').sum().item()
    print(', '.join(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())))
elif shutil.which('nvidia-smi') and torch.version.cuda:
    raise SystemExit('there is a driver, but torch cannot use it; is it older than CUDA ' + torch.version.cuda + '?')
else:
    print('MISSING none, or no driver')
""",
}
