r"""The error on fresh noise from Gaussian side sums: the claim on runs, at kappa_0 of .01 to 5.

Source: derived here (`docs/derivations/mean_field.md`, Test errors).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from theory.claim import Claim
from theory.experiment import Experiment
from theory.rules import Band
from theory.run import NotApplicable
from theory.two_stage import conditions
from theory.two_stage.box import Domain
from theory.two_stage.conditions import DEFAULT_CONSTANTS
from theory.two_stage.mean_field.iid_law import SideSums, iid_log_error, side_sums
from theory.two_stage.run import Run
from theory.two_stage.sources import here
from theory.two_stage.stated_claim import stated_claim

__all__ = ["CLAIMS", "IID", "LEAST_LOG_ERROR", "LINES", "MIDDLE", "iid_difference"]

#: Where the law says less than this it is not judged: its error in ln err grows with -ln err.
LEAST_LOG_ERROR = -12.0

#: Lines of the rare-event estimate: a standard deviation of .015 in ln err at kappa_0 of 5, .005 below 1.
LINES = 12_000

#: Clock of the first of the two looks.
MIDDLE = 4.0
_MOST_KAPPA_0, _LEAST_RATIO = 5.0, 10.0

IID = Experiment(
    id="two_stage.sharp.iid",
    place=Domain(
        "iid error",
        n=(50, 90),
        m=(12, 24),
        signal_margin=(3.0, 8.0),
        tau=(0.15, 0.3),
        kappa_0=(0.01, _MOST_KAPPA_0),
        dimension=(_LEAST_RATIO, 25.0),
        clock_step=(0.06, 0.1),
    ),
    clock=16.0,
    runs={"quick": 0, "default": 180, "full": 1000},
    snapshots=(MIDDLE,),
)


def iid_difference(
    run: Run, sums: Callable[[Run, float], SideSums] = side_sums, factor: float = 1.0
) -> float | NotApplicable:
    """The larger difference in size of ln err from its law, law less measurement, at 4 time units and at the
    end. `sums` and `factor`, on ln err, are for laws that are wrong on purpose."""
    differences = []
    for clock in (MIDDLE, float(run.clock[-1])):
        predicted = factor * iid_log_error(sums(run, clock))
        # The law's own value selects, so that no verdict hangs on what was measured.
        if predicted < LEAST_LOG_ERROR:
            continue
        measured = run.log_test_error("iid", clock, lines=LINES)
        if not math.isfinite(measured.low):
            return math.inf
        differences.append(predicted - measured.value)
    if not differences:
        return NotApplicable(f"the law puts the error below e^{LEAST_LOG_ERROR:g}")
    return max(differences, key=abs)


CLAIMS: tuple[Claim, ...] = (
    stated_claim(
        "sharp.iid_error",
        here("docs/derivations/mean_field.md, Test errors"),
        r"$\ln\mathrm{err}_{iid}$ is that of Gaussian side sums and of what each filter has of its "
        rf"own, within .1, at $.01 \le \kappa_0 \le {_MOST_KAPPA_0:g}$, $d/n \ge {_LEAST_RATIO:g}$ and "
        rf"$\ln\mathrm{{err}} \ge {LEAST_LOG_ERROR:g}$",
        Band(
            -0.1,
            0.1,
            "what two filters of a side have in common beyond the side sum, 1/sqrt(d) ~ .03 of a "
            "pre-activation with either sign, is left out: .03 in ln err; the saddlepoint's and the "
            "quadrature's error, .01 each; two standard deviations of the estimate, .01 to .03",
        ),
        iid_difference,
        "ln of the law minus ln of the error by line sampling, the larger in size of two clocks",
        IID,
        conditions=(conditions.ALL["kappa_small"], conditions.ALL["dimension_ratio"]),
        parents=("two_stage.closure",),
        constants=DEFAULT_CONSTANTS.with_(c_k=_MOST_KAPPA_0, c_ratio=_LEAST_RATIO),
    ),
)
