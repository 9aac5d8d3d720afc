"""k nearest neighbours: tiles of the bank with a threshold against whole rows of similarities.

    python -m benchmarks.knn [--quick] [--json FILE]

The rival multiplies chunks of queries with the whole bank and sorts the rows, as DINO's evaluation does. Both are
exact; faiss is compared as well where it is installed. 500 queries, width 384, k = 200.
"""

from functools import partial
from importlib.util import find_spec

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.measure import arguments, compare, report
from sslreg.evaluation.neighbours import Neighbours, nearest

DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'
WIDTH, K, NUM_QUERIES = 384, 200, 500
SIZES = dict(quick=100_000, full=1_280_000)


def whole_rows(queries: Tensor, bank: Tensor) -> Neighbours:
    """Chunks of 100 queries against all entries."""
    parts = [(part @ bank.T).topk(K, dim=1) for part in queries.split(100)]
    return Neighbours(*map(torch.cat, zip(*parts, strict=True)))


def main() -> None:
    args = arguments(__doc__.split('\n')[0])
    length = SIZES['quick' if args.quick else 'full']
    torch.manual_seed(0)
    bank, queries = (F.normalize(torch.randn(n, WIDTH, device=DEVICE), dim=1) for n in (length, NUM_QUERIES))
    rival, ours = partial(whole_rows, queries, bank), partial(nearest, queries, bank, K)
    rows = [compare('tiles', rival, ours, args.rounds)]
    if find_spec('faiss') and DEVICE == 'cpu':
        import faiss

        faiss.omp_set_num_threads(args.threads)
        search = partial(faiss.knn, queries.numpy(), bank.numpy(), K, faiss.METRIC_INNER_PRODUCT)
        rows.append(compare('faiss', rival, search, args.rounds))
    report(f'{NUM_QUERIES} queries, {length:,} entries of width {WIDTH}, k = {K}', rows, args.json)


if __name__ == '__main__':
    main()
