"""Laws: measured against predicted, nothing fitted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from theory.claim import Proof
from theory.rules import Law
from theory.two_stage.setting import Setting
from verify.outcome import Decision, Observation, Verdict
from verify.statistics.equivalence import equivalence
from verify.statistics.intervals import MIN_REPLICATES, rate_p
from verify.statistics.trials import by_seed, count, percent, value_error, without_runs

__all__ = ["decide_law", "log_ratio"]


def _pair(observation: Observation) -> tuple[float, float]:
    try:
        measured, predicted = observation.value
        return float(measured), float(predicted)
    except (TypeError, ValueError) as error:
        raise value_error(observation, "a pair (measured, predicted)") from error


def log_ratio(observation: Observation) -> float | None:
    """`log(measured / predicted)`, None when one of the two is not finite and positive.

    Raises:
        ValueError: naming the claim value, when it is not a pair of numbers.
    """
    measured, predicted = _pair(observation)
    if not all(math.isfinite(v) and v > 0 for v in (measured, predicted)):
        return None
    return math.log(measured) - math.log(predicted)


def _extreme_settings(ratios: dict[Setting, list[float]]) -> list[float]:
    """Lowest and highest geometric mean ratio of a setting."""
    means = [float(np.mean(values)) for values in ratios.values()]
    return [math.exp(min(means)), math.exp(max(means))]


def decide_law(rule: Law, observations: Sequence[Observation], proof: Proof | None) -> Decision:
    """Decide `|mean log(measured / predicted)| <= log(1 + margin)` over runs that share no seed.

    The mean is over all runs, of one setting or of many; a trial's ratio is the mean over the runs of its
    seed. A run without a finite positive pair has no log ratio: with one, the mean over all runs is
    not known and nothing is supported; when such runs are surely the majority the law is refuted. Two ways
    to refute then share the error level (docs/statistics.md).
    `measured` and `predicted` are geometric means; the statistic's `setting_ratios` show whether settings
    err in opposite directions.

    Raises:
        ValueError: naming the claim value, when it is not a pair of numbers.
    """
    if not observations:
        return without_runs(proof)
    trial_means: list[float] = []
    by_setting: dict[Setting, list[float]] = {}
    measured: list[float] = []
    no_ratio = hopeless = 0
    for trial in by_seed(observations):
        ratios = []
        for o in trial:
            ratio = log_ratio(o)
            if ratio is None:
                no_ratio += 1
                continue
            ratios.append(ratio)
            by_setting.setdefault(o.setting, []).append(ratio)
            measured.append(math.log(_pair(o)[0]))
        if ratios:
            trial_means.append(float(np.mean(ratios)))
        else:
            hopeless += 1
    n = len(trial_means) + hopeless
    statistic: dict[str, Any] = {
        "runs": len(observations),
        "trials": n,
        "not_finite": no_ratio,
        "interval": None,
        "interval_of": "measured / predicted",
        "level": 1 - 2 * rule.alpha,
        "margin": rule.margin,
    }
    p_majority = _majority_p(hopeless, n)
    if p_majority < rule.alpha:
        reason = (
            f"{hopeless} of {count(n, 'trial')} have no finite positive value, surely more than half:"
            " measured and predicted have no common average."
        )
        return Decision("refuted", reason, None, None, statistic, n, p_value=p_majority, support_p=1.0)
    if len(trial_means) < MIN_REPLICATES:
        reason = (
            f"Only {len(trial_means)} of {count(n, 'trial')} have a finite positive measured and predicted"
            f" value; {MIN_REPLICATES} are needed."
        )
        few = MIN_REPLICATES + hopeless
        return Decision(
            "inconclusive", reason, None, None, statistic, n, few, p_value=p_majority, support_p=1.0
        )

    result = equivalence(trial_means, 0.0, math.log1p(rule.margin), rule.alpha)
    ratio = math.exp(result.mean)
    centre = float(np.mean(measured))
    all_ratios = [r for values in by_setting.values() for r in values]
    statistic |= {
        "ratio": ratio,
        "mean_log_ratio": result.mean,
        "spread": result.spread,
        "interval": [math.exp(result.inner.low), math.exp(result.inner.high)],
        "outer_interval": [math.exp(result.outer.low), math.exp(result.outer.high)],
        "outer_level": 1 - rule.alpha,
        "settings": len(by_setting),
        "setting_ratios": _extreme_settings(by_setting),
    }
    p_value = min(1.0, result.p_value * (2 if hopeless else 1), p_majority)
    refuted = result.verdict == "refuted" and p_value < rule.alpha
    interval = statistic["outer_interval" if refuted else "interval"]
    level = percent(1 - rule.alpha if refuted else 1 - 2 * rule.alpha)
    lies = {"supported": "inside", "refuted": "outside", "inconclusive": "neither inside nor outside"}
    verdict: Verdict = "inconclusive" if result.verdict == "refuted" and not refuted else result.verdict
    where = lies[verdict]
    needed = result.needed
    more = "" if needed is None else f"; about {needed} runs would decide"
    if no_ratio:
        more += f"; {count(no_ratio, 'run')} without a finite positive value left out"
        if verdict == "supported":
            verdict, more = "inconclusive", f"{more}, so the mean over all runs is not known"
    reason = (
        f"Over {count(len(trial_means), 'trial')} measured / predicted is {ratio:.4g} on average, {level}"
        f" interval [{interval[0]:.4g}, {interval[1]:.4g}], {where}"
        f" [{1 / (1 + rule.margin):.4g}, {1 + rule.margin:.4g}]{more}."
    )
    return Decision(
        verdict,
        reason,
        measured=math.exp(centre),
        predicted=math.exp(centre - float(np.mean(all_ratios))),
        statistic=statistic,
        n_trials=n,
        needed=needed,
        p_value=p_value,
        support_p=1.0 if no_ratio else result.support_p,
    )


def _majority_p(hopeless: int, trials: int) -> float:
    """p-value of "at least half of the trials have a value", for half of the error level: twice the binomial
    tail given that some trial has none; 1 when all have one."""
    if not hopeless:
        return 1.0
    return min(1.0, 2 * rate_p(hopeless, trials, 0.5)[0] / (1 - 0.5**trials))
