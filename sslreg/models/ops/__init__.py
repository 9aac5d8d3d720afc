from .instance import InstanceLosses, instance_loss

__all__ = ['InstanceLosses', 'instance_loss']
