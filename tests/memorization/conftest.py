from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope

from sslreg.memorization import Study
from sslreg.memorization.score_settings import Protocol, ScoreSettings
from sslreg.memorization.scored_study import ScoredStudy
from tests.memorization.toy_scores import SPLIT, scores


@pytest.fixture(autouse=True)
def scope() -> Iterator[None]:
    """Names of components are those of sslreg."""
    with DefaultScope.overwrite_default_scope('sslreg'):
        yield


@pytest.fixture
def scored(tmp_path) -> Callable[..., ScoredStudy]:
    """A function that makes a scored study."""

    def make(name='a', found=None, split=SPLIT, data='x', gray=0.2, num_views=5) -> ScoredStudy:
        images = dict(views=[dict(gray=gray)], dataset=dict(data_root=data, pipeline=[]))
        file = tmp_path / f'{len(list(tmp_path.iterdir()))}.json'
        split.write(file)
        study = Study(Config(dict(train_dataloader=dict(dataset=images))), file, Path(name))
        settings = ScoreSettings('config.py', str(file), Protocol(num_views, layers=(name,)), '', [])
        return ScoredStudy(name, study, found or scores([0.1, 0.2, 0.3, 0.4]), 'conv', settings)

    return make
