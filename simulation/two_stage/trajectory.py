"""What a training run leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulation.two_stage.geometry import Geometry
from simulation.two_stage.reduced import Record
from simulation.two_stage.test_error import monte_carlo_error, weight_root
from theory.two_stage.setting import Setting

__all__ = ["Trajectory"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """A run's coefficients, margins, losses and, on demand, test errors.

    Shapes: T recorded steps, S snapshots (equal to the recorded steps unless chosen otherwise), n samples,
    m filters a side, index 0 of a side axis is j = +1. Everything is float64 whatever the run's dtype.
    """

    record: Record
    geometry: Geometry
    eta: float
    engine: str
    dtype: str
    seed: int
    sigma_xi: float
    setting: Setting | None
    keeps_coefficients: bool

    @property
    def steps(self) -> NDArray[np.int64]:
        """Recorded step numbers, (T,); the first is 0 and the last the number of steps."""
        return self.record.steps

    @property
    def y(self) -> Floats:
        """True labels, (n,)."""
        return self.geometry.y

    @property
    def y_observed(self) -> Floats:
        """Observed labels, (n,)."""
        return self.geometry.y_observed

    @property
    def gamma(self) -> Floats:
        """Signal coefficients gamma_{j,r}, (T, 2, m)."""
        return self.record.gamma

    @property
    def margins(self) -> Floats:
        """`y~_i f(W, x_i)`, (T, n)."""
        return self.record.margins

    @property
    def train_loss(self) -> Floats:
        """`(1/n) sum_i log(1 + exp(-margin_i))`, (T,)."""
        return self.record.train_loss

    @property
    def snapshot_steps(self) -> NDArray[np.int64]:
        """Steps at which coefficients of every (neuron, sample) pair are kept, (S,)."""
        return self.record.snapshot_steps

    @property
    def rho(self) -> Floats | None:
        """Noise coefficients rho_{j,r,i} at the snapshots, (S, 2, m, n); None when not kept."""
        if not self.keeps_coefficients:
            return None
        return self._sided(self.record.coefficients)[..., 1:]

    @property
    def products(self) -> Floats | None:
        """Pre-activations W V at the snapshots, (S, 2, m, n+1), index 0 is mu; None when not kept."""
        return self._sided(self.record.products) if self.keeps_coefficients else None

    def _sided(self, stacked: Floats) -> Floats:
        return stacked.reshape(stacked.shape[0], 2, self.geometry.m, stacked.shape[-1])

    @cached_property
    def _norms_sq(self) -> Floats:
        return np.ascontiguousarray(np.diag(self.geometry.gram))

    def snapshot_index(self, step: int) -> int:
        """Position of a step among the snapshots.

        Raises:
            ValueError: when the step is not a snapshot; the message names those nearby.
        """
        position = int(np.searchsorted(self.snapshot_steps, step))
        if position < len(self.snapshot_steps) and self.snapshot_steps[position] == step:
            return position
        near = self.snapshot_steps[max(0, position - 1) : position + 1].tolist()
        raise ValueError(f"at must be a step whose state was kept, was {step}; nearest kept: {near}")

    def weight_root(self, at: int | None = None) -> Floats:
        """A root of `W W^T` at a kept step (default: the last), (2m, 2m)."""
        k = self.snapshot_index(int(self.steps[-1]) if at is None else at)
        return weight_root(self.geometry.factor, self.record.coefficients[k], self._norms_sq)

    def test_error(
        self,
        distribution: str = "iid",
        at: int | None = None,
        samples: int = 20_000,
        seed: int = 0,
        sigma_zeta: float | None = None,
    ) -> tuple[float, float, float]:
        """0-1 test error against the true label: estimate, and exact 95 % limits.

        Args:
            distribution: "iid" (fresh noise patch) or "spurious" (D_test: a training patch plus
                `N(0, sigma_zeta^2 I)`, with an independent label).
            at: a kept step; default the last.
            samples: Monte Carlo sample size.
            sigma_zeta: scale of the added noise under D_test; default `sigma_xi`.

        Raises:
            ValueError: for an unknown distribution, a step not kept, samples < 1 or sigma_zeta < 0.
        """
        _check_draw(distribution, samples, sigma_zeta)
        step = int(self.steps[-1]) if at is None else at
        k = self.snapshot_index(step)
        products = self.record.products[k]
        sigma = self.sigma_xi
        if distribution == "spurious" and sigma_zeta is not None:
            sigma = sigma_zeta
        return monte_carlo_error(
            root=self.weight_root(step),
            signal_products=products[:, 0],
            noise_products=products[:, 1:],
            distribution="iid" if distribution == "iid" else "spurious",
            sigma=sigma,
            samples=samples,
            seed=seed,
        )

    def log_test_error(
        self,
        distribution: str = "iid",
        at: int | None = None,
        samples: int = 20_000,
        seed: int = 0,
        sigma_zeta: float | None = None,
    ) -> tuple[float, float, float]:
        """Natural logarithm of `test_error` with 95 % limits, by importance sampling.

        Resolves errors far below 1/samples; agrees with `test_error` where both resolve.
        Arguments and errors as for `test_error`.
        """
        from simulation.two_stage.rare import log_error

        _check_draw(distribution, samples, sigma_zeta)
        step = int(self.steps[-1]) if at is None else at
        products = self.record.products[self.snapshot_index(step)]
        sigma = self.sigma_xi
        if distribution == "spurious" and sigma_zeta is not None:
            sigma = sigma_zeta
        return log_error(
            root=self.weight_root(step),
            signal_products=products[:, 0],
            noise_products=products[:, 1:] if distribution == "spurious" else None,
            sigma=sigma,
            samples=samples,
            seed=seed,
        )


def _check_draw(distribution: str, samples: int, sigma_zeta: float | None) -> None:
    if distribution not in ("iid", "spurious"):
        raise ValueError(f"distribution must be 'iid' or 'spurious', was {distribution!r}")
    if samples < 1:
        raise ValueError(f"samples must be at least 1, was {samples}")
    if sigma_zeta is not None and not 0.0 <= sigma_zeta < float("inf"):
        raise ValueError(f"sigma_zeta must be a finite number >= 0, was {sigma_zeta!r}")
