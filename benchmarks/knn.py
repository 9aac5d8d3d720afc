"""k nearest neighbours: tiles of the bank with a threshold against whole rows of similarities.

    python -m benchmarks.knn [--quick] [--json FILE]

The baseline multiplies chunks of queries with the whole bank and sorts the rows, as DINO's evaluation does. Both are
exact. So is faiss, which `nearest` prefers to tiles if it is installed. There are 500 queries of width 384, and k is
200.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.measure import arguments, compare, report
from sslreg.evaluation.probes.neighbours import Neighbours, by_threshold, by_tops, select

DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'
WIDTH, K, NUM_QUERIES = 384, 200, 500
SIZES = dict(quick=100_000, full=1_280_000)


def whole_rows(queries: Tensor, bank: Tensor) -> Neighbours:
    """Return the neighbours, comparing chunks of 100 queries with all entries."""
    parts = [(part @ bank.T).topk(K, dim=1) for part in queries.split(100)]
    return Neighbours(*map(torch.cat, zip(*parts, strict=True)))


def main() -> None:
    """Run the benchmark and print its table."""
    args = arguments(__doc__.split('\n')[0])
    length = SIZES['quick' if args.quick else 'full']
    torch.manual_seed(0)
    bank, queries = (F.normalize(torch.randn(n, WIDTH, device=DEVICE), dim=1) for n in (length, NUM_QUERIES))
    chosen = select(bank)
    ways = {chosen: None, by_tops if DEVICE == 'cuda' else by_threshold: None}  # each once
    baseline = partial(whole_rows, queries, bank)
    rows = [compare(way.__name__, baseline, partial(way, queries, bank, K), args.rounds) for way in ways]
    report(f'{NUM_QUERIES} queries, {length:,} entries of width {WIDTH}, k = {K}', rows, args.json)


if __name__ == '__main__':
    main()
