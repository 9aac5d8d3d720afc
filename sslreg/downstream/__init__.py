"""Detection and segmentation on pre-trained backbones with mmdet and mmsegmentation (docs/downstream.md).

Configs name these components by their path, e.g. ``type='sslreg.downstream.SimpleFeaturePyramid'``, because they run in
the scope of mmdet or mmseg. Only :mod:`sslreg.downstream.res_layer` imports mmdet, and only
:mod:`sslreg.downstream.camvid` imports mmsegmentation.
"""

from .decay import LayerDecayConstructor
from .drawing import DrawHook
from .pretrained import PretrainedHook
from .pyramids import RescaledLevels, SimpleFeaturePyramid

__all__ = ['DrawHook', 'LayerDecayConstructor', 'PretrainedHook', 'RescaledLevels', 'SimpleFeaturePyramid']
