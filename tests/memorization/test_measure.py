import pytest
import torch
from mmengine.registry import DefaultScope
from torch import nn
from torch.utils.data import DataLoader

from sslreg.datasets import BatchedViews, collate, set_view_key
from sslreg.memorization import image_alignment, relative_sslmem, unitmem
from sslreg.memorization.layers import Layers, flat
from sslreg.memorization.measure import AlignmentOf, activations, alignments
from sslreg.models import Encoder
from sslreg.models.ops.alignment import view_alignment
from tests.toy import ToyDataset

VIEWS = [dict(size=8, num=3, scale=(0.3, 1), flip=0.5, jitter=dict(brightness=0.5), jitter_prob=0.8)]


def encoder(seed: int) -> Encoder:
    torch.manual_seed(seed)
    return Encoder(dict(type='ToyBackbone'), dict(mean=[127.5] * 3, std=[64.0] * 3)).eval()


def loader(batch_size: int = 5, num_workers: int = 0, views=VIEWS) -> DataLoader:
    dataset = BatchedViews(ToyDataset(pipeline=[]), views)
    set_view_key(dataset, (0, 0))
    return DataLoader(dataset, batch_size, num_workers=num_workers, collate_fn=collate)


def measured(batch_size: int = 5, num_workers: int = 0) -> list[dict[str, torch.Tensor]]:
    encoders = [Layers(encoder(seed), ['conv', 'representation']) for seed in (1, 2)]
    return alignments(encoders, loader(batch_size, num_workers), encoders[0].model.data_preprocessor, AlignmentOf())


def test_alignment_of_each_layer_is_that_of_its_flattened_outputs():
    model = encoder(1)
    data = model.data_preprocessor(loader(batch_size=24).dataset.__getitems__(range(24)), False)
    outputs = torch.stack([model.backbone.conv(view) for view in data['inputs']])
    of_f, of_g = measured()
    torch.testing.assert_close(of_f['conv'], view_alignment(outputs.flatten(2)))
    representations = torch.stack([model.extract_feat(view) for view in data['inputs']])
    torch.testing.assert_close(of_f['representation'], view_alignment(representations))
    assert list(of_g) == ['conv', 'representation']
    assert (of_f['conv'] - of_g['conv']).abs().min() > 0


@pytest.mark.parametrize('batch_size, num_workers', [(1, 0), (24, 0), (7, 2)])
def test_neither_batch_size_nor_workers_matter(batch_size, num_workers):
    for whole, other in zip(measured(), measured(batch_size, num_workers), strict=True):
        for name, values in whole.items():
            torch.testing.assert_close(other[name], values, atol=1e-6, rtol=1e-5)


def _rank(rank: int) -> list[dict[str, torch.Tensor]]:
    with DefaultScope.overwrite_default_scope('sslreg'):
        encoders = [Layers(encoder(seed), ['conv', 'representation']) for seed in (1, 2)]
        part = loader(batch_size=4)
        sampler = torch.utils.data.DistributedSampler(part.dataset, 2, rank, shuffle=False)
        part = DataLoader(part.dataset, 4, sampler=sampler, collate_fn=collate)
        return alignments(encoders, part, encoders[0].model.data_preprocessor, AlignmentOf())


@pytest.mark.slow
def test_two_ranks_give_the_scores_of_one(run_ranks):
    alone = measured(4)
    for found in run_ranks(_rank):
        for of_one, of_two in zip(alone, found, strict=True):
            for name, values in of_one.items():
                torch.testing.assert_close(of_two[name], values, atol=1e-6, rtol=1e-5)


def test_an_encoder_memorised_nothing_beside_itself():
    encoders = [Layers(encoder(1)), Layers(encoder(1))]
    of_f, of_g = alignments(encoders, loader(), encoders[0].model.data_preprocessor, AlignmentOf())
    assert relative_sslmem(of_f['representation'], of_g['representation']).abs().max() == 0


def test_against_the_image_as_it_is():
    plain = dict(size=8, scale=(1, 1), ratio=(1, 1))
    data = loader(views=[plain, *VIEWS])
    model = encoder(1)
    found = alignments([Layers(model)], data, model.data_preprocessor, AlignmentOf(against='image'))[0]
    images = torch.stack([torch.from_numpy(ToyDataset(pipeline=[])[i]['img']) for i in range(24)]).permute(0, 3, 1, 2)
    batch = model.data_preprocessor(data.dataset.__getitems__(range(24)), False)['inputs']
    torch.testing.assert_close(batch[0], model.data_preprocessor(dict(inputs=images, data_samples=None))['inputs'])
    rows = [nn.functional.normalize(model.extract_feat(view), dim=1) for view in batch]
    expected = torch.stack([(row - rows[0]).norm(dim=1) for row in rows[1:]]).mean(dim=0)
    torch.testing.assert_close(found['representation'], expected)


def test_activations_are_means_over_views_and_space():
    model = encoder(1)
    data = loader()
    batch = model.data_preprocessor(data.dataset.__getitems__(range(24)), False)['inputs']
    expected = torch.stack([model.backbone.conv(view).mean(dim=(2, 3)) for view in batch]).mean(dim=0)
    found = activations(Layers(model, ['conv']), data, model.data_preprocessor)
    assert list(found) == ['conv']
    torch.testing.assert_close(found['conv'], expected)
    assert unitmem(found['conv'].relu()).shape == (8,)


def test_alignment_has_the_distance_length_and_part_that_are_asked_for():
    tokens = torch.randn(3, 2, 5, 4)  # views, images, tokens, values
    whole, first = tokens.flatten(2), tokens[:, :, 0]
    for output, settings, expected in [
        (tokens, dict(kind='l1', normalized=False), view_alignment(whole, 'l1', normalized=False)),
        (tokens, dict(part='first'), view_alignment(first)),
        (tokens, dict(against='image', part='mean'), image_alignment(tokens[0].mean(1), tokens[1:].mean(2))),
        (
            first,
            dict(kind='l1', normalized=False, against='image'),
            image_alignment(first[0], first[1:], 'l1', normalized=False),
        ),
    ]:
        torch.testing.assert_close(AlignmentOf(**settings)(output), expected, msg=str(settings))


@pytest.mark.parametrize(
    'call, message',
    [
        (lambda: flat(torch.ones(1, 2, 3, 4, 4), 'first'), 'have no first token'),
        (lambda: flat(torch.ones(1, 2, 3), 'last'), "part='last' must be one of 'all', 'mean', 'first'"),
        (lambda: AlignmentOf(against='mean')(torch.ones(2, 3, 4)), "against='mean' must be"),
    ],
)
def test_wrong_settings_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
