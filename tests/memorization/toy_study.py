"""A study of the toy: f and g, trained for two epochs in a second each."""

from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner
from torch import Tensor, nn

from sslreg.memorization.split import ordered_split
from sslreg.memorization.study import ENCODERS, Checkpoints, Study
from sslreg.registry import MODELS
from tests import toy


@MODELS.register_module(force=True)
class ToyReLU(toy.ToyBackbone):
    """Toy network with activations behind a ReLU as a layer."""

    def __init__(self, drop_rate: float = 0.0) -> None:
        super().__init__(drop_rate)
        self.act = nn.ReLU()

    def forward(self, images: Tensor) -> tuple[Tensor]:
        return (self.act(self.norm(self.conv(images))),)


VIEWS = [dict(size=8, num=3, scale=(0.3, 1), flip=0.5, jitter=dict(brightness=0.5), jitter_prob=0.8)]


def config(**overrides: Any) -> Config:
    """24 images and 8 test images, views of BatchedViews."""
    cfg = toy.config(Path('work'))
    cfg.train_dataloader.update(collate_fn=dict(type='sslreg.datasets.collate'))
    cfg.train_dataloader.dataset = dict(
        type='BatchedViews', dataset=dict(type='ToyDataset', length=40, pipeline=[]), views=VIEWS
    )
    cfg.test_dataloader.dataset.length = 8
    cfg.merge_from_dict({name.replace('__', '.'): value for name, value in overrides.items()})
    return cfg


def write(folder: Path, cfg: Config) -> Path:
    """The config in a file."""
    folder.mkdir(parents=True, exist_ok=True)
    cfg.dump(folder / 'config.py')
    return folder / 'config.py'


def split(folder: Path, **parts: list[int]) -> Path:
    """Write a split of 40 images: 24 shared, 8 candidates, 8 independent, and 4 of the test set."""
    ordered_split(40, 4, 0.2)._replace(**parts).write(folder / 'split.json')
    return folder / 'split.json'


def knn(images: dict[str, Any]) -> dict[str, Any]:
    """A benchmark of a dataset by its own neighbours."""
    kinds, probes = [dict(type='Pooled')], [dict(type='KNNProbe', ks=(3,))]
    return dict(type='ClassificationBenchmark', train=images, test=images, kinds=kinds, probes=probes)


def train(folder: Path, cfg: Config, split_file: Path, seed: int = 0) -> Checkpoints:
    """Checkpoints of f and g, with their configs beside them."""
    study, checkpoints = Study(cfg, split_file, folder), []
    for name in ENCODERS:
        training = study.training(name, seed)
        own = training.cfg
        own.work_dir = str(training.work_dir)
        own.experiment_name = f'{folder.name}-{seed}-{name}'
        Path(own.work_dir).mkdir(parents=True)
        own.dump(Path(own.work_dir, f'{name}.py'))
        Runner.from_cfg(own).train()
        checkpoints.append(str(training.checkpoint))
    return Checkpoints(*checkpoints)


def on_toys(cfg: Config) -> Config:
    """A config of CIFAR-10 on 40 toy images and 8 test images, brought to the size that it trains on."""
    whole, plain = dict(type='ToyDataset', length=40), [dict(type='Resize', scale=32), dict(type='PackInputs')]
    cfg.train_dataloader.dataset.dataset = dict(whole, pipeline=[])
    (benchmark,) = cfg.val_cfg.benchmarks
    benchmark.train = dict(whole, pipeline=plain)
    benchmark.probes[0].ks = (3,)
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        loader.dataset = dict(whole, length=8, pipeline=plain)
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        loader.update(num_workers=0, batch_size=8)
    cfg.log_level = 'WARNING'
    return cfg
