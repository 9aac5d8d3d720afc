"""Parts that the command lines of all tools share. The module imports nothing heavy."""

import argparse
import os
from typing import Any, NoReturn

from . import errors

LAUNCHERS = ('none', 'pytorch', 'slurm')
WORKERS = min(4, os.cpu_count() or 1)  # data-loading workers per process, by default


def prepare() -> None:
    """Prepare a program that will import torch: how it shows errors, and torch's environment variables.

    Call this before any such import. Otherwise torch's threads wait for each other in a busy loop, which is several
    times slower on shared cores.
    """
    errors.show_errors_plainly()
    os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'OFF')  # an image that cannot be decoded is named by LoadImage


class ConfigOptions(argparse.Action):
    """``KEY=VALUE`` pairs, with values as MMEngine's ``DictAction`` reads them; a text keeps its spaces."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        """Add pairs to the dictionary of those before."""
        options = dict(getattr(namespace, self.dest, None) or {})
        for pair in values:
            key, sign, text = pair.partition('=')
            if not sign or not key:
                parser.error(f'{option_string} {pair}: write KEY=VALUE, without spaces around the sign')
            try:
                options[key] = _parse_value(text)
            except ValueError as error:
                parser.error(f'{option_string} {pair}: {error}')
        setattr(namespace, self.dest, options)


def _parse_value(text: str) -> Any:
    """Return a number, truth value, None, text, list or tuple.

    Raises:
        ValueError: Brackets are not balanced, or the text describes a dict.
    """
    from mmengine.config import DictAction  # here, so that --help needs no MMEngine

    plain = text.strip('\'" ')
    if plain.startswith(('dict(', '{')):
        raise ValueError('a dict is set key by key, KEY.NAME=VALUE; to replace one, add KEY._delete_=True')
    if ' ' in plain and not any(sign in plain for sign in ',(['):
        return plain
    try:
        return DictAction._parse_iterable(text)
    except AssertionError as error:
        raise ValueError('its brackets do not match; quote a list or tuple, KEY="(1,2)"') from error


class _QuietParser(argparse.ArgumentParser):
    """Parser that is silent on all ranks but 0, which have the same arguments."""

    def error(self, message: str) -> NoReturn:
        """Add to a message on unknown arguments where settings go."""
        if message.startswith('unrecognized arguments') and '--cfg-options' in self._option_string_actions:
            message += '; -h lists the options, and settings of the config go behind --cfg-options, as KEY=VALUE'
        super().error(message)

    def _print_message(self, message: str, file: Any = None) -> None:
        if errors.rank() == 0:
            super()._print_message(message, file)


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser that shows a module's docstring, with its line breaks, as help; of several ranks once."""
    return _QuietParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def add_cfg_options(parser: Any, example: str = '') -> None:
    """Add ``--cfg-options KEY=VALUE ...``.

    Args:
        parser: A parser or an argument group.
        example: Options to show in the help.
    """
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=ConfigOptions,
        metavar='KEY=VALUE',
        help='override values of the config' + (f', e.g. {example}' if example else ''),
    )


def add_launcher(parser: Any, scripts: str = 'torchrun.sh: pytorch') -> None:
    """Add ``--launcher``.

    Args:
        parser: A parser or an argument group.
        scripts: The shell scripts that start the tool, with the launcher that each of them names.
    """
    parser.add_argument(
        '--launcher', choices=LAUNCHERS, default='none', help=f'program that started the processes ({scripts})'
    )
