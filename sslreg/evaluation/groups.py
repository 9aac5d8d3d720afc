"""Groups of benchmarks: averages over them, and one table of all beside the papers'."""

from collections.abc import Mapping
from statistics import fmean

from mmengine.config import Config
from rich.table import Table

Results = dict[str, dict[str, float]]  # metrics of each benchmark


def check_group(cfg: Config) -> None:
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


def members(cfg: Config) -> list[str]:
    """The benchmarks of a group that are to be evaluated."""
    return [name for name in cfg.group if name not in cfg.get('without', ())]


def averages(cfg: Config, results: Results) -> dict[str, float]:
    """Means over the benchmarks of a group that were evaluated, by the names of the columns."""
    own = [results[name] for name in _evaluated(cfg, results)]
    return {column: fmean(metrics[name] for metrics in own) for column, name in cfg.averages.items() if own}


def _evaluated(cfg: Config, results: Results) -> list[str]:
    needed = {cfg.metric, *cfg.averages.values()}
    return [name for name in cfg.group if needed <= set(results.get(name, ()))]


def group_table(name: str, configs: Mapping[str, Config], results: Results, title: str) -> Table:
    """A row for the model, and one for each paper of the benchmarks' ``reference``; a column for each benchmark.

    Papers' averages are over the whole group, so they are shown only where it was evaluated as a whole.
    """
    cfg = configs[name]
    own = _evaluated(cfg, results)
    left_out = [each for each in cfg.group if each not in own]
    rows = {'this model': {each: results[each][cfg.metric] for each in own} | results[name]}
    rows |= _papers({each: configs[each] for each in own}, cfg.metric)
    caption = f'{cfg.metric}; averages over {len(own)} datasets'
    if left_out:
        caption += f" (left out: {', '.join(left_out)}), not comparable with papers'"
    else:
        rows |= {paper: rows.get(paper, {}) | values for paper, values in cfg.get('reference', {}).items()}
    columns = (*own, *cfg.averages)
    table = Table(title=f'{name}: {title}', caption=caption, box=None, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)  # so that names of datasets are folded, and no number is cut in 80 characters
    for column in columns:
        table.add_column(column, overflow='fold')
    for row, values in rows.items():
        table.add_row(row, *(f'{values[column]:.1f}' if column in values else '' for column in columns))
    return table


def _papers(configs: Mapping[str, Config], metric: str) -> Results:
    """What each paper has for benchmarks, by the paper."""
    rows: Results = {}
    for name, cfg in configs.items():
        for paper, values in cfg.get('reference', {}).items():
            if metric in values:
                rows.setdefault(paper, {})[name] = values[metric]
    return rows
