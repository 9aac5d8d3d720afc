"""The losses of short seeded runs, against those recorded in ``tests/assets/losses``.

    RECORD_LOSSES=1 python -m pytest tests/engine/test_golden_losses.py

records them again, with ``-k massl`` some of them. Record again only after a change that is meant to alter what
a method computes. A change of structure or of the config format must leave the files as they are: it may adapt the
functions ``massl``, ``npid``, ``corrected`` and ``simclr``, and ``PlainInstanceHead``.

The runs are smooth enough (batch norm over 8 images and more, no max pooling) that another order of sums changes a loss
by a millionth, not by a percent.
"""

import logging
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.dist import all_gather
from mmengine.hooks import Hook
from mmengine.model import BaseModule
from mmengine.runner import Runner
from torch import Tensor, nn

from sslreg.models.heads.statistics import spread
from sslreg.models.recall import LearningRecall, Recall
from sslreg.registry import MODELS
from tests import toy
from tests.reference.massl import PlainViewMemoryCELoss

FOLDER = Path(__file__).parents[1] / 'assets' / 'losses'
COMMAND = 'RECORD_LOSSES=1 python -m pytest tests/engine/test_golden_losses.py'
TOLERANCE = 2e-5  # relative, where another processor or torch rounds differently: AVX2 against AVX512 gave 3e-6
NUM_IMAGES, BATCH_SIZE = 48, 16
EPOCHS = 8  # of 3 steps: 48 images in global batches of 16
NECK = dict(
    type='ProjectionNeck', in_channels=8, hid_channels=32, out_channels=8, norm_cfg=dict(type='BN1d'), init_std=0.2
)
IMAGES = dict(mean=[127.5] * 3, std=[64.0] * 3)

MODELS.register_module(module=PlainViewMemoryCELoss, force=True)


@MODELS.register_module(force=True)
class PlainInstanceHead(BaseModule):
    """InstanceHead with all cosines at once and autograd, for one view."""

    def __init__(self, temperature: float, losses: list[dict[str, Any]] | None = None) -> None:
        super().__init__()
        self.temperature = temperature
        self.losses = nn.ModuleList(MODELS.build(loss) for loss in losses or [])

    def loss(self, queries: Tensor, keys: Tensor, recall: Recall) -> dict[str, Tensor]:
        cosines = queries[0] @ recall.blocks[0].T
        loss = F.cross_entropy(cosines / self.temperature, recall.target)
        for further in self.losses:
            logits = cosines / (further.temperature or self.temperature)
            loss = loss + further.weight * further.definition(logits).mean()
        if isinstance(recall, LearningRecall):
            self._teach(queries[0].detach(), recall)
        return dict(loss=loss, query_std=spread(queries))

    def _teach(self, queries: Tensor, recall: LearningRecall) -> None:
        """Give the memory the softmax of the global batch, in one chunk."""
        queries, target = (torch.cat(all_gather(part.contiguous())) for part in (queries, recall.target))
        logits = queries @ recall.entries[0].T / self.temperature
        recall.begin(queries, queries, target, logits.logsumexp(dim=1), self.temperature)
        recall.learn(0, logits.softmax(dim=1))
        recall.finish()


def massl(plain: bool) -> dict[str, Any]:
    """MaSSL: two views of 8 px, one of 6 px, and a schedule of everything that its recipes schedule."""
    return dict(
        model=dict(
            type='MemorySSL',
            data_preprocessor=IMAGES,
            backbone=dict(type='ToyBackbone'),
            neck=NECK,
            memory=dict(type='QueueMemory', length=72, feat_dim=8, num_blocks=2),  # 4.5 batches
            head=dict(
                type='ViewMemoryHead',
                loss=dict(type='PlainViewMemoryCELoss' if plain else 'ViewMemoryCELoss'),
                student_temp=0.1,
                teacher_temp=dict(type='WarmupSchedule', start=0.04, end=0.07, warmup=0.5),
            ),
            teacher=dict(type='EMATeacher', momentum=dict(type='CosineSchedule', start=0.1, end=0.0)),
            num_key_views=2,
        ),
        optim_wrapper=dict(
            type='SSLOptimWrapper',
            constructor='MatrixDecayConstructor',
            optimizer=dict(
                type='AdamW',
                lr=dict(type='CosineSchedule', start=4e-3, end=1e-6, warmup=0.25),
                weight_decay=dict(type='CosineSchedule', start=0.04, end=0.4),
            ),
            clip_grad=dict(type='per_tensor', max_norm=3.0),
        ),
        train_dataloader=images([2, 1], [[dict(type='ToyNoise')], [dict(type='CenterCrop', crop_size=6)]]),
    )


def npid(plain: bool) -> dict[str, Any]:
    """NPID: a moving average per image, cross-entropy alone."""
    lr = dict(type='CosineSchedule', start=3e-3, end=0.0)
    return dict(
        model=dict(
            type='MemorySSL',
            data_preprocessor=IMAGES,
            backbone=dict(type='ToyBackbone'),
            neck=NECK,
            memory=dict(type='InstanceMemory', length=NUM_IMAGES, feat_dim=8, momentum=0.5),
            head=dict(type='PlainInstanceHead' if plain else 'InstanceHead', temperature=0.2),
        ),
        optim_wrapper=dict(type='SSLOptimWrapper', optimizer=dict(type='SGD', lr=lr, momentum=0.9, weight_decay=1e-4)),
        train_dataloader=images([1], [[dict(type='ToyNoise')]]),
    )


def corrected(plain: bool) -> dict[str, Any]:
    """NPID with the corrected memory, filled by the untrained network, and SqrtKL as released."""
    config = npid(plain)
    config['model']['memory'] = dict(
        type='CorrectedInstanceMemory', length=NUM_IMAGES, feat_dim=8, momentum=0.5, rows='all', init='network'
    )
    config['model']['head']['losses'] = [dict(type='ReleasedSqrtKLLoss', weight=20.0)]
    return config


def simclr() -> dict[str, Any]:
    """mmpretrain's SimCLR, two views of 8 px whose colours change."""
    lr = dict(type='CosineSchedule', start=1e-3, end=0.0, warmup=0.125)
    jitter = dict(brightness=0.8, contrast=0.8, saturation=0.8, hue=0.2)
    return dict(
        model=dict(
            type='SimCLR',
            data_preprocessor=dict(type='ViewPreprocessor', **IMAGES),
            backbone=dict(type='ToyBackbone'),
            neck=dict(
                type='NonLinearNeck',
                in_channels=8,
                hid_channels=32,
                out_channels=16,
                with_last_bn=False,
                with_last_bias=True,
                norm_cfg=dict(type='BN1d'),
            ),
            head=dict(type='ContrastiveHead', loss=dict(type='CrossEntropyLoss'), temperature=0.5),
        ),
        optim_wrapper=dict(
            type='SSLOptimWrapper',
            constructor='MatrixDecayConstructor',
            optimizer=dict(type='Adam', lr=lr, weight_decay=1e-6),
        ),
        train_dataloader=toy.loader(BATCH_SIZE, True, [], drop_last=True)
        | dict(
            collate_fn=dict(type='sslreg.datasets.collate'),
            dataset=dict(
                type='BatchedViews',
                dataset=dict(type='ToyDataset', length=NUM_IMAGES, pipeline=[]),
                views=[dict(size=8, num=2, flip=0.5, jitter=jitter, jitter_prob=0.8, gray=0.2)],
            ),
        ),
    )


def images(num_views: list[int], transforms: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """Return a loader of views of the toy's images."""
    views = dict(type='MultiView', num_views=num_views, transforms=transforms)
    loader = toy.loader(BATCH_SIZE, True, [views, dict(type='PackInputs')], drop_last=True)
    loader['dataset']['length'] = NUM_IMAGES
    return loader


METHODS: dict[str, Callable[[], dict[str, Any]]] = {
    'massl_streamed': partial(massl, plain=False),
    'massl_plain': partial(massl, plain=True),
    'npid_streamed': partial(npid, plain=False),
    'npid_plain': partial(npid, plain=True),
    'corrected_streamed': partial(corrected, plain=False),
    'corrected_plain': partial(corrected, plain=True),
    'simclr': simclr,
}
TWO_PROCESSES = [method for method in METHODS if method != 'simclr']


class KeepLosses(Hook):
    """List the loss of every step, without rounding."""

    def __init__(self) -> None:
        self.losses: list[float] = []

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict[str, Tensor] | None = None
    ) -> None:
        self.losses.append(float(outputs['loss'].detach()))


def losses_of(rank: int, method: str, work_dir: str, num_processes: int) -> list[float]:
    """Train a method and return this process's loss at every step."""
    cfg = Config(METHODS[method]())
    cfg.merge_from_dict(
        dict(
            default_scope='sslreg',
            train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=EPOCHS),
            default_hooks=dict(
                seed=dict(type='EpochSeedHook'), memory=dict(type='MemoryCheckHook'), logger=None, checkpoint=None
            ),
            randomness=dict(seed=0),
            log_level='WARNING',
            work_dir=work_dir,
            experiment_name=f'{method}_{num_processes}',
        )
    )
    if num_processes > 1:
        logging.disable(logging.WARNING)
        os.environ['LOCAL_RANK'] = str(rank)
        cfg.train_dataloader.batch_size //= num_processes
        cfg.launcher = 'pytorch'
        cfg.model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, device_ids=None)
    with one_thread():
        runner, kept = Runner.from_cfg(cfg), KeepLosses()
        runner.register_hook(kept)
        runner.train()
    return kept.losses


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute in one thread: the number of threads changes the order of sums."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def environment() -> str:
    """Return what decides how sums are rounded: torch, and the instructions and maker of the processor."""
    cpuinfo = Path('/proc/cpuinfo')
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    maker = next((line.split()[-1] for line in lines if line.startswith('vendor_id')), platform.machine())
    return f'torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, {maker}'


def write(path: Path, steps: list[tuple[float, ...]]) -> None:
    """Write the losses of all steps, and above them what is needed to record them again."""
    header = [
        f'losses of the case {path.stem} of tests/engine/test_golden_losses.py',
        f'a line per step ({len(steps)}), a column per process ({len(steps[0])})',
        f'record: {COMMAND} -k {path.stem}',
        f'environment: {environment()}',
    ]
    lines = [f'# {line}' for line in header] + [' '.join(map(repr, step)) for step in steps]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('\n'.join(lines) + '\n')


def read(path: Path) -> tuple[str, list[tuple[float, ...]]]:
    """Return the environment and the losses of all steps."""
    lines = path.read_text().splitlines()
    (found,) = (line.removeprefix('# environment: ') for line in lines if line.startswith('# environment: '))
    return found, [tuple(map(float, line.split())) for line in lines if not line.startswith('#')]


def compare(name: str, steps: list[tuple[float, ...]]) -> None:
    """Fail unless the losses equal the recorded ones: bit for bit in the same environment, else up to TOLERANCE."""
    path = FOLDER / f'{name}.txt'
    if os.environ.get('RECORD_LOSSES'):
        write(path, steps)
    recorded_in, recorded = read(path)
    assert len(steps) == len(recorded)
    if recorded_in == environment():
        assert steps == recorded
    else:
        torch.testing.assert_close(torch.tensor(steps), torch.tensor(recorded), rtol=TOLERANCE, atol=0)


@pytest.mark.parametrize('method', [pytest.param(method, id=f'{method}_1') for method in METHODS])
def test_one_process_has_the_recorded_losses(tmp_path, method):
    losses = losses_of(0, method, str(tmp_path), 1)
    compare(f'{method}_1', list(zip(losses, strict=True)))


@pytest.mark.slow
@pytest.mark.parametrize('method', [pytest.param(method, id=f'{method}_2') for method in TWO_PROCESSES])
def test_two_processes_have_the_recorded_losses(tmp_path, run_ranks, method):
    ranks = run_ranks(losses_of, method, str(tmp_path / 'run'), 2)
    compare(f'{method}_2', list(zip(*ranks, strict=True)))


def test_every_recorded_file_is_compared():
    names = [f'{method}_1' for method in METHODS] + [f'{method}_2' for method in TWO_PROCESSES]
    assert sorted(path.stem for path in FOLDER.glob('*')) == sorted(names)
