r"""The force of a loss on the margins: what one step of gradient descent adds to every example.

Margins `f` are towards the true sign, `P = sg(f)` is the probability of the true class, `s = +1` on examples
with a right label and `-1` on wrong ones. The force is `F = -d loss / d f`.

Everything is carried in logarithms, and the targets' missing mass as `beta^k`: `1 - t_1 - t_2` computed from
the targets is rounding noise once P saturates, and `P (1 - P) / (1 - <p, t>)` is 0/0 from f = 745 on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from theory.early_learning.setting import LOSSES, LossName, MixtureSetting

__all__ = ["Forces", "Loss"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Loss:
    """A loss with its constants: `CE`, or CE with `lam` times a regulariser.

    Args:
        name: "ce"; "elr": `log(1 - <p, t>)`; "kl": `-<t, log p>`; "frozen": as "elr" with the constant target
            `(target, 1 - target)` on (true, other) class.
        lam, beta: strength >= 0 and memory of the targets in [0, 1).
        clamp: p is clamped to `[clamp, 1 - clamp]` in the regulariser and its targets; None for no clamp.
        target: true-class entry of the frozen target.

    Raises:
        ValueError: naming the argument.
    """

    name: LossName = "ce"
    lam: float = 0.0
    beta: float = 0.0
    clamp: float | None = None
    target: float | None = None

    def __post_init__(self) -> None:
        if self.name not in LOSSES:
            raise ValueError(f"loss must be one of {', '.join(LOSSES)}, was {self.name!r}")
        if not (math.isfinite(self.lam) and self.lam >= 0.0):
            raise ValueError(f"lam must be finite and >= 0, was {self.lam!r}")
        if not 0.0 <= self.beta < 1.0:
            raise ValueError(f"beta must lie in [0, 1), was {self.beta!r}")
        if self.clamp is not None and not 0.0 < self.clamp < 0.5:
            raise ValueError(f"clamp must lie in (0, 1/2) or be None, was {self.clamp!r}")
        if self.name == "frozen" and (self.target is None or not 0.0 < self.target < 1.0):
            raise ValueError(f'target must lie in (0, 1) with loss "frozen", was {self.target!r}')

    @classmethod
    def of(cls, setting: MixtureSetting) -> Loss:
        """The loss that a setting names."""
        return cls(setting.loss, setting.lam, setting.beta, setting.clamp or None, setting.target or None)


def log_sigmoid(f: Floats) -> tuple[Floats, Floats]:
    """`log sg(f)` and `log sg(-f)`, without overflow."""
    log_true = -np.logaddexp(0.0, -f)
    return log_true, log_true - f


class Forces:
    """Forces along a run: a function of the margins that moves the targets at every call.

    Args:
        loss: which loss.
        s: +1 for a right label, -1 for a wrong one, (n,).
    """

    def __init__(self, loss: Loss, s: Floats) -> None:
        self.loss = loss
        self.s = np.asarray(s, dtype=np.float64)
        self.visits = 0
        n = len(self.s)
        if loss.name == "frozen" and loss.target is not None:
            self._log_t = np.full(n, math.log(loss.target)), np.full(n, math.log1p(-loss.target))
        else:
            self._log_t = np.full(n, -np.inf), np.full(n, -np.inf)
        self._log_beta = math.log(loss.beta) if loss.beta > 0.0 else -math.inf

    @property
    def targets(self) -> tuple[Floats, Floats]:
        """Targets of the true and of the other class, (n,) each; their sum is `1 - beta^k`."""
        return np.exp(self._log_t[0]), np.exp(self._log_t[1])

    def __call__(self, f: Floats) -> Floats:
        """The force at margins `f` (n,): the targets take this prediction in first, as the algorithm does."""
        force: Floats = self.s * expit(-self.s * f)
        if self.loss.name == "ce" or self.loss.lam == 0.0:
            return force
        log_true, log_other = log_sigmoid(f)
        inside: NDArray[np.bool_] | None = None
        if self.loss.clamp is not None:
            low, high = math.log(self.loss.clamp), math.log1p(-self.loss.clamp)
            inside = (log_true >= low) & (log_other >= low)
            log_true, log_other = np.clip(log_true, low, high), np.clip(log_other, low, high)
        self._remember(log_true, log_other)
        if self.loss.name == "kl":
            t_true, t_other = self.targets
            extra = t_true * np.exp(log_other) - t_other * np.exp(log_true)
        else:
            extra = self._elr(log_true, log_other)
        if inside is not None:
            extra = np.where(inside, extra, 0.0)
        return np.asarray(force + self.loss.lam * extra)

    def _remember(self, log_true: Floats, log_other: Floats) -> None:
        if self.loss.name == "frozen":
            return
        self.visits += 1
        if self.loss.beta == 0.0:
            self._log_t = log_true, log_other
            return
        new = math.log1p(-self.loss.beta)
        self._log_t = (
            np.logaddexp(self._log_beta + self._log_t[0], new + log_true),
            np.logaddexp(self._log_beta + self._log_t[1], new + log_other),
        )

    def _elr(self, log_true: Floats, log_other: Floats) -> Floats:
        """`P (1 - P) (t_1 - t_2) / (beta^k + t_1 (1 - P) + t_2 P)`, top and bottom divided by P (1 - P)."""
        log_1, log_2 = self._log_t
        missing = -math.inf if self.loss.name == "frozen" else self.visits * self._log_beta
        bottom = np.logaddexp(
            np.logaddexp(log_1 - log_true, log_2 - log_other), missing - log_true - log_other
        )
        return np.asarray(np.exp(log_1 - bottom) - np.exp(log_2 - bottom))
