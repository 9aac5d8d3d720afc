import torch
from torch import Tensor, nn

from sslreg.registry import MODELS


@MODELS.register_module()
class ViewMemoryCELoss(nn.Module):
    """Cross-entropy between the teacher's and the student's view of the memory (MaSSL, arXiv 2407.17486, section 3).

    Memory rows are permuted by the memory, not logits here, and each view gets one softmax however many pairs it is in.
    """

    def forward(self, queries: Tensor, keys: Tensor, blocks: Tensor) -> Tensor:
        """Average over blocks n, images b and pairs of different views s != t.

        Args:
            queries: ``[S, B, D]`` student embeddings divided by their temperature; views 0..T-1 are the teacher's.
            keys: ``[T, B, D]`` teacher embeddings divided by theirs; never receive a gradient.
            blocks: ``[N, K, D]`` recalled memory.

        Returns:
            A scalar in float32 (float64 for float64 input). It is ln(K) where both sides are uniform: a run that stays
            there has collapsed.

        Raises:
            ValueError: No pair of different views exists, or the widths differ.
        """
        num_queries, num_keys = len(queries), len(keys)
        if num_queries < 2 or num_queries < num_keys:
            raise ValueError(
                f'{num_queries} student views and {num_keys} teacher views: at least 2 student views are '
                "needed, the teacher's among them (num_key_views, and the dataset's views)"
            )
        if not queries.shape[-1] == keys.shape[-1] == blocks.shape[-1]:
            raise ValueError(
                f'queries {queries.shape[-1]}, keys {keys.shape[-1]} and memory {blocks.shape[-1]} must '
                "be of one width: the neck's out_channels is the memory's feat_dim"
            )
        log_p = logits(queries, blocks).log_softmax(dim=-1)
        q = logits(keys.detach(), blocks).softmax(dim=-1)
        with torch.autocast(queries.device.type, enabled=False):
            ce = -torch.einsum('snbk,tnbk->st', log_p, q) / (log_p.shape[1] * log_p.shape[2])
        different = 1 - torch.eye(*ce.shape, dtype=ce.dtype, device=ce.device)
        return (ce * different).sum() / (num_keys * (num_queries - 1))


def logits(feats: Tensor, blocks: Tensor) -> Tensor:
    """``[V, B, D]`` embeddings against ``[N, K, D]`` blocks -> ``[V, N, B, K]``, float32 at least, also in autocast."""
    dtype = torch.promote_types(feats.dtype, torch.float32)
    with torch.autocast(feats.device.type, enabled=False):
        return torch.einsum('vbd,nkd->vnbk', feats.to(dtype), blocks.to(dtype))
