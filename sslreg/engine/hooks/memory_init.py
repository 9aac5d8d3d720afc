"""Initial content of instance memories."""

from copy import deepcopy
from typing import Any

import torch
from mmengine.dataset import DefaultSampler
from mmengine.dist import all_reduce, get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner, set_random_seed
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import DataLoader

from sslreg.arguments import checked
from sslreg.datasets import count_images, set_view_key
from sslreg.models.memories.instance import Init
from sslreg.models.memory_ssl import embed_views
from sslreg.registry import HOOKS
from sslreg.utils.dist import unwrap
from sslreg.utils.progress import progress
from sslreg.utils.seeds import derived_seed


@HOOKS.register_module()
class MemoryInitHook(Hook):
    """Initialisation of an instance memory by the untrained network's embeddings (arXiv 2404.19289).

    All ranks together pass once over all training images in random order, including the last incomplete batch. They
    write batch by batch, since a sharded memory may be too large to be gathered. A memory with earlier updates, as in a
    resumed run, is not changed. The released code leaves zeros for images that its loader drops. ``memory=dict(...,
    init='network')`` adds this hook with its defaults; list it to change them.

    Args:
        init: ``'network'``, or ``'random'`` to keep the random directions of a new memory, for comparison.
        dataloader: Config of a loader of the training images, e.g. with another pipeline; its sampler and ``drop_last``
            are set here. None: the training loader, with one view of each image.
        train_mode: Whether batch norm uses the statistics of the batch, as in the released code, or its own.

    Raises:
        ValueError: ``init`` is unknown.
    """

    priority = 'LOW'  # after MemoryCheckHook

    @checked
    def __init__(
        self, init: Init = 'network', dataloader: dict[str, Any] | None = None, train_mode: bool = True
    ) -> None:
        self.init = init
        self.dataloader = dataloader
        self.train_mode = train_mode

    def before_train(self, runner: Runner) -> None:
        """Fill the memory.

        Args:
            runner: The runner of the training.

        Raises:
            TypeError: The memory does not have one entry per image.
            ValueError: The loader's images are not those of the memory; or its last batch is a single image, for which
                batch norm has no statistics.
        """
        model = unwrap(runner.model)
        if self.init == 'random':
            return
        if not hasattr(model.memory, 'assign'):
            raise TypeError(
                'MemoryInitHook fills a memory with an entry per image, such as InstanceMemory, not '
                f'{type(model.memory).__name__}: remove the hook, or set its init=random'
            )
        if int(model.memory.num_updates) > 0:
            runner.logger.info(f'the memory has had {int(model.memory.num_updates)} updates, so it is not filled again')
        else:
            self._fill(runner, model)

    def _fill(self, runner: Runner, model: Any) -> None:
        loader = self._loader(runner)
        model.memory.check(batch_size=0, num_images=count_images(loader.dataset))
        if self.train_mode:
            _check_last_batch(loader, model)
        set_view_key(loader.dataset, (runner.seed, -1))  # views that training does not draw
        set_random_seed(derived_seed(runner.seed, 999_983 + get_rank()) % 2**32)
        model.train(self.train_mode)
        seen = torch.zeros(len(model.memory), dtype=torch.long)
        for batch in progress(loader, 'filling the memory'):
            data = model.data_preprocessor(batch, False)
            indices = data['data_samples']
            model.memory.check_indices(indices)
            seen[indices] = 1
            views = data['inputs']
            with torch.no_grad(), runner.optim_wrapper.optim_context(model):
                feats = embed_views(model.student, views[:1] if isinstance(views, list) else [views])[0]
            model.memory.assign(feats, indices.to(feats.device))
        set_view_key(loader.dataset, None)
        model.train()
        all_reduce(seen)
        if (never := int((seen == 0).sum())) > 0:
            raise ValueError(f'MemoryInitHook: {never} of {len(seen)} images were never given (by their sample_idx)')
        runner.logger.info(f'the memory was filled by the untrained network with {len(seen)} images')

    def _loader(self, runner: Runner) -> DataLoader[Any]:
        own = dict(sampler=dict(type=DefaultSampler, shuffle=True, round_up=True), drop_last=False)
        if self.dataloader is not None:
            return Runner.build_dataloader(deepcopy(self.dataloader) | own, seed=runner.seed)
        cfg = deepcopy(dict(runner.cfg.train_dataloader))
        return Runner.build_dataloader(cfg | own | dict(dataset=runner.train_dataloader.dataset), seed=runner.seed)


def _check_last_batch(loader: DataLoader[Any], model: nn.Module) -> None:
    per_rank = -(-len(loader.dataset) // get_world_size())  # type: ignore[arg-type]
    batch_size: Any = loader.batch_size
    if per_rank % batch_size == 1 and any(isinstance(module, _BatchNorm) for module in model.modules()):
        raise ValueError(
            f'MemoryInitHook: {per_rank} images in batches of {batch_size} leave a last batch of one, for which '
            'batch norm has no statistics: give a dataloader with another batch_size, or train_mode=False'
        )
