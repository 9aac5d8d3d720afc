"""Metadata of the package. The lists of dependencies are in requirements/."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent


def requirements(name: str) -> list[str]:
    """Return the packages listed in a file of ``requirements/``."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith('#')]


setup(
    name='sslreg',
    version=re.search(r"'(.+)'", (ROOT / 'sslreg/version.py').read_text())[1],
    description='Self-supervised learning of image features with a memory, on MMEngine',
    long_description=(ROOT / 'README.md').read_text(),
    long_description_content_type='text/markdown',
    author='The SSLReg developers',
    license='Apache-2.0',
    keywords='self-supervised learning, memory, computer vision, MMEngine',
    python_requires='>=3.10,<3.13',
    packages=find_packages(include=['sslreg', 'sslreg.*']),
    package_data={'sslreg': ['py.typed'], 'sslreg.reports': ['templates/*.j2']},
    install_requires=requirements('runtime'),
    extras_require={
        name: requirements(name) for name in ('downstream', 'faiss', 'fast', 'lite', 'tensorboard', 'tests')
    },
)
