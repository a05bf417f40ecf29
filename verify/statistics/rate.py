"""Is a violation rate below delta? The exact binomial decision behind events, orderings and bands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from verify.outcome import Observation, Verdict
from verify.statistics.intervals import exceeds, rate_lower, rate_p, rate_upper, runs_for_event
from verify.statistics.trials import SHOWN, count, percent

__all__ = ["RateDecision", "decide_rate", "fewest_violations"]


@dataclass(frozen=True)
class RateDecision:
    """Verdict on `violation rate <= delta`, its sentence and what it rests on."""

    verdict: Verdict
    reason: str
    rate: float | None
    statistic: dict[str, Any]
    trials: int
    needed: int | None
    p_value: float = 1.0
    support_p: float = 1.0


def _at_least(
    holding: int, of: str, delta: float, low: float, high: float, level: str, verdict: Verdict, more: str
) -> str:
    """The sentence of a claim that something happens in a share of runs; `low` and `high` of the others."""
    seen, share = f"It happens in {holding} of {of}", f"{1 - delta:g}"
    if verdict == "supported":
        text = f"as claimed (in at least {share}): the rate is above"
        return f"{seen}, {text} {1 - high:.3g} at {level} confidence."
    if verdict == "refuted":
        text = f"less often than claimed (in at least {share}): the rate is below"
        return f"{seen}, {text} {1 - low:.3g} at {level} confidence."
    ends = f"between {1 - high:.3g} and {1 - low:.3g} (each limit at {level})"
    return f"{seen}: the rate lies {ends}, around the claimed {share}{more}."


def decide_rate(
    trials: Sequence[Sequence[Observation]],
    violated: Callable[[Observation], bool],
    delta: float,
    alpha: float,
    what: str = "violate it",
    blocks: int = 1,
) -> RateDecision:
    """SUPPORTED when the upper limit of the violation rate is below delta, REFUTED when the lower limit is
    above, each exact and one-sided at `1 - alpha`; else INCONCLUSIVE.

    A trial is a list of observations that share a seed. With several, the upper limit counts the trials
    with ANY violation and the lower limit those with ONLY violations: a bound on each run's own rate from
    both sides, whatever the dependence inside a trial. The p-values are the binomial tails of the same counts
    at delta. `what` completes "2 of 60 runs ...".
    `blocks` is the number of equal blocks of which these trials are one; `needed` counts them all.
    """
    flags = [[violated(o) for o in trial] for trial in trials]
    n = len(flags)
    runs = sum(map(len, flags))
    violations = sum(map(sum, flags))
    some = sum(map(any, flags))
    only = sum(map(all, flags))
    low, high = rate_lower(only, n, alpha), rate_upper(some, n, alpha)

    on = "" if runs == n else f" on {count(n, 'seed')}"
    seen = f"{violations} of {runs} runs{on} {what}"
    level = percent(1 - alpha)
    verdict: Verdict
    needed: int | None = None
    if high < delta:
        verdict = "supported"
        limits = f"is below {high:.3g} at {level} confidence, under delta = {delta:g}"
    elif exceeds(low, delta):
        verdict = "refuted"
        limits = f"is above {low:.3g} at {level} confidence, over delta = {delta:g}"
    else:
        verdict = "inconclusive"
        needed = _needed(n, some, only, delta, alpha)
        needed = None if needed is None else blocks * needed
        between = f"between {low:.3g} and {high:.3g} (each limit at {level})"
        limits = f"lies {between}, and delta = {delta:g} is among them"
    in_all = "" if blocks == 1 else " in all"
    more = "" if needed is None else f"; about {needed} runs{in_all} would decide"
    reason = f"{seen}; the violation rate {limits}{more}."
    if delta >= 0.5:  # "at least a share": what is claimed to happen is said, not what is not
        reason = _at_least(runs - violations, count(runs, "run") + on, delta, low, high, level, verdict, more)
    statistic = {
        "runs": runs,
        "trials": n,
        "violations": violations,
        "violation_rate": violations / runs if runs else None,
        "interval": [low, high],
        "interval_of": "violation rate",
        "level": 1 - 2 * alpha,
        "delta": delta,
        "violating": _first_of(trials, flags),
    }
    rate = violations / runs if runs else None
    p_value, support_p = rate_p(only, n, delta)[0], rate_p(some, n, delta)[1]
    return RateDecision(verdict, reason, rate, statistic, n, needed, p_value, support_p)


def _first_of(trials: Sequence[Sequence[Observation]], flags: Sequence[Sequence[bool]]) -> list[int]:
    """Indices of the first violating runs, whose flags are known."""
    pairs = zip(trials, flags, strict=True)
    return [o.index for trial, row in pairs for o, bad in zip(trial, row, strict=True) if bad][:SHOWN]


def _needed(trials: int, some: int, only: int, delta: float, alpha: float) -> int | None:
    """Runs that decide with probability 0.8 if the observed rate is the true one."""
    if trials and some / trials < delta:
        rate = some / trials
    elif trials and only / trials > delta:
        rate = only / trials
    else:
        return None if trials else runs_for_event(0.0, delta, alpha)
    needed = runs_for_event(rate, delta, alpha)
    return None if needed is None else max(needed, trials + 1)


def fewest_violations(trials: int, delta: float, level: float) -> int | None:
    """The smallest number of violating trials whose binomial tail at delta is below the level; None when not
    even all of them suffice.

    >>> fewest_violations(60, 0.05, 0.05), fewest_violations(24, 0.95, 0.05)
    (7, None)
    """
    return next((k for k in range(1, trials + 1) if rate_p(k, trials, delta)[0] < level), None)
