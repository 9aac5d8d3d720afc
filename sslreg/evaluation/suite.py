"""Benchmarks that are run together on one model."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from .benchmark import Benchmark
from .benchmark_config import load_benchmark, load_group, members_of
from .features.extract import Extractor
from .features.wanted import Wanted
from .group import Group
from .missing_data import MissingDataError, problems_of
from .results import Outcome
from .tables import ResultTable


class Suite:
    """Benchmarks that are run together on one model, so that features are extracted once for all of them.

    Example::

        suite = Suite.load(['cifar10', 'retrieval_mini'])
        suite.prepare()
        suite.run(Extractor(model, FeatureStore('work_dirs/features')), Path('results'))
        Evaluation('my model', {}, suite.outcomes()).write(Path('results'))

    Args:
        benchmarks: Benchmarks with different names.
        groups: Groups of these benchmarks, which are averaged.
    """

    def __init__(self, benchmarks: Iterable[Benchmark], groups: Iterable[Group] = ()) -> None:
        self.benchmarks, self.groups = list(benchmarks), list(groups)

    @classmethod
    def load(cls, names: Iterable[str], data_root: str | None = None) -> 'Suite':
        """Load benchmarks and groups of benchmarks from their configs.

        Args:
            names: Names in ``configs/benchmarks``, or paths of files.
            data_root: Folder that replaces ``data/`` in their paths.

        Raises:
            FileNotFoundError: There is no config of a name.
            ValueError: A config describes neither a benchmark nor a group.
        """
        benchmarks: dict[str, Benchmark] = {}
        groups = []
        for name in names:
            group = load_group(name)
            members = [name] if group is None else members_of(group)
            for member in members:
                benchmarks.setdefault(member, Benchmark(member, load_benchmark(member, data_root)))
            if group is not None:
                groups.append(Group(name, group, [benchmarks[member] for member in members]))
        return cls(benchmarks.values(), groups)

    def __iter__(self) -> Iterator[Benchmark]:
        """Iterate over the benchmarks."""
        return iter(self.benchmarks)

    def __len__(self) -> int:
        """Return the number of benchmarks."""
        return len(self.benchmarks)

    def without(self, names: Iterable[str]) -> 'Suite':
        """Return the suite without some benchmarks."""
        return Suite((each for each in self if each.name not in set(names)), self.groups)

    def prepare(self) -> None:
        """Build all protocols and datasets before anything is computed.

        Raises:
            MissingDataError: Benchmarks cannot run; the error names all of them, and everything that each lacks.
        """
        try:
            for each in self:
                each.prepare()
        except (OSError, ValueError) as error:
            raise MissingDataError(self.missing()) from error

    def missing(self) -> dict[str, list[str]]:
        """Return the problems, in words, of each benchmark that cannot run."""
        problems = {each.name: problems_of(each.cfg.benchmark) for each in self}
        return {name: texts for name, texts in problems.items() if texts}

    @property
    def requests(self) -> list[Wanted]:
        """Requested features of all benchmarks, in their order."""
        return [request for each in self for request in each.requests.values()]

    def run(self, extractor: Extractor, folder: Path) -> None:
        """Extract all features, each image once, then compute the metrics of all benchmarks.

        Args:
            extractor: Extractor of the model to evaluate.
            folder: Folder for the state of protocols that train; it need not exist.
        """
        feats = iter(extractor(self.requests))
        by_benchmark = [{part: next(feats) for part in each.requests} for each in self]
        for each, own_feats in zip(self, by_benchmark, strict=True):
            each.run(extractor.model, own_feats, folder)

    def outcomes(self) -> dict[str, Outcome]:
        """Return the outcome of each benchmark, and the averages of each group that has any, by name."""
        groups = {group.name: group.outcome() for group in self.groups if group.averages}
        return {each.name: each.outcome() for each in self} | groups

    def tables(self, title: str) -> list[ResultTable]:
        """Make a table of each group; ``title`` is the name of the model."""
        return [group.table(title) for group in self.groups]
