"""The slow curve through both phases, and the alignment that it predicts."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.label_noise_sgd import decay, places, slow_flow
from theory.label_noise_sgd.claims.made import Pair, claim, edge, experiment, reading
from theory.label_noise_sgd.conditions import ADIABATIC, STABLE, WIDE, with_
from theory.label_noise_sgd.places import TARGETS, box
from theory.label_noise_sgd.proofs import closed_forms
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.setting import LinearSetting
from theory.label_noise_sgd.sources import abstract, here
from theory.rules import Derived, Difference, Law
from theory.setting import AbstractSetting

__all__ = ["CLAIMS", "RICH", "noise_floor"]

Floats = NDArray[np.float64]


def _adiabatic(s: AbstractSetting) -> bool:
    assert isinstance(s, LinearSetting)
    return s.chi <= 0.03 and s.amplified <= 0.4


RICH = experiment(
    "rich", box("the lazy start, adiabatic", places.lazy, accept=_adiabatic, **places.LAZY_RANGES),
    (15, 60, 240), 5.3, records=260,
)  # fmt: skip
WEIGHT_DECAY = experiment("weight_decay", places.RICH_SMALL, (0, 20, 60), 4.0, decay=True, records=200)
NARROW = experiment(
    "narrow",
    box(
        "narrow networks", places.rich, d=(4, 8), width=(1.5, 4), amplified=(0.05, 0.2), chi=(0.015, 0.03),
        target=(0.4, 1.2),
    ),
    (0, 120, 480), 1.2, records=60,
)  # fmt: skip

CURVE_CHI = experiment(
    "curve_chi",
    box(
        "few inputs, not adiabatic", places.rich, d=(3, 8), width=(25, 60), amplified=(0.1, 0.35),
        chi=(0.3, 0.8), target=TARGETS,
    ),
    (0, 40, 128), 5.3, records=260,
)  # fmt: skip
CURVE_EDGE = experiment(
    "curve_edge",
    box(
        "adiabatic, close to the edge of stability", places.rich, d=(3, 8), width=(25, 60),
        amplified=(0.65, 0.8), chi=(0.01, 0.03), target=TARGETS,
    ),
    (0, 100, 200), 1.3, records=80,
)  # fmt: skip


def slow_clock(run: LinearRun) -> Floats:
    """L(t) with the seed's own start; the setting's clock for runs without label noise."""
    s, p = run.setting, run.path
    if run.options.decay or s.rho > 0:
        return run.clock
    return np.asarray(decay.decay_clock(p.steps, p.perp[0], s.eta, s.sigma, s.d, s.batch))


def noise_floor(run: LinearRun) -> float:
    s = run.setting
    return 0.0 if run.options.decay or s.rho > 0 else decay.floor(s.eta, s.sigma, s.batch)


def _near(run: LinearRun, clock: Floats, goal: float) -> slice:
    """Records within .05 of a clock: a few, to average the fast motion out."""
    where = np.flatnonzero(np.abs(clock - goal) <= 0.05)
    middle = int(np.argmin(np.abs(clock - goal)))
    return slice(where[0], where[-1] + 1) if len(where) else slice(middle, middle + 1)


def _at(run: LinearRun, goal: float, clock: Floats, measured: Floats, expected: Floats) -> Pair:
    part = _near(run, clock, goal)
    return float(np.mean(measured[part])), float(np.mean(expected[part]))


def across(run: LinearRun, goal: float) -> Pair:
    """M_perp and `M_perp(0) e^-tau + floor` at a slow clock."""
    tau, p = slow_clock(run), run.path
    return _at(run, goal, tau, p.perp, p.perp[0] * np.exp(-tau) + noise_floor(run))


def along(run: LinearRun, goal: float) -> Pair:
    """u and its implicit law at a slow clock."""
    tau, p, s = slow_clock(run), run.path, run.setting
    return _at(run, goal, tau, p.u, slow_flow.implicit_u(tau, p.u[0], s.d, s.target))


def across_in_plain_clock(run: LinearRun, goal: float) -> Pair:
    """M_perp at kappa t = goal, and `M_perp(0) e^-(kappa t) + floor`."""
    p = run.path
    return _at(run, goal, run.clock, p.perp, p.perp[0] * np.exp(-run.clock) + noise_floor(run))


def along_in_plain_clock(run: LinearRun, goal: float) -> Pair:
    """u at kappa t = goal, and the implicit law in kappa t."""
    p, s = run.path, run.setting
    return _at(run, goal, run.clock, p.u, slow_flow.implicit_u(run.clock, p.u[0], s.d, s.target))


def second_layer(run: LinearRun, goal: float) -> Pair:
    """s u and |theta*|^2, averaged over half a unit of the slow clock before `goal`."""
    tau, p = slow_clock(run), run.path
    part = (tau > goal - 0.5) & (tau <= goal)
    return float(np.mean(p.s[part] * p.u[part])), run.setting.target**2


def alignment_curve(run: LinearRun, goal: float) -> Pair:
    """Mean cosine over neurons at a slow clock, and the closed form, no parameter fitted."""
    tau, p, s = slow_clock(run), run.path, run.setting
    k = int(np.argmin(np.abs(tau - goal)))
    u = float(slow_flow.implicit_u(tau[k], p.u[0], s.d, s.target))
    return float(p.cos[k]), slow_flow.mean_cosine(
        u, p.perp[0] * float(np.exp(-tau[k])) + noise_floor(run), s.d
    )


_ADIABATIC = (STABLE, WIDE, ADIABATIC)
_IN_L = with_(c_edge=0.4)
_on_curve = partial(claim, experiment=RICH, conditions=_ADIABATIC, constants=_IN_L)
_CURVE = Law(0.02, "first order in chi and eta; means over a few records", planned_spread=0.012)
_SLOW_U = Law(0.04, "fluctuation of u in one run", planned_spread=0.02)

CLAIMS: tuple[Claim, ...] = (
    claim(
        "curve.flow_derived",
        here("slow curve"),
        r"On $\{W^T a = \theta^*\}$ the flow $u' = -u + \frac{(1+d)T^2}{u+s}$, $s' = -ds + "
        r"\frac{(1+d)T^2}{u+s}$ has "
        r"$(us - T^2)' = -(d+1)(us - T^2)$ and, on $us = T^2$, $|u^2 - dT^2|^{(d+1)/d}u^{-2/d} "
        r"\propto e^{-2\tau}$.",
        Derived("symbolic d, T"),
        closed_forms.residual_of_curve,
        RICH,
        proof=closed_forms.slow_flow,
        measured="relative residual of the implicit law at the run's setting, against a numerical solution",
    ),
    _on_curve(
        "curve.across_1",
        abstract("Phase I, weight magnitudes shrink"),
        r"Across the target $M_\perp = M_\perp(0)e^{-\tau} + \eta\sigma^2/2B$ at $\tau = L(t) = 1$.",
        _CURVE,
        partial(across, goal=1.0),
        parents=("label_noise_sgd.curve.flow_derived", "label_noise_sgd.decay.rate"),
        measured="M_perp and its law, averaged over a tenth of a unit",
    ),
    _on_curve(
        "curve.across_3",
        abstract("Phase II, across the ground truth"),
        r"Across the target $M_\perp = M_\perp(0)e^{-\tau} + \eta\sigma^2/2B$ at $\tau = 3$ too, in Phase "
        r"II.",
        _CURVE,
        partial(across, goal=3.0),
        measured="M_perp and its law, averaged over a tenth of a unit",
    ),
    _on_curve(
        "curve.across_5",
        here("floor"),
        r"Across the target $M_\perp = M_\perp(0)e^{-\tau} + \eta\sigma^2/2B$ at $\tau = 5$ too, near the "
        r"floor.",
        Law(0.03, "fluctuation near the floor", planned_spread=0.015),
        partial(across, goal=5.0),
        measured="M_perp and its law, averaged over a tenth of a unit",
    ),
    _on_curve(
        "curve.along_1",
        here("slow curve"),
        r"Along the target $u$ follows $|u^2 - d|\theta^*|^2|^{(d+1)/d}u^{-2/d} = (\cdot)_0 e^{-2\tau}$ at "
        r"$\tau = 1$.",
        _SLOW_U,
        partial(along, goal=1.0),
        measured="u and its implicit law, no parameter fitted",
    ),
    _on_curve(
        "curve.along_3",
        here("slow curve"),
        r"Along the target $u$ follows the implicit law of $\tau = 1$ at $\tau = 3$ too: one curve goes "
        r"through both phases.",
        _SLOW_U,
        partial(along, goal=3.0),
        measured="u and its implicit law, no parameter fitted",
    ),
    _on_curve(
        "curve.second_layer",
        here("slow curve"),
        r"$u s = |\theta^*|^2$ from $\tau = 3$ on.",
        Law(0.12, "s of one run fluctuates", planned_spread=0.06),
        partial(second_layer, goal=3.5),
        measured="u s averaged over half a unit of tau, and |theta*|^2",
    ),
    *(
        _on_curve(
            f"alignment.cosine_{k}",
            abstract("Phase II, alignment with the ground truth grows"),
            rf"Mean cosine at $\tau = {k}$: $E|z_1|\sqrt{{u}}/\sqrt{{u z_1^2 + M_\perp|z_{{2..d}}|^2}}$ "
            rf"with the two laws "
            r"above, $z \sim N(0, I_d)$.",
            Difference(0.015, "spread of the mean cosine over starts of m neurons", planned_spread=0.015),
            partial(alignment_curve, goal=float(k)),
            measured="mean |cosine| over neurons, and the closed form, no parameter fitted",
        )
        for k in (1, 3, 5)
    ),
    claim(
        "curve.weight_decay_across",
        here("slow curve"),
        r"Noiseless descent with weight decay $\kappa/2$ on W and $\kappa d/2$ on a follows the same curve: "
        r"$M_\perp$ at $\tau = 3$.",
        Law(0.01, "first order in eta"),
        partial(across, goal=3.0),
        WEIGHT_DECAY,
        conditions=(WIDE,),
        measured="M_perp and its law",
    ),
    claim(
        "curve.weight_decay_along",
        here("slow curve"),
        r"Noiseless descent with that weight decay has the slow curve's $u$ at $\tau = 1$: label noise "
        r"acts as a decay of the trace of the Hessian.",
        Law(0.02, "M(0) is not exactly (m/d) I", planned_spread=0.005),
        partial(along, goal=1.0),
        WEIGHT_DECAY,
        conditions=(WIDE,),
        measured="u and its implicit law",
    ),
    reading(
        "slow_clock_is_kappa_t",
        "curve.along_1",
        here("slow curve"),
        r"The slow curve's clock is $\kappa t$: u at $\kappa t = 1$.",
        Law(0.04, "the margin of the law in L(t)", planned_spread=0.06),
        partial(along_in_plain_clock, goal=1.0),
        RICH,
        conditions=_ADIABATIC,
        constants=_IN_L,
        measured="u and its implicit law in kappa t",
    ),
    reading(
        "decay_in_kappa_t",
        "curve.across_1",
        here("slow curve"),
        r"The slow curve's clock is $\kappa t$: $M_\perp$ at $\kappa t = 1$.",
        Law(0.02, "the margin of the law in L(t)", planned_spread=0.06),
        partial(across_in_plain_clock, goal=1.0),
        RICH,
        conditions=_ADIABATIC,
        constants=_IN_L,
        measured="M_perp and its law in kappa t",
    ),
    edge(
        "wide",
        WIDE,
        r"At m/d in [1.5, 4] u still follows the implicit law at $\tau = 1$.",
        Law(0.04, "the margin inside the condition", planned_spread=0.03),
        partial(along, goal=1.0),
        NARROW,
        conditions=(WIDE,),
        measured="u and its implicit law",
    ),
    edge(
        "curve_chi",
        ADIABATIC,
        r"At $\chi$ in [.3, .8] the mean cosine at $\tau = 5$ is still that of the slow curve.",
        Difference(0.015, "the margin inside the condition", planned_spread=0.03),
        partial(alignment_curve, goal=5.0),
        CURVE_CHI,
        conditions=_ADIABATIC,
        constants=_IN_L,
        measured="mean |cosine| over neurons, and the closed form",
    ),
    edge(
        "curve_edge",
        STABLE,
        r"At $c_B m/d$ in [.65, .8] $M_\perp$ still follows $L(t)$ at $\tau = 1$.",
        Law(0.02, "the margin inside the condition", planned_spread=0.05),
        partial(across, goal=1.0),
        CURVE_EDGE,
        conditions=_ADIABATIC,
        constants=_IN_L,
        measured="M_perp and its law, averaged over a tenth of a unit",
    ),
)
