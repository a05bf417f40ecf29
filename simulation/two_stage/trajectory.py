"""What a training run leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulation.two_stage.fresh_noise import (
    FreshNoise,
    GivenNoise,
    IndependentCoordinates,
    Isotropic,
    Sampled,
    named_law,
)
from simulation.two_stage.geometry import Geometry
from simulation.two_stage.record import Record
from simulation.two_stage.test_error import monte_carlo_error
from simulation.two_stage.weights import Weights
from theory.two_stage.setting import Setting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Trajectory"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
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
        """Products W V at the snapshots, (S, 2, m, n+1), index 0 is mu: pre-activations, but for biases. None
        when not kept."""
        return self._sided(self.record.products) if self.keeps_coefficients else None

    @property
    def biases(self) -> Floats | None:
        """Biases of the filters at the snapshots, (S, 2, m); None of a network without."""
        found = self.record.biases
        return None if found is None else found.reshape(len(found), 2, self.geometry.m)

    def _sided(self, stacked: Floats) -> Floats:
        return stacked.reshape(stacked.shape[0], 2, self.geometry.m, stacked.shape[-1])

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

    def weights(self, at: int | None = None) -> Weights:
        """The weights at a kept step (default: the last)."""
        k = self.snapshot_index(int(self.steps[-1]) if at is None else at)
        return Weights(self.geometry, self.record.coefficients[k], float(self.record.initial_share[k]))

    def weight_root(self, at: int | None = None) -> Floats:
        """A root of `W W^T` at a kept step (default: the last), (2m, 2m)."""
        return self.weights(at).root()

    @property
    def fresh_noise(self) -> FreshNoise:
        """The law of the noise patches that this run is tested on: that of its own patches."""
        problem = self.geometry.problem
        return Isotropic(self.sigma_xi) if problem is None else problem.noise_law

    def resolves_rare_errors(self, distribution: str = "iid") -> bool:
        """Whether `log_test_error` sees errors below 1/samples: the noise is a mixture of Gaussians."""
        return distribution != "iid" or not isinstance(self.fresh_noise, IndependentCoordinates | Sampled)

    def __repr__(self) -> str:
        flipped = int(np.count_nonzero(self.y != self.y_observed))
        return (
            f"Trajectory(engine {self.engine}, {self.dtype}, seed {self.seed}: {self.steps[-1]} steps, "
            f"n {self.geometry.n}, m {self.geometry.m}, {flipped} flipped labels, training loss "
            f"{self.train_loss[-1]:.4g}; fresh noise {self.fresh_noise})"
        )

    def plot(self) -> Figure:
        """Margins of clean and noisy samples and the coefficients, over the clock where the setting is known,
        else over steps; stage times marked."""
        from simulation.two_stage.export import trajectory_figure

        return trajectory_figure(self, self.setting)

    def _repr_html_(self) -> str:
        from html import escape

        from theory.show import html_table, number_text

        flipped = int(np.count_nonzero(self.y != self.y_observed))
        rows = {
            "engine": f"{self.engine}, {self.dtype}, seed {self.seed}",
            "steps": f"{self.steps[-1]}, {len(self.steps)} recorded",
            "samples": f"{self.geometry.n}, {flipped} of them with a flipped label",
            "filters a side": str(self.geometry.m),
            "training loss": f"{number_text(self.train_loss[0])} to {number_text(self.train_loss[-1])}",
            "fit at the end": f"{np.mean(self.margins[-1] > 0):.1%} of the samples",
            "setting": escape("given as arrays" if self.setting is None else str(self.setting)),
        }
        return html_table("Trajectory", rows)

    def test_error(
        self,
        distribution: str = "iid",
        at: int | None = None,
        samples: int = 20_000,
        seed: int = 0,
        sigma_zeta: float | None = None,
        noise: GivenNoise | None = None,
    ) -> tuple[float, float, float]:
        """0-1 test error against the true label: estimate, and exact 95 % limits.

        Args:
            distribution: "iid" (fresh noise patch) or "spurious" (D_test: a training patch plus
                `N(0, sigma_zeta^2 I)`, with an independent label).
            at: a kept step; default the last.
            samples: Monte Carlo sample size.
            sigma_zeta: scale of the added noise under D_test; default `sigma_xi`.
            noise: law of the fresh patch (under D_test of the added one): "isotropic" `N(0, sigma_xi^2 I)`,
                "orthogonal" (to mu), a function of (generator, count) that returns patches (count, d), or a
                law of `simulation.two_stage.fresh_noise`. Default: "iid" draws from the run's own law,
                `fresh_noise` (for arrays the one that `Problem` was given, isotropic when it was given
                none); D_test adds isotropic noise by its definition, whatever the run's own is.

        Raises:
            ValueError: for an unknown distribution or noise, a step not kept, samples < 1, sigma_zeta < 0,
                or noise that is drawn in R^d for a run of the law engine.
        """
        law, step = self._fresh(distribution, samples, sigma_zeta, noise), self._kept(at)
        weights = self.weights(step)
        products = self.record.products[self.snapshot_index(step)]
        d = 0 if self.geometry.problem is None else self.geometry.problem.d
        return monte_carlo_error(
            draw=law.draw(weights),
            signal_products=products[:, 0],
            noise_products=products[:, 1:],
            distribution="iid" if distribution == "iid" else "spurious",
            samples=samples,
            seed=seed,
            numbers=law.numbers(len(products), d),
            biases=self._biases_at(step),
        )

    def log_test_error(
        self,
        distribution: str = "iid",
        at: int | None = None,
        samples: int = 20_000,
        seed: int = 0,
        sigma_zeta: float | None = None,
        noise: GivenNoise | None = None,
    ) -> tuple[float, float, float]:
        """Natural logarithm of `test_error` with 95 % limits, by importance sampling.

        Resolves errors far below 1/samples; agrees with `test_error` where both resolve. Noise that is no
        mixture of Gaussians (independent coordinates of another law, a caller's function) is counted as
        there: then the estimate is -inf when none of the samples is an error.
        Arguments and errors as for `test_error`.
        """
        from simulation.two_stage.rare import log_error

        law, step = self._fresh(distribution, samples, sigma_zeta, noise), self._kept(at)
        mixture = law.mixture(self.weights(step))
        if mixture is None:
            value, low, high = self.test_error(distribution, step, samples, seed, noise=law)
            with np.errstate(divide="ignore"):
                return float(np.log(value)), float(np.log(low)), float(np.log(high))
        products = self.record.products[self.snapshot_index(step)]
        single = len(mixture.scales) == 1
        return log_error(
            root=mixture.root,
            signal_products=products[:, 0],
            noise_products=products[:, 1:] if distribution == "spurious" else None,
            sigma=float(mixture.scales[0]) if single else 1.0,
            samples=samples,
            seed=seed,
            scales=None if single else mixture.scales,
            log_weights=None if single else mixture.log_weights,
            biases=self._biases_at(step),
        )

    def _biases_at(self, step: int) -> Floats | None:
        found = self.record.biases
        return None if found is None else found[self.snapshot_index(step)]

    def _kept(self, at: int | None) -> int:
        return int(self.steps[-1]) if at is None else at

    def _fresh(
        self, distribution: str, samples: int, sigma_zeta: float | None, noise: GivenNoise | None
    ) -> FreshNoise:
        """The law of the fresh patch, or under D_test of the noise that is added."""
        if distribution not in ("iid", "spurious"):
            raise ValueError(f"distribution must be 'iid' or 'spurious', was {distribution!r}")
        if samples < 1:
            raise ValueError(f"samples must be at least 1, was {samples}")
        if sigma_zeta is not None and not 0.0 <= sigma_zeta < float("inf"):
            raise ValueError(f"sigma_zeta must be a finite number >= 0, was {sigma_zeta!r}")
        if noise is not None:
            if sigma_zeta is not None:
                raise ValueError("sigma_zeta and noise exclude each other: give one of them")
            if self.setting is not None:
                return named_law("noise", noise, self.setting.sigma_xi, self.setting.d)
            assert self.geometry.problem is not None
            return named_law("noise", noise, self.sigma_xi, self.geometry.problem.d)
        if distribution == "iid":
            return self.fresh_noise
        return Isotropic(self.sigma_xi if sigma_zeta is None else sigma_zeta)
