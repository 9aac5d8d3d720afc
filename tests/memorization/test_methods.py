"""Methods that are not sslreg's, mmpretrain's SimCLR, MAE and classifier: trained by their configs, and scored."""

import pytest
import torch
from mmengine.config import Config
from mmpretrain.models import SelfSupDataPreprocessor
from torch import nn

from sslreg.datasets import collate
from sslreg.engine import ScheduledValues, TrainingLength
from sslreg.evaluation.features.store import FeatureStore
from sslreg.memorization import Study, scoring
from sslreg.memorization.layers import Layers
from sslreg.models.adapters import as_encoder
from sslreg.registry import DATASETS, MODELS, OPTIM_WRAPPER_CONSTRUCTORS
from tests.memorization import toy_study

CONFIGS = [
    f'configs/sslmem/{method}_{length}.py'
    for method in ('resnet9_cifar10_simclr', 'resnet9_cifar10_supervised', 'vittiny_cifar10_mae')
    for length in ('600e', 'small')
]
MAE = 'configs/sslmem/vittiny_cifar10_mae_small.py'


def on_toys(path: str) -> Config:
    return toy_study.on_toys(Config.fromfile(path))


def built(cfg: Config, seed: int = 0):
    torch.manual_seed(seed)
    return MODELS.build(cfg.model)


@pytest.mark.parametrize('path', CONFIGS)
def test_a_step_moves_all_that_is_trained(path):
    cfg = on_toys(path)
    model = built(cfg)
    settings = {key: cfg.optim_wrapper.pop(key, None) for key in ('constructor', 'paramwise_cfg')}
    wrapper = OPTIM_WRAPPER_CONSTRUCTORS.build(
        dict(type=settings['constructor'], paramwise_cfg=settings['paramwise_cfg'], optim_wrapper_cfg=cfg.optim_wrapper)
    )(model)
    ScheduledValues(model, wrapper.optimizer, TrainingLength(600, 1)).set(100)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    before = {name: param.detach().clone() for name, param in model.named_parameters()}
    loss = model.train_step(dataset.__getitems__(range(2)), wrapper)['loss']
    assert loss.isfinite()
    for name, param in model.named_parameters():
        assert torch.equal(param, before[name]) != param.requires_grad, name


@pytest.mark.parametrize('path', CONFIGS)
def test_its_encoders_are_scored(path, tmp_path):
    cfg = on_toys(path)
    patterns = ('residuals',) if 'mae' in path else (r'layers\.\d+', r'residuals\.\d+')
    protocol = scoring.Protocol(2, layers=(*patterns, 'representation'))
    f, g = (Layers(as_encoder(built(cfg, seed).eval()), protocol.layers) for seed in (0, 1))
    few = dict(shared=[0], candidate=[1], independent=[2], extra=[0])
    split = toy_study.split(tmp_path, **few)
    scores = scoring.score_images(
        Study(cfg, split), [scoring.EncoderPair(0, f, g)], protocol, FeatureStore(tmp_path), 8, 0
    )
    last = ['blocks.11.attention', 'blocks.11.mlp'] if 'mae' in path else ['layers.7', 'residuals.1']
    assert scores.layers[-3:] == [*last, 'representation']
    assert scores.of_f.shape == scores.of_g.shape == (1, len(scores.layers), 4)
    assert scores.of_f.min() > 0
    assert (scores.of_f - scores.of_g).abs().min() > 0


def test_tokens_of_mae_are_those_of_the_whole_image_in_the_order_of_its_patches():
    """Not of a shuffled part, as the released code of arXiv 2401.12233 compares."""
    model = built(on_toys(MAE)).eval()
    model.init_weights()
    backbone = model.backbone
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(as_encoder(model).represent(images), as_encoder(model).represent(images))

    backbone.layers = nn.ModuleList([nn.Identity()] * len(backbone.layers))  # leaves the embedded patches as they are
    backbone.ln1 = nn.Identity()
    tokens = as_encoder(model).represent(images)
    assert tokens.shape == (2, 1 + 8 * 8, 192)
    projection = backbone.patch_embed.projection
    for row, column in [(0, 0), (0, 7), (3, 5), (7, 7)]:
        patch = images[:, :, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
        place = 1 + 8 * row + column
        expected = torch.einsum('bchw,dchw->bd', patch, projection.weight) + projection.bias
        torch.testing.assert_close(tokens[:, place], expected + backbone.pos_embed[:, place])
    torch.testing.assert_close(tokens[:, 0], (backbone.cls_token + backbone.pos_embed[:, :1])[:, 0].expand(2, -1))


def test_mae_is_scored_by_tokens_and_evaluated_by_their_mean():
    model = as_encoder(built(on_toys(MAE)))
    images = torch.rand(2, 3, 32, 32)
    tokens = model.represent(images)
    torch.testing.assert_close(model.extract_feat(images), tokens.mean(dim=1))
    seen = Layers(model).measure([images], lambda output: output)
    torch.testing.assert_close(seen['representation'], tokens[None])


@pytest.mark.parametrize('path', CONFIGS[1:4:2])
def test_maps_are_represented_by_their_mean(path):
    model = as_encoder(built(on_toys(path)))
    images = torch.rand(2, 3, 32, 32)
    expected = model.feature_backbone(images)[-1].mean(dim=(2, 3))
    torch.testing.assert_close(model.represent(images), expected)
    torch.testing.assert_close(model.extract_feat(images), expected)


@pytest.mark.parametrize('path', CONFIGS[1::2])
def test_the_same_view_is_normalised_the_same_as_image_and_as_one_of_views(path):
    model = as_encoder(built(on_toys(path)))
    views = [torch.randint(256, (2, 3, 8, 8), dtype=torch.uint8) for _ in range(3)]
    found = model.data_preprocessor(dict(inputs=views, data_samples=torch.arange(2)))
    assert found['data_samples'].tolist() == [0, 1]
    mean, std = (getattr(model.data_preprocessor.preprocessor, name) for name in ('mean', 'std'))
    for view, of_several in zip(views, found['inputs'], strict=True):
        torch.testing.assert_close(of_several, (view.flip(1) - mean) / std)
        assert torch.equal(model.data_preprocessor(dict(inputs=view))['inputs'], of_several)


def test_mmpretrains_own_preprocessor_of_views():
    cfg = on_toys(CONFIGS[1])
    cfg.model.data_preprocessor = dict(type=SelfSupDataPreprocessor, mean=[127.5] * 3, std=[64.0] * 3)
    model = as_encoder(built(cfg))
    batch = collate([dict(inputs=[torch.zeros(3, 8, 8, dtype=torch.uint8)] * 2, data_samples=0)])
    views = model.data_preprocessor(batch)['inputs']
    assert [view.unique().tolist() for view in views] == [[-127.5 / 64]] * 2
