from .base import BaseBenchmark, Wanted

__all__ = ['BaseBenchmark', 'Wanted']
