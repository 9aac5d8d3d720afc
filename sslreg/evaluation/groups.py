"""Groups of benchmarks: averages over them, and one table of all beside the papers'."""

from collections.abc import Iterable
from statistics import fmean

from mmengine.config import Config

from . import suite
from .results import Outcome, summary
from .suite import Results
from .tables import ResultTable

Configs = dict[str, Config]


def load(names: Iterable[str], data_root: str | None = None) -> tuple[Configs, Configs]:
    """Configs of benchmarks by name, with those of groups, and of the groups; see :func:`suite.load`."""
    benchmarks: Configs = {}
    groups: Configs = {}
    for name in names:
        cfg = Config.fromfile(suite.find(name))
        members = [name]
        if 'group' in cfg:
            check(cfg)
            groups[name] = cfg
            members = [each for each in cfg.group if each not in cfg.get('without', ())]
        benchmarks |= {each: suite.load(each, data_root) for each in members}
    return benchmarks, groups


def check(cfg: Config) -> None:
    """Whether a config describes a group.

    That is ``group``, names of benchmarks, and ``metric``, of each in the table, and ``averages``, metrics by the names
    of the columns in which their means stand. ``without`` are those of the group that are left out; ``reference`` has
    the averages that papers give, while their figures for a benchmark are in its own config.

    Raises:
        ValueError: It does not; says what is wrong.
    """
    if missing := {'metric', 'averages'} - set(cfg):
        raise ValueError(f'{cfg.filename} has a group of benchmarks, but lacks {sorted(missing)}')
    if unknown := set(cfg.get('without', ())) - set(cfg.group):
        raise ValueError(f'{cfg.filename}: without={cfg.without} names {sorted(unknown)}, not in group={cfg.group}')


def record(groups: Configs, results: Results) -> dict[str, Outcome]:
    """For each group the means over its benchmarks that were evaluated, by the names of the columns."""
    return {name: _outcome(cfg, results) for name, cfg in groups.items()}


def _outcome(cfg: Config, results: Results) -> Outcome:
    own = _evaluated(cfg, results)
    papers = dict(cfg.get('reference', {})) if len(own) == len(cfg.group) else {}
    reference = {paper: dict(values) for paper, values in papers.items()}
    protocol = {'data': f'averages over {", ".join(own)}'}
    return Outcome(_averages(cfg, results), summary(cfg.filename), protocol, reference, cfg.get('reference_source', ''))


def _averages(cfg: Config, results: Results) -> dict[str, float]:
    own = [results[name] for name in _evaluated(cfg, results)]
    return {column: fmean(metrics[name] for metrics in own) for column, name in cfg.averages.items() if own}


def _evaluated(cfg: Config, results: Results) -> list[str]:
    needed = {cfg.metric, *cfg.averages.values()}
    return [name for name in cfg.group if needed <= set(results.get(name, ()))]


def tables(groups: Configs, configs: Configs, results: Results, title: str) -> list[ResultTable]:
    """One of each group; ``title`` is the model's name."""
    return [group_table(name, cfg, configs, results, title) for name, cfg in groups.items()]


def group_table(name: str, cfg: Config, configs: Configs, results: Results, title: str) -> ResultTable:
    """A row for the model, and one for each paper of the benchmarks' ``reference``; a column for each benchmark.

    Papers' averages are over the whole group, so they are shown only where it was evaluated as a whole.
    """
    own = _evaluated(cfg, results)
    left_out = [each for each in cfg.group if each not in own]
    rows = {'this model': {each: results[each][cfg.metric] for each in own} | _averages(cfg, results)}
    rows |= _papers({each: configs[each] for each in own}, cfg.metric)
    note = f'{cfg.metric}; averages over {len(own)} datasets'
    if left_out:
        note += f" (left out: {', '.join(left_out)}), not comparable with papers'"
    else:
        rows |= {paper: rows.get(paper, {}) | values for paper, values in cfg.get('reference', {}).items()}
    columns = (*own, *cfg.averages)
    cells = {
        row: [f'{values[column]:.1f}' if column in values else '' for column in columns] for row, values in rows.items()
    }
    return ResultTable(f'{name}: {title}', columns, cells, note=note)


def _papers(configs: Configs, metric: str) -> Results:
    """What each paper has for benchmarks, by the paper."""
    rows: Results = {}
    for name, cfg in configs.items():
        for paper, values in cfg.get('reference', {}).items():
            if metric in values:
                rows.setdefault(paper, {})[name] = values[metric]
    return rows
