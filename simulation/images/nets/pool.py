"""Max-pooling by halves in the memory format in which torch's CPU kernel for it is fast."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["HalvingPool"]

_SQUARE = [2, 2]


class HalvingPool(nn.Module):
    """`nn.MaxPool2d(2)`, to the last bit, gradients too: images (B, C, h, w) come back as
    (B, C, h // 2, w // 2).

    With the channels last torch compares many of them at once; `vmap` would hand it one after the other.

    >>> x = torch.arange(15.0).reshape(1, 1, 3, 5)
    >>> HalvingPool()(x).tolist() == nn.MaxPool2d(2)(x).tolist() == [[[[6.0, 8.0]]]]
    True
    """

    def forward(self, x: Tensor) -> Tensor:
        pooled: Tensor = _Halved.apply(x)[0]  # type: ignore[no-untyped-call]
        return pooled


class _Halved(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        # A view: what is returned may not be what was given, which one channel would be.
        last = x.contiguous(memory_format=torch.channels_last).view_as(x)
        values, places = torch.ops.aten.max_pool2d_with_indices(last, _SQUARE)
        return values.contiguous(), last, places

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        _, last, places = output
        ctx.mark_non_differentiable(last, places)
        ctx.save_for_backward(last, places)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        last, places = ctx.saved_tensors
        # torch brings the gradient into the format of `last` itself; inside `vmap` we could not.
        found: Tensor = torch.ops.aten.max_pool2d_with_indices_backward(
            gradients[0], last, _SQUARE, _SQUARE, [0, 0], [1, 1], False, places
        )
        return found.contiguous()

    @staticmethod
    def vmap(info: Any, in_dims: Any, x: Tensor) -> Any:
        together = x.movedim(in_dims[0], 0)
        out = _Halved.apply(together.flatten(0, 1))  # type: ignore[no-untyped-call]
        return tuple(part.unflatten(0, together.shape[:2]) for part in out), (0, 0, 0)
