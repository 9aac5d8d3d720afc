"""Section on the settings of a training run."""

import torch

from sslreg.reports.page import Facts, Section
from sslreg.utils.environment import hardware, versions
from sslreg.utils.progress import duration

from .run import Run


def settings_section(run: Run) -> Section:
    """Tabulate data, model, training, time and hardware of the run."""
    model, loader, tests = run.model, run.runner.train_dataloader, run.protocol.test_images
    blocks, entries = run.batch.blocks.shape[:2]
    facts = {
        'data': f'{len(loader.dataset)} training and {len(tests)} test images of {len(run.classes)} classes',
        'views of an image': ', '.join(f'{view.shape[-1]} px' for view in run.observer.batch['inputs'])
        + f' (the teacher sees the first {model.num_key_views})',
        'backbone': f'{type(model.backbone).__name__}, {_parameters(model.backbone) / 1e6:.2f} M parameters',
        'memory': f'{len(model.memory)} embeddings of width {model.memory.feats.shape[1]}, at every step drawn anew '
        f'into {blocks} blocks of {entries}',
        'temperatures': f'student {run.head.student_temp:g}, teacher {run.head.teacher_temp:g} (at the end)',
        'training': f'{run.runner.max_epochs} epochs of {len(loader)} steps of {loader.batch_size} images',
        'time': f'{duration(run.observer.seconds)}, evaluations included',
        'device': hardware(next(model.parameters()).device),
        'seed': str(run.runner.seed),
        'versions': versions(),
    }
    figures = dict(settings=facts, seconds=run.observer.seconds, steps=run.runner.iter)
    return Section('The run', [Facts(facts)], figures=figures)


def _parameters(module: torch.nn.Module) -> int:
    """Count the parameters of a module."""
    return sum(param.numel() for param in module.parameters())
