"""The runs that the report shows in full, and the panels that tell them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from theory.exhibit import Exhibit, Panel, Role, Series
from theory.two_stage import conditions, predictions
from theory.two_stage.setting import Setting
from theory.two_stage.sources import C_T1, EPS

if TYPE_CHECKING:
    from theory.two_stage.run import Run

__all__ = ["EXHIBITS", "exhibit_at"]

Floats = NDArray[np.float64]
_CLOCK = r"clock $s = t\,/\,(nm/\eta\sigma_\xi^2 d)$"
_STATES, _FIRST, _ERRORS = 80, 0.02, 16
_CAPTION = (
    "In Stage I the signal lies above the noise mass of the noisy samples, which are classified as their "
    "true labels; Proposition 4.3 says that log 2 then separates their losses from those of the clean "
    "ones. Stage II begins where their noise mass overtakes the signal. With flipped labels Theorem 4.2 "
    "puts the error under spurious features above half of the smaller realised flip rate at the end of "
    "training, the dotted line; the error on fresh noise is exp(-c d/n), c in the last panel. Bands hold "
    "the middle 80 % of the samples, thin lines the extremes. Vertical lines: t_half and t_all as "
    "measured in this run, the others as chosen (T_1) or predicted. An arrow is the upper limit where no "
    "error was seen."
)


@dataclass(frozen=True)
class _Panels:
    """What is drawn of a run; `t_1` is the end of Stage I on the clock, `marks` are predicted times."""

    t_1: float
    marks: Mapping[str, float]

    def __call__(self, run: Run) -> tuple[Panel, ...]:
        h = run.setting.clock_step
        measured = {r"$t_{half}$": run.t_half * h, r"$t_{all}$": run.t_all * h} if run.noisy.any() else {}
        marks = {k: s for k, s in (measured | dict(self.marks)).items() if math.isfinite(s)}
        panels = [_coefficients(run, marks), _margins(run, marks)]
        if run.noisy.any():
            panels.append(_losses(run, self.t_1))
        panels.append(_test_errors(run, marks))
        exponent = _exponent(run, marks)
        return tuple(panels if exponent is None else [*panels, exponent])


def _spread(label: str, role: Role, x: Floats, values: Floats) -> tuple[Series, ...]:
    """Middle 80 %, extremes and median of values (T, k) over x (T,); nothing without values."""
    if values.shape[1] == 0:
        return ()
    low, q10, median, q90, high = np.quantile(values, [0.0, 0.1, 0.5, 0.9, 1.0], axis=1)
    return (
        Series("", role, x, np.stack([q10, q90], axis=1), "band"),
        Series("", role, x, np.stack([low, high], axis=1)),
        Series(label, role, x, median),
    )


def _late(run: Run) -> tuple[Floats, NDArray[np.int64]]:
    """The kept clocks after the start, and their places among the recorded steps."""
    steps = run.snapshot_steps[run.snapshot_steps > 0]
    return np.asarray(steps * run.setting.clock_step), np.searchsorted(run.steps, steps)


def _coefficients(run: Run, marks: Mapping[str, float]) -> Panel:
    clock, index = _late(run)
    mass, signal = run.noise_mass[-len(clock) :], run.gamma.mean(axis=2)[index]
    series = [
        *_spread("noise mass, clean samples", "clean", clock, mass[:, run.clean]),
        *_spread("noise mass, noisy samples", "noisy", clock, mass[:, run.noisy]),
        Series(r"signal $\gamma$, $j = +1$", "positive", clock, signal[:, 0]),
        Series(r"signal $\gamma$, $j = -1$", "negative", clock, signal[:, 1], dashed=True),
    ]
    return Panel("When does noise overtake the signal?", _CLOCK, "coefficient", tuple(series), marks, log="x")


def _margins(run: Run, marks: Mapping[str, float]) -> Panel:
    clock, index = _late(run)
    margins = run.margins[index]
    series = (
        *_spread("clean samples", "clean", clock, margins[:, run.clean]),
        *_spread("noisy samples", "noisy", clock, margins[:, run.noisy]),
    )
    label = r"margin $\tilde{y} f(W, x)$"
    return Panel("When is a sample fit as labelled?", _CLOCK, label, series, marks, {"": 0.0}, "x")


def _losses(run: Run, t_1: float) -> Panel:
    at = run.snapshot_steps[run.snapshot_at(t_1)]
    losses = np.logaddexp(0.0, -run.margins[int(np.searchsorted(run.steps, at))])
    clean, noisy = losses[run.clean], losses[run.noisy]
    gap = float(noisy.min() - clean.max()) if len(clean) else math.inf
    word = f"gap {gap:.2f}" if gap > 0 else f"overlap {-gap:.2f}"
    apart = len(clean) == 0 or clean.max() < math.log(2) < noisy.min()
    where = f"{len(clean)} clean, {len(noisy)} noisy at $s = {at * run.setting.clock_step:.3g}$"
    return Panel(
        f"Does log 2 separate them? {'Yes' if apart else 'No'}, {word}\n{where}",
        r"loss $\ell(\tilde{y} f)$",
        "samples",
        (
            Series("clean samples", "clean", clean, kind="histogram"),
            Series("noisy samples", "noisy", noisy, kind="histogram"),
        ),
        {"log 2": math.log(2)},
    )


def _test_errors(run: Run, marks: Mapping[str, float]) -> Panel:
    clock = _error_clocks(run)
    series = []
    for label, role, name in (
        ("fresh noise (iid)", "positive", "iid"),
        ("spurious features", "other", "spurious"),
    ):
        rows = np.array([[e.value, e.low, e.high] for s in clock if (e := run.test_error(name, float(s)))])
        series.append(Series(label, role, clock, rows, "estimate"))  # type: ignore[arg-type]
    realised = [float(run.noisy[run.y == side].mean()) for side in (-1, 1) if (run.y == side).any()]
    floor = 0.5 * min(realised)
    lines = {f"half of the smaller realised rate: {floor:.3g}": floor} if floor > 0 else {}
    return Panel(
        "Which test error stays?", _CLOCK, "test error", tuple(series), marks, lines, "xy", (math.nan, 1.0)
    )


def _exponent(run: Run, marks: Mapping[str, float]) -> Panel | None:
    """`-(n/d) ln error` on fresh noise by line sampling; None where it is known at less than half of the
    clocks."""
    clock = _error_clocks(run)
    found = [run.log_test_error("iid", float(s)) for s in clock]
    rows = -run.setting.n / run.setting.d * np.array([[e.value, e.high, e.low] for e in found])
    known = np.isfinite(rows[:, :2]).all(axis=1)
    if known.mean() < 0.5:
        return None
    label = r"$-\frac{n}{d}\,\ln\,\mathrm{err}_{iid}$"
    series = (Series("", "positive", clock[known], rows[known], "estimate"),)
    title = "How rare is an error on fresh noise?"
    return Panel(title, _CLOCK, label, series, marks, log="x", y_range=(0.0, math.nan))


def _error_clocks(run: Run) -> Floats:
    later, _ = _late(run)
    places = np.unique(np.linspace(0, len(later) - 1, _ERRORS).round().astype(int))
    return np.asarray(later[places])


def exhibit_at(name: str, title: str, setting: Setting, clock: float, **fields: Any) -> Exhibit:
    """A run with its coefficients, margins, losses and test errors, marked with the predicted scales: T_1
    and the time at which the loss law reaches EPS at p = 1/2."""
    loss = predictions.number(
        predictions.loss_constant(predictions.HALF), setting, conditions.DEFAULT_CONSTANTS
    )
    marks = {r"$T_1$": C_T1, rf"$T_{{\varepsilon={EPS:g}}}$": loss / EPS}
    snapshots = (C_T1, *np.geomspace(max(_FIRST, setting.clock_step), clock, _STATES).tolist())
    return Exhibit(
        name, title, setting, clock, _Panels(C_T1, marks), snapshots=snapshots, caption=_CAPTION, **fields
    )


def _exhibit(name: str, title: str, clock: float, **coordinates: float) -> Exhibit:
    setting = Setting.from_n_snr2(**coordinates)  # type: ignore[arg-type]
    return exhibit_at(name, title, setting, clock)


EXHIBITS = (
    _exhibit(
        "paper",
        r"Inside Condition 4.1: $\kappa_0 = 0.01$, $n\,\mathrm{SNR}^2 = 8$, flip rate 0.1",
        40.0,
        n=100,
        d=1_500_000,
        m=40,
        n_snr2=8.0,
        tau_plus=0.1,
        tau_minus=0.1,
        kappa_0=0.01,
        clock_step=0.02,
    ),
    _exhibit(
        "large_init",
        r"Large initialisation: $\kappa_0 = 100$, $n\,\mathrm{SNR}^2 = 8$, flip rate 0.1",
        40.0,
        n=100,
        d=10**10,
        m=40,
        n_snr2=8.0,
        tau_plus=0.1,
        tau_minus=0.1,
        kappa_0=100.0,
        clock_step=0.05,
    ),
    _exhibit(
        "moderate",
        r"Moderate dimension: $d/n = 20$, $n\,\mathrm{SNR}^2 = 6$, flip rate 0.3",
        40.0,
        n=200,
        d=4000,
        m=40,
        n_snr2=6.0,
        tau_plus=0.3,
        tau_minus=0.3,
        kappa_0=0.1,
        clock_step=0.05,
    ),
    _exhibit(
        "no_noise",
        r"No flipped labels: $\kappa_0 = 0.01$, $n\,\mathrm{SNR}^2 = 8$",
        40.0,
        n=100,
        d=1_500_000,
        m=40,
        n_snr2=8.0,
        tau_plus=0.0,
        tau_minus=0.0,
        kappa_0=0.01,
        clock_step=0.02,
    ),
)
