"""Functions that show that a part of the environment works.

Each runs in an interpreter of its own as the text of its source, so it imports all that it needs by itself. A check
prints a detail for the table and returns, or raises an error, or prints ``MISSING`` and a reason if there is nothing to
check. A part without a function is only imported.
"""

import inspect
from collections.abc import Callable


def python() -> None:
    """Check the version of Python."""
    import platform
    import sys

    if not (3, 10) <= sys.version_info[:2] <= (3, 12):
        raise SystemExit(f'Python 3.10, 3.11 or 3.12 is needed, this is {platform.python_version()}')
    print(sys.executable)


def torch() -> None:
    """Compute a gradient."""
    import torch
    from torch import distributed

    weight = torch.eye(3, requires_grad=True)
    (torch.ones(2, 3) @ weight).sum().backward()
    if weight.grad is None or weight.grad.tolist() != [[2.0] * 3] * 3:
        raise SystemExit(f'wrong gradient: {weight.grad}')
    backends = [name for name in ('gloo', 'nccl') if getattr(distributed, f'is_{name}_available')()]
    build = f'built for CUDA {torch.version.cuda}' if torch.version.cuda else 'built for the CPU'
    print(f'{build}, {torch.get_num_threads()} threads, {" and ".join(backends)}')


def torchvision() -> None:
    """Suppress overlapping boxes and resize an image."""
    import torch
    from torchvision.ops import nms
    from torchvision.transforms.v2.functional import resize

    boxes = torch.tensor([[0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30.0]])
    if nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.5).tolist() != [0, 2]:
        raise SystemExit('wrong boxes of nms')
    resize(torch.zeros(3, 8, 8, dtype=torch.uint8), [4, 4])


def mmengine() -> None:
    """Print a config, and import the Runner."""
    from mmengine.config import Config
    from mmengine.runner import Runner

    Config(dict(a=1, runner=Runner.__name__)).pretty_text  # noqa: B018


def mmcv() -> None:
    """Resize an image; refuse two distributions of mmcv, and versions that sslreg refuses on import."""
    from importlib import metadata

    import mmcv
    import numpy as np

    def folder(name: str) -> object:
        try:
            return metadata.distribution(name).locate_file('')
        except metadata.PackageNotFoundError:
            return name

    mmcv.imresize(np.zeros((8, 8, 3), np.uint8), (4, 4))
    if folder('mmcv') == folder('mmcv-lite'):
        raise SystemExit('mmcv and mmcv-lite are installed in one place and overwrite each other: pip uninstall both')
    import sslreg  # noqa: F401


def mmpretrain() -> None:
    """Build and run a ResNet-18."""
    import torch
    from mmengine.registry import DefaultScope
    from mmpretrain.registry import MODELS

    with DefaultScope.overwrite_default_scope('mmpretrain'):
        network = MODELS.build(dict(type='ResNet', depth=18, stem_channels=8, base_channels=8))
    if network(torch.zeros(2, 3, 32, 32))[0].shape != (2, 64, 1, 1):
        raise SystemExit('wrong shape of ResNet-18')


def timm() -> None:
    """Build and run a small ResNet."""
    import timm
    import torch

    timm.create_model('resnet10t', num_classes=0)(torch.zeros(2, 3, 32, 32))


def opencv() -> None:
    """Encode and decode a JPEG image."""
    import cv2
    import numpy as np

    _, file = cv2.imencode('.jpg', np.full((8, 8, 3), 127, np.uint8))
    image = cv2.imdecode(file, cv2.IMREAD_COLOR)
    if image is None or abs(int(image.mean()) - 127) > 2:
        raise SystemExit('JPEG changes a grey image by more than 2 levels')


def pillow() -> None:
    """Encode a JPEG image."""
    import io

    from PIL import Image, features

    Image.new('RGB', (8, 8)).save(io.BytesIO(), 'JPEG')
    print('with libjpeg-turbo' if features.check_feature('libjpeg_turbo') else '')


def scikit_learn() -> None:
    """Read the photographs of scikit-learn."""
    from sklearn.datasets import load_sample_images

    load_sample_images()


def scikit_image() -> None:
    """Read a photograph of scikit-image."""
    from skimage.data import astronaut

    astronaut()


def matplotlib() -> None:
    """Draw a plot without a display."""
    import io

    import matplotlib as mpl

    mpl.use('Agg')
    from matplotlib import pyplot as plt

    plt.plot([0, 1])
    plt.savefig(io.BytesIO())


def sslreg() -> None:
    """Compute a loss and its gradient."""
    import torch

    import sslreg.datasets
    import sslreg.engine
    import sslreg.evaluation
    from sslreg.models import ViewMemoryCELoss

    views = torch.nn.functional.normalize(torch.randn(2, 4, 8), dim=-1)
    loss = ViewMemoryCELoss()(views.requires_grad_() * 10, views.detach() * 10, views.detach().reshape(1, 8, 8))
    loss.backward()
    print(f'{sslreg.__version__} in {sslreg.__path__[0]}')


def numba() -> None:
    """Compile a function."""
    from numba import njit

    if njit(lambda x: x + 1)(1) != 2:
        raise SystemExit('wrong sum')


def faiss() -> None:
    """Search the nearest neighbours of two vectors."""
    import faiss
    import numpy as np

    index = faiss.IndexFlatIP(2)
    index.add(np.eye(2, dtype='f4'))
    if index.search(np.eye(2, dtype='f4'), 1)[1].tolist() != [[0], [1]]:
        raise SystemExit('wrong neighbours')


def mmcv_operators() -> None:
    """Run nms and RoIAlign on the CPU and, if there is one, on the GPU."""
    import torch
    from mmcv.ops import RoIAlign, nms

    devices = ['cpu', 'cuda'] if torch.cuda.is_available() else ['cpu']
    for device in devices:
        boxes = torch.tensor([[0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30.0]], device=device)
        if nms(boxes, torch.tensor([0.9, 0.8, 0.7], device=device), 0.5)[1].tolist() != [0, 2]:
            raise SystemExit(f'wrong boxes of nms on {device}')
        maps = torch.ones(1, 2, 16, 16, device=device, requires_grad=True)
        pooled = RoIAlign(7, 0.5)(maps, torch.tensor([[0, 4, 4, 20, 20.0]], device=device))
        pooled.sum().backward()
        if abs(pooled.mean().item() - 1) > 1e-5 or maps.grad is None or abs(maps.grad.sum().item() - 2 * 49) > 1e-3:
            raise SystemExit(f'wrong values of RoIAlign on {device}')
    print('nms and RoIAlign ran on ' + ' and '.join(devices))


def parse_derived_config(package: str, base: str) -> None:
    """Import a package's models and parse a config that inherits from one of its configs."""
    import importlib
    import pathlib
    import tempfile

    from mmengine.config import Config

    importlib.import_module(f'{package}.models')
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, 'config.py')
        path.write_text(f'_base_ = {base!r}')
        Config.fromfile(path).model  # noqa: B018


def pycocotools() -> None:
    """Encode a mask."""
    import numpy as np
    from pycocotools import mask

    if mask.area(mask.encode(np.asfortranarray(np.eye(4, dtype='u1')))) != 4:
        raise SystemExit('wrong area of a mask')


def ruff() -> None:
    """Run ruff's program."""
    import subprocess
    import sys

    subprocess.run([sys.executable, '-m', 'ruff', '--version'], check=True)


def print_version(program: str, variable: str, line: int) -> None:
    """Print a line of a compiler's version; the environment variable may name another program."""
    import os
    import shutil
    import subprocess

    path = os.pathsep.join([os.environ.get('CUDA_HOME', '') + '/bin', os.environ['PATH']])
    compiler = shutil.which(os.environ.get(variable, program), path=path)
    if not compiler:
        print('MISSING')
        return
    done = subprocess.run([compiler, '--version'], capture_output=True, text=True, check=True)
    print(done.stdout.splitlines()[line])


def gpu() -> None:
    """Compute on every GPU."""
    import shutil

    import torch

    if torch.cuda.is_available():
        for i in range(torch.cuda.device_count()):
            torch.ones(8, 8, device=f'cuda:{i}').sum().item()
        print(', '.join(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())))
    elif shutil.which('nvidia-smi') and torch.version.cuda:
        raise SystemExit(f'there is a driver, but torch cannot use it; is it older than CUDA {torch.version.cuda}?')
    else:
        print('MISSING none, or no driver')


def script(check: Callable[..., None], *args: object) -> str:
    """Return a program that runs a check.

    Args:
        check: The function.
        *args: Its arguments: texts and numbers.
    """
    return f'{inspect.getsource(check)}\n\n{check.__name__}(*{args!r})'


CHECKS = {
    **{check.__name__: script(check) for check in (python, torch, torchvision, mmengine, mmcv, mmpretrain, timm)},
    **{check.__name__: script(check) for check in (opencv, pillow, matplotlib, sslreg, numba, pycocotools, ruff, gpu)},
    'rich': 'import rich.console, rich.table',
    'scipy': 'import scipy.stats',
    'scikit-learn': script(scikit_learn),
    'scikit-image': script(scikit_image),
    'faiss-cpu': script(faiss),
    'tensorboard': 'import torch.utils.tensorboard',
    'mmcv operators': script(mmcv_operators),
    'mmdet': script(parse_derived_config, 'mmdet', 'mmdet::_base_/models/faster-rcnn_r50_fpn.py'),
    'mmsegmentation': script(parse_derived_config, 'mmseg', 'mmseg::_base_/models/fcn_r50-d8.py'),
    'pytest-xdist': 'import xdist',
    'c++': script(print_version, 'c++', 'CXX', 0),
    'nvcc': script(print_version, 'nvcc', '', -2),
}
