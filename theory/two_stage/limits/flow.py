"""Gradient descent follows the flow step by step, and keeps the order of its cooperative coordinates."""

from __future__ import annotations

import numpy as np

from theory.claim import Claim
from theory.rules import Identity, Universal
from theory.run import NotApplicable
from theory.two_stage.exact import loss_derivative
from theory.two_stage.limits import cooperative
from theory.two_stage.limits import dynamics as limit_dynamics
from theory.two_stage.limits.claim import sharp_claim
from theory.two_stage.run import Run

__all__ = ["CLAIMS", "flow_residual", "order_kept"]


def flow_residual(run: Run, signal_scale: float = 1.0) -> float | NotApplicable:
    r"""Steps of the real network against the flow's right-hand side times h.

    `Delta gamma = h (a/n) sum_{y_i = j} y_i y~_i g(M_i)` where a filter is aligned, `Delta rho = h q_i
    g(M_i)` where a label-side filter is active; relative to the largest coefficient or pre-activation:
    coefficients are read off weights, whose rounding is that of the products `W V`. `signal_scale` multiplies
    the signal's rate.
    """
    s = run.setting
    g = -loss_derivative(run.margins)[:-1]
    push = run.y * run.y_observed * g
    rate = signal_scale * s.clock_step * s.n_snr2 / s.n
    of_class = np.stack([push[:, run.y == j].sum(axis=1) for j in (1.0, -1.0)], axis=1)[..., None]
    side = np.array([1.0, -1.0])[:, None]
    aligned = side * run.products[:-1, ..., 0] > 0
    if not aligned.any():
        return NotApplicable("no filter is ever aligned with the signal")
    signal = np.where(aligned, np.diff(run.gamma, axis=0) - rate * of_class, 0.0)
    q = np.diag(run.gram)[1:] / (s.sigma_xi**2 * s.d)
    active = run.label_side(run.products[:-1, ..., 1:]) > 0
    noise = np.where(active, np.diff(run.label_side(run.rho), axis=0) - s.clock_step * (q * g)[:, None], 0.0)
    of_signal = max(float(np.max(np.abs(run.gamma))), float(np.max(np.abs(run.products[..., 0]))))
    of_noise = max(float(np.max(np.abs(run.rho))), float(np.max(np.abs(run.products[..., 1:]))))
    return max(float(np.max(np.abs(signal))) / of_signal, float(np.max(np.abs(noise))) / of_noise)


def order_kept(run: Run) -> bool | NotApplicable:
    """A random pair of ordered states of the run's larger class stays ordered under the GD map."""
    s = run.setting
    label = 1.0 if (run.y > 0).sum() >= (run.y < 0).sum() else -1.0
    of = run.y == label
    weights = (run.active_fraction[-1] * np.diag(run.gram)[1:] / (s.sigma_xi**2 * s.d))[of]
    if s.clock_step * s.n_snr2 * of.sum() / (4 * s.n) > 1 or s.clock_step * weights.max() / 4 > 1:
        return NotApplicable("the step is too large for the map to be monotone")
    noisy = run.noisy[of]
    signs = np.array(cooperative.order_signs(list(noisy)), dtype=np.float64)
    rng = np.random.default_rng(run.seed)
    low = rng.normal(0.0, 2.0, len(signs))
    high = low + signs * rng.exponential(1.0, len(signs)) * rng.integers(0, 2, len(signs))
    for _ in range(50):
        stepped = []
        for state in (low, high):
            gamma, slopes = cooperative.gd_class_step(
                float(state[0]), state[1:], noisy, weights, s.n_snr2 / s.n, s.clock_step
            )
            stepped.append(np.array([gamma, *slopes]))
        low, high = stepped
        if np.any(signs * (high - low) < -1e-12):
            return False
    return True


CLAIMS: tuple[Claim, ...] = (
    sharp_claim(
        "flow",
        "The flow",
        r"Aligned filters and active pairs follow $\gamma_y' = \frac an\sum_{y_i=y} y_i\tilde y_i g(M_i)$, "
        r"$\rho_i' = q_i\,g(M_i)$ in the clock $s$, step by step",
        Identity(factor=256.0),
        flow_residual,
        "largest difference of a step and h times the rate, relative to the largest coefficient or product",
        limit_dynamics.prove_flow,
        parents=("two_stage.recursion.gamma", "two_stage.recursion.rho"),
    ),
    sharp_claim(
        "comparison_principle",
        "Comparison",
        r"Gradient descent on one class keeps the order ($\gamma$ up, $\Gamma_{clean}$ down, "
        r"$\Gamma_{noisy}$ up) when "
        r"$h a_y/8 \leq 1$ and $h p_iq_i/4 \leq 1$",
        Universal("a theorem: a single violation would be an error"),
        order_kept,
        "whether two random ordered states stay ordered over 50 steps with the run's own p_i q_i and labels",
        cooperative.prove_cooperative,
    ),
)
