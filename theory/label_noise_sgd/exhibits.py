"""Runs shown in full: the two phases at the released setting, periodic noise, one curve for three
algorithms.
"""

from __future__ import annotations

import numpy as np

from theory.exhibit import Exhibit, Panel, Series
from theory.label_noise_sgd import decay, slow_flow
from theory.label_noise_sgd.claims.released_setting import README_SETTING
from theory.label_noise_sgd.options import LinearOptions
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.setting import LinearSetting

__all__ = ["EXHIBITS"]

_STEPS = "thousand steps"


def _two_phases(run: LinearRun) -> tuple[Panel, ...]:
    p, s = run.path, run.setting
    assert run.control is not None
    quiet = run.control.path
    L = decay.decay_clock(p.steps, p.perp[0], s.eta, s.sigma, s.d, s.batch)
    across = p.perp[0] * np.exp(-L) + decay.floor(s.eta, s.sigma, s.batch)
    along = slow_flow.implicit_u(L, p.u[0], s.d, s.target)
    cos = [slow_flow.mean_cosine(float(u), float(m), s.d) for u, m in zip(along, across, strict=True)]
    T_x = decay.crossover_steps(p.perp[0], s.eta, s.sigma, s.d, s.target, s.batch)
    return (
        Panel(
            "Do first-layer weights shrink?",
            _STEPS,
            "mean $|w_i|$",
            (
                Series("label noise", "measured", p.steps / 1e3, p.w_norm),
                Series("no noise", "control", quiet.steps / 1e3, quiet.w_norm),
            ),
            marks={"$T_x$": T_x / 1e3},
            log="y",
        ),
        Panel(
            "Do they align with the target?",
            _STEPS,
            r"mean $|\cos(w_i, \theta^*)|$",
            (
                Series("label noise", "measured", p.steps / 1e3, p.cos),
                Series("closed form, adiabatic", "predicted", p.steps / 1e3, cos, dashed=True),
                Series("no noise", "control", quiet.steps / 1e3, quiet.cos),
            ),
            marks={"$T_x$": T_x / 1e3},
            y_range=(0.0, 1.0),
        ),
        Panel(
            "First layer along and across the target",
            _STEPS,
            "entries of $W^T W$",
            (
                Series(r"across: $M_\perp$", "measured", p.steps / 1e3, p.perp),
                Series("its law", "predicted", p.steps / 1e3, across, dashed=True),
                Series("along: $u$", "clean", p.steps / 1e3, p.u),
                Series("its law", "other", p.steps / 1e3, along, dashed=True),
            ),
            lines={r"floor $\eta\sigma^2/2B$": decay.floor(s.eta, s.sigma, s.batch)},
            log="y",
        ),
    )


def _periodic(run: LinearRun) -> tuple[Panel, ...]:
    p = run.path
    half = run.options.half_period(int(p.steps[-1]))
    marks = {f"{'off' if k % 2 else 'on'} {k // 2 + 1}": k * half / 1e3 for k in range(1, 6)}
    a = np.array([p.network(t)[:3, -1] for t in range(len(p.steps))])
    return (
        Panel(
            "Norms fall only while the noise is on",
            _STEPS,
            r"$\mathrm{tr}\,W^T W$",
            (Series("measured", "measured", p.steps / 1e3, p.trace),),
            marks=marks,
            log="y",
        ),
        Panel(
            "The second layer oscillates while it is on and freezes while it is off",
            _STEPS,
            "three output weights $a_i$",
            (Series("measured", "measured", p.steps / 1e3, a),),
            marks=marks,
        ),
    )


def _three(run: LinearRun) -> tuple[Panel, ...]:
    p, s = run.path, run.setting
    tau = decay.decay_clock(p.steps, p.perp[0], s.eta, s.sigma, s.d, s.batch)
    sharp, weight = run.values["sam"], run.values["decay"]
    grid = np.linspace(0.0, float(tau[-1]), 200)
    along = slow_flow.implicit_u(grid, p.u[0], s.d, s.target)
    across = p.perp[0] * np.exp(-grid) + decay.floor(s.eta, s.sigma, s.batch)
    cos = [slow_flow.mean_cosine(float(u), float(m), s.d) for u, m in zip(along, across, strict=True)]
    curves = (
        ("label noise", "measured", tau, p),
        ("one-sample SAM", "clean", run.values["sam_clock"], sharp),
        ("descent with weight decay", "control", run.values["decay_clock"], weight),
    )
    return (
        Panel(
            "One curve through both phases, three algorithms",
            r"slow clock $\tau$",
            r"$u = M$ along $\theta^*$",
            (
                *(Series(name, role, x, y.u) for name, role, x, y in curves),  # type: ignore[arg-type]
                Series("implicit law", "predicted", grid, along, dashed=True),
            ),
            lines={r"$\sqrt{d}|\theta^*|$": float(np.sqrt(s.d) * s.target)},
            log="y",
        ),
        Panel(
            "Alignment, no parameter fitted",
            r"slow clock $\tau$",
            r"mean $|\cos(w_i, \theta^*)|$",
            (
                *(Series(name, role, x, y.cos) for name, role, x, y in curves),  # type: ignore[arg-type]
                Series("closed form", "predicted", grid, cos, dashed=True),
            ),
            y_range=(0.0, 1.0),
        ),
    )


EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        "label_noise_sgd.two_phases",
        "The released setting: $n = 200$, $m = 1000$, $d = 20$, $\\eta = 10^{-3}$, $\\sigma = 4$",
        README_SETTING,
        9.6,
        _two_phases,
        options=LinearOptions(arms="noiseless", records=240),
        caption=(
            "Weights shrink first, then align; without label noise neither happens. chi = .72 "
            "here, so the adiabatic curve runs ahead of the network."
        ),
    ),
    Exhibit(
        "label_noise_sgd.periodic",
        "Label noise on for 5,000 steps, off for 5,000",
        README_SETTING,
        0.48,
        _periodic,
        options=LinearOptions(periods=3, records=300),
        caption="The decay needs the noise, at the moment and not in the past.",
    ),
    Exhibit(
        "label_noise_sgd.one_curve",
        "Label noise, SAM and weight decay on the same slow curve",
        LinearSetting(m=100, d=5, eta=2e-3, sigma=1.2),
        5.0,
        _three,
        options=LinearOptions(arms="three", records=150),
        caption="Each against its own slow clock; dashed: the law from the run's u(0), nothing fitted.",
    ),
)
