"""What detection and segmentation on pre-trained backbones need beyond mmdet and mmsegmentation (docs/downstream.md).

Components are named in configs by their path, ``type='sslreg.downstream.SimpleFeaturePyramid'``: these configs run in
the scope of mmdet or mmseg. Nothing here imports the one or the other but for :mod:`sslreg.downstream.res_layer`.
"""

from .decay import LayerDecayConstructor
from .drawing import DrawHook
from .necks import RescaledLevels, SimpleFeaturePyramid
from .pretrained import PretrainedHook

__all__ = ['DrawHook', 'LayerDecayConstructor', 'PretrainedHook', 'RescaledLevels', 'SimpleFeaturePyramid']
