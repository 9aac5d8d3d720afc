"""Every config parses, survives a dump, and builds; its transforms run; the published ones are the papers'."""

import math
import re
from pathlib import Path

import cv2
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from PIL import Image

from sslreg.datasets import PhotoTiles, sample_indices
from sslreg.datasets.views import View
from sslreg.engine import ScheduledValues, TrainingLength
from sslreg.models import start_teacher
from sslreg.models.memory_ssl import embed_views
from sslreg.registry import DATASETS, HOOKS, MODELS, OPTIM_WRAPPER_CONSTRUCTORS, PROBES, SCHEDULES, TRANSFORMS
from tests.reference.massl import cosine_array

# configs/my/ is the user's (docs/add_a_memory.md); downstream/ is tested in tests/downstream/
OTHERS = {'_base_', 'benchmarks', 'downstream', 'encoders', 'my'}
CONFIGS = [path for path in sorted(Path('configs').rglob('[!_]*.py')) if not OTHERS & set(path.parts)]
IMAGENET = [path for path in CONFIGS if path.stem in ('vits_800e', 'vitb_400e', 'vitb_800e')]


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('sslreg'):
        yield


@pytest.mark.parametrize('path', CONFIGS, ids=str)
def test_config_builds(path):
    cfg = Config.fromfile(path)
    model = MODELS.build(cfg.model)
    constructor = dict(
        type=cfg.optim_wrapper.pop('constructor', 'DefaultOptimWrapperConstructor'),
        paramwise_cfg=cfg.optim_wrapper.pop('paramwise_cfg', None),
        optim_wrapper_cfg=cfg.optim_wrapper,
    )
    OPTIM_WRAPPER_CONSTRUCTORS.build(constructor)(model)
    for hook in [*cfg.get('custom_hooks', []), *cfg.default_hooks.values()]:
        HOOKS.build(hook)
    (benchmark,) = cfg.val_cfg.benchmarks
    for probe in benchmark.probes:
        PROBES.build(probe)


@pytest.mark.parametrize('path', CONFIGS, ids=str)
def test_dumped_config_is_the_same(path, tmp_path):
    cfg = Config.fromfile(path)
    cfg.dump(tmp_path / 'dumped.py')
    dumped = Config.fromfile(tmp_path / 'dumped.py')
    assert dumped.pretty_text == cfg.pretty_text
    MODELS.build(dumped.model)


@pytest.mark.parametrize('path', CONFIGS, ids=str)
def test_config_names_its_paper_and_its_command(path):
    text = path.read_text()
    assert 'https://arxiv.org/abs/' in text
    assert f'configs/{path.relative_to("configs")}' in text or 'bash tools/quickstart.sh' in text


IMAGENET_STATISTICS = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
CIFAR10_MEAN = (125.3, 123.0, 113.9)
STATISTICS = {  # mean and std by the folder of the images
    'cifar10': [(CIFAR10_MEAN, (63.0, 62.1, 66.7)), (CIFAR10_MEAN, (51.6, 50.9, 51.3))],  # of all pixels; of each image
    'cifar100': [((129.3, 124.1, 112.4), (68.2, 65.4, 70.4))],
    'imagenet': [IMAGENET_STATISTICS],
    'tiny-imagenet-200': [IMAGENET_STATISTICS],
    'tinyimagenet_a': [IMAGENET_STATISTICS],
    '': [((127.5,) * 3, (64.0,) * 3)],  # photographs of the package
    'photos': [IMAGENET_STATISTICS],  # the user's
}
TO_ONE = ((127.5,) * 3, (127.5,) * 3)  # [-1, 1], as the released MAE of SSLMem


def roots(dataset):
    """Yield the folders of the datasets within a config."""
    inner = [dataset[name] for name in ('dataset', 'datasets') if name in dataset]
    for each in inner:
        for part in each if isinstance(each, list) else [each]:
            yield from roots(part)
    if not inner:
        yield Path(dataset.get('data_root', '')).name.partition('.')[0]


@pytest.mark.parametrize('path', CONFIGS, ids=str)
def test_images_are_normalised_by_the_statistics_of_their_dataset(path):
    cfg = Config.fromfile(path)
    preprocessor = cfg.model.get('data_preprocessor') or cfg.data_preprocessor
    found = (tuple(preprocessor.mean), tuple(preprocessor.std))
    datasets = [cfg.train_dataloader.dataset, cfg.val_dataloader.dataset, cfg.test_dataloader.dataset]
    datasets += [benchmark.train for benchmark in cfg.val_cfg.benchmarks]
    for root in {root for dataset in datasets for root in roots(dataset)}:
        assert found in STATISTICS[root] or (found == TO_ONE and 'mae' in path.stem), root


def run_transforms(pipeline: list[dict], image: dict) -> dict:
    results = dict(image, sample_idx=0)
    for transform in pipeline:
        results = TRANSFORMS.build(transform)(results)
    return results


@pytest.mark.parametrize('path', CONFIGS, ids=str)
def test_transforms_of_a_config_run(path, tmp_path):
    """The output of the dataset fits the model: uint8 images, as many views as the loss compares."""
    cfg = Config.fromfile(path)
    Image.new('RGB', (400, 300), (200, 100, 50)).save(tmp_path / 'photo.png')
    files = dict(img_path=str(tmp_path / 'photo.png'), gt_label=0)
    arrays = dict(img=cv2.resize(cv2.imread(files['img_path']), (32, 32)), gt_label=0)
    for dataset in (cfg.train_dataloader.dataset, cfg.val_dataloader.dataset, cfg.val_cfg.benchmarks[0].train):
        inputs = first_item(dataset, files, arrays)['inputs']
        is_trained = dataset is cfg.train_dataloader.dataset
        views = inputs if is_trained else [inputs]
        assert all(view.dtype == torch.uint8 and view.shape[-3] == 3 for view in views)
        keys = cfg.model.get('num_key_views', 0)
        # A teacher's view is compared with at least one other.
        assert not is_trained or not keys or len(views) >= max(keys, 2)


class Images(list):
    """A dataset."""

    def get_data_info(self, index):
        return self[index]


def first_item(dataset, files, arrays):
    """Return the first item of a dataset, with an image in place of its own."""
    if 'dataset' in dataset:
        images = Images([first_item(dataset.dataset, files, arrays)])
        return DATASETS.build(dict(dataset, dataset=images))[0]
    pipeline = dataset.get('pipeline', [])
    return run_transforms(pipeline, files if 'LoadImage' in str(pipeline) else arrays)


OFFICIAL = [  # size, number, crop scale, probabilities of blur and solarisation (released code, main command)
    (224, 1, (0.32, 1.0), 1.0, 0.0),
    (224, 1, (0.32, 1.0), 0.1, 0.2),
    (96, 10, (0.05, 0.32), 0.5, 0.0),
]


@pytest.mark.parametrize('path', IMAGENET, ids=str)
def test_published_augmentation(path):
    views = Config.fromfile(path).train_dataloader.dataset.pipeline[1].views
    for view, (size, num, scale, blur, solarize) in zip((View(**view) for view in views), OFFICIAL, strict=True):
        assert (view.size, view.num, tuple(view.scale), view.interpolation) == (size, num, scale, 'bicubic')
        assert (view.flip, view.jitter_prob, view.gray) == (0.5, 0.8, 0.2)
        assert view.jitter == dict(brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1)
        assert (view.blur, tuple(view.sigma), view.solarize) == (blur, (0.1, 2.0), solarize)


@pytest.mark.parametrize('path', IMAGENET, ids=str)
def test_published_recipe(path):
    """The authors' commands: schedules at full length, 1251 steps an epoch."""
    cfg = Config.fromfile(path)
    epochs, small = cfg.train_cfg.max_epochs, 'vits' in path.stem
    assert epochs == (400 if '400' in path.stem else 800)
    assert cfg.train_dataloader.batch_size * 8 == cfg.auto_scale_lr.base_batch_size == 1024
    optimizer = cfg.optim_wrapper.optimizer
    stated = [optimizer.lr, optimizer.weight_decay, cfg.model.head.teacher_temp, cfg.model.teacher.momentum]
    training = TrainingLength(1251 * epochs, 1251)
    lr, decay, temp, momentum = (SCHEDULES.build(schedule).resolved(training) for schedule in stated)
    assert cfg.optim_wrapper.clip_grad == dict(type='per_tensor', max_norm=3.0)
    assert (cfg.model.backbone.drop_path_rate, cfg.model.backbone.patch_size) == (0.1, 16)
    assert (cfg.model.neck.hid_channels, cfg.model.neck.out_channels, cfg.model.head.student_temp) == (2048, 256, 0.1)
    assert (cfg.model.memory.length, cfg.model.memory.num_blocks, cfg.model.num_key_views) == (65536, 4, 2)
    steps = 1251
    base, final, warmup = (5e-4, 1e-6, 0) if small else (7.5e-4, 2e-6, 10)
    expected = dict(
        lr=cosine_array(base * 4, final, epochs, steps, warmup),
        decay=cosine_array(0.04, 0.4, epochs, steps),
        temp=cosine_array(0.07, 0.07, epochs, steps, 30 if small else 50, warmup_start=0.04),
        momentum=[1 - m for m in cosine_array(0.992 if small else 0.996, 1.0, epochs, steps)],
    )
    for name, schedule in dict(lr=lr, decay=decay, temp=temp, momentum=momentum).items():
        values = [schedule(step, epochs * steps) for step in range(epochs * steps)]
        difference = (
            torch.tensor(values, dtype=torch.float64) - torch.tensor(expected[name], dtype=torch.float64)
        ).abs()
        assert difference.max() < 1e-7, name


def expected_start(cosine: float, student_temp: float, teacher_temp: float) -> float:
    """The loss against a memory of random directions, whose similarities are normal with variance 1/256.

    ln(Nb) + Var(s) / 2 - Cov(s, t) for student logits s and teacher logits t of views with this cosine.
    """
    return math.log(16384) + (1 / (2 * student_temp**2) - cosine / (student_temp * teacher_temp)) / 256


@pytest.mark.slow
def test_one_real_step_of_vitb(tmp_path):
    """ViT-B/16 on 2 photographs, all 12 crops, as on 8 GPUs but for the batch; the loss starts where it must."""
    folder = tmp_path / 'train' / 'photo'
    folder.mkdir(parents=True)
    tiles = PhotoTiles(tiles_per_class=1, tile_size=300)
    for i in range(2):
        Image.fromarray(tiles.get_data_info(i)['img'][..., ::-1].copy()).save(folder / f'{i}.jpg')
    cfg = Config.fromfile('configs/massl/vitb_800e.py')
    cfg.train_dataloader.dataset.data_root = str(tmp_path)
    cfg.train_dataloader.update(batch_size=2, num_workers=0, pin_memory=False)
    cfg.optim_wrapper.dtype = 'float32'  # many CPUs take six times as long for bfloat16
    batch = next(iter(Runner.build_dataloader(cfg.train_dataloader, seed=0)))
    assert [tuple(view.shape) for view in batch['inputs']] == [(2, 3, 224, 224)] * 2 + [(2, 3, 96, 96)] * 10

    model = MODELS.build(cfg.model)
    model.init_weights()
    start_teacher(model)
    with torch.no_grad():
        images = model.data_preprocessor(batch, True)['inputs']
        queries, keys = embed_views(model.student, images), embed_views(model.teacher.module, images[:2])
    pairs = torch.einsum('vbd,tbd->vt', queries, keys) / 2
    cosine = pairs[~torch.eye(12, 2, dtype=torch.bool)].mean().item()

    wrapper = OPTIM_WRAPPER_CONSTRUCTORS.build(
        dict(type=cfg.optim_wrapper.pop('constructor'), optim_wrapper_cfg=cfg.optim_wrapper)
    )(model)
    ScheduledValues(model, wrapper.optimizer, TrainingLength(1251 * 800, 1251)).set(1251 * 50)
    before = {name: param.detach().clone() for name, param in model.named_parameters()}
    loss = model.train_step(batch, wrapper)['loss'].item()
    assert loss == pytest.approx(expected_start(cosine, 0.1, 0.07), abs=0.1)
    for name, param in model.named_parameters():
        assert torch.equal(param, before[name]) == name.startswith('teacher.'), name
    assert model.memory.cursor == 2


def test_released_memory_is_one_override_away():
    cfg = Config.fromfile('configs/massl/vitb_400e.py')
    cfg.merge_from_dict({'model.memory.length': 131072, 'model.memory.num_blocks': 8})
    blocks = MODELS.build(cfg.model).memory.read(torch.arange(1)).blocks
    assert blocks.shape == (8, 16384, 256)


def test_samples_reach_the_memory_with_their_index():
    """Or an instance memory would not know its rows."""
    cfg = Config.fromfile('configs/massl/quickstart.py')
    cfg.train_dataloader.update(num_workers=0)
    batch = next(iter(Runner.build_dataloader(cfg.train_dataloader, seed=0)))
    assert len(set(sample_indices(batch['data_samples']).tolist())) == cfg.train_dataloader.batch_size


def chain(path: Path) -> int:
    """Files from a config to the base that is furthest from it, both included."""
    names = re.findall(r'^    from (\.+)([\w.]+) import \*', path.read_text(), re.M)
    bases = [path.parents[len(dots) - 1].joinpath(*name.split('.')).with_suffix('.py') for dots, name in names]
    return 1 + max(map(chain, bases), default=0)


@pytest.mark.parametrize('path', CONFIGS, ids=str)
def test_a_recipe_is_at_most_four_files_deep(path):
    assert chain(path) <= 4


def test_no_text_counts_hooks_by_their_position():
    texts = [*Path('configs').rglob('*.py'), *Path('docs').rglob('*.md'), Path('README.md')]
    assert [str(text) for text in texts if re.search(r'custom_hooks(\[\d|\.\d)', text.read_text())] == []
