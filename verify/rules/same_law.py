"""Two engines, one law: Kolmogorov-Smirnov tests and a certified bound on every distance."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim, Proof
from theory.falsehood import FalsehoodKind
from theory.rules import SameLaw
from verify.outcome import Decision, Judgement, Observation, Verdict
from verify.rules.ends import interval, plain_value, unmeasured
from verify.rules.judge import Exempt, Judge, Plan, Planted
from verify.rules.variants import EXPONENT_ERRORS
from verify.statistics.holm import holm
from verify.statistics.intervals import dkw_half_width
from verify.statistics.trials import by_seed, percent, value_error, without_runs

__all__ = [
    "SameLawJudge",
    "certified_width",
    "decide_same_law",
    "kolmogorov_smirnov",
    "runs_for_same_law",
]

#: Above this product of sample sizes the asymptotic p-value is used: both agree to three digits there.
_EXACT_UP_TO = 250_000


@dataclass(frozen=True)
class _Samples:
    """The measured quantities of one engine, name -> (runs,)."""

    engine: str
    runs: int
    values: dict[str, NDArray[np.float64]]


def certified_width(alpha: float, names: int, *runs: int) -> float:
    """What must be added to an empirical distance to bound the true one: one DKW half width a sample,
    alpha split over names and samples."""
    return sum(dkw_half_width(n, alpha / (len(runs) * names)) for n in runs)


def runs_for_same_law(margin: float, alpha: float, names: int, power: float = 0.8) -> int:
    """Runs of each engine that certify every distance below the margin with this probability when the laws
    are the same: the empirical distance is then at most a Kolmogorov quantile times `sqrt(2 / n)`."""
    from scipy.special import kolmogi

    distance = float(kolmogi((1 - power) / names)) * math.sqrt(2)
    width = math.sqrt(2 * math.log(4 * names / alpha))
    return math.ceil(((distance + width) / margin) ** 2)


def kolmogorov_smirnov(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[float, float]:
    """Two-sample distance and p-value; inf is the largest number and nan an outcome beyond it, so that two
    engines must also fail equally often.

    >>> kolmogorov_smirnov(np.array([1.0, 2.0, np.nan]), np.array([1.0, 2.0, np.nan]))
    (0.0, 1.0)
    """
    from scipy.stats import ks_2samp

    _, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    exact = first.size * second.size <= _EXACT_UP_TO
    result = ks_2samp(codes[: first.size], codes[first.size :], method="exact" if exact else "asymp")
    return float(result.statistic), float(result.pvalue)


def _named_values(observation: Observation) -> dict[str, float]:
    value = observation.value
    if not isinstance(value, Mapping) or not value:
        raise value_error(observation, "a mapping of names to numbers")
    try:
        return {str(name): float(v) for name, v in value.items()}
    except (TypeError, ValueError) as error:
        raise value_error(observation, "a mapping of names to numbers") from error


def _samples(observations: Sequence[Observation]) -> list[_Samples]:
    rows: dict[str, list[dict[str, float]]] = {}
    names = list(_named_values(observations[0]))
    for o in observations:
        row = _named_values(o)
        if set(row) != set(names):
            raise value_error(o, f"a mapping with the names {names} as in the other runs")
        rows.setdefault(o.engine, []).append(row)
    return [
        _Samples(engine, len(r), {name: np.array([row[name] for row in r]) for name in names})
        for engine, r in rows.items()
    ]


def decide_same_law(rule: SameLaw, observations: Sequence[Observation], proof: Proof | None) -> Decision:
    """REFUTED when a test rejects at alpha after Holm's correction; SUPPORTED when none does and every
    distance is certified below the margin; else INCONCLUSIVE.

    With runs judged of one engine only, or with runs of one engine that share a seed (so are not
    independent), nothing is decided. `measured` is the largest empirical distance; `n_trials` and `needed`
    count the runs of each engine.

    Raises:
        ValueError: when there are more than two engines; naming the claim value, when it is not a mapping
            of the same names to numbers.
    """
    if not observations:
        return without_runs(proof)
    samples = _samples(sorted(observations, key=lambda o: o.index))
    if len(samples) > 2:
        raise ValueError(f"engines must be two to be compared, was {sorted(s.engine for s in samples)}")
    n = min(s.runs for s in samples) if len(samples) == 2 else 0
    statistic: dict[str, Any] = {
        "runs": len(observations),
        "trials": n,
        "runs_by_engine": {s.engine: s.runs for s in samples},
        "interval": None,
        "interval_of": "largest distance between the distributions",
        "level": 1 - rule.alpha,
        "margin": rule.margin,
    }
    names = list(samples[0].values)
    planned = runs_for_same_law(rule.margin, rule.alpha, len(names))
    if len(samples) < 2:
        reason = f"Only {samples[0].engine} was judged; a comparison needs two engines."
        return Decision("inconclusive", reason, None, 0.0, statistic, n, planned, p_value=1.0, support_p=1.0)
    for s in samples:
        if len(by_seed(o for o in observations if o.engine == s.engine)) < s.runs:
            reason = f"Runs of {s.engine} share seeds, so they are no independent sample."
            return Decision("inconclusive", reason, None, 0.0, statistic, n, p_value=1.0, support_p=1.0)

    first, second = samples
    tests = {name: kolmogorov_smirnov(first.values[name], second.values[name]) for name in names}
    adjusted = holm([p for _, p in tests.values()])
    rejected = [p <= rule.alpha for p in adjusted]
    width = certified_width(rule.alpha, len(names), first.runs, second.runs)
    worst = max(names, key=lambda name: tests[name][0])
    distance = tests[worst][0]
    interval = [max(0.0, distance - width), min(1.0, distance + width)]
    lowest = names[int(np.argmin(adjusted))]
    statistic |= {
        "distance": {name: d for name, (d, _) in tests.items()},
        "p_value": {name: p for name, (_, p) in tests.items()},
        "holm_p_value": {name: float(p) for name, p in zip(names, adjusted, strict=True)},
        "certified_distance": {name: min(1.0, d + width) for name, (d, _) in tests.items()},
        "interval": interval,
        "largest_distance_of": worst,
        "not_finite": {
            s.engine: {name: int((~np.isfinite(v)).sum()) for name, v in s.values.items()} for s in samples
        },
    }
    sizes = f"{first.runs} runs of {first.engine} and {second.runs} of {second.engine}"
    verdict: Verdict
    needed: int | None = None
    if any(rejected):
        verdict = "refuted"
        reason = (
            f"Over {sizes} the distributions of {lowest} differ: distance {tests[lowest][0]:.3g},"
            f" p = {min(adjusted):.2g} after Holm's correction, below alpha = {rule.alpha:g}."
        )
    else:
        compared = (
            f"Over {sizes} no test rejects (lowest corrected p = {min(adjusted):.2g}), and every distance is"
            f" certified below {interval[1]:.3g} at {percent(1 - rule.alpha)} confidence"
        )
        if distance + width < rule.margin:
            verdict = "supported"
            reason = f"{compared}, under the margin {rule.margin:g}."
        else:
            verdict = "inconclusive"
            needed = max(planned, n + 1)
            reason = (
                f"{compared}, not under the margin {rule.margin:g};"
                f" about {needed} runs of each engine would decide."
            )
    return Decision(
        verdict,
        reason,
        distance,
        0.0,
        statistic,
        n,
        needed,
        p_value=float(min(adjusted)),
        support_p=_distance_p(rule.margin - distance, len(names), first.runs, second.runs),
    )


def _distance_p(room: float, names: int, *runs: int) -> float:
    """The smallest alpha at which `certified_width` is below `room`; 1 when none is.

    `sum_k sqrt(log(2 k' / alpha) / (2 n_k)) = room` with `k' = names x samples` has the same root in every
    term, so it is solved in closed form.
    """
    if room <= 0:
        return 1.0
    root = room / sum(math.sqrt(0.5 / n) for n in runs)
    return min(1.0, 2 * len(runs) * names * math.exp(-(root**2)))


def _distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Largest distance of two empirical distribution functions."""
    points = np.concatenate([first, second])
    left = np.searchsorted(np.sort(first), points, side="right") / len(first)
    right = np.searchsorted(np.sort(second), points, side="right") / len(second)
    return float(np.max(np.abs(left - right)))


class SameLawJudge(Judge[SameLaw]):
    """Two engines, one law. Planned power: a lower bound of P(SUPPORTED) for equal continuous laws
    (asymptotic Kolmogorov distribution, Bonferroni over the quantities)."""

    rule: ClassVar[type] = SameLaw
    explanation: ClassVar[str] = (
        "The same distribution under two engines, by two-sample tests and a certified distance."
    )

    open_value = "mapping"

    def assignments(self, rule: SameLaw, observations: Sequence[Observation]) -> list[list[Observation]]:
        """Runs that were not measured left out; then each engine in turn at its low ends, the others at their
        high ones, so that what is not measured lies beyond everything on one side."""

        def at(low_engine: str) -> list[Observation]:
            return [
                replace(o, value={k: interval(v)[o.engine != low_engine] for k, v in o.value.items()})
                for o in observations
            ]

        kept = [replace(o, value=plain_value(o.value)) for o in observations if not unmeasured(o.value)]
        return [kept, *(at(engine) for engine in dict.fromkeys(o.engine for o in observations))]

    def decide(self, rule: SameLaw, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        return decide_same_law(rule, observations, proof)

    def plan(self, rule: SameLaw, decision: Decision, observations: Sequence[Observation]) -> Plan:
        values = [len(o.value) for o in observations[:1] if isinstance(o.value, Mapping)]
        return Plan(quantities=max([1, *values]), basis="equal continuous laws")

    def planned(self, rule: SameLaw, n_trials: int, plan: Plan) -> float | None:
        from scipy.special import kolmogi, kolmogorov

        if n_trials == 0:
            return 0.0
        scale = math.sqrt(n_trials / 2)
        room = (rule.margin - certified_width(rule.alpha, plan.quantities, n_trials, n_trials)) * scale
        critical = float(kolmogi(rule.alpha / plan.quantities))
        if room <= 0:
            return 0.0
        return max(0.0, 1 - plan.quantities * float(kolmogorov(min(room, critical))))

    def worst(self, rule: SameLaw, observations: Sequence[Observation]) -> list[Observation] | None:
        first = observations[0].engine if observations else ""
        return [replace(o, value={name: float(o.engine == first) for name in o.value}) for o in observations]

    def variants(self, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        """One engine's quantities halved, doubled, of the other sign, to another power; those of one engine
        are its prediction of the other's."""
        rule: Any = claim.rule
        engines = list(dict.fromkeys(o.engine for o in observations))
        if not engines:
            return
        changed = engines[0]
        changes: list[tuple[str, FalsehoodKind, Callable[[float], float]]] = [
            ("of the other sign", "sign", lambda v: -v),
            ("x 0.5", "constant", lambda v: v / 2),
            ("x 2", "constant", lambda v: 2 * v),
            *(
                (f"to the power {1 + error:g}", kind, lambda v, e=error: math.copysign(abs(v) ** (1 + e), v))
                for error, kind in EXPONENT_ERRORS
            ),
        ]
        own = [o.value for o in observations if o.engine == changed]
        for name, kind, change in changes:
            distance = max(
                _distance(np.array([v[key] for v in own]), np.array([change(v[key]) for v in own]))
                for key in own[0]
            )

            def moved(o: Observation, change: Callable[[float], float] = change) -> Any:
                return {k: change(v) for k, v in o.value.items()} if o.engine == changed else o.value

            title = f"quantities of {changed} {name}"
            if distance > rule.margin:
                why = f"the change alone moves the law by {distance:.3g}, beyond the margin {rule.margin:g}"
                yield Planted(claim, title, kind, rule, why, moved)
            else:
                why = f"the change moves the law by {distance:.2g} only, within the margin {rule.margin:g}"
                yield Exempt(claim, title, kind, why)

    def sentence(self, rule: SameLaw) -> str:
        return (
            f"Both engines must give the same distributions: no test rejects at {rule.alpha:g}, and a"
            f" distance below {rule.margin:g} is certified."
        )

    def numbers(self, judgement: Judgement) -> str:
        statistic, distance = judgement.decision.statistic, judgement.decision.measured
        interval = statistic.get("interval")
        if distance is None or interval is None:
            return judgement.decision.reason.rstrip(".")
        return f"largest distance {float(distance):.2g}, certified below {float(interval[1]):.2g}"
