"""How often whole verifications are wrong about claims whose truth is known by construction.

A suite is a list of claims of every rule kind (`verify.soundness.known`), judged by `verify_claims`. A
thousand suites with different seeds give the rates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from theory.rules import Rule
from verify.soundness.known import known_suite
from verify.statistics.error_budget import ERROR_BUDGET
from verify.statistics.intervals import rate_interval

__all__ = ["ClaimRates", "FalseAlarms", "measure_false_alarms"]

#: A count is inconsistent with a declared rate when chance gives as many with at most this probability. Some
#: thirty counts are compared at once.
_LEVEL = 1e-4


@dataclass(frozen=True)
class ClaimRates:
    """One claim over all suites: how often its p-value alone refuted it at its alpha, how often it was
    REFUTED and SUPPORTED in the end, and which of the three its construction makes an error."""

    name: str
    alpha: float
    refuted_alone: int
    refuted: int
    supported: int
    holds: bool
    fails: bool


@dataclass(frozen=True)
class FalseAlarms:
    """Counts over all suites. `alarms` are the suites with at least one claim REFUTED though it holds."""

    suites: int
    budget: float
    alarms: int
    claims: tuple[ClaimRates, ...]

    @property
    def too_frequent(self) -> tuple[str, ...]:
        """Every rate that exceeds its declared level beyond chance (exact binomial, `_LEVEL`), in words."""
        out = []
        if _too_often(self.alarms, self.suites, self.budget):
            out.append(
                f"suites with a false refutation: {self.alarms} of {self.suites}, budget {self.budget:g}"
            )
        for c in self.claims:
            if c.holds and _too_often(c.refuted_alone, self.suites, c.alpha):
                out.append(
                    f"{c.name}: refuted alone in {c.refuted_alone} of {self.suites}, alpha {c.alpha:g}"
                )
            if c.fails and _too_often(c.supported, self.suites, c.alpha):
                out.append(f"{c.name}: supported in {c.supported} of {self.suites}, alpha {c.alpha:g}")
        return tuple(out)

    @property
    def passed(self) -> bool:
        """Whether every rate is consistent with its declared level."""
        return not self.too_frequent

    @property
    def text(self) -> str:
        """A table for a terminal."""
        share = rate_interval(self.alarms, self.suites, 0.05)
        lines = [
            f"{self.alarms} of {self.suites} suites refute a claim that holds:"
            f" {share.value:.4f}, 95 % interval [{share.low:.4f}, {share.high:.4f}]; budget {self.budget:g}",
            f"{'claim':22s} {'alpha':>6s} {'refuted alone':>14s} {'refuted':>8s} {'supported':>10s}",
        ]
        for c in self.claims:
            truth = "border" if c.holds and c.fails else "true" if c.holds else "false"
            lines.append(
                f"{c.name:22s} {c.alpha:6g} {c.refuted_alone:14d} {c.refuted:8d} {c.supported:10d}  {truth}"
            )
        ending = [f"TOO FREQUENT: {line}" for line in self.too_frequent]
        return "\n".join(lines + (ending or ["every rate is consistent with its declared level"]))


def _too_often(count: int, suites: int, rate: float) -> bool:
    from scipy.special import bdtrc

    return count > 0 and rate < 1 and float(bdtrc(count - 1, suites, rate)) < _LEVEL


def measure_false_alarms(
    suites: int = 1000,
    *,
    seed: int = 0,
    error_budget: float = ERROR_BUDGET,
    rules: Mapping[str, Rule] | None = None,
    declared_budget: float | None = None,
    jobs: int = 1,
) -> FalseAlarms:
    """Judge the known claims in this many verifications with seeds derived from `seed`.

    `rules` replaces the rules of claims by name, and `declared_budget` the budget that the alarms are held
    against: to see a broken decider or a missing correction caught. A replaced rule is held to the alpha of
    the original. The counts do not depend on `jobs`.

    Raises:
        ValueError: when suites is not positive, or a name is unknown.
    """
    if suites < 1:
        raise ValueError(f"suites must be at least 1, was {suites!r}")
    known = known_suite()
    changed = dict(rules or {})
    unknown = set(changed) - {k.name for k in known}
    if unknown:
        raise ValueError(f"rules must name known claims, was {sorted(unknown)[0]!r}")
    levels = [float(getattr(k.rule, "alpha", 0.05)) for k in known]
    if jobs == 1:
        parts = [_judge_suites(range(suites), seed, error_budget, changed)]
    else:
        from joblib import Parallel, delayed

        shares = [range(start, suites, 4 * jobs) for start in range(min(suites, 4 * jobs))]
        parts = Parallel(n_jobs=jobs)(
            delayed(_judge_suites)(share, seed, error_budget, changed) for share in shares
        )
    counts = np.sum([part for part, _ in parts], axis=0)
    alarms = sum(part for _, part in parts)
    return FalseAlarms(
        suites,
        error_budget if declared_budget is None else declared_budget,
        alarms,
        tuple(
            ClaimRates(c.name, level, int(row[0]), int(row[1]), int(row[2]), c.holds, c.fails)
            for c, level, row in zip(known, levels, counts, strict=True)
        ),
    )


def _judge_suites(
    suites: Sequence[int], seed: int, error_budget: float, rules: Mapping[str, Rule]
) -> tuple[NDArray[np.int64], int]:
    """Per known claim how often it is refuted alone, refuted and supported; and the suites with an alarm."""
    from theory.rng import derive_seed
    from verify.pipeline import verify_claims
    from verify.runs.backends import SerialBackend

    known = known_suite()
    claims = [replace(k, rule=rules.get(k.name, k.rule)).claim() for k in known]
    levels = [float(getattr(k.rule, "alpha", 0.05)) for k in known]
    counts = np.zeros((len(known), 3), dtype=np.int64)
    alarms = 0
    for k in suites:
        judgements = verify_claims(
            claims,
            profile="quick",
            seed=derive_seed(seed, "false alarms", k),
            counterexamples=False,
            adversaries=False,
            error_budget=error_budget,
            backend=SerialBackend(),
        ).judgements
        verdicts = [j.verdict for j in judgements]
        alone = [j.decision.p_value for j in judgements]
        counts[:, 0] += [p is not None and p < level for p, level in zip(alone, levels, strict=True)]
        counts[:, 1] += [v == "refuted" for v in verdicts]
        counts[:, 2] += [v == "supported" for v in verdicts]
        alarms += any(v == "refuted" and c.holds for v, c in zip(verdicts, known, strict=True))
    return counts, alarms
