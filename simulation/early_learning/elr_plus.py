"""ELR+: two networks, averages of their weights and mixup around the regularised loss."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from simulation.early_learning.elr_loss import ELRLoss
from theory.rng import generator

__all__ = ["ELRPlus", "ramp"]


def ramp(step: int, length: int) -> float:
    """`exp(-5 (1 - min(step, length)/length)^2)`, 1 for length 0.

    >>> ramp(0, 0), ramp(10, 10), round(ramp(0, 10), 6)
    (1.0, 1.0, 0.006738)
    """
    if length == 0:
        return 1.0
    return math.exp(-5.0 * (1.0 - min(step, length) / length) ** 2)


def _wide(x: Tensor) -> Tensor:
    """In float32 at least."""
    return x if x.dtype == torch.float64 else x.float()


class ELRPlus:
    """One step at a time of ELR+; the caller keeps networks, optimisers and loaders.

    Network k learns from mixed batches; its targets follow the weight average of the OTHER network on the
    unmixed batch. Labels come with every call, so both networks share one vector of noisy labels exactly when
    the caller gives them one. (The authors' code draws the noise once per network: targets then mix two
    independent draws, and the networks look better than the method is.)

    Args:
        networks: two networks, or one (it then follows its own average).
        optimisers: one per network.
        n_examples, n_classes, lam, beta, clamp: as in `ELRLoss`.
        mixup: alpha of the Beta(alpha, alpha) weights, one draw a batch; 0 for no mixing.
        average: largest memory of the weight averages, in [0, 1); 0 follows the networks themselves.
        ramp_average: steps over which the memory is ramped; 0 uses `min(1 - 1/(step + 1), average)`.
        ramp_lam: steps over which lam is ramped; 0 for none.
        sharpen: multiply mixed labels by mixed targets and renormalise (CIFAR-100 in the paper).
        seed: of the mixing weights and permutations.

    Raises:
        ValueError: naming the argument.

    Source: Liu et al. 2020, section 4 and appendix; order of averaging as in the authors' code.
    """

    def __init__(
        self,
        networks: Sequence[nn.Module],
        optimisers: Sequence[torch.optim.Optimizer],
        n_examples: int,
        n_classes: int,
        *,
        lam: float = 3.0,
        beta: float = 0.7,
        clamp: float | None = 1e-4,
        mixup: float = 1.0,
        average: float = 0.997,
        ramp_average: int = 40_000,
        ramp_lam: int = 0,
        sharpen: bool = False,
        seed: int = 0,
    ) -> None:
        if len(networks) not in (1, 2):
            raise ValueError(f"networks must hold one or two networks, holds {len(networks)}")
        if len(optimisers) != len(networks):
            raise ValueError(f"optimisers must hold one per network, holds {len(optimisers)}")
        if not 0.0 <= average < 1.0:
            raise ValueError(f"average must lie in [0, 1), was {average!r}")
        if mixup < 0.0:
            raise ValueError(f"mixup must be >= 0, was {mixup!r}")
        for name, value in (("ramp_average", ramp_average), ("ramp_lam", ramp_lam)):
            if value < 0:
                raise ValueError(f"{name} must be >= 0, was {value!r}")
        self.networks, self.optimisers = list(networks), list(optimisers)
        self.averages = [copy.deepcopy(net).requires_grad_(False) for net in networks]
        self.losses = [ELRLoss(n_examples, n_classes, lam, beta, clamp) for _ in networks]
        for net, loss in zip(networks, self.losses, strict=True):
            first = next(net.parameters())
            loss.to(device=first.device, dtype=torch.promote_types(first.dtype, torch.float32))
        self.mixup, self.average, self.sharpen, self.seed = mixup, average, sharpen, seed
        self.ramp_average, self.ramp_lam = ramp_average, ramp_lam
        self.counts = [0] * len(networks)

    def step(self, k: int, inputs: Tensor, labels: Tensor, indices: Tensor) -> float:
        """One step of network k on a batch; returns the loss.

        Args:
            k: 0 or 1.
            inputs, labels, indices: a batch, as for `ELRLoss`; each index once.
        """
        net, loss, count = self.networks[k], self.losses[k], self.counts[k]
        net.train()
        weight, order = self._mixing(k, len(labels))
        order = order.to(inputs.device)
        hard = functional.one_hot(labels.long(), loss.targets.shape[1]).to(loss.targets.dtype)
        self._follow(k, inputs, indices)
        t = loss.targets[indices]
        missing = torch.pow(loss.beta, loss.visits[indices].to(t.dtype))
        x = weight * inputs + (1.0 - weight) * inputs[order]
        y = weight * hard + (1.0 - weight) * hard[order]
        t = weight * t + (1.0 - weight) * t[order]
        missing = weight * missing + (1.0 - weight) * missing[order]
        if self.sharpen:
            y = y * t / (y * t).sum(dim=1, keepdim=True)
        log_p = functional.log_softmax(_wide(net(x)), dim=1)
        cross_entropy = -(y * log_p).sum(dim=1).mean()
        strength = loss.lam * ramp(count, self.ramp_lam)
        value = cross_entropy + strength * loss.log_rest(log_p.exp(), t, missing).mean()
        self.optimisers[k].zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        self.optimisers[k].step()
        self.counts[k] += 1
        self._move_average(k)
        return float(value.detach())

    def predict(self, inputs: Tensor) -> Tensor:
        """Mean of the raw networks' logits in evaluation mode, (B, C); take its argmax."""
        with torch.no_grad():
            for net in self.networks:
                net.eval()
            return torch.stack([_wide(net(inputs)) for net in self.networks]).mean(dim=0)

    def state_dict(self) -> dict[str, Any]:
        """All that a stopped run needs to go on, optimisers included."""
        return {
            "networks": [x.state_dict() for x in self.networks],
            "averages": [x.state_dict() for x in self.averages],
            "losses": [x.state_dict() for x in self.losses],
            "optimisers": [x.state_dict() for x in self.optimisers],
            "counts": list(self.counts),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores what `state_dict` gave."""
        for name in ("networks", "averages", "losses", "optimisers"):
            for part, saved in zip(getattr(self, name), state[name], strict=True):
                part.load_state_dict(saved)
        self.counts = list(state["counts"])

    def _mixing(self, k: int, size: int) -> tuple[float, Tensor]:
        if self.mixup == 0.0:
            return 1.0, torch.arange(size)
        draws = generator(self.seed, f"elr_plus.mixup.{k}", self.counts[k])
        share = float(draws.beta(self.mixup, self.mixup))
        return max(share, 1.0 - share), torch.as_tensor(np.asarray(draws.permutation(size)))

    def _follow(self, k: int, inputs: Tensor, indices: Tensor) -> None:
        other = (k + 1) % len(self.networks)
        source = self.averages[other] if self.average > 0.0 else self.networks[other]
        source.train()
        with torch.no_grad():
            p = functional.softmax(_wide(source(inputs)), dim=1)
        # The targets take the averaged network's probabilities as they are, without the clamp.
        loss = self.losses[k]
        loss.targets[indices] = loss.beta * loss.targets[indices] + (1.0 - loss.beta) * p
        loss.visits[indices] += 1

    def _move_average(self, k: int) -> None:
        count = self.counts[k]
        if self.ramp_average:
            memory = ramp(count, self.ramp_average) * self.average
        else:
            memory = min(1.0 - 1.0 / (count + 1), self.average)
        with torch.no_grad():
            pairs = zip(self.averages[k].parameters(), self.networks[k].parameters(), strict=True)
            for kept, new in pairs:
                kept.mul_(memory).add_(new, alpha=1.0 - memory)
