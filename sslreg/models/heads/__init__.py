from .view_memory import ViewMemoryHead

__all__ = ['ViewMemoryHead']
