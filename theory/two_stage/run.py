"""What a claim may ask of a run: the measured quantities, their definitions and units.

A claim's `measure` is a plain function of a `Run`. `simulation.two_stage.run` provides the object; here stand
the names, shapes and definitions, so that a claim reads like the sentence it encodes.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from theory.run import Estimate
from theory.run import Run as AnyRun
from theory.two_stage.setting import Setting

__all__ = ["Run"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Run(AnyRun, Protocol):
    """One training run, measured. T recorded steps, S snapshots, n samples, m filters a side.

    Times (`t_...`) are in gradient steps, interpolated linearly between two recorded steps, `inf` when the
    event does not happen within the run; "stays" means: until the end of the run.
    """

    @property
    def setting(self) -> Setting: ...

    # Data -------------------------------------------------------------------------------------------
    @property
    def y(self) -> Floats:
        """True labels in {-1, +1}, (n,)."""

    @property
    def y_observed(self) -> Floats:
        """Observed labels, (n,)."""

    @property
    def clean(self) -> Bools:
        """Samples whose observed label is the true one, (n,)."""

    @property
    def noisy(self) -> Bools:
        """Samples whose label was flipped, (n,)."""

    @property
    def gram(self) -> Floats:
        """`K = V^T V` with V = [mu, xi_1..xi_n], (n+1, n+1)."""

    @property
    def input_gram(self) -> Floats:
        """`<x_i, x_k>` of the inputs as seen without their true labels, (n, n): `x_i = y_i mu + xi_i`, the
        sum
        of the two patches."""

    @property
    def initial_products(self) -> Floats:
        """`A^(0) = W^(0) V`, (2, m, n+1): index 0 of the last axis is mu."""

    # Trajectory, at every recorded step ---------------------------------------------------------------
    @property
    def steps(self) -> NDArray[np.int64]:
        """Recorded step numbers, (T,)."""

    @property
    def clock(self) -> Floats:
        """`s = t / time_unit` at every recorded step, (T,); under a schedule h times the sum of its
        factors."""

    @property
    def margins(self) -> Floats:
        """`y~_i f(W, x_i)`, (T, n)."""

    @property
    def train_loss(self) -> Floats:
        """(T,)"""

    @property
    def gamma(self) -> Floats:
        """Signal coefficients, (T, 2, m); index 0 of the side axis is j = +1."""

    def at(self, clock: float) -> int:
        """Index of the first recorded step whose clock is at least this (the last if none)."""

    # Snapshots ------------------------------------------------------------------------------------------
    @property
    def snapshot_steps(self) -> NDArray[np.int64]:
        """(S,)"""

    @property
    def rho(self) -> Floats:
        """Noise coefficients at snapshots, (S, 2, m, n)."""

    @property
    def products(self) -> Floats:
        """Pre-activations `W V` at snapshots, (S, 2, m, n+1): index 0 of the last axis is mu."""

    @property
    def span_residual(self) -> Floats:
        """Share of `|W^(t) - W^(0)|` outside the span of the patches at snapshots, (S,); measured by the
        "cnn" engine, 0 by construction in the others."""

    def snapshot_at(self, clock: float) -> int:
        """Index of the first snapshot whose clock is at least this (the last if none)."""

    def label_side(self, values: Floats) -> Floats:
        """From an array (..., 2, m, n) the entries of each sample's label side j = y~_i, (..., m, n)."""

    def other_side(self, values: Floats) -> Floats:
        """The entries of the side j = -y~_i, (..., m, n)."""

    # Times, in gradient steps ---------------------------------------------------------------------------
    @property
    def t_clean(self) -> float:
        """Time from which all clean samples stay fit (margin > 0); 0 when they are from the start."""

    @property
    def t_half(self) -> float:
        """Time from which at least half of the noisy samples stay fit."""

    @property
    def t_all(self) -> float:
        """Time from which all noisy samples stay fit."""

    @property
    def crossing(self) -> float:
        """Time from which at least half of the noisy samples keep noise mass above the signal
        against them: `(1/m) sum_r rhobar_{y~,r,i} > (1/m) sum_r gamma_{-y~,r}`, between snapshots."""

    def t_half_of(self, label: int) -> float:
        """`t_half` over the noisy samples of true label `label`."""

    def t_loss(self, eps: float) -> float:
        """First time at which the training loss is at most eps."""

    def resolution(self, time: float, *, snapshots: bool = False) -> float:
        """Distance of the two records (or snapshots, for `crossing`) between which a time of this run lies,
        in gradient steps: no time is known better. A time within the first of them, `time <= resolution`,
        only says "at once"; no time beyond `steps[-1]` is seen."""

    # States ---------------------------------------------------------------------------------------------
    def clean_fit(self, clock: float) -> bool:
        """All clean samples have margin > 0 at this clock."""

    def noisy_misfit(self, clock: float) -> bool:
        """All noisy samples have margin < 0: classified as their TRUE label."""

    def memorised_fraction(self, clock: float) -> float:
        """Share of the noisy samples with margin > 0."""

    @property
    def noise_mass(self) -> Floats:
        """`P_i = (1/m) sum_r rhobar_{y~_i,r,i}` at snapshots, (S, n)."""

    @property
    def active_fraction(self) -> Floats:
        """`p_i`: share of label-side filters with `<w, xi_i> > 0` at snapshots, (S, n)."""

    def weight_gram(self, clock: float) -> Floats:
        """`W W^T` at the first snapshot whose clock is at least this, (2m, 2m), rows of side j = +1 first:
        the covariance of a fresh patch's pre-activations over sigma_xi^2."""

    def test_error(self, distribution: str, clock: float) -> Estimate:
        """0-1 error against the TRUE label, "iid" or "spurious" (D_test), at the first snapshot whose
        clock is at least this."""

    def log_test_error(self, distribution: str, clock: float, *, lines: int | None = None) -> Estimate:
        """Natural logarithm of the same error, by importance sampling on `lines` lines (default: the run's):
        resolves rare errors."""
