"""Choice of a wheel of mmcv, folders of builds, and messages."""

import importlib
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / 'tools/downstream'))
build_mmcv, cuda_toolkit, progress = map(importlib.import_module, ('build_mmcv', 'cuda_toolkit', 'progress'))

TAG = f'cp{sys.version_info.major}{sys.version_info.minor}'


def test_a_wheel_is_for_one_torch_and_one_device():
    plain = torch.__version__.partition('+')[0]
    assert build_mmcv.folder_of('cpu') == f'torch{plain}-cpu'
    assert build_mmcv.folder_of('cuda') == f'torch{plain}-cuda{torch.version.cuda}'


def test_wheels_without_operators_and_for_other_pythons_are_passed_over(tmp_path):
    good = f'mmcv-2.1.0-{TAG}-{TAG}-linux_x86_64.whl'
    for name in (good, 'mmcv-2.1.0-py2.py3-none-any.whl', 'mmcv-2.1.0-cp27-cp27m-linux_x86_64.whl',
                 f'mmcv-2.2.0-{TAG}-{TAG}-linux_x86_64.whl', 'mmcv_lite-2.1.0-py2.py3-none-any.whl'):  # fmt: skip
        (tmp_path / name).touch()
    assert [path.name for path in build_mmcv.fitting(tmp_path)] == [good]


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A folder of wheels; those installed are listed, and none is compiled."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('SSLREG_WHEELS', str(tmp_path / 'given'))
    monkeypatch.setattr(sys, 'argv', ['build_mmcv.py', '--device', 'cpu'])
    installed: list[Path] = []

    def compiled(device: str, folder: Path) -> Path:
        wheel = folder / f'mmcv-2.1.0-{TAG}-{TAG}-linux_x86_64.whl'
        wheel.touch()
        return wheel

    monkeypatch.setattr(build_mmcv, 'compile_wheel', compiled)
    monkeypatch.setattr(build_mmcv, 'install', lambda wheel: installed.append(wheel) or 'good' in wheel.read_text())
    return installed


def test_a_ready_wheel_is_used_without_building(wheels, tmp_path):
    (tmp_path / 'given').mkdir()
    ready = tmp_path / 'given' / f'mmcv-2.1.0-{TAG}-{TAG}-linux_x86_64.whl'
    ready.write_text('good')
    build_mmcv.main()
    assert wheels == [ready]


def test_a_wheel_that_does_not_work_here_is_replaced_by_one_that_is_built(wheels, tmp_path, capsys, monkeypatch):
    (tmp_path / 'given').mkdir()
    (tmp_path / 'given' / f'mmcv-2.1.0-{TAG}-{TAG}-linux_x86_64.whl').write_text('of another torch')
    monkeypatch.setattr(build_mmcv, 'install', lambda wheel: wheels.append(wheel) or wheel.stat().st_size == 0)
    build_mmcv.main()
    assert 'does not work with torch' in capsys.readouterr().out
    assert wheels[-1].parent == tmp_path / 'given' / build_mmcv.folder_of('cpu')


def test_a_build_that_does_not_work_is_an_error(wheels):
    with pytest.raises(SystemExit, match='was built and does not work'):
        build_mmcv.main()


def test_nothing_is_built_where_that_is_forbidden(wheels, tmp_path, monkeypatch):
    monkeypatch.setenv('SSLREG_BUILD', '0')
    with pytest.raises(SystemExit) as caught:
        build_mmcv.main()
    assert caught.value.code == 3
    assert not (tmp_path / 'given').exists()


def test_a_folder_that_cannot_be_written_is_not_built_in(wheels, tmp_path, monkeypatch):
    monkeypatch.setattr(build_mmcv, 'install', lambda wheel: wheels.append(wheel) or True)
    monkeypatch.setattr(build_mmcv, 'writable', lambda folder: 'given' not in str(folder) and
                        (folder.mkdir(parents=True) or True))  # fmt: skip
    build_mmcv.main()
    assert wheels[-1].parts[0] == 'work_dirs'


def test_a_failed_build_shows_the_compiler_s_words(tmp_path):
    (tmp_path / 'mmcv/ops/csrc/pytorch').mkdir(parents=True)
    (tmp_path / 'mmcv/ops/csrc/pytorch/a.cpp').touch()
    code = "print('a.cpp:3: error: no member named twice'); raise SystemExit(1)"
    with pytest.raises(SystemExit, match='(?s)a.cpp:3: error: no member.*could not be built .exit status 1.*build.log'):
        progress.follow([sys.executable, '-c', code], {}, tmp_path, 'cpu', 2, tmp_path / 'build.log')


def test_the_time_to_go_is_first_guessed_and_then_measured():
    assert progress.remaining(done=0, total=80, first=0, elapsed=5, guess=600) == 600
    assert progress.remaining(done=20, total=80, first=0, elapsed=100, guess=600) == 300
    assert progress.remaining(done=50, total=80, first=40, elapsed=100, guess=600) == 300  # of a build that goes on


def test_files_are_counted_by_kind(tmp_path):
    for name in ('a.cpp', 'cpu/b.cpp', 'cuda/c.cu', 'cuda/d.cpp', 'npu/e.cpp'):
        path = tmp_path / 'mmcv/ops/csrc/pytorch' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert progress.files_to_compile(tmp_path, 'cpu') == dict(cpp=2, cu=0)
    assert progress.files_to_compile(tmp_path, 'cuda') == dict(cpp=3, cu=1)


def test_a_compiler_of_another_cuda_is_not_taken(tmp_path, monkeypatch):
    (tmp_path / 'bin').mkdir()
    (tmp_path / 'include').mkdir()
    (tmp_path / 'include/cuda_runtime.h').touch()
    nvcc = tmp_path / 'bin/nvcc'
    nvcc.write_text('#!/bin/sh\necho "Cuda compilation tools, release 11.8, V11.8.89"\n')
    nvcc.chmod(0o755)
    assert cuda_toolkit._version(tmp_path) == '11.8'
    monkeypatch.setattr(torch.version, 'cuda', '12.6')
    monkeypatch.setattr(cuda_toolkit, '_candidates', lambda: [tmp_path])
    with pytest.raises(SystemExit, match='needs nvcc 12.6, and none was found'):
        cuda_toolkit.cuda_home(tmp_path)
    monkeypatch.setattr(torch.version, 'cuda', '11.8')
    assert cuda_toolkit.cuda_home(tmp_path) == str(tmp_path)
