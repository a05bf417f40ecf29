"""Claims on the clock: schedules keep it, heavy ball lags, mini-batches keep it where kappa_0 is large."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import sympy as sp

from theory.claim import Claim
from theory.condition import Condition
from theory.rules import Derived, Event, Law
from theory.run import NotApplicable
from theory.two_stage.clock.experiments import BATCHES, BATCHES_SMALL, MOMENTUM, SCHEDULES
from theory.two_stage.clock.lag import lag, prove_lag
from theory.two_stage.conditions import ALL, DEFAULT_CONSTANTS
from theory.two_stage.derived_claim import derived_claim
from theory.two_stage.experiments import FORMULAS
from theory.two_stage.flipped import of_flipped_labels
from theory.two_stage.run import Run
from theory.two_stage.sources import here
from theory.two_stage.symbols import a, m, n, tau_minus, tau_plus, time_unit

__all__ = ["CLAIMS", "fewer_active", "fit_clock", "times_of"]

Pair = tuple[float, float]

_PAGE = "docs/derivations/clock.md"
#: Fewest flipped labels of a median.
_LEAST = 8
#: Least realised a_y (1 - 2 tau_y) of both classes.
_STRONG = 3.0


def _strength(run: Run) -> float:
    found = []
    for label in (1, -1):
        of = run.y == label
        size = int(of.sum())
        if size:
            rate = float((run.noisy & of).sum()) / size
            found.append(2 * run.setting.n_snr2 * size / run.setting.n * (1 - 2 * rate))
    return min(found)


def fit_clock(run: Run, share: float, late: float = 0.0, power: float = 1.0) -> float:
    """Clock from which this share of the flipped labels stays memorised, in the middle of the step that did
    it; inf where the run ends before. `late` is taken off, in clock units; `power` of the clock is read."""
    enough = (run.margins[:, run.noisy] > 0).mean(axis=1) >= share
    below = np.flatnonzero(~enough)
    first = int(below[-1]) + 1 if len(below) else 0
    if first == len(enough):
        return math.inf
    if first == 0:
        return 0.0
    middle = float(run.clock[first - 1] + run.clock[first]) / 2
    return math.pow(middle - late, power)


def _plain(run: Run) -> Run:
    """Plain gradient descent from the same seed."""
    return cast(Run, run.control)  # type: ignore[attr-defined]


def _times_of_share(share: float) -> Callable[[Any], object]:
    return lambda run: times_of(run, share)


@of_flipped_labels
def times_of(
    run: Run, share: float = 0.5, momentum: float = 0.0, factor: float = 1.0, power: float = 1.0
) -> Pair | NotApplicable:
    """Clock of a share of the flipped labels and that of plain gradient descent from the same seed.

    A time beyond the run's end counts as its end. `momentum`: of which the lag is taken off (`factor` times
    it). `power`: of the clock, to set it wrong.
    """
    if int(run.noisy.sum()) < _LEAST:
        return NotApplicable(f"fewer than {_LEAST} flipped labels")
    if _strength(run) < _STRONG:
        return NotApplicable(f"a class has a_y(1 - 2 tau_y) below {_STRONG:g}, where times diverge")
    plain = _plain(run)
    late = factor * lag(momentum) * run.setting.clock_step
    times = fit_clock(run, share, late, power), fit_clock(plain, share)
    end = float(run.clock[-1])
    if not times[1] < end or times[1] <= 0:
        return NotApplicable("not reached by plain gradient descent, or from the start")
    return min(max(times[0], run.setting.clock_step / 2), end), times[1]


@of_flipped_labels
def fewer_active(run: Run) -> bool:
    """Flipped labels have fewer active filters at s = 1 than in plain gradient descent from the same seed."""
    shares = [
        float(each.active_fraction[each.snapshot_at(1.0), each.noisy].mean()) for each in (run, _plain(run))
    ]
    return shares[0] < shares[1]


_WORDS = {
    "cosine": "a cosine to 0",
    "warm_up": "a warm-up over 30 steps",
    "drop": "a drop to .3 of the step at $s = 2$",
    "alternating": "steps of .2 and 1.8 by turns",
}
_KAPPA = {"large": r"$\kappa_0 \ge 30$", "small": r"$\kappa_0 \le .3$"}
_MARGIN = {"large": 0.02, "small": 0.05}
_MEASURED = "clock of t_half and that of plain gradient descent at the same h, from the same seed"
_SCATTER = "one step is .1; activation patterns of single samples differ"


#: Where a regime's claims are made: what decides activation patterns, no head start, a step that follows the
#: flow.
_SCOPE = {
    "large": (ALL["kappa_large"], ALL["iota_small"], ALL["clock_step"]),
    "small": (ALL["kappa_small"], ALL["iota_small"], ALL["dimension_ratio"], ALL["clock_step"]),
}
_CONSTANTS = DEFAULT_CONSTANTS.with_(c_kappa=30.0)


def _visits(size: int) -> Condition:
    """A visit moves its sample by no more than in the runs: `h n/b <= 10/b`."""
    return Condition(
        f"visits_of_{size}", sp.Integer(10), n / time_unit, here(f"{_PAGE}, Mini-batches"), "derived",
        "A sample is visited every n/b steps, and then moves n/b times as far.", shown=r"h\,n \le 10",
    )  # fmt: skip


def _of_batches(why: str, name: str, large: sp.Expr, small: sp.Expr, **more: Any) -> Condition:
    return Condition(name, large, small, here(f"{_PAGE}, Mini-batches"), "derived", why, **more)


#: Where mini-batches keep the number of steps; each is broken by random settings of the others.
_OF_BATCHES = (
    *_SCOPE["large"],
    _of_batches(
        "Batches of an epoch are equal: the last one's few samples would move many times as far.",
        "hundred_samples",
        sp.Min(n, 200 - n),
        sp.Integer(100),
        fixes=(("n", 100),),
        shown="n = 100",
    ),
    _of_batches(
        "Half of a dozen flipped labels is a time that shares k/m put on a grid.",
        "filters_many",
        m,
        sp.Integer(40),
    ),
    _of_batches(
        "A batch moves the signal by a h times its own excess of clean labels: by less than a margin.",
        "signal_of_a_batch",
        4 * time_unit,
        3 * a,
    ),
    _of_batches(
        "Most labels of every batch are clean: at rates of .3 t_half is 13 % later at b = 10, 6 % at b = 20.",
        "batch_rates",
        sp.Rational(1, 5),
        sp.Max(tau_plus, tau_minus),
    ),
    _of_batches(
        "Stage II is no border case: at 2 the scatter of batches puts t_half off by 10 % at b = 10.",
        "signal_outweighs_flips",
        a * (1 - 2 * sp.Max(tau_plus, tau_minus)),
        sp.Integer(3),
    ),
)


def _claim(name: str, section: str, *given: Any, **more: Any) -> Claim:
    return derived_claim(f"clock.{name}", f"{_PAGE}, {section}", *given, constants=_CONSTANTS, **more)


def _lagged(beta: float, h: float, regime: str) -> Claim:
    return _claim(
        f"momentum.{round(100 * beta)}.{regime}",
        "Heavy ball",
        rf"Heavy ball, $\beta = {beta:g}$, $h = {h:g}$: $t_{{half}}$ is later by the lag "
        rf"$h\beta/(1-\beta)$ alone, at {_KAPPA[regime]}",
        Law(_MARGIN[regime], reason="what is left is of second order in the lag"),
        lambda run: times_of(run, momentum=beta),
        f"{_MEASURED}; the lag taken off",
        MOMENTUM[beta, h, regime],
        conditions=_SCOPE[regime],
        parents=("two_stage.clock.lag",),
    )


CLAIMS: tuple[Claim, ...] = (
    *(
        _claim(
            f"schedule.{name}.{regime}",
            "Schedules",
            rf"With {_WORDS[name]} $t_{{half}}$ comes at the same clock $s = \sum_t h_t$, at "
            rf"{_KAPPA[regime]}",
            Law(_MARGIN[regime], reason=_SCATTER),
            times_of,
            _MEASURED,
            experiment,
            conditions=_SCOPE[regime],
            parents=("two_stage.sharp.flow",),
        )
        for (name, regime), experiment in SCHEDULES.items()
    ),
    _claim(
        "lag",
        "Heavy ball",
        r"Under a constant slope heavy ball is gradient descent $\frac\beta{1-\beta}(1-\beta^t)$ steps late",
        Derived("symbolic beta and t"),
        lambda run: 0.0,
        "nothing: proved",
        FORMULAS,
        proof=prove_lag,
    ),
    *(_lagged(*key) for key in ((0.5, 0.1, "large"), (0.5, 0.05, "small"), (0.9, 0.02, "large"))),
    _claim(
        "momentum.unchanged",
        "Heavy ball",
        r"Heavy ball, $\beta = .9$, $h = .1$: $t_{half}$ comes at the same clock $ht$, at $\kappa_0 \ge 30$",
        Law(0.05, reason=_SCATTER),
        times_of,
        _MEASURED,
        MOMENTUM[0.9, 0.1, "large"],
        conditions=_SCOPE["large"],
        role="reading",
        corrected_by="two_stage.clock.momentum.90.large",
    ),
    _claim(
        "momentum.lag_alone",
        "Heavy ball",
        r"Heavy ball, $\beta = .9$, $h = .1$: the lag alone explains $t_{half}$, at $\kappa_0 \le .3$",
        Law(0.05, reason=_SCATTER),
        lambda run: times_of(run, momentum=0.9),
        f"{_MEASURED}; the lag taken off",
        MOMENTUM[0.9, 0.1, "small"],
        conditions=_SCOPE["small"],
        role="reading",
        corrected_by="two_stage.clock.momentum.50.small",
        note="The rest is inertia, of second order in the lag: the signal overshoots before feedback.",
    ),
    *(
        _claim(
            f"batches.{size}.{name}",
            "Mini-batches",
            rf"Mini-batches of {size} out of 100: ${latex}$ comes at the same number of steps, at "
            rf"{_KAPPA['large']}",
            Law(
                margin,
                reason="a visit moves a margin by h n/b, .2 to 1: Euler error of that step, -2 % at .5",
            ),
            _times_of_share(share),
            f"clock of {words} and that of plain gradient descent from the same seed",
            BATCHES[size],
            conditions=(*_OF_BATCHES, _visits(size)),
            parents=("two_stage.sharp.flow",),
        )
        for size, margins in {50: (0.02, 0.04), 20: (0.05, 0.04), 10: (0.08, 0.08)}.items()
        for name, latex, words, share, margin in (
            ("t_half", "t_{half}", "t_half", 0.5, margins[0]),
            ("t_all", "t_{all}", "t_all", 1.0, margins[1]),
        )
    ),
    _claim(
        "batches.10.unchanged",
        "Mini-batches",
        r"While a visit moves a margin by at most 1, $h\,n/b \le 1$, with mini-batches $t_{half}$ comes at "
        r"the same number of steps to 1 %, at $\kappa_0 \ge 30$",
        Law(0.01, reason="unchanged as by schedules, which keep the clock to .5 %"),
        times_of,
        "clock of t_half and that of plain gradient descent from the same seed, batches of 10 out of 100",
        BATCHES[10],
        conditions=(*_OF_BATCHES, _visits(10)),
        role="reading",
        corrected_by="two_stage.clock.batches.10.t_half",
        note="Euler's error of a step h n/b = 1 is some -4 % over the box; at rates of .2 t_half is later "
        "by as much.",
    ),
    *(
        _claim(
            f"batches.{size}.small",
            "Mini-batches",
            rf"Mini-batches of {size} out of 100: $t_{{all}}$ comes at the same number of steps, at "
            rf"{_KAPPA['small']}",
            Law(0.05, reason=_SCATTER),
            lambda run: times_of(run, 1.0),
            "clock of t_all (the run's end where it is later) and that of plain gradient descent",
            BATCHES_SMALL[size],
            conditions=(*_SCOPE["small"], _visits(size)),
            role="reading",
            corrected_by=f"two_stage.clock.batches.{size}.t_all",
            note="Inside Condition 4.1's bound on sigma_0: batches seen before a sample's first visit turn "
            "its filters off as well as on.",
        )
        for size in BATCHES_SMALL
    ),
    _claim(
        "batches.fewer_active",
        "Mini-batches",
        r"At $\kappa_0 \le .3$ batches of 10 out of 100 leave fewer filters active on flipped labels than "
        r"the full batch",
        Event(delta=0.2, reason="shares of .63 against .78, on average over a run's dozen of flipped labels"),
        fewer_active,
        "whether the mean active share of flipped labels at s = 1 is below that of plain gradient descent",
        BATCHES_SMALL[10],
        conditions=(*_SCOPE["small"], _visits(10)),
    ),
)
