from .view_memory_ce import ViewMemoryCELoss

__all__ = ['ViewMemoryCELoss']
