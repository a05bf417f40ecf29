"""The early-learning regularised loss for PyTorch."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["ELRLoss", "rest_of"]


def rest_of(p: Tensor) -> Tensor:
    """`1 - p_c` of every class as the sum of the others, without cancellation; same shape (B, C).

    >>> rest_of(torch.tensor([[.5, .3, .2]])).tolist()[0][0]
    0.5
    """
    # Running sums, shifted by one: a difference `sum - p_c` would lose small numbers.
    before = functional.pad(torch.cumsum(p, dim=1)[:, :-1], (1, 0))
    after = functional.pad(torch.flip(torch.cumsum(torch.flip(p, [1]), dim=1), [1])[:, 1:], (0, 1))
    return before + after


class ELRLoss(nn.Module):
    r"""Cross entropy plus `lam` times the mean of `log(1 - <p_i, t_i>)`; targets t follow the predictions.

    Every example owns a target, zero at the start. A call in training mode first takes the predictions into
    the targets, `t_i <- beta t_i + (1 - beta) p_i`, without gradient, then returns the loss. In evaluation
    mode the targets stay. `1 - <p, t>` is computed as `beta^k + sum_c t_c (1 - p_c)` after k visits, a sum of
    positive numbers: nothing cancels when predictions saturate.

    The value may be far below zero: its lower end is about `lam log(2 clamp)`.

    Args:
        n_examples: size of the training set; indices lie in [0, n_examples).
        n_classes: C >= 2.
        lam: strength, >= 0. With two classes wrong labels are opposed for ever only for lam > 2.
        beta: memory in [0, 1). Targets load in `1/(1 - beta)` visits; that must be well before labels are
            memorised.
        clamp: probabilities are clamped to `[clamp, 1 - clamp]` in the regulariser, with no gradient outside,
            as the authors' code does; None for none, as in the paper's pseudocode.
        check: whether indices and labels are looked at in every call; on a GPU this waits for the device.

    Shapes: logits (B, C) of any float type (computed in float32 at least, so autocast is safe), labels (B,)
    and indices (B,) of whole numbers, each index once in a batch. Returns a scalar.

    Raises:
        ValueError: naming the argument.

    A training loop; the data set must return each example's index:

    ```python
    loss_of = ELRLoss(len(data), n_classes=10, lam=3.0, beta=0.7).to(device)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-3)
    for epoch in range(120):
        net.train()
        for inputs, labels, indices in loader:          # shuffled, every example once an epoch
            inputs, labels, indices = inputs.to(device), labels.to(device), indices.to(device)
            with torch.autocast(device_type=device.type, enabled=device.type == "cuda"):
                logits = net(inputs)
            loss = loss_of(logits, labels, indices)     # moves the targets, then CE + regulariser
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        scheduler.step()
    suspects = (loss_of.targets.argmax(1) != all_labels).nonzero()      # labels that look wrong
    torch.save({"net": net.state_dict(), "loss": loss_of.state_dict()}, "checkpoint.pt")
    ```

    With several processes every process holds its own targets: give each a fixed part of the data.

    Source: Liu et al. 2020, section 4.
    """

    targets: Tensor
    visits: Tensor

    def __init__(
        self,
        n_examples: int,
        n_classes: int,
        lam: float = 3.0,
        beta: float = 0.7,
        clamp: float | None = 1e-4,
        *,
        check: bool = True,
    ) -> None:
        super().__init__()
        if n_examples < 1:
            raise ValueError(f"n_examples must be at least 1, was {n_examples!r}")
        if n_classes < 2:
            raise ValueError(f"n_classes must be at least 2, was {n_classes!r}")
        if not (math.isfinite(lam) and lam >= 0.0):
            raise ValueError(f"lam must be finite and >= 0, was {lam!r}")
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"beta must lie in [0, 1), was {beta!r}")
        if clamp is not None and not 0.0 < clamp < 1.0 / n_classes:
            raise ValueError(f"clamp must lie in (0, 1/n_classes) or be None, was {clamp!r}")
        self.lam, self.beta, self.clamp, self.check = float(lam), float(beta), clamp, check
        self.register_buffer("targets", torch.zeros(n_examples, n_classes))
        self.register_buffer("visits", torch.zeros(n_examples, dtype=torch.int32))

    def extra_repr(self) -> str:
        """Constants, for `print`."""
        n, c = self.targets.shape
        return f"n_examples={n}, n_classes={c}, lam={self.lam}, beta={self.beta}, clamp={self.clamp}"

    def forward(self, logits: Tensor, labels: Tensor, indices: Tensor) -> Tensor:
        """The loss of a batch, a scalar tensor."""
        self._require(logits, labels, indices)
        wide = logits if logits.dtype == torch.float64 else logits.float()
        log_p = functional.log_softmax(wide, dim=1)
        cross_entropy = functional.nll_loss(log_p, labels.long())
        p = log_p.exp()
        if self.training:
            self.follow(p.detach(), indices)
        return cross_entropy + self.lam * self.regulariser(p, indices)

    def follow(self, p: Tensor, indices: Tensor) -> None:
        """Takes predictions p (B, C) into the targets of the examples `indices` (B,), without gradient."""
        with torch.no_grad():
            if self.clamp is not None:
                p = p.clamp(self.clamp, 1.0 - self.clamp)
                p = p / p.sum(dim=1, keepdim=True)
            moved = self.beta * self.targets[indices] + (1.0 - self.beta) * p.to(self.targets.dtype)
            self.targets[indices] = moved
            self.visits[indices] += 1

    def regulariser(self, p: Tensor, indices: Tensor) -> Tensor:
        """Mean of `log(1 - <p, t>)` over the batch, with gradient in p (B, C) only."""
        missing = torch.pow(self.beta, self.visits[indices].to(p.dtype))
        return self.log_rest(p, self.targets[indices].to(p.dtype), missing).mean()

    def log_rest(self, p: Tensor, t: Tensor, missing: Tensor) -> Tensor:
        """`log(1 - <p, t>)` (B,) for targets t (B, C) of total mass `1 - missing` (B,)."""
        rest = rest_of(p)
        if self.clamp is not None:
            rest = rest.clamp(self.clamp, 1.0 - self.clamp)
        inner = missing + (t * rest).sum(dim=1)
        return torch.log(inner + torch.finfo(p.dtype).tiny)

    def _require(self, logits: Tensor, labels: Tensor, indices: Tensor) -> None:
        n, c = self.targets.shape
        if logits.ndim != 2 or logits.shape[1] != c or not logits.is_floating_point():
            raise ValueError(f"logits must be floats of shape (B, {c}), was {tuple(logits.shape)}")
        for name, value, limit in (("labels", labels, c), ("indices", indices, n)):
            if value.shape != logits.shape[:1] or value.is_floating_point() or value.dtype == torch.bool:
                raise ValueError(
                    f"{name} must be whole numbers of shape ({len(logits)},), was {value.dtype} of shape "
                    f"{tuple(value.shape)}"
                )
            if self.check and len(value) and not 0 <= int(value.min()) <= int(value.max()) < limit:
                raise ValueError(
                    f"{name} must lie in [0, {limit}), were in [{int(value.min())}, {int(value.max())}]"
                )
        if self.check and self.training and len(torch.unique(indices)) < len(indices):
            raise ValueError("indices must name every example once in a batch, hold a repetition")
