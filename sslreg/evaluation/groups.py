"""Groups of benchmarks: averages over them, and one table of all beside the papers'."""

from collections.abc import Iterable
from statistics import fmean

from mmengine.config import Config
from rich.console import Console
from rich.table import Table

from . import suite
from .suite import Results

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


def averages(groups: Configs, results: Results) -> Results:
    """For each group the means over its benchmarks that were evaluated, by the names of the columns."""
    return {name: _averages(cfg, results) for name, cfg in groups.items()}


def _averages(cfg: Config, results: Results) -> dict[str, float]:
    own = [results[name] for name in _evaluated(cfg, results)]
    return {column: fmean(metrics[name] for metrics in own) for column, name in cfg.averages.items() if own}


def _evaluated(cfg: Config, results: Results) -> list[str]:
    needed = {cfg.metric, *cfg.averages.values()}
    return [name for name in cfg.group if needed <= set(results.get(name, ()))]


def show(groups: Configs, configs: Configs, results: Results, title: str) -> None:
    for name, cfg in groups.items():
        Console().print(group_table(cfg, configs, results, f'{name}: {title}'))


def group_table(cfg: Config, configs: Configs, results: Results, title: str) -> Table:
    """A row for the model, and one for each paper of the benchmarks' ``reference``; a column for each benchmark.

    Papers' averages are over the whole group, so they are shown only where it was evaluated as a whole.
    """
    own = _evaluated(cfg, results)
    left_out = [each for each in cfg.group if each not in own]
    rows = {'this model': {each: results[each][cfg.metric] for each in own} | _averages(cfg, results)}
    rows |= _papers({each: configs[each] for each in own}, cfg.metric)
    caption = f'{cfg.metric}; averages over {len(own)} datasets'
    if left_out:
        caption += f" (left out: {', '.join(left_out)}), not comparable with papers'"
    else:
        rows |= {paper: rows.get(paper, {}) | values for paper, values in cfg.get('reference', {}).items()}
    columns = (*own, *cfg.averages)
    table = Table(title=title, caption=caption, box=None, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)  # so that names of datasets are folded, and no number is cut in 80 characters
    for column in columns:
        table.add_column(column, overflow='fold')
    for row, values in rows.items():
        table.add_row(row, *(f'{values[column]:.1f}' if column in values else '' for column in columns))
    return table


def _papers(configs: Configs, metric: str) -> Results:
    """What each paper has for benchmarks, by the paper."""
    rows: Results = {}
    for name, cfg in configs.items():
        for paper, values in cfg.get('reference', {}).items():
            if metric in values:
                rows.setdefault(paper, {})[name] = values[metric]
    return rows
