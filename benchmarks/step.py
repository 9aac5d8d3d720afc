"""A whole training step of MaSSL: the streamed loss against the loss of the released code.

    python -m benchmarks.step [--quick] [--json FILE]

A step consists of both networks' forward passes, the loss, the backward pass, the memory's update, the optimizer and
the teacher's average, on images that are already on the device. In rows with options (docs/speed.md) the baseline is
SSLReg's step without them. Utilisation (MFU) is the networks' arithmetic divided by the device's peak, if both are
known. An epoch is CIFAR-10's 50,000 images.
"""

import copy
import gc
import json
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.optim import OptimWrapper
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text
from torch import Tensor, nn

from benchmarks.loss import DEVICE, STUDENT_TEMP, TEACHER_TEMP, WIDTH, released
from benchmarks.measure import arguments, compare, hardware
from sslreg.engine import MatrixDecayConstructor
from sslreg.engine.hooks.activation_checkpoint import checkpoint_layers
from sslreg.engine.hooks.channels_last import to_channels_last
from sslreg.engine.hooks.compile import compile_encoders
from sslreg.models import MemorySSL, Recall, start_teacher
from sslreg.models.ops.gradient import with_gradient
from sslreg.utils.console import plain_console

OPTIONS: dict[str, Callable[[Any], None]] = {  # docs/speed.md
    'compiled': compile_encoders,
    'channels last': to_channels_last,
    'checkpointing': lambda model: checkpoint_layers(model.backbone, ['TransformerEncoderLayer']),
}
PEAK_FLOPS = dict(H200=790e12)  # by a part of the device's name: dense bfloat16, a second
CIFAR10 = 50_000  # training images


@dataclass(frozen=True)
class Case:
    """Settings of a step.

    Attributes:
        sizes: Sides of the views in pixels; the first two are the teacher's.
        gflop: Arithmetic of an image's training step.
    """

    name: str
    backbone: dict[str, Any]
    width: int
    sizes: tuple[int, ...]
    num_images: int
    length: int
    block: int
    dtype: str = 'float32'
    norm: bool = False
    gflop: float | None = None
    options: tuple[str, ...] = ()


def vit(name: str, arch: str, width: int, gflop: float, *options: str) -> Case:
    """Return a case of a ViT with ImageNet's multi-crop; FLOP are of the student, its backward pass and the teacher."""
    backbone = dict(
        type='SSLVisionTransformer', arch=arch, img_size=224, patch_size=16, out_type='cls_token', drop_path_rate=0.1
    )
    sizes = (224,) * 2 + (96,) * 10
    return Case(name, backbone, width, sizes, 64, 131072, 16384, 'bfloat16', gflop=gflop, options=options)


def resnet(num_images: int, dtype: str, *options: str) -> Case:
    """Return a case of CIFAR's ResNet-18 with two views."""
    backbone = dict(type='ResNet_CIFAR', depth=18)
    return Case('ResNet-18', backbone, 512, (32, 32), num_images, 16384, 4096, dtype, norm=True, options=options)


SMALL_VIT = Case(
    'ViT, 6 x 192',
    dict(
        type='SSLVisionTransformer',
        arch=dict(embed_dims=192, num_layers=6, num_heads=3, feedforward_channels=768),
        img_size=64,
        patch_size=16,
        out_type='cls_token',
    ),
    192,
    (64,) * 2 + (32,) * 4,
    16,
    32768,
    8192,
)
VIT_S, VIT_B = (
    partial(vit, *args) for args in (('ViT-S/16', 'deit-small', 384, 122), ('ViT-B/16', 'deit-base', 768, 472))
)
CASES: dict[tuple[str, str], list[Case]] = {  # device, size
    ('cpu', 'quick'): [SMALL_VIT, resnet(4, 'float32')],
    ('cpu', 'full'): [
        *(replace(SMALL_VIT, options=options) for options in ((), ('compiled',), ('checkpointing',))),
        resnet(32, 'float32'),
        resnet(32, 'float32', 'channels last'),
    ],
    ('cuda', 'quick'): [VIT_S(), resnet(512, 'bfloat16'), resnet(512, 'bfloat16', 'channels last')],
    ('cuda', 'full'): [  # compiled cases come last, because they may be cut off
        resnet(512, 'bfloat16'),
        resnet(512, 'bfloat16', 'channels last'),
        VIT_S(),
        VIT_B(),
        VIT_B('checkpointing'),
        VIT_S('compiled'),
        VIT_B('compiled'),
        resnet(512, 'bfloat16', 'channels last', 'compiled'),
    ],
}


class ReleasedHead(nn.Module):
    """Head with the loss and gradient of the released code."""

    def __init__(self, block: int) -> None:
        super().__init__()
        self.block = block

    def loss(self, queries: Tensor, keys: Tensor, recall: Recall) -> dict[str, Tensor]:
        """Return the loss."""
        value, grad = released(queries.detach(), keys, recall.entries, self.block)
        return dict(loss=with_gradient(queries, value.detach(), grad))


class Training:
    """Model with its optimizer and a batch; a call runs a step and returns the loss."""

    def __init__(self, model: MemorySSL, case: Case) -> None:
        self.model = model.to(DEVICE).train()
        start_teacher(self.model)
        for option in case.options:
            OPTIONS[option](self.model)
        optimizer = dict(type='AdamW', lr=1e-4, weight_decay=0.04, fused=True)
        clip = dict(type='per_tensor', max_norm=3.0)
        wrapper = dict(type='SSLOptimWrapper', dtype=case.dtype, optimizer=optimizer, clip_grad=clip)
        self.wrapper: OptimWrapper = MatrixDecayConstructor(wrapper)(self.model)
        self.views = [torch.randn(case.num_images, 3, size, size, device=DEVICE) for size in case.sizes]
        self.indices = torch.arange(case.num_images)

    def __call__(self) -> Tensor:
        """Run a step and return the loss."""
        with self.wrapper.optim_context(self.model):
            loss = self.model.loss(self.views, self.indices)['loss']
        self.wrapper.update_params(loss)
        self.model.teacher.update_parameters(self.model.student)
        return loss.detach()


def build(case: Case) -> MemorySSL:
    """Return the model of a case."""
    norm = dict(norm_cfg=dict(type='BN1d')) if case.norm else {}
    head = dict(type='ViewMemoryHead', loss=dict(type='ViewMemoryCELoss'))
    return MemorySSL(
        backbone=case.backbone,
        neck=dict(type='ProjectionNeck', in_channels=case.width, hid_channels=2048, out_channels=WIDTH, **norm),
        memory=dict(type='QueueMemory', length=case.length, feat_dim=WIDTH, num_blocks=case.length // case.block),
        head=dict(**head, student_temp=STUDENT_TEMP, teacher_temp=TEACHER_TEMP),
        teacher=dict(type='EMATeacher', momentum=0.004),
        num_key_views=2,
    )


def pair(case: Case) -> list[Training]:
    """Return the baseline and the case, with the same weights and views.

    The baseline has the released loss; if the case has options, it is SSLReg's step without them.

    Args:
        case: The case.
    """
    torch.manual_seed(0)
    model = build(case)
    baseline = copy.deepcopy(model)
    if not case.options:
        baseline.head = ReleasedHead(case.block)
    steps = [Training(baseline, replace(case, options=())), Training(model, case)]
    steps[0].views = steps[1].views
    return steps


def measure(case: Case, rounds: int) -> dict[str, Any]:
    """Return the comparison's row with SSLReg's images per second, MFU and seconds per epoch."""
    name = f'{", ".join((case.name, *case.options))}, B = {case.num_images}'
    row = asdict(compare(name, *pair(case), rounds))
    images = case.num_images / row['seconds']
    peak = next((flops for device, flops in PEAK_FLOPS.items() if device in hardware()), None)
    mfu = images * case.gflop * 1e9 / peak if case.gflop and peak else None
    epoch = CIFAR10 / images if case.sizes == (32, 32) else None
    return row | dict(images_per_s=images, mfu=mfu, epoch_seconds=epoch)


def report(rows: list[dict[str, Any]]) -> None:
    """Print the table."""
    names = ('', 'base ms', 'ours ms', 'x faster', 'base MB', 'ours MB', 'images/s', 'MFU %', 's / epoch')
    table = Table(*names, title='A training step', box=SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False)
    for column in table.columns:
        column.no_wrap = True
        column.justify = 'left' if column is table.columns[0] else 'right'
    for row in rows:
        table.add_row(
            row['name'],
            *(f'{row[name] * 1e3:.1f}' for name in ('baseline_seconds', 'seconds')),
            f'{row["ratio"]:.2f}',
            *(f'{row[name]:.0f}' for name in ('baseline_peak_mb', 'peak_mb', 'images_per_s')),
            '' if row['mfu'] is None else f'{100 * row["mfu"]:.1f}',
            '' if row['epoch_seconds'] is None else f'{row["epoch_seconds"]:.1f}',
        )
    note = f'{hardware()}; median of interleaved rounds; MB at the peak beside the inputs'
    plain_console(width=130).print(table, Text(note, style='dim'))


def write(rows: list[dict[str, Any]], file: Path) -> None:
    """Write the rows as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(rows, indent=2) + '\n')


def main() -> None:
    """Run the benchmark and print its table."""
    args = arguments(__doc__.split('\n')[0])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that rows are kept if a later case is cut off
    rows: list[dict[str, Any]] = []
    try:
        for case in CASES[DEVICE, 'quick' if args.quick else 'full']:
            rows.append(measure(case, args.rounds))
            if args.json:
                write(rows, args.json)
            gc.collect()
            torch.cuda.empty_cache()
    finally:
        report(rows)


if __name__ == '__main__':
    main()
