"""Names of results together with their parts: features, probe, setting and measure."""

from collections.abc import Mapping
from typing import Any, Literal

Role = Literal['main', 'secondary', 'grid']
Parameters = Mapping[str, float | str]


class Metric(str):
    """Name of a number that a benchmark finds, e.g. ``'pooled/knn/k20/top1'``, together with the parts of the name.

    A metric is a string, so it is a key of a plain dict, of JSON and of MMEngine's logs, and ``save_best`` of
    ``CheckpointHook`` takes it. Two metrics are equal if their names are equal.

    Args:
        measure: Quantity that is measured, e.g. ``'top1'`` or ``'mAP'``.
        kind: Kind of features, e.g. ``'pooled'``.
        probe: Probe on these features, e.g. ``'knn'``.
        setting: Variant of the probe, e.g. ``'k20'``.
        group: Part of the test data: an attack, a clip or a difficulty.
        parameters: Hyperparameters of the setting by name, e.g. ``{'k': 20}``; metrics that differ in one number are
            a curve in reports.
        unit: ``'%'``, or ``'count'`` for the number of images or queries.
        higher_is_better: Whether the largest value is the best.
        role: ``'main'``; ``'secondary'`` for values that reports do not plot, such as ``top5`` beside ``top1``; or
            ``'grid'`` for one head of a grid, which short tables leave out.
        is_deviation: Whether it is the standard deviation of the metric of the other fields, e.g. ``'top1_std'``.
    """

    measure: str
    kind: str
    probe: str
    setting: str
    group: str
    parameters: Parameters
    unit: str
    higher_is_better: bool
    role: Role
    is_deviation: bool

    def __new__(
        cls,
        measure: str,
        kind: str = '',
        probe: str = '',
        setting: str = '',
        group: str = '',
        parameters: Parameters | None = None,
        unit: str = '%',
        higher_is_better: bool = True,
        role: Role = 'main',
        is_deviation: bool = False,
    ) -> 'Metric':
        """Join the parts of the name that are not empty by ``/``."""
        name = '/'.join(part for part in (kind, probe, setting, group, measure) if part)
        metric = super().__new__(cls, f'{name}_std' if is_deviation else name)
        metric.measure, metric.kind, metric.probe, metric.setting, metric.group = measure, kind, probe, setting, group
        metric.parameters, metric.unit, metric.higher_is_better = parameters or {}, unit, higher_is_better
        metric.role, metric.is_deviation = role, is_deviation
        return metric

    @property
    def fields(self) -> dict[str, Any]:
        """Arguments that make this metric, without those that have their default; can be written as JSON."""
        return {key: value for key, value in vars(self).items() if value != DEFAULTS.get(key)}

    def copy_with(self, **fields: Any) -> 'Metric':
        """Return the metric with other values of some fields."""
        return Metric(**self.fields | fields)

    @property
    def deviation(self) -> 'Metric':
        """Metric of this one's standard deviation."""
        return self.copy_with(is_deviation=True)

    def of_benchmark(self, name: str) -> 'Metric':
        """Return the metric with the name of its benchmark in front, which tells several benchmarks apart."""
        return self.copy_with(kind='/'.join(part for part in (name, self.kind) if part))

    @property
    def rule(self) -> Literal['greater', 'less']:
        """Rule of ``save_best`` in MMEngine's CheckpointHook: which of two values is better."""
        return 'greater' if self.higher_is_better else 'less'

    @property
    def is_count(self) -> bool:
        """Whether the value counts images or queries, so that no value is the best."""
        return self.unit == 'count'

    @property
    def source(self) -> str:
        """Features and probe, e.g. ``'pooled/knn'``: the name without setting, group and measure."""
        return '/'.join(part for part in (self.kind, self.probe) if part)


Metrics = dict[Metric, float]
DEFAULTS = {key: value for key, value in vars(Metric('')).items() if key != 'measure'}


def with_metrics(values: Mapping[Any, float], fields: Mapping[str, Mapping[str, Any]] | None = None) -> Metrics:
    """Return values under metrics instead of bare names; metrics among the names stay as they are.

    Args:
        values: Numbers by name.
        fields: Stored :attr:`Metric.fields` by name; names without any are parsed by :func:`parse`.
    """
    return {_metric(name, (fields or {}).get(name)): value for name, value in values.items()}


def _metric(name: str, fields: Mapping[str, Any] | None) -> Metric:
    if isinstance(name, Metric):
        return name
    known = {key: value for key, value in (fields or {}).items() if key in ('measure', *DEFAULTS)}
    return Metric(**known) if 'measure' in known else parse(name)


def parse(name: str) -> Metric:
    """Return the metric of a bare name: names in configs, and in ``results.json`` files that store no fields.

    A name has the form ``measure``, ``group/measure`` or ``kind/probe/setting/measure``, where probe or setting may be
    missing. ``_std`` marks a standard deviation. A name of another form becomes a metric without parts. A benchmark's
    name in front becomes a part of ``kind``.
    """
    *parts, measure = name.removesuffix('_std').split('/')
    known: dict[str, Any] = dict(is_deviation=name.endswith('_std'))
    if measure in ('queries', 'images'):
        known |= dict(unit='count')
    if measure.endswith('_decay'):
        known |= dict(higher_is_better=False)
    if measure.startswith('top') and measure != 'top1':
        known |= dict(role='secondary')
    metric = Metric(measure, **known | _place(parts))
    return metric if metric == name else Metric(name)


def _place(parts: list[str]) -> dict[str, Any]:
    """Return the fields of the parts before the measure; ``kind`` takes the name of a benchmark before it."""
    *before, last = parts or ['']
    is_setting = last in ('best', 'selected') or bool(_parameters(last))
    match before, is_setting:
        case [], _:
            return dict(group=last)
        case [kind], True:
            return dict(kind=kind) | _setting(last)
        case [*kinds, probe], True:
            return dict(kind='/'.join(kinds), probe=probe) | _setting(last)
    return dict(kind='/'.join(before), probe=last)


def _setting(setting: str) -> dict[str, Any]:
    parameters = _parameters(setting)
    return dict(setting=setting, parameters=parameters) | (dict(role='grid') if 'optimizer' in parameters else {})


def _parameters(setting: str) -> Parameters:
    """Return the hyperparameters in ``k20``, ``lambda1e-05`` or ``sgd-lr0.1-wd0``; nothing for other settings."""
    optimizer, _, rest = setting.partition('-lr')
    lr, _, weight_decay = rest.partition('-wd')
    try:
        if rest:
            return dict(optimizer=optimizer, lr=float(lr), weight_decay=float(weight_decay))
        for name in ('lambda', 'k'):
            if setting.startswith(name):
                return {name: float(setting.removeprefix(name))}
    except ValueError:  # another setting that starts alike
        pass
    return {}


def in_percent(metrics: Metrics) -> Metrics:
    """Return shares from 0 to 1 in per cent; counts stay as they are."""
    return {metric: value if metric.is_count else 100 * value for metric, value in metrics.items()}
