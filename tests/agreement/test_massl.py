"""Training steps of MaSSL are those of the released loop, written plainly on tensors by the released names."""

from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sslreg.conversion.names import timm_name
from sslreg.models import start_teacher
from sslreg.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS
from tests.reference import dino
from tests.reference.massl import cosine_array, cross_entropy

STEPS, BATCH, LENGTH, BLOCKS, WIDTH = 20, 4, 32, 2, 8
CLIP, STUDENT_TEMP = 0.05, 0.1
RATES = cosine_array(5e-4, 1e-5, epochs=5, steps_per_epoch=4, warmup_epochs=1)
DECAYS = cosine_array(0.04, 0.4, epochs=5, steps_per_epoch=4)
TEMPERATURES = cosine_array(0.07, 0.07, epochs=5, steps_per_epoch=4, warmup_epochs=3, warmup_start=0.04)
MOMENTA = cosine_array(0.9, 1.0, epochs=5, steps_per_epoch=4)


def build() -> nn.Module:
    """A small vision transformer in float64, for global views of its size and local views of others."""
    torch.manual_seed(0)
    arch = dict(embed_dims=24, num_layers=2, num_heads=3, feedforward_channels=48)
    model = MODELS.build(
        dict(
            type='MemorySSL',
            backbone=dict(type='SSLVisionTransformer', arch=arch, img_size=32, patch_size=8, out_type='cls_token'),
            neck=dict(type='ProjectionNeck', in_channels=24, hid_channels=16, out_channels=WIDTH),
            memory=dict(type='QueueMemory', length=LENGTH, feat_dim=WIDTH, num_blocks=BLOCKS),
            head=dict(type='ViewMemoryHead', loss=dict(type='ViewMemoryCELoss'), student_temp=STUDENT_TEMP),
            teacher=dict(type='EMATeacher', momentum=0.1),
            num_key_views=2,
        )
    )
    model.init_weights()
    with torch.no_grad():  # larger than at the start of a training, so that images differ
        for parameter in model.student.parameters():
            if parameter.ndim > 1:
                parameter.add_(0.3 * torch.randn_like(parameter))
    start_teacher(model.double().train())
    return model


def batches() -> Iterator[list[Tensor]]:
    """Two global and two local views; 20 px are no multiple of the patch."""
    rng = torch.Generator().manual_seed(1)
    for _ in range(STEPS):
        yield [torch.randn(BATCH, 3, size, size, generator=rng, dtype=torch.float64) for size in (32, 32, 24, 20)]


def embed(state: dict[str, Tensor], view: Tensor) -> Tensor:
    backbone = {timm_name(name.removeprefix('backbone.')): value for name, value in state.items() if 'neck' not in name}
    x = dino.tokens(backbone, view, 3)[-1][:, 0]
    layers = [value for name, value in state.items() if 'neck' in name]
    for i, (weight, bias) in enumerate(zip(layers[::2], layers[1::2], strict=True)):
        x = F.gelu(x) if i else x
        x = x @ weight.T + bias
    return x / (x * x).sum(dim=1, keepdim=True).sqrt()


def released_loop(model: nn.Module, partition: list[Tensor]) -> list[float]:
    """Train from the model's weights and memory; return the loss of each step."""
    student = {name: value.clone().requires_grad_() for name, value in model.student.state_dict().items()}
    teacher = {name: value.detach().clone() for name, value in student.items()}
    queue, cursor, losses = model.memory.feats.clone(), 0, []
    plain = [value for name, value in student.items() if name.endswith('.bias') or value.ndim == 1]
    decayed = [value for value in student.values() if not any(value is other for other in plain)]
    solver = torch.optim.AdamW([dict(params=decayed), dict(params=plain, weight_decay=0.0)])
    for step, views in enumerate(batches()):
        for group in solver.param_groups:
            group['lr'] = RATES[step]
        solver.param_groups[0]['weight_decay'] = DECAYS[step]
        blocks = queue[partition[step]].clone()
        queries = [embed(student, view) for view in views]
        keys = [embed(teacher, view) for view in views[:2]]
        queue[cursor : cursor + BATCH] = keys[1]
        cursor = (cursor + BATCH) % LENGTH
        terms = [
            cross_entropy(block @ query / STUDENT_TEMP, block @ key / TEMPERATURES[step])
            for i, query_view in enumerate(queries)
            for j, key_view in enumerate(keys)
            if i != j
            for query, key in zip(query_view, key_view, strict=True)
            for block in blocks
        ]
        loss = torch.stack(terms).mean()
        solver.zero_grad()
        loss.backward()
        for value in student.values():
            value.grad.mul_(min(CLIP / (float(value.grad.norm()) + 1e-6), 1))
        solver.step()
        with torch.no_grad():
            for name, value in student.items():
                teacher[name].mul_(MOMENTA[step]).add_((1 - MOMENTA[step]) * value)
        losses.append(loss.item())
    return losses


def ours(model: nn.Module) -> tuple[list[float], list[Tensor]]:
    """Return the loss of each step and the partitions of the memory."""
    optimizer = dict(type='AdamW', lr=0.0, weight_decay=0.0)
    wrapper_cfg = dict(type='SSLOptimWrapper', optimizer=optimizer, clip_grad=dict(type='per_tensor', max_norm=CLIP))
    wrapper = OPTIM_WRAPPER_CONSTRUCTORS.build(dict(type='MatrixDecayConstructor', optim_wrapper_cfg=wrapper_cfg))(
        model
    )
    losses, partitions = [], []
    for step, views in enumerate(batches()):
        for group in wrapper.param_groups:
            group['lr'] = RATES[step]
        wrapper.param_groups[0]['weight_decay'] = DECAYS[step]
        model.head.teacher_temp, model.teacher.momentum = TEMPERATURES[step], 1 - MOMENTA[step]
        partitions.append(model.memory._permutation().view(BLOCKS, -1))
        loss = model.loss(views, torch.arange(BATCH))['loss']
        wrapper.update_params(loss)
        model.teacher.update_parameters(model.student)
        losses.append(loss.item())
    return losses, partitions


def test_20_steps_follow_the_released_loop():
    """Clipping, decay, schedules, teacher, memory and partition take part, and positions that are resampled."""
    found, partitions = ours(build())
    expected = released_loop(build(), partitions)
    assert found == pytest.approx(expected, rel=1e-12)
    assert len({round(loss, 2) for loss in expected}) > 10
