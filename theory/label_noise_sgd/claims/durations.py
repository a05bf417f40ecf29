"""How long Phase I lasts: the crossover T_x, and the escape time T_1 of Theorem 4.2."""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.claim import Claim, Prediction
from theory.experiment import Experiment
from theory.label_noise_sgd import decay, places
from theory.label_noise_sgd.claims.made import Pair, claim, edge, experiment, reading
from theory.label_noise_sgd.conditions import ADIABATIC, STABLE, WIDE, with_
from theory.label_noise_sgd.places import TARGETS, box
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.setting import LinearSetting
from theory.label_noise_sgd.sources import abstract, here, note
from theory.label_noise_sgd.symbols import MEANINGS, B, T, d, eta, m, sigma
from theory.place import Cells
from theory.rules import Exponent, Law
from theory.run import NotApplicable
from theory.setting import AbstractSetting

__all__ = ["CLAIMS", "crossover"]

Floats = NDArray[np.float64]

_CROSSOVER = (
    sp.log(m / (d ** sp.Rational(3, 2) * T)) - eta / 2 * (1 + (d + 1) / B) * (m / d - sp.sqrt(d) * T)
) / (eta**2 * sigma**2 / B)


def _crosses(s: AbstractSetting) -> bool:
    assert isinstance(s, LinearSetting)
    return s.chi <= 0.2


CROSSOVER = experiment(
    "crossover",
    box("the lazy start, through the crossover", places.lazy, accept=_crosses, **places.LAZY_RANGES),
    (0, 40, 90), 5.0, records=400,
)  # fmt: skip
ESCAPE = experiment(
    "escape",
    box(
        "the lazy start, amplified, not wide", places.lazy, d=(3, 6), width=(25, 45), amplified=(0.4, 0.55),
        tilt=(0.0003, 0.001), target=TARGETS,
    ),
    (0, 400, 800), 0.35, records=300,
)  # fmt: skip
CROSSOVER_CHI = experiment(
    "crossover_chi",
    box(
        "through the crossover, not adiabatic", places.rich, d=(3, 8), width=(25, 60), amplified=(0.1, 0.35),
        chi=(1.0, 2.0), target=TARGETS,
    ),
    (0, 60, 120), 5.0, records=400,
)  # fmt: skip


def _sweep(letter: str, *values: float) -> Experiment:
    base = LinearSetting(m=50, d=5, eta=4e-3, sigma=1.0)
    cells = tuple(({letter: x}, base.with_(**{letter: x})) for x in values)
    return experiment(
        f"crossover_{letter}", Cells(f"sweep of {letter}", cells, paired=True), (0, 12, 36), 2.0
    )


SWEEPS = (_sweep("sigma", 0.5, 1.0, 2.0), _sweep("eta", 2e-3, 4e-3, 8e-3), _sweep("batch", 1, 2, 4, 8))


def _first_below(steps: NDArray[np.int64], values: Floats, level: float) -> float | None:
    below = np.flatnonzero(values <= level)
    if not len(below) or below[0] == 0:
        return None
    k = int(below[0])
    x0, x1, y0, y1 = steps[k - 1], steps[k], np.log(values[k - 1]), np.log(values[k])
    return float(x0 + (x1 - x0) * (y0 - np.log(level)) / (y0 - y1))


def crossover(run: LinearRun) -> Pair | NotApplicable:
    """Steps until M_perp reaches `sqrt(d) |theta*|`, and T_x with the seed's own M_perp(0)."""
    s, p = run.setting, run.path
    time = _first_below(p.steps, p.perp, np.sqrt(s.d) * s.target)
    if time is None:
        return NotApplicable("M_perp does not cross sqrt(d) |theta*| in this run")
    return time, decay.crossover_steps(p.perp[0], s.eta, s.sigma, s.d, s.target, s.batch)


def crossover_over_formula(run: LinearRun) -> float | NotApplicable:
    """The steps of `crossover` over T_x."""
    got = crossover(run)
    return got if isinstance(got, NotApplicable) else got[0] / got[1]


def crossover_naive(run: LinearRun) -> Pair | NotApplicable:
    """The same, and `ln(mu_0/(sqrt(d) |theta*|))/kappa`."""
    got = crossover(run)
    if isinstance(got, NotApplicable):
        return got
    s, p = run.setting, run.path
    return got[0], float(np.log(p.perp[0] / (np.sqrt(s.d) * s.target)) / s.kappa)


def _escape(run: LinearRun) -> tuple[float, float, float] | NotApplicable:
    s, p = run.setting, run.path
    drop = float(np.sqrt(np.log(s.m) / s.m))
    level = p.perp[0] * (1 - drop)
    first = _first_below(p.steps, p.perp, level)
    above = np.flatnonzero(p.perp > level)
    if first is None or above[-1] + 1 == len(p.steps):
        return NotApplicable("the drop is not reached in this run")
    # M_perp fluctuates about its decay: the first crossing is early, the last one late.
    last = 0.5 * float(p.steps[above[-1]] + p.steps[above[-1] + 1])
    return 0.5 * (first + last), drop, float(p.perp[0])


def escape(run: LinearRun) -> Pair | NotApplicable:
    """Steps until M_perp has lost the share sqrt(ln m/m), mean of first and last crossing; and T_1."""
    got = _escape(run)
    if isinstance(got, NotApplicable):
        return got
    s = run.setting
    return got[0], decay.escape_steps(got[2], got[1], s.eta, s.sigma, s.d, s.batch)


def escape_product(run: LinearRun) -> Pair | NotApplicable:
    """The same, and the product form `-ln(1 - delta_m)(1 - c_B mu_0)/kappa`."""
    got = _escape(run)
    if isinstance(got, NotApplicable):
        return got
    s = run.setting
    c = decay.amplification(s.eta, s.d, s.batch) * got[2]
    return got[0], float(-np.log1p(-got[1]) * (1 - c) / s.kappa)


CLAIMS: tuple[Claim, ...] = (
    claim(
        "duration.crossover",
        abstract("the end of Phase I"),
        r"$M_\perp$ reaches $\sqrt{d}|\theta^*|$ at $T_x = \frac{1}{\kappa}["
        r"\ln\frac{M_\perp(0)}{\sqrt{d}|\theta^*|} - "
        r"c_B(M_\perp(0) - \sqrt{d}|\theta^*|)]$.",
        Law(0.02, "corrections of order s/M and chi", planned_spread=0.01),
        crossover,
        CROSSOVER,
        conditions=(STABLE, WIDE, ADIABATIC),
        constants=with_(c_chi=0.2),
        prediction=Prediction("T_x", _CROSSOVER, "steps", MEANINGS),
        measured="interpolated step of the crossing, and T_x with the seed's own M_perp(0)",
    ),
    reading(
        "crossover_without_amplification",
        "duration.crossover",
        here("durations"),
        r"$T_x = \ln(m/(d^{3/2}|\theta^*|))/\kappa$, and so exactly $\eta^{-2}$.",
        Law(0.02, "the margin of the amplified law", planned_spread=0.03),
        crossover_naive,
        CROSSOVER,
        conditions=(STABLE, WIDE, ADIABATIC),
        constants=with_(c_chi=0.2),
        measured="interpolated step of the crossing, and the formula with the seed's own M_perp(0)",
    ),
    edge(
        "crossover_chi",
        ADIABATIC,
        r"At $\chi$ in [1, 2] the crossover still comes at $T_x$.",
        Law(0.02, "the margin inside the condition", planned_spread=0.05),
        crossover,
        CROSSOVER_CHI,
        conditions=(STABLE, WIDE, ADIABATIC),
        constants=with_(c_chi=0.2),
        measured="steps until M_perp reaches sqrt(d) |theta*|, and T_x with the seed's M_perp(0)",
    ),
    claim(
        "duration.escape",
        note("Theorem 4.2, the escape time T_1 made exact"),
        r"A relative drop $\delta_m = \sqrt{\ln m/m}$ of $M_\perp$ takes "
        r"$T_1 = [-\ln(1-\delta_m) - c_B M_\perp(0)\delta_m]/\kappa$.",
        Law(0.04, "fluctuation of a small drop; M(0) is not exactly (m/d) I", planned_spread=0.05),
        escape,
        ESCAPE,
        conditions=(STABLE, WIDE),
        measured="step of the drop, mean of the first and the last crossing, and T_1",
        note=(
            "The drop is of size 1/sqrt(m); a drop of order 1 takes 1/kappa steps, whatever m is. "
            "Runs come 2 to 3 % early."
        ),
    ),
    reading(
        "escape_as_product",
        "duration.escape",
        here("durations"),
        r"$T_1 = -\ln(1-\delta_m)(1 - c_BM_\perp(0))/\kappa$.",
        Law(0.04, "the margin of the implicit form", planned_spread=0.05),
        escape_product,
        ESCAPE,
        conditions=(STABLE, WIDE),
        measured="step of the drop, as for T_1, and the product form",
    ),
    *(
        claim(
            f"duration.slope_{letter}",
            note("Theorem 4.2, the powers of the escape time, for the whole of Phase I"),
            rf"$T_x$ depends on {words} as its formula does: their ratio has no power of it left.",
            Exponent(letter, 0.0, margin=0.02, reason="half of a slope wrong by .04", planned_spread=0.01),
            crossover_over_formula,
            sweep,
            parents=("label_noise_sgd.duration.crossover",),
            measured="step of the crossing over T_x with the seed's own M_perp(0)",
            note="The formula's own slope in eta is not -2 but -2.085 here: its amplification knows eta.",
        )
        for letter, words, sweep in zip(
            ("sigma", "eta", "batch"), (r"$\sigma$", r"$\eta$", "B"), SWEEPS, strict=True
        )
    ),
)
