"""Label propagation is that of plain loops over pixels."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from sslreg.evaluation.metrics.label_propagation import one_hot_patches, propagate, to_label_map


def plain(feats, first_label, num_last, radius, topk, temperature):
    """One patch after the other, over all patches of the context."""
    feats = F.normalize(feats, dim=-1)
    labels = [first_label]
    height, width = first_label.shape[1:]
    for frame in range(1, len(feats)):
        new = torch.zeros_like(first_label)
        for i in range(height):
            for j in range(width):
                found = []
                for source in sorted({0} | set(range(max(0, frame - num_last), frame))):
                    for y in range(height):
                        for x in range(width):
                            if max(abs(y - i), abs(x - j)) <= radius:
                                similarity = float(feats[frame, i, j] @ feats[source, y, x])
                                found.append((similarity, labels[source][:, y, x]))
                best = sorted(found, key=lambda pair: -pair[0])[:topk]
                weights = torch.tensor([pair[0] / temperature for pair in best]).exp()
                new[:, i, j] = sum(w * pair[1] for w, pair in zip(weights / weights.sum(), best, strict=True))
        labels.append(new)
    return torch.stack(labels)


@pytest.mark.parametrize('num_last', [0, 1, 2, 7])
@pytest.mark.parametrize('radius, topk', [(0, 5), (1, 1), (2, 5), (12, 3), (12, 1000)])
def test_equals_plain_loops(num_last, radius, topk):
    feats, label = torch.randn(5, 4, 6, 3), torch.rand(3, 4, 6)
    found = propagate(feats, label, num_last, radius, topk, temperature=0.2)
    torch.testing.assert_close(found, plain(feats, label, num_last, radius, topk, 0.2))


def test_identical_frames_keep_the_label():
    frame = torch.randn(6, 7, 16)
    label = F.one_hot(torch.randint(3, (6, 7)), 3).movedim(-1, 0).float()
    found = propagate(frame.expand(5, -1, -1, -1), label)
    assert found.argmax(dim=1).equal(label.argmax(dim=0).expand(5, -1, -1))


def test_labels_move_with_the_features():
    """Features that move by a column a frame take the labels along."""
    frame = torch.randn(5, 9, 32)
    label = F.one_hot(torch.randint(3, (5, 9)), 3).movedim(-1, 0).float()
    found = propagate(torch.stack([frame.roll(t, dims=1) for t in range(4)]), label, topk=1)
    for t in range(4):
        assert found[t].equal(label.roll(t, dims=2))


def test_classes_may_be_permuted_and_weights_sum_to_one():
    feats, label = torch.randn(4, 5, 6, 8), torch.rand(4, 5, 6).softmax(dim=0)
    found = propagate(feats, label)
    torch.testing.assert_close(propagate(feats, label[[2, 0, 3, 1]]), found[:, [2, 0, 3, 1]])
    torch.testing.assert_close(found.sum(dim=1), torch.ones(4, 5, 6))


def test_length_of_features_does_not_matter():
    feats, label = torch.randn(3, 4, 5, 8), torch.rand(2, 4, 5)
    torch.testing.assert_close(propagate(feats * torch.rand(3, 4, 5, 1).add(0.1), label), propagate(feats, label))


@pytest.mark.parametrize('options', [dict(topk=0), dict(radius=-1), dict(num_last=-1), dict(temperature=0.0)])
def test_numbers_out_of_range(options):
    name, value = next(iter(options.items()))
    with pytest.raises(ValueError, match=f'{name}={value}'):
        propagate(torch.ones(2, 3, 4, 5), torch.ones(2, 3, 4), **options)


def test_features_that_do_not_fit_the_label():
    with pytest.raises(ValueError, match=r'\[2, 3, 4, 5\] and label \[2, 4, 3\]'):
        propagate(torch.ones(2, 3, 4, 5), torch.ones(2, 4, 3))


def test_patches_and_back():
    """Squares as large as patches survive; the middle of a patch decides."""
    labels = torch.tensor([[0, 1], [2, 0]]).repeat_interleave(8, 0).repeat_interleave(8, 1)
    patches = one_hot_patches(labels, 3, (2, 2))
    assert patches.argmax(dim=0).tolist() == [[0, 1], [2, 0]]
    assert to_label_map(patches, (16, 16), (32, 16)).unique().tolist() == [0, 1, 2]
    labels[:3] = 2
    assert one_hot_patches(labels, 3, (2, 2)).equal(patches)


def test_labels_are_brought_to_the_size_of_the_annotation_as_pillow_does():
    labels = torch.randint(3, (5, 7))
    weights = F.one_hot(labels, 3).movedim(-1, 0).float()
    expected = Image.fromarray(labels.numpy().astype(np.uint8)).resize((11, 8), Image.Resampling.NEAREST)
    assert to_label_map(weights, (5, 7), (8, 11)).tolist() == np.array(expected).tolist()


def test_each_class_is_stretched():
    """A class that is weak everywhere wins where it is strongest; one that is nowhere never does."""
    weights = torch.tensor([[[1.0, 0.7]], [[0.0, 0.3]], [[0.0, 0.0]]])
    assert to_label_map(weights, (1, 2), (1, 2)).tolist() == [[0, 1]]
