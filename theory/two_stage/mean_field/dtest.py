r"""The D_test error at every recorded time, on a wide box: the memorisation law with its fresh noise.

Source: derived here (`docs/derivations/test_errors.md`).
"""

from __future__ import annotations

from theory.claim import Claim
from theory.experiment import Experiment
from theory.rules import Band, Law
from theory.run import NotApplicable
from theory.two_stage import conditions
from theory.two_stage.box import Domain
from theory.two_stage.conditions import DEFAULT_CONSTANTS
from theory.two_stage.mean_field.dtest_law import dtest_error
from theory.two_stage.run import Run
from theory.two_stage.sources import C_T1, here
from theory.two_stage.stated_claim import stated_claim

__all__ = ["CLAIMS", "SHARP_DTEST"]

#: Stage I, the whole transition, and long after.
CLOCKS = (C_T1, 1.5, 2.5, 4.0, 6.0, 12.0)

#: Ten times below what the count of memorised samples needs.
_LEAST_RATIO = 10.0

SHARP_DTEST = Experiment(
    id="two_stage.sharp.dtest_course",
    place=Domain(
        "D_test error, wide",
        n=(50, 90),
        m=(10, 20),
        signal_margin=(3.0, 16.0),
        tau=(0.05, 0.3),
        kappa_0=(0.01, 5.0),
        dimension=(_LEAST_RATIO, 10_000.0),
        clock_step=(0.06, 0.1),
    ),
    clock=CLOCKS[-1],
    runs={"quick": 0, "default": 100, "full": 800},
    snapshots=CLOCKS[:-1],
)

_ITEM = here("docs/derivations/test_errors.md")
_CONSTANTS = DEFAULT_CONSTANTS.with_(c_ratio=_LEAST_RATIO)


def _largest_difference(run: Run) -> float:
    """Of the D_test error from its law over the clocks, over .01 + 3 Monte Carlo standard deviations."""
    worst = 0.0
    for clock in CLOCKS:
        measured = run.test_error("spurious", clock)
        sd = (measured.high - measured.low) / (2 * 1.96)
        worst = max(worst, abs(measured.value - dtest_error(run, clock)) / (0.01 + 3 * sd))
    return worst


def _summed(run: Run) -> tuple[float, float] | NotApplicable:
    predicted = sum(dtest_error(run, clock) for clock in CLOCKS[1:])
    if predicted < 0.02:
        return NotApplicable("hardly anything is memorised within the run")
    return sum(run.test_error("spurious", clock).value for clock in CLOCKS[1:]), predicted


CLAIMS: tuple[Claim, ...] = (
    stated_claim(
        "sharp.dtest_course",
        _ITEM,
        r"At every time the $\mathcal{D}_{test}$ error is that of a training patch plus Gaussian "
        rf"side sums, up to .01, at $d/n \ge {_LEAST_RATIO:g}$ and $\kappa_0 \le 5$",
        Band(
            0.0,
            1.0,
            ".01: what two filters of a side share beyond the side sum, 1/sqrt(d) of a pre-activation; 3 "
            "standard deviations of the Monte Carlo estimate",
        ),
        _largest_difference,
        "largest difference over (.01 + 3 Monte Carlo sd), at six clocks from T_1 to the end",
        SHARP_DTEST,
        conditions=(conditions.ALL["dimension_ratio"],),
        parents=("two_stage.sharp.dtest_is_memorisation",),
        note="The count of memorised samples alone is further off at some clock in an eighth of these runs.",
        constants=_CONSTANTS,
    ),
    stated_claim(
        "sharp.dtest_course_size",
        _ITEM,
        r"The $\mathcal{D}_{test}$ error of a training patch plus Gaussian side sums is right in the median "
        "over runs",
        Law(0.03, reason=".002 of a typical error of .07, the law's error by more costly Monte Carlo"),
        _summed,
        "D_test error and its law, each summed over the last five",
        SHARP_DTEST,
        conditions=(conditions.ALL["dimension_ratio"],),
        parents=("two_stage.sharp.dtest_course",),
        constants=_CONSTANTS,
    ),
)
