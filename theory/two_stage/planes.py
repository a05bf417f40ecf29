"""Phase diagrams of the paper: the event of Theorem 4.1, the D_test error and t_half over two parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from theory.plane import Axis, Boundary, LevelSet, Plane, PlaneQuantity
from theory.run import NotApplicable
from theory.two_stage.decay.plane import PLANE as DECAY_PLANE
from theory.two_stage.mean_field.mean_field import Population, mean_field
from theory.two_stage.run import Run
from theory.two_stage.setting import Setting
from theory.two_stage.sources import C_T1

__all__ = ["EVENT_CLAIM", "PLANES", "late_share_sum", "mean_field_growth", "measure_cell"]

#: The claim whose conditions decide which cells are coloured, unless another is named.
EVENT_CLAIM = "two_stage.theorem_4_1.event_map"
#: Length of a run, and the clock from which growth is measured up to it, in time units.
LATE, GROWTH_FROM = 40.0, 10.0
#: h: T_1 = 1/2 is a whole number of steps, and a h <= 8 holds for every a of the planes.
_CLOCK_STEP = 0.125
_KAPPA = 30.0
#: p where initial signs decide (kappa_0 >> 1), as in these planes.
_P = 0.5
#: Label counts stand for rates here.
_MANY = 1_000_000


def late_share_sum(a: float, tau_plus: float, tau_minus: float, p: float) -> float:
    r"""`c_+ + c_-`, `c_y = (a/2)(1 - 2 tau_y) / (p + a/2)`: late signal shares, balanced classes.

    Above 1 the D_test error ends at half the flip rate, below 1 at 1/2; with equal rates `c_+ + c_- = 1` is
    `a (1 - 4 tau) = 2 p`.

    >>> round(late_share_sum(4.0, 0.1875, 0.1875, 0.5), 12)
    1.0
    """
    return a * (1 - tau_plus - tau_minus) / (p + a / 2)


def mean_field_growth(setting: Setting, first: float, last: float) -> float:
    """How much faster (per unit of ln s) the noise mass of clean samples grows than the signal against it,
    between two clocks and for balanced classes at the nominal rates. It tends to `1 - c_+ - c_-`.

    Source: derived here (`docs/derivations/limit_dynamics.md`, Plateau).
    """
    noisy = [round(_MANY / 2 * rate) for rate in (setting.tau_plus, setting.tau_minus)]
    counts = ((_MANY // 2 - noisy[0], noisy[0]), (_MANY // 2 - noisy[1], noisy[1]))
    h = setting.clock_step
    pop = Population(setting.n_snr2, counts, setting.iota, setting.kappa_0, h, setting.m, setting.d)
    field = mean_field(pop, round(last / h))
    rows = [round(first / h), round(last / h)]
    clean = [pair[0] for pair in counts]
    outgrown = field.mass[rows, :, 0] - field.gamma[rows][:, ::-1]
    excess = outgrown @ clean / sum(clean)
    return float(excess[1] - excess[0]) / math.log(last / first)


def measure_cell(run: Run) -> Mapping[str, float] | NotApplicable:
    """What every quantity and boundary needs of one run.

    `first_push` is the first step's change of the mean noisy margin per unit clock, `growth` how much faster
    clean noise mass grows than the signal against it, `plateau_error` the D_test error over the half-way
    between its two plateaus.
    """
    if not run.noisy.any() or not run.clean.any():
        return NotApplicable("no label was flipped, or all were")
    end = float(run.clock[-1])
    h = run.setting.clock_step
    noisy = run.margins[:, run.noisy].mean(axis=1)
    first, last = run.snapshot_at(GROWTH_FROM), run.snapshot_at(end)
    index = np.searchsorted(run.steps, run.snapshot_steps[[first, last]])
    signal = run.gamma[index].mean(axis=2)
    # A clean test point of class -y at noise patch i errs when P_i exceeds the signal of the other class.
    against = np.where(run.y > 0, signal[:, 1:], signal[:, :1])
    excess = (run.noise_mass[[first, last]] - against)[:, run.clean].mean(axis=1)
    clocks = run.clock[index]
    error, plateau = run.test_error("spurious", end).value, float(run.noisy.mean()) / 2
    return {
        "event": float(run.clean_fit(C_T1) and run.noisy_misfit(C_T1)),
        "error": error,
        "t_half": run.t_half * h,
        "plateau": plateau,
        "first_push": float(noisy[1] - noisy[0]) / h,
        "growth": float(excess[1] - excess[0]) / math.log(clocks[1] / clocks[0]),
        "plateau_error": error - (plateau + 0.5) / 2,
    }


def _setting(*, kappa_0: float = _KAPPA, **changes: float) -> Setting:
    values = {"n_snr2": 8.0, "tau_plus": 0.1, "tau_minus": 0.1, "d": 10**12, "kappa_0": kappa_0} | changes
    return Setting.from_n_snr2(n=100, m=20, clock_step=_CLOCK_STEP, **values)  # type: ignore[arg-type]


def _snr_tau(a: float, tau: float, kappa_0: float = _KAPPA) -> Setting:
    return _setting(n_snr2=a, tau_plus=tau, tau_minus=tau, kappa_0=kappa_0)


def _tau_tau(tau_plus: float, tau_minus: float, kappa_0: float = _KAPPA) -> Setting:
    return _setting(n_snr2=4.0, tau_plus=tau_plus, tau_minus=tau_minus, kappa_0=kappa_0)


def _dimension_kappa(ratio: float, kappa_0: float) -> Setting:
    return _setting(d=max(101, round(ratio * 100**2)), kappa_0=kappa_0)


QUANTITIES = (
    PlaneQuantity("event", r"probability of Theorem 4.1's event", "rate", (0.0, 1.0)),
    PlaneQuantity("error", rf"$D_{{test}}$ error at $s = {LATE:g}$", "mean", (0.0, 0.5), within=(0.0, 1.0)),
    PlaneQuantity(
        "t_half", r"$t_{half}$ in time units (median)", "median", log=True,
        at_zero="0: fit from the start, no Stage I", at_infinity=f"not reached by s = {LATE:g}",
    ),
)  # fmt: skip
_STAGE_ONE, _PLATEAU = "stage one", "plateau"


def _levels(value: Callable[[Any, Any, float], Any], formula: str, family: str) -> tuple[LevelSet, ...]:
    """The boundary at p = 1/2 (full line) and at p = 1 (dashed)."""
    drawn_on = ("error",) if family == _PLATEAU else ("event", "t_half")

    def at(p: float) -> LevelSet:
        label = rf"${formula}$, $p = {p:g}$"
        return LevelSet(label, lambda x, y: value(x, y, p), 0.0, drawn_on, family, dashed=p == 1)

    return at(0.5), at(1.0)


def _boundaries(
    share_sum: Callable[[float, float], float], setting: Callable[[float, float], Setting]
) -> tuple[Boundary, Boundary]:
    """Plateau growth: where in half of the runs the noise mass of clean samples grows as fast (in log s) as
    the signal against it, the switch of D_test's plateau as s -> infinity. Before, signals still catch up
    with noise masses and the switch lies at c_+ + c_- above 1: the mean field says by how much. Plateau
    error: where the D_test error at the end is half-way between the two plateaus, which it approaches only
    like 1/log s."""
    late = "c_+ + c_-"
    return (
        Boundary(
            "plateau growth", share_sum, 1.0, "growth", late, summary="median", quantities=("error",),
            within_run=lambda x, y: mean_field_growth(setting(x, y), GROWTH_FROM, LATE), family=_PLATEAU,
        ),
        Boundary("plateau error", share_sum, 1.0, "plateau_error", late, family=_PLATEAU),
    )  # fmt: skip


#: Where in half of the runs the first step pushes the noisy samples the wrong way.
_FIRST_PUSH = Boundary(
    "first push", lambda a, tau: a * (1 - 2 * tau), 2 * _P, "first_push", "a(1 - 2 tau)", summary="median",
    quantities=("event", "t_half"), family=_STAGE_ONE,
)  # fmt: skip


def _plane(name: str, x: Axis, y: Axis, setting: Callable[..., Setting], **more: Any) -> Plane:
    return Plane(
        name,
        x,
        y,
        setting,
        measure_cell,
        QUANTITIES,
        clock=LATE,
        snapshots=(GROWTH_FROM,),
        claim=EVENT_CLAIM,
        columns=("plateau",),
        **more,
    )


PLANES: tuple[Plane, ...] = (
    _plane(
        "snr-tau",
        Axis("n_snr2", r"$a = n\,\mathrm{SNR}^2$", 0.5, 16.0, log=True),
        Axis("tau", r"$\tau_+ = \tau_- = \tau$", 0.02, 0.42),
        _snr_tau,
        fixed=f"n = 100, m = 20, d = 10^12, kappa_0 = {_KAPPA:g}",
        level_sets=(
            *_levels(lambda a, tau, p: a * (1 - 2 * tau) - 2 * p, r"a(1-2\tau) = 2p", _STAGE_ONE),
            *_levels(lambda a, tau, p: a * (1 - 4 * tau) - 2 * p, "c_+ + c_- = 1", _PLATEAU),
        ),
        boundaries=(_FIRST_PUSH, *_boundaries(lambda a, tau: late_share_sum(a, tau, tau, _P), _snr_tau)),
        variables={"kappa_0": _KAPPA},
    ),
    _plane(
        "dimension-kappa",
        Axis("d_over_n2", r"$d/n^2$", 0.02, 2000.0, log=True),
        Axis("kappa_0", r"$\kappa_0$", 0.003, 30.0, log=True),
        _dimension_kappa,
        fixed="n = 100, m = 20, a = 8, both flip rates 0.1",
        level_sets=(
            LevelSet(r"$\kappa_0 = 1$: $\sigma_0$ bound of Condition 4.1, $C = 1$",
                     lambda x, y: np.log(y) + 0 * x, 0.0, family=_STAGE_ONE),
            LevelSet(r"$d = 20\,n$: filters stay active above",
                     lambda x, y: np.log(x / 0.2) + 0 * y, 0.0, family=_PLATEAU),
            LevelSet(r"$d = n^2\log(6n^2/\delta)$: Condition 4.1, $C = 1$",
                     lambda x, y: np.log(x / math.log(6 * 100**2 / 0.05)) + 0 * y, 0.0, family=_PLATEAU,
                     dashed=True),
        ),
    ),
    _plane(
        "tau-tau",
        Axis("tau_plus", r"$\tau_+$", 0.02, 0.46),
        Axis("tau_minus", r"$\tau_-$", 0.02, 0.46),
        _tau_tau,
        fixed=f"n = 100, m = 20, d = 10^12, a = 4, kappa_0 = {_KAPPA:g}",
        level_sets=(
            *_levels(lambda plus, minus, p: 4 * (1 - 2 * np.maximum(plus, minus)) - 2 * p,
                     r"a(1-2\max\tau) = 2p", _STAGE_ONE),
            *_levels(lambda plus, minus, p: 4 * (1 - plus - minus) - p - 2, "c_+ + c_- = 1", _PLATEAU),
        ),
        boundaries=_boundaries(lambda plus, minus: late_share_sum(4.0, plus, minus, _P), _tau_tau),
        variables={"kappa_0": _KAPPA},
    ),
    DECAY_PLANE,
)  # fmt: skip
