"""Transfer of frozen features to eight datasets, by weighted k-NN: one table after the eight, as on MaSSL's poster.

    python tools/test.py CONFIG CHECKPOINT --benchmarks transfer

Columns: top-1 with k = 20, then averages over the datasets. Reference: the poster (https://arxiv.org/abs/2407.17486),
ViT-S/16 by epochs. If you lack a dataset, name it in ``without`` in a copy of this file; the table says so. Not yet run.
"""

group = ['pets', 'flowers', 'aircraft', 'cars', 'country211', 'food101', 'stl10', 'gtsrb']
without = []
metric = 'pooled/knn/k20/top1'
averages = {
    'avg @10': 'pooled/knn/k10/top1',
    'avg @20': 'pooled/knn/k20/top1',
    'avg @100': 'pooled/knn/k100/top1',
    'avg @200': 'pooled/knn/k200/top1',
}
reference_source = 'poster of MaSSL (arXiv 2407.17486)'
reference = {  # averages; the datasets' are in their configs
    'MAE, 800 epochs': {'avg @10': 20.9, 'avg @20': 20.1, 'avg @100': 16.9, 'avg @200': 15.2},
    'MoCo-v3, 300 epochs': {'avg @10': 55.3, 'avg @20': 54.5, 'avg @100': 52.2, 'avg @200': 51.3},
    'DINO, 800 epochs': {'avg @10': 62.0, 'avg @20': 62.0, 'avg @100': 60.8, 'avg @200': 60.2},
    'iBOT, 800 epochs': {'avg @10': 60.8, 'avg @20': 60.7, 'avg @100': 59.5, 'avg @200': 58.8},
    'MaSSL, 800 epochs': {'avg @10': 63.3, 'avg @20': 63.4, 'avg @100': 62.4, 'avg @200': 61.8},
}
