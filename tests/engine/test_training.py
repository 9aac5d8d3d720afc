"""Training runs by the real Runner."""

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from sslreg.engine import CosineSchedule
from sslreg.engine.config import scale_batch
from sslreg.registry import MODELS
from tests import toy
from tests.reference.massl import PlainViewMemoryCELoss


class Record(Hook):
    """Keeps what the test asks for after every step."""

    def __init__(self, look):
        self.look, self.seen = look or (lambda _: None), []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.seen.append(self.look(runner))


def test_trains_evaluates_and_remembers(tmp_path):
    runner = toy.train(tmp_path)
    assert runner.iter == 6
    assert runner.model.memory.num_updates == 6
    assert set(runner.val_loop.run()) == {'pooled/knn/k1/top1', 'pooled/knn/k3/top1'}
    assert (tmp_path / 'epoch_2.pth').is_file()


def test_the_streamed_loss_trains_as_the_plain_one(tmp_path):
    """The loss of every step of a run, and the memory after it, up to rounding in float32."""
    MODELS.register_module(module=PlainViewMemoryCELoss, force=True)
    plain = dict(model__head__loss__type='PlainViewMemoryCELoss')
    runs = [toy.train(tmp_path / name, epochs=4, **options) for name, options in (('streamed', {}), ('plain', plain))]
    curves = [torch.tensor(run.message_hub.get_scalar('train/loss').data[0]) for run in runs]
    assert len(curves[0]) == 12
    torch.testing.assert_close(*curves, rtol=1e-5, atol=0)
    torch.testing.assert_close(*(run.model.memory.feats for run in runs), rtol=0, atol=1e-4)


@pytest.mark.slow
@pytest.mark.usefixtures('cifar10')
def test_on_cifar10_the_streamed_loss_has_the_curve_of_the_plain_one(tmp_path):
    """30 steps of a narrow ResNet-18: within a thousandth at each, for rounding in float32 grows with every step."""
    MODELS.register_module(module=PlainViewMemoryCELoss, force=True)
    curves = []
    for loss in ('ViewMemoryCELoss', 'PlainViewMemoryCELoss'):
        cfg = Config.fromfile('configs/massl/resnet18_cifar10_small.py')
        cfg.merge_from_dict({'train_dataloader.batch_size': 64, 'train_dataloader.num_workers': 0})
        cfg.merge_from_dict({'train_dataloader.dataset.dataset.indices': 640, 'train_cfg.max_epochs': 3})
        cfg.merge_from_dict({'model.backbone.base_channels': 8, 'model.neck.in_channels': 64})
        cfg.merge_from_dict({'model.memory.length': 2048, 'model.head.loss': dict(type=loss, _delete_=True)})
        cfg.update(work_dir=str(tmp_path / loss), experiment_name=loss, val_cfg=None, val_dataloader=None)
        cfg.update(val_evaluator=None, test_cfg=None, test_dataloader=None, test_evaluator=None, log_level='WARNING')
        runner = Runner.from_cfg(cfg)
        runner.train()
        curves.append(torch.from_numpy(runner.message_hub.get_scalar('train/loss').data[0]))
    assert curves[0].std() > 0.01  # the runs move
    assert len(curves[0]) == 30
    torch.testing.assert_close(*curves, rtol=1e-3, atol=0)


def test_same_seed_same_run(tmp_path):
    first, second = (toy.state(toy.train(tmp_path / name)) for name in ('a', 'b'))
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


@pytest.mark.parametrize('num_workers', [0, 2])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, num_workers):
    """Bit for bit, with dropout and random augmentation: weights, teacher, memory and its cursor."""
    options = dict(train_dataloader__num_workers=num_workers, model__backbone__drop_rate=0.3)
    whole = toy.state(toy.train(tmp_path / 'whole', epochs=4, **options))
    toy.interrupt(toy.config(tmp_path / 'parts', epochs=4, **options), epoch=2)
    runner = toy.resume(toy.config(tmp_path / 'parts', epochs=4, **options))
    assert runner.iter == 12
    for name, value in toy.state(runner).items():
        assert torch.equal(value, whole[name]), name


def test_checkpoints_load_without_trust(tmp_path):
    runner = toy.train(tmp_path)
    checkpoint = torch.load(tmp_path / 'epoch_2.pth', weights_only=True)
    torch.testing.assert_close(checkpoint['state_dict']['memory.feats'], runner.model.memory.feats)
    assert checkpoint['message_hub']['log_scalars']['train/loss']['values'].shape == (6,)


def test_checkpoint_of_another_model_is_refused(tmp_path):
    toy.train(tmp_path)
    checkpoint = str(tmp_path / 'epoch_2.pth')
    with pytest.raises(
        ValueError,
        match=r'not of this MemorySSL: 1 have another shape \(first: memory.feats is 16x4 '
        'in the checkpoint, 32x4 in the model',
    ):
        toy.train(tmp_path / 'other', model__memory__length=32, load_from=checkpoint)
    surplus = torch.load(checkpoint)['state_dict'] | {'backbone.more.weight': torch.zeros(2)}
    torch.save(dict(state_dict=surplus), tmp_path / 'surplus.pth')
    with pytest.raises(ValueError, match=r'1 more than the model has \(first: backbone.more.weight\)'):
        toy.train(tmp_path / 'second', load_from=str(tmp_path / 'surplus.pth'))
    torch.save(dict(state_dict={'fc.weight': torch.zeros(2)}), checkpoint)
    with pytest.raises(ValueError, match=r'tensors are missing \(first: backbone.conv.weight\)'):
        toy.train(tmp_path / 'third', load_from=checkpoint)


def test_teacher_starts_as_the_student_and_follows_it(tmp_path):
    runner = Runner.from_cfg(toy.config(tmp_path))
    states = Record(
        lambda r: (r.model.backbone.conv.weight.clone(), r.model.teacher.module.backbone.conv.weight.clone())
    )
    start = Record(None)
    start.before_train_iter = lambda r, **_: start.seen.append(r.model.teacher.module.backbone.conv.weight.clone())
    runner.register_hook(start, priority='LOWEST')
    runner.register_hook(states, priority='LOWEST')
    initial = []
    start.before_train = lambda r: initial.append(r.model.backbone.conv.weight.clone())
    runner.train()
    torch.testing.assert_close(start.seen[0], initial[0], rtol=0, atol=0)
    teacher = initial[0]
    for student, seen in states.seen:
        teacher = 0.9 * teacher + 0.1 * student
        torch.testing.assert_close(seen, teacher)


def test_teacher_waits_for_the_optimizer_under_accumulation(tmp_path):
    runner = Runner.from_cfg(toy.config(tmp_path, optim_wrapper__accumulative_counts=2))
    steps = Record(lambda r: int(r.model.teacher.steps))
    runner.register_hook(steps, priority='LOWEST')
    runner.train()
    assert steps.seen == [1, 2, 2, 3, 3, 4]  # 1 from the first copy; 6 micro-steps are 3 steps


def test_hook_without_a_teacher_says_so(tmp_path):
    with pytest.raises(ValueError, match='MemorySSL has no teacher'):
        toy.train(tmp_path, model__teacher=None, custom_hooks=[dict(type='TeacherEMAHook')])


def test_schedules_are_set_before_the_step_and_logged(tmp_path):
    runner = Runner.from_cfg(toy.config(tmp_path))
    values = Record(lambda r: (r.model.head.teacher_temp, r.optim_wrapper.get_lr()['lr'][0]))
    runner.register_hook(values)
    runner.train()
    temps, lrs = zip(*values.seen, strict=True)
    assert temps == pytest.approx([0.04, 0.055, 0.07, 0.07, 0.07, 0.07])
    assert lrs[0] == 1e-2
    assert list(lrs) == sorted(lrs, reverse=True)
    logged = runner.message_hub.get_scalar('train/lr').data[0]
    assert logged.tolist() == pytest.approx(lrs)
    assert runner.message_hub.get_scalar('train/head.teacher_temp').data[0].tolist() == pytest.approx(temps)


def test_groups_keep_their_ratio_through_a_resume(tmp_path):
    options = dict(auto_scale_lr=dict(base_batch_size=4, enable=True))
    runner = toy.train(tmp_path, epochs=1, **options)
    group = runner.optim_wrapper.optimizer.param_groups[0]
    assert group['lr_ratio'] == 2  # 8 images for a recipe of 4
    lr = []
    runner = Runner.from_cfg(toy.config(tmp_path, epochs=2, resume=True, **options))
    record = Record(lambda r: r.optim_wrapper.get_lr()['lr'][0])
    runner.register_hook(record)
    runner.train()
    lr = record.seen
    assert lr[0] == pytest.approx(2 * 1e-2 * 0.5)  # half way through a cosine of two epochs, scaled by 2


def rates(runner: Runner) -> list[float]:
    record = Record(lambda r: r.optim_wrapper.get_lr()['lr'][0])
    runner.register_hook(record)
    runner.train()
    return record.seen


FALLING = dict(type='CosineSchedule', start=1e-2, end=1e-3, warmup=0.25, warmup_start=1e-4)


def scaled_cosine(factor: float, steps: int) -> list[float]:
    schedule = CosineSchedule(1e-2 * factor, 1e-3, 0.25, 1e-4)
    return [schedule(step, steps) for step in range(steps)]


def test_mmengines_switch_scales_as_the_tools_do_at_every_step(tmp_path):
    """8 images by 2 accumulated batches for a recipe of 4: four times the largest rate, the others as they are."""
    options = dict(optim_wrapper__optimizer__lr=FALLING, optim_wrapper__accumulative_counts=2, epochs=4)
    cfg = toy.config(tmp_path / 'switch', **options, auto_scale_lr=dict(base_batch_size=4, enable=True))
    assert rates(Runner.from_cfg(cfg)) == pytest.approx(scaled_cosine(4, 12), rel=1e-12)
    cfg.work_dir, cfg.experiment_name = str(tmp_path / 'tool'), 'tool'
    assert 'is scaled by 4 to 16' in scale_batch(cfg, num_processes=1, auto_scale_lr=False)
    assert rates(Runner.from_cfg(cfg)) == pytest.approx(scaled_cosine(4, 12), rel=1e-12)


def test_mmengines_switch_does_not_count_accumulation_for_a_constant(tmp_path):
    options = dict(optim_wrapper__accumulative_counts=2, auto_scale_lr=dict(base_batch_size=4, enable=True))
    cfg = toy.config(tmp_path, **options)
    cfg.optim_wrapper.optimizer.lr = 1e-3
    with pytest.raises(ValueError, match='not for the 2 of optim_wrapper.accumulative_counts: start the run by tools'):
        Runner.from_cfg(cfg).train()


def test_a_resumed_run_has_the_rate_of_its_own_config(tmp_path):
    """Also from checkpoints of earlier versions, whose groups were scaled by MMEngine."""
    options = dict(optim_wrapper__optimizer__lr=FALLING, auto_scale_lr=dict(base_batch_size=4, enable=True))
    toy.train(tmp_path, epochs=1, **options)
    cfg = toy.config(tmp_path, epochs=2, resume=True, **options)
    scale_batch(cfg, num_processes=1, auto_scale_lr=True)
    assert rates(Runner.from_cfg(cfg)) == pytest.approx(scaled_cosine(2, 6)[3:], rel=1e-12)


@pytest.mark.parametrize(
    'option, message',
    [
        ('teacher_tmp', "ViewMemoryHead takes no argument 'teacher_tmp'; did you mean 'teacher_temp'"),
        ('xyz', "ViewMemoryHead takes no argument 'xyz'; it takes .*student_temp"),
        ('teacher_temp__edn', "WarmupSchedule takes no argument 'edn'; did you mean 'end'"),
    ],
)
def test_misspelt_schedule_fails_at_start(tmp_path, option, message):
    schedule = 0.1 if '__' in option else dict(type='LinearSchedule', start=0.1, end=0.2)
    with pytest.raises(TypeError, match=message):
        toy.train(tmp_path, **{f'model__head__{option}': schedule})


def test_misspelt_optimizer_parameter_fails_at_start(tmp_path):
    cfg = toy.config(tmp_path)
    cfg.optim_wrapper.optimizer.learning_rate = cfg.optim_wrapper.optimizer.pop('lr')
    with pytest.raises(KeyError, match="AdamW has no hyper-parameter 'learning_rate', but lr, betas"):
        Runner.from_cfg(cfg).train()


@pytest.mark.parametrize(
    'overrides, message',
    [
        (dict(model__memory__length=4), 'batch of 8 images does not fit a queue of length=4'),
        (dict(train_dataloader__batch_size=32), '24 images has no full batch of 32'),
        (dict(default_hooks__checkpoint__by_epoch=False), 'cannot resume within an epoch'),
        (
            dict(train_dataloader__num_workers=1, train_dataloader__persistent_workers=True),
            'persistent_workers=True keeps the random states',
        ),
        (dict(val_cfg__benchmarks__0__probes__0__ks=(1, 30)), 'a bank of 24 images has no 30 neighbours'),
        (
            dict(val_dataloader__dataset__metainfo=dict(classes=('odd', 'even'))),
            'has the classes even, odd .2., the images',
        ),
    ],
)
def test_a_run_that_cannot_work_fails_at_start(tmp_path, overrides, message):
    with pytest.raises(ValueError, match=message):
        toy.train(tmp_path, **overrides)


def test_trains_in_bfloat16_on_the_cpu(tmp_path):
    runner = toy.train(tmp_path, optim_wrapper__dtype='bfloat16')
    assert runner.model.memory.feats.dtype == torch.float32
    assert runner.message_hub.get_scalar('train/loss').data[0][-1] > 0


VIEWS = [dict(size=8, num=2, scale=(0.3, 1.0), flip=0.5, jitter=dict(brightness=0.4, hue=0.1)), dict(size=8, gray=0.5)]


def views_config(work_dir, num_workers, **overrides):
    """The toy with views drawn from (seed, epoch, index)."""
    cfg = toy.config(work_dir, **overrides)
    cfg.train_dataloader.dataset = dict(type='BatchedViews', dataset=dict(type='ToyDataset'), views=VIEWS)
    cfg.train_dataloader.update(num_workers=num_workers, collate_fn=dict(type='sslreg.datasets.collate'))
    return cfg


def test_views_are_drawn_anew_each_epoch_whatever_the_workers_and_across_a_resume(tmp_path):
    straight = Runner.from_cfg(views_config(tmp_path / 'straight', 0))
    recipe = straight.train_dataloader.dataset.recipe
    draw, keys = recipe.draw, []
    recipe.draw = lambda *args: (keys.append(recipe.key), draw(*args))[1]
    straight.train()
    assert keys == [(0, 0)] * 3 + [(0, 1)] * 3
    toy.interrupt(views_config(tmp_path / 'resumed', 2), epoch=1)
    resumed = toy.resume(views_config(tmp_path / 'resumed', 1))
    for name, value in toy.state(straight).items():
        assert torch.equal(value, toy.state(resumed)[name]), name


@pytest.mark.parametrize('num_workers', [0, 1])
def test_an_iteration_based_run_draws_anew_each_time(tmp_path, num_workers):
    cfg = views_config(tmp_path, num_workers)
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=6, val_interval=100)
    cfg.train_dataloader.sampler = dict(type='InfiniteSampler', shuffle=False)
    cfg.default_hooks.checkpoint.update(by_epoch=False)
    runner, views = Runner.from_cfg(cfg), []

    class Keep(Hook):
        def before_train_iter(self, runner, batch_idx, data_batch=None):
            views.append(data_batch['inputs'][0])

    runner.register_hook(Keep())
    runner.train()
    assert not torch.equal(views[0], views[3])  # 24 images in batches of 8


def test_every_epoch_augments_anew_and_every_worker_differently(tmp_path):
    """MMEngine's own worker seeds repeat the same augmentations every epoch."""
    batches = []
    runner = Runner.from_cfg(
        toy.config(tmp_path, train_dataloader__num_workers=2, train_dataloader__sampler__shuffle=False)
    )
    keep = Record(None)
    keep.after_train_iter = lambda r, batch_idx, data_batch, outputs=None: batches.append(data_batch['inputs'][0].int())
    runner.register_hook(keep)
    runner.train()
    first_epoch, second_epoch = batches[:3], batches[3:]
    assert all(not torch.equal(a, b) for a, b in zip(first_epoch, second_epoch, strict=True))
    dataset = runner.train_dataloader.dataset
    images = torch.stack([torch.tensor(dataset.get_data_info(i)['img']).int().permute(2, 0, 1) for i in range(24)])
    inside = ((images > 20) & (images < 235)).unflatten(0, (3, 8))  # where the noise is not clipped
    noise = torch.stack(first_epoch) - images.unflatten(0, (3, 8))
    both = inside[0] & inside[1]  # batches 0 and 1 are of the two workers
    assert both.sum() > 500
    assert (noise[0] != noise[1])[both].float().mean() > 0.9
