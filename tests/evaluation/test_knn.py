import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from sslreg.evaluation import KNNProbe
from sslreg.evaluation.probes import neighbours
from sslreg.utils import directions as module


def plain_votes(bank, labels, query, k, temperature, num_classes):
    """The protocol image by image: k nearest by cosine, each votes exp(similarity / temperature) for its class.

    Votes are shares of the nearest neighbour's.
    """
    similarity = [float(F.cosine_similarity(query, row, dim=0)) for row in bank]
    nearest = sorted(range(len(bank)), key=lambda i: -similarity[i])[:k]
    votes = [0.0] * num_classes
    for i in nearest:
        votes[int(labels[i])] += math.exp((similarity[i] - similarity[nearest[0]]) / temperature)
    return votes


@pytest.mark.parametrize('tile_bytes', [1, 2**30])
def test_votes_equal_the_plain_protocol_for_every_k(monkeypatch, tile_bytes):
    monkeypatch.setattr(neighbours, 'TILE_BYTES', tile_bytes)
    bank, queries = torch.randn(30, 5, dtype=torch.float64), torch.randn(7, 5, dtype=torch.float64)
    labels = torch.randint(4, (30,))
    probe = KNNProbe(ks=(20, 1, 5), temperature=0.07)
    probe.fit(bank, labels)
    for name, votes in probe.scores(queries).items():
        expected = [plain_votes(bank, labels, query, int(name[1:]), 0.07, int(labels.max()) + 1) for query in queries]
        torch.testing.assert_close(votes, torch.tensor(expected, dtype=torch.float64))


def test_agrees_with_sklearn():
    from sklearn.neighbors import KNeighborsClassifier

    bank, queries, labels = torch.randn(200, 8), torch.randn(50, 8), torch.randint(5, (200,))
    rival = KNeighborsClassifier(10, metric='cosine', algorithm='brute', weights=lambda d: np.exp((1 - d) / 0.07))
    expected = rival.fit(bank.double().numpy(), labels.numpy()).predict(queries.double().numpy())
    probe = KNNProbe(ks=(10,))
    probe.fit(bank, labels)
    assert probe.predict(queries).argmax(dim=1).tolist() == expected.tolist()


def test_predict_uses_one_k():
    probe = KNNProbe(ks=(1, 3), k=3)
    probe.fit(torch.randn(5, 2), torch.tensor([0, 1, 2, 0, 1]))
    feats = torch.randn(4, 2)
    torch.testing.assert_close(probe.predict(feats), probe.scores(feats)['k3'])
    assert probe.predict(feats).shape == (4, 3)


def test_rejects_a_bank_smaller_than_k():
    with pytest.raises(ValueError, match='a bank of 150 images has no 200 neighbours'):
        KNNProbe().fit(torch.randn(150, 4), torch.zeros(150, dtype=torch.long))


@pytest.mark.parametrize('arguments', [dict(ks=()), dict(ks=(0, 1)), dict(temperature=0), dict(ks=(1, 2), k=3)])
def test_rejects_what_cannot_be(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        KNNProbe(**arguments)


def alike(num_images, rng):
    """Features of 10 classes that are close together, as those of networks are; means of the first call are kept."""
    labels = torch.randint(10, (num_images,), generator=rng)
    means = F.normalize(torch.randn(10, 32, generator=torch.Generator().manual_seed(1)), dim=1)
    noise = 0.18 * torch.randn(num_images, 32, generator=rng)
    return F.normalize(F.normalize(torch.ones(1, 32), dim=1) * 3 + means[labels] + noise, dim=1), labels


@pytest.mark.parametrize('dtype', [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize('temperature', [1.0, 0.07, 0.02, 0.01, 0.005, 0.001])
def test_no_temperature_and_no_precision_overflows(temperature, dtype):
    """exp(1 / 0.01) is beyond float32, exp(1 / 0.07) beyond float16."""
    rng = torch.Generator().manual_seed(0)
    (bank, bank_labels), (queries, labels) = alike(1000, rng), alike(200, rng)
    bank, queries = bank.to(dtype), queries.to(dtype)
    probe = KNNProbe(ks=(20,), temperature=temperature)
    probe.fit(bank, bank_labels)
    votes = probe.predict(queries)
    exact_bank, exact_queries = (F.normalize(feats.double(), dim=1) for feats in (bank, queries))
    similarity, entry = (exact_queries @ exact_bank.T).topk(20)
    weights = ((similarity - similarity[:, :1]) / temperature).exp()
    expected = torch.zeros(200, 10, dtype=torch.double).scatter_add(1, bank_labels[entry], weights)
    torch.testing.assert_close(votes.double(), expected, atol=1e-5 / min(temperature, 0.1), rtol=1e-3)
    assert (expected.argmax(dim=1) == labels).double().mean() > 0.95
    assert (votes.argmax(dim=1) == expected.argmax(dim=1)).double().mean() > 0.99


def test_features_beyond_float16_have_a_direction():
    """The norm of the first bank feature is beyond float16."""
    bank = torch.tensor([[6e4, 6e4], [-1, -1], [1, -1]], dtype=torch.float16)
    probe = KNNProbe(ks=(1,))
    probe.fit(bank, torch.tensor([0, 1, 2]))
    assert probe.predict(torch.ones(1, 2)).argmax() == 0


def test_features_of_length_zero_are_counted(monkeypatch):
    said = []
    monkeypatch.setattr(module, 'print_log', lambda message, *_: said.append(message))
    bank = torch.eye(4)
    bank[2:] = 0
    KNNProbe(ks=(1,)).fit(bank, torch.tensor([0, 1, 0, 1]))
    assert said == ['features of 2 of 4 images (the bank) are zero: their cosine to all others is 0']


@pytest.mark.parametrize('value', [torch.nan, torch.inf, 1e30])
def test_features_without_a_direction_are_refused(value):
    """The length of the last is beyond float32, so that dividing by it would give zero."""
    probe = KNNProbe(ks=(1,))
    probe.fit(torch.eye(4), torch.tensor([0, 1, 0, 1]))
    queries = torch.ones(3, 4)
    queries[1, 2] = value
    with pytest.raises(ValueError, match=r'1 of 3 images \(to classify\) are not finite'):
        probe.predict(queries)
    with pytest.raises(ValueError, match='not finite'):
        KNNProbe(ks=(1,)).fit(queries, torch.tensor([0, 1, 0]))
