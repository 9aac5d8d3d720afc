"""Translation of configs of earlier versions, so that their checkpoints and work dirs are still evaluated."""

from typing import Any

from mmengine.config import Config

PHASES = dict(val='Val', test='Test')


def translate(cfg: Config) -> None:
    """Replace ``ProbeValLoop`` and ``ProbeTestLoop`` of a config by loops of benchmarks, in place.

    The metric ``knn/k20`` of these loops is ``pooled/knn/k20/top1`` now, also for ``save_best``.

    Raises:
        ValueError: An evaluator has other metrics, which loops of benchmarks do not compute.
    """
    for phase, name in PHASES.items():
        loop = cfg.get(f'{phase}_cfg')
        if not loop or _type_name(loop) != f'Probe{name}Loop':
            continue
        evaluator = cfg.get(f'{phase}_evaluator') or {}
        if isinstance(evaluator, list) and len(evaluator) == 1:
            (evaluator,) = evaluator
        if isinstance(evaluator, list) or _type_name(evaluator) != 'ProbeAccuracy':
            raise ValueError(
                f'Probe{name}Loop is translated only with an evaluator ProbeAccuracy, not {evaluator}: write '
                f'{phase}_cfg=dict(type=Benchmark{name}Loop, benchmarks=[dict(type=ClassificationBenchmark, ...)]) and '
                f'{phase}_evaluator=dict()'
            )
        _rename_best(cfg, evaluator.get('prefix') or '', loop.probe)
        benchmarks = [benchmark_of(loop.bank_dataloader, loop.probe)]
        cfg[f'{phase}_cfg'] = dict(type=f'sslreg.engine.Benchmark{name}Loop', benchmarks=benchmarks)
        cfg[f'{phase}_evaluator'] = {}


def benchmark_of(bank_dataloader: Any, probe: Any) -> dict[str, Any]:
    """Return the config of the benchmark that a probe loop of earlier versions ran."""
    return dict(
        type='sslreg.evaluation.ClassificationBenchmark',
        train=bank_dataloader['dataset'],
        kinds=[dict(type='sslreg.evaluation.Pooled')],
        probes=[probe],
    )


def _rename_best(cfg: Config, prefix: str, probe: Any) -> None:
    """Rename the metric by which the best checkpoint is saved."""
    hook = cfg.get('default_hooks', {}).get('checkpoint') or {}
    best = hook.get('save_best')
    start = f'{prefix}/' if prefix else ''
    if isinstance(best, str) and best != 'auto' and best.startswith(start):
        name = _type_name(probe).lower().removesuffix('probe')
        hook['save_best'] = f'pooled/{name}/{best.removeprefix(start)}/top1'


def _type_name(config: Any) -> str:
    """Return the class name of a component without importing it, which may not exist any more."""
    kind = dict.get(config, 'type', '') if isinstance(config, dict) else ''
    return str(getattr(kind, '__name__', kind) if isinstance(kind, type) else kind).rpartition('.')[2]
