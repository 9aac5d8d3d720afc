"""Descriptions of the software and hardware of a run, for reports."""

import platform

import mmengine
import torch

from sslreg.version import __version__


def versions() -> str:
    """Return the versions of sslreg, torch, MMEngine and Python as text."""
    return (
        f'sslreg {__version__}, torch {torch.__version__}, mmengine {mmengine.__version__}, '
        f'Python {platform.python_version()}'
    )


def hardware(device: torch.device | str) -> str:
    """Return the name of a device, such as ``'NVIDIA H100'`` or ``'CPU, 4 threads'``."""
    device = torch.device(device)
    if device.type == 'cuda':
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f'{device.type.upper()}, {threads} thread{"s" if threads > 1 else ""}'
