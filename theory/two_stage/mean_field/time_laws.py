r"""The law of t_half and t_all, pooled and by class: a run's time is a draw from a predicted distribution.

A median of many samples is nearly normal and `sharp_times` judges it by its mean and standard deviation.
t_all, and times of classes with few flipped labels, are not: here the whole law is predicted, and what is
judged is a run's place in it. If the law is right, its rank among independent replicates is uniform, whatever
the setting.

Source: derived here (`docs/derivations/stage_time_law.md`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from theory.claim import Claim
from theory.rules import ZScores
from theory.run import NotApplicable
from theory.two_stage import conditions
from theory.two_stage.mean_field.sampled_field import MORE_REPLICATES, normal_score, time_law
from theory.two_stage.mean_field.times import TIMES, judged_population
from theory.two_stage.run import Run
from theory.two_stage.sources import here
from theory.two_stage.stated_claim import stated_claim
from theory.two_stage.stays import share_time, stay_times

__all__ = ["CLAIMS", "stage_time_score"]

#: Largest probability that a judged time lies beyond the run; there it counts as the run's end, in the law
#: too.
MOST_CENSORED = 0.05


def _fit_from(run: Run, share: float, label: int | None) -> float | NotApplicable:
    """Time from which `share` of the noisy samples (of one true label) stay fit; inf beyond the run."""
    who = run.noisy if label is None else run.noisy & (run.y == label)
    if not who.any():
        return NotApplicable("no label of the class was flipped")
    return share_time(stay_times(run.margins[:, who], run.steps), share)


def stage_time_score(
    run: Run, share: float, label: int | None = None, factor: float = 1.0
) -> tuple[float, float, float, float] | NotApplicable:
    """`(score, 0, 1, 0)`: the normal score of a run's time among replicates of its predicted law.

    `share` 0.5 is t_half, 1 is t_all; `label` the true label of the class, None for both; `factor` multiplies
    the predicted times.
    """
    pop = judged_population(run)
    if isinstance(pop, NotApplicable):
        return pop
    step = _fit_from(run, share, label)
    if isinstance(step, NotApplicable):
        return step
    steps = len(run.steps) - 1
    law = time_law(pop, steps)
    if law.censored(share, label) > MOST_CENSORED:
        return NotApplicable(f"the time lies beyond the run with probability above {MOST_CENSORED:g}")
    clock = min(step * run.setting.clock_step, law.end)
    times = factor * law.times(share, label)
    if not times.min() <= clock <= times.max():
        times = factor * time_law(pop, steps, MORE_REPLICATES).times(share, label)
    return normal_score(clock, times), 0.0, 1.0, 0.0


_RULE = ZScores(
    delta=0.02,
    reason="scores are standard normal if the law is right, but for the steps of 1/129 in rank; one run "
    "in 500 lies beyond 1024 replicates too, and its score goes on linearly though a maximum's tail is heavy",
)

_WHAT = {None: "of all", 1: r"of class $+1$", -1: r"of class $-1$"}


def _claim(name: str, symbol: str, share: float, label: int | None) -> Claim:
    measure: Callable[[Run], object] = partial(stage_time_score, share=share, label=label)
    return stated_claim(
        f"sharp.{name}",
        here("docs/derivations/stage_time_law.md"),
        rf"${symbol}$ {_WHAT[label]} noisy samples is a draw from the predicted law: location, "
        r"spread and shape; nothing fitted, $\kappa_0 \ge 10$",
        _RULE,
        measure,
        "normal score of the run's time among replicates of the law given its label counts",
        TIMES,
        conditions=tuple(conditions.ALL[c] for c in ("kappa_large", "iota_small", "clock_step")),
        parents=("two_stage.sharp.t_half",),
        note="The law is that of the mean field with every sample's own active filters, norm and head start "
        "drawn.",
    )


CLAIMS: tuple[Claim, ...] = tuple(
    _claim(f"{name}_law{suffix}", symbol, share, label)
    for name, symbol, share in (("t_half", "t_{half}", 0.5), ("t_all", "t_{all}", 1.0))
    for suffix, label in (("", None), (".plus", 1), (".minus", -1))
)
