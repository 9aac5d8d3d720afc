"""The loss of MaSSL."""

from torch import Tensor, nn

from sslreg.models.ops.view_memory import ViewMemoryTerms, view_memory_loss
from sslreg.registry import MODELS


@MODELS.register_module()
class ViewMemoryCELoss(nn.Module):
    """Cross-entropy between the teacher's and the student's view of the memory (MaSSL, arXiv 2407.17486, section 3).

    The memory draws the partition into blocks. The loss and its gradient are computed in one pass over the memory that
    keeps no logits: see :mod:`sslreg.models.ops.view_memory`.
    """

    def forward(self, queries: Tensor, keys: Tensor, blocks: Tensor, order: Tensor | None = None) -> Tensor:
        """Average the cross-entropy over blocks n, images b and pairs of different views s != t.

        Args:
            queries: ``[S, B, D]`` student embeddings divided by their temperature; views 0..T-1 are the teacher's.
            keys: ``[T, B, D]`` teacher embeddings divided by their temperature; they get no gradient.
            blocks: ``[N, K, D]`` blocks of entries; or with ``order`` the memory ``[L, D]``.
            order: ``[N, K]`` rows of the memory that make up the blocks.

        Returns:
            A scalar in float32 (float64 for float64 input). It is ln(K) if both sides are uniform; a run that stays
            there has collapsed.

        Raises:
            ValueError: There is no pair of different views, or the widths differ.
        """
        return self.terms(queries, keys, blocks, order).loss

    def terms(self, queries: Tensor, keys: Tensor, blocks: Tensor, order: Tensor | None = None) -> ViewMemoryTerms:
        """Compute the loss and, from the same pass, statistics of the teacher; see :meth:`forward`."""
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
        return view_memory_loss(queries, keys, blocks, order)
