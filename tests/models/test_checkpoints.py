"""Checkpoints as files."""

import pytest
import torch

from sslreg.models.checkpoints import check_checkpoint


def test_unreadable_checkpoints_are_named(tmp_path):
    (tmp_path / 'text.pth').write_text('not a checkpoint')
    with pytest.raises(ValueError, match="text.pth' is damaged or no checkpoint that can be read"):
        check_checkpoint(str(tmp_path / 'text.pth'))
    torch.save([1], tmp_path / 'list.pth')
    with pytest.raises(ValueError, match="list.pth' holds a list, not a checkpoint"):
        check_checkpoint(str(tmp_path / 'list.pth'))
    with pytest.raises(FileNotFoundError, match="checkpoint 'none.pth' does not exist"):
        check_checkpoint('none.pth')
    torch.save(dict(state_dict={}), tmp_path / 'good.pth')
    check_checkpoint(str(tmp_path / 'good.pth'))
