from collections.abc import Iterator

import pytest
from mmengine.registry import DefaultScope


@pytest.fixture(autouse=True)
def scope() -> Iterator[None]:
    """Names of components are those of sslreg."""
    with DefaultScope.overwrite_default_scope('sslreg'):
        yield
