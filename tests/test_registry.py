"""A name in a config that does not exist is an error that suggests the right one."""

import pytest
from mmengine.registry import DefaultScope

from sslreg.models import QueueMemory
from sslreg.registry import MEMORIES, MODELS, SCHEDULES


@pytest.mark.parametrize('kind', ['QueueMemory', QueueMemory])
def test_an_argument_that_is_misspelt(kind):
    with pytest.raises(TypeError, match="QueueMemory takes no argument 'lenght'; did you mean 'length'"):
        MEMORIES.build(dict(type=kind, lenght=8, feat_dim=2))


def test_an_argument_unlike_any_other_is_answered_with_all():
    with pytest.raises(TypeError, match="SqrtKLLoss takes no argument 'x'; it takes"):
        MODELS.build(dict(type='SqrtKLLoss', x=1))


@pytest.mark.parametrize(
    'registry, kind, hint',
    [
        (MEMORIES, 'QeueMemory', "; did you mean 'QueueMemory'?"),
        (MEMORIES, 'Bank', '; it has .*QueueMemory'),
        (MODELS, 'VisonTransformer', "; did you mean 'VisionTransformer'?"),  # mmpretrain's
        (MODELS, 'Bank', r'\. Name a class of your own with its module'),  # too many to be listed
    ],
)
def test_a_type_that_does_not_exist(registry, kind, hint):
    with pytest.raises(KeyError, match=f'{kind} is not in the sslreg::.* registry{hint}'):
        registry.build(dict(type=kind))


@pytest.mark.parametrize('kind', ['CosinSchedule', 'CosineSchedul'])
def test_a_schedule_that_does_not_exist_in_place_of_a_number(kind):
    head = dict(type='ViewMemoryHead', loss=dict(type='ViewMemoryCELoss'))
    with pytest.raises(KeyError, match=f"{kind} is not in the .* did you mean 'CosineSchedule'?"):
        MODELS.build(head | dict(teacher_temp=dict(type=kind, start=0.1, end=0.2)))


def test_a_dict_that_is_no_schedule_in_place_of_a_number():
    head = dict(type='ViewMemoryHead', loss=dict(type='ViewMemoryCELoss'), teacher_temp=dict(type='GELU'))
    with pytest.raises(TypeError, match='ViewMemoryHead: teacher_temp=.*GELU.* or the config of a schedule'):
        MODELS.build(head)


def test_what_exists_is_built_in_the_scope_that_is_set():
    assert len(MEMORIES.build(dict(type='QueueMemory', length=8, feat_dim=2))) == 8
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        assert len(MODELS.build([dict(type='GELU'), dict(type='ReLU', inplace=True)])) == 2
    assert SCHEDULES.build(dict(type='LinearSchedule', start=0.5, end=1.0))(0, 10) == 0.5
