import pytest
import torch
from mmengine.runner import Runner

from sslreg.datasets import sample_indices
from sslreg.evaluation import collect
from tests import toy


def mean_colour(images: torch.Tensor) -> torch.Tensor:
    return images.mean(dim=(2, 3))


def preprocess(batch, training):
    return dict(inputs=batch['inputs'].float(), data_samples=sample_indices(batch['data_samples']))


def expected(dataset) -> torch.Tensor:
    return torch.stack([torch.tensor(dataset.get_data_info(i)['img']).float().mean(dim=(0, 1)) for i in range(24)])


def test_collects_rows_in_dataset_order_whatever_the_samplers():
    shuffled = toy.build_loader(sampler=dict(type='DefaultSampler', shuffle=True, round_up=False))
    for data in (toy.build_loader(), shuffled):
        torch.testing.assert_close(collect(mean_colour, data, preprocess), expected(data.dataset))


def test_collect_misses_and_repeats_nothing():
    with pytest.raises(ValueError, match='of 24 images 0 were given more than once and 4 never'):
        collect(mean_colour, toy.build_loader(drop_last=True), preprocess)


def _on_a_rank(rank: int) -> torch.Tensor:
    return collect(mean_colour, toy.build_loader(batch_size=3), preprocess)


@pytest.mark.slow
def test_two_ranks_collect_as_one(run_ranks):
    for rows in run_ranks(_on_a_rank):
        torch.testing.assert_close(rows, expected(toy.build_loader().dataset))


def _round_up(rank: int) -> str:
    try:
        collect(
            mean_colour,
            toy.build_loader(
                batch_size=4,
                sampler=dict(type='DefaultSampler', shuffle=False),
                dataset=dict(type='ToyDataset', length=23, pipeline=[dict(type='PackInputs')]),
            ),
            preprocess,
        )
    except ValueError as error:
        return str(error)
    return ''


@pytest.mark.slow
def test_a_sampler_that_repeats_images_is_refused(run_ranks):
    for message in run_ranks(_round_up):
        assert 'of 23 images 1 were given more than once and 0 never' in message


def test_loops_score_the_model_as_it_is(tmp_path):
    """tools/test.py's loop finds what the validation after the last epoch found."""
    runner = toy.train(tmp_path, epochs=1)
    test = Runner.from_cfg(toy.config(tmp_path / 'test', load_from=str(tmp_path / 'epoch_1.pth')))
    assert test.test() == runner.val_loop.run()
