r"""Stopping rules, and what each costs against the best stop.

A rule picks one of `CLOCKS`: it may look at everything a practitioner sees. Its regret is the test error at
its stop minus the smallest over `CLOCKS`, whichever stop that is (the oracle's).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from theory.rng import generator
from theory.run import NotApplicable
from theory.two_stage.answers.gaps import gap_at_log_2, gap_kept, widest_gap
from theory.two_stage.answers.plug_in import estimates, plug_in_stop
from theory.two_stage.run import Run
from theory.two_stage.sources import C_T1

__all__ = [
    "CLOCKS",
    "MATTERS",
    "RULES",
    "STOP_CLOCK",
    "VALIDATION",
    "Stop",
    "dtest_errors",
    "dtest_regret",
    "log_iid_errors",
    "log_iid_regret",
    "log_iid_saved",
    "stop_at",
]

Floats = NDArray[np.float64]

#: Where a run may be stopped, in time units: finest around the log 2 gap's largest.
CLOCKS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0, 10.0)

#: The parameter-free stop, in time units: near the clock at which the log 2 gap is largest.
STOP_CLOCK = 1.5

#: Labelled samples held out for validation, their labels flipped at the training rate.
VALIDATION = 500

Stop = Callable[[Run], "int | NotApplicable"]


def dtest_errors(run: Run) -> Floats:
    """D_test error at every stop."""
    return np.array([run.test_error("spurious", s).value for s in CLOCKS])


def log_iid_errors(run: Run) -> Floats:
    """ln of the error on fresh noise at every stop."""
    return np.array([run.log_test_error("iid", s).value for s in CLOCKS])


def _at(clock: float) -> int:
    """The first stop at or after a clock, the last if none."""
    return min(int(np.searchsorted(CLOCKS, clock * (1 - 1e-9))), len(CLOCKS) - 1)


def _t_1(run: Run) -> int:
    return _at(C_T1)


def _clock(run: Run) -> int:
    return _at(STOP_CLOCK)


def _validation(run: Run) -> int:
    """The best of `VALIDATION` samples from D_test with flipped labels; the earliest of equals.

    Their error at a stop is binomial around tau + (1 - 2 tau) err; its draws are keyed by the run's seed.
    """
    rng = generator(run.seed, "validation labels")
    tau = 0.5 * (run.setting.tau_plus + run.setting.tau_minus)
    return int(np.argmin(rng.binomial(VALIDATION, tau + (1 - 2 * tau) * dtest_errors(run))))


def _plug_in(which: str) -> Stop:
    def stop(run: Run) -> int | NotApplicable:
        found = estimates(run)
        if isinstance(found, NotApplicable):
            return found
        return _at(getattr(plug_in_stop(found), which) * run.setting.clock_step)

    return stop


def _gap(of: Callable[[Floats], float]) -> Stop:
    def stop(run: Run) -> int:
        return gap_kept(np.array([of(run.margins[run.at(s)]) for s in CLOCKS]))

    return stop


def _never(run: Run) -> int:
    return len(CLOCKS) - 1


#: By name: T_1, the fixed clock, noisy validation, the depth of Stage I and half-way to s_2 by the plug-in,
#: the largest gap at log 2 and anywhere, no stop.
_STOPS: Mapping[str, Stop] = {
    "T_1": _t_1,
    "clock": _clock,
    "validation": _validation,
    "depth": _plug_in("depth"),
    "halfway": _plug_in("halfway"),
    "gap": _gap(gap_at_log_2),
    "any_gap": _gap(widest_gap),
    "never": _never,
}
RULES = tuple(_STOPS)


def stop_at(run: Run, rule: str) -> float | NotApplicable:
    """The clock at which a rule stops."""
    at = _STOPS[rule](run)
    return at if isinstance(at, NotApplicable) else CLOCKS[at]


def dtest_regret(name: str) -> Callable[[Run], float | NotApplicable]:
    """D_test error at a rule's stop above the best stop's."""

    def regret(run: Run) -> float | NotApplicable:
        at = _STOPS[name](run)
        if isinstance(at, NotApplicable):
            return at
        errors = dtest_errors(run)
        return float(errors[at] - errors.min())

    return regret


#: One in a million: below it even without stopping, no stop matters for fresh noise.
MATTERS = 1e-6


def log_iid_regret(name: str) -> Callable[[Run], float | NotApplicable]:
    """ln of the error on fresh noise at a rule's stop above the best stop's, where that error matters."""

    def regret(run: Run) -> float | NotApplicable:
        errors = log_iid_errors(run)
        if errors[-1] < np.log(MATTERS):
            return NotApplicable(f"without any stop the error on fresh noise is below {MATTERS:g}")
        at = _STOPS[name](run)
        if isinstance(at, NotApplicable):
            return at
        return float(errors[at] - errors.min())

    return regret


def log_iid_saved(name: str) -> Callable[[Run], float | NotApplicable]:
    """ln of the error on fresh noise without a stop minus that at a rule's stop, where that error matters."""

    def saved(run: Run) -> float | NotApplicable:
        errors = log_iid_errors(run)
        if errors[-1] < np.log(MATTERS):
            return NotApplicable(f"without any stop the error on fresh noise is below {MATTERS:g}")
        at = _STOPS[name](run)
        return at if isinstance(at, NotApplicable) else float(errors[-1] - errors[at])

    return saved
