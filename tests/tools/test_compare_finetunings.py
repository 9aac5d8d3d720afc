"""Losses and metrics of fine-tunings side by side, from what MMEngine's visualizer wrote."""

import importlib
import json
import sys
from pathlib import Path

import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))
compare = importlib.import_module('tools.downstream.compare')


def write(folder: Path, rows: list[dict[str, float]]) -> None:
    (folder / 'vis_data').mkdir(parents=True)
    (folder / 'vis_data/scalars.json').write_text(''.join(json.dumps(row) + '\n' for row in rows))


@pytest.fixture
def resumed(tmp_path) -> Path:
    """A run that was interrupted after step 30, resumed from the checkpoint of step 20, and tested later."""
    write(tmp_path / 'a/1', [dict(loss=3.0, step=10), dict(loss=2.5, step=20), dict(loss=9.0, step=30)])
    write(tmp_path / 'a/2', [dict(loss=2.0, step=30), dict(mIoU=40.0, time=0.1, data_time=0.1, step=30)])
    write(tmp_path / 'a/3', [dict(mIoU=90.0, step=0)])
    return tmp_path / 'a'


def test_a_resumed_run_goes_on_from_its_checkpoint(resumed):
    rows = compare.logged(resumed)
    assert [row['loss'] for row in rows if 'loss' in row] == [3.0, 2.5, 2.0]
    assert compare.validation(rows) == {'mIoU': 40.0}


def test_the_picture_and_the_table(resumed, tmp_path, monkeypatch, capsys):
    write(tmp_path / 'b/1', [dict(loss=4.0, step=10)])
    out = tmp_path / 'pictures/losses.png'
    monkeypatch.setattr(
        sys, 'argv', ['compare.py', f'pre-trained={resumed}', f'random={tmp_path / "b"}', '--out', str(out)]
    )
    compare.main()
    assert Image.open(out).width > 500
    printed = capsys.readouterr().out
    for shown in ('pre-trained', 'random', '40.000'):
        assert shown in printed


def test_what_is_no_run(tmp_path, monkeypatch, capsys):
    with pytest.raises(FileNotFoundError, match='is it the work dir of a training'):
        compare.logged(tmp_path)
    monkeypatch.setattr(sys, 'argv', ['compare.py', str(tmp_path), '--out', 'a.png'])
    with pytest.raises(SystemExit):
        compare.main()
    assert 'is not NAME=DIR' in capsys.readouterr().err
