"""Calibration: does an event happen as often as predicted, cell by cell?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from theory.claim import Claim, Proof
from theory.falsehood import FalsehoodKind
from theory.rules import Calibration
from verify.outcome import Decision, Judgement, Observation, Verdict
from verify.rules.judge import Exempt, Judge, Plan, Planted
from verify.rules.variants import EXPONENT_ERRORS
from verify.rules.words import number_in_words
from verify.statistics.intervals import MIN_REPLICATES
from verify.statistics.trials import by_seed, count, percent, value_error, without_runs

__all__ = [
    "CalibrationJudge",
    "border_cumulants",
    "cell_square",
    "decide_calibration",
    "excess_p",
    "gamma_tail",
]


def _difference(observation: Observation) -> tuple[bool, float]:
    wanted = "(happened, probability): a bool and a number in [0, 1]"
    try:
        happened, probability = observation.value
        probability = float(probability)
    except (TypeError, ValueError) as error:
        raise value_error(observation, wanted) from error
    if not isinstance(happened, (bool, np.bool_)) or not 0.0 <= probability <= 1.0:
        raise value_error(observation, wanted)
    return bool(happened), probability


def cell_square(differences: Sequence[float], variances: Sequence[float]) -> tuple[float, float]:
    """Unbiased estimate of a cell's squared mean difference, and the variance of that estimate.

    For R independent differences with mean e and variance v: `sum_{i != k} x_i x_k/(R (R - 1))` has mean e^2
    and variance `4 e^2 v/R + 2 v^2/(R (R - 1))`. `variances` are the predicted `p (1 - p)`: v is the larger
    of
    their mean and the observed variance, since a cell whose runs all agree shows no variance at all.

    >>> cell_square([0.5, 0.5], [0.25, 0.25])
    (0.25, 0.1875)
    """
    x = np.asarray(differences, dtype=np.float64)
    runs = len(x)
    square = (float(x.sum()) ** 2 - float((x**2).sum())) / (runs * (runs - 1))
    v = max(float(np.var(x, ddof=1)), float(np.mean(variances)))
    return square, 4 * max(square, 0.0) * v / runs + 2 * v**2 / (runs * (runs - 1))


def decide_calibration(
    rule: Calibration, observations: Sequence[Observation], proof: Proof | None
) -> Decision:
    """Compare the mean over cells of the squared difference with `margin^2`, by a normal interval.

    A cell is the runs with equal labels; cells with fewer than 3 independent runs are left out. `measured`
    and
    `predicted` are the mean frequency and the mean predicted probability.

    Both verdicts also need the tails of `excess_p`, whose law has the skewness that the normal one lacks: at
    a mean square of exactly `margin^2` the normal interval alone lies below it twice as often as alpha.

    Raises:
        ValueError: naming the claim value, when it is not (bool, probability).
    """
    from scipy.special import ndtri

    if not observations:
        return without_runs(proof)
    cells: dict[tuple[tuple[str, float], ...], list[tuple[bool, float]]] = {}
    trials = by_seed(observations)
    for trial in trials:
        o = trial[0]
        cells.setdefault(tuple(o.labels.items()), []).append(_difference(o))
    table: list[dict[str, Any]] = []
    squares, variances, of_means = [], [], []
    for labels, values in cells.items():
        happened = float(np.mean([h for h, _ in values]))
        predicted = float(np.mean([p for _, p in values]))
        spread = float(np.mean([_variance(p, rule.margin) for _, p in values]))
        table.append(
            {
                **dict(labels),
                "runs": len(values),
                "share": happened,
                "predicted": predicted,
                "variance": spread,
            }
        )
        if len(values) >= MIN_REPLICATES:
            square, variance = cell_square(
                [h - p for h, p in values], [_variance(p, rule.margin) for _, p in values]
            )
            squares.append(square)
            variances.append(variance)
            of_means.append(_variance_of_mean(values, rule.margin))
    used = len(squares)
    statistic: dict[str, Any] = {
        "runs": len(observations),
        "trials": len(trials),
        "cells": table,
        "cells_used": used,
        "margin": rule.margin,
        "interval": None,
        "interval_of": "mean square over cells of happened - predicted",
        "level": 1 - 2 * rule.alpha,
        "largest_difference": max(abs(c["share"] - c["predicted"]) for c in table),
        "mean_absolute_difference": float(np.mean([abs(c["share"] - c["predicted"]) for c in table])),
    }
    measured = float(np.mean([c["share"] for c in table]))
    predicted = float(np.mean([c["predicted"] for c in table]))
    if not used:
        reason = f"No cell has {MIN_REPLICATES} independent runs."
        return Decision(
            "inconclusive", reason, measured, predicted, statistic, len(trials), p_value=1.0, support_p=1.0
        )
    mean = float(np.mean(squares))
    error = math.sqrt(sum(variances)) / used
    half = float(-ndtri(rule.alpha)) * error
    low, high = mean - half, mean + half
    statistic |= {"mean_square": mean, "interval": [low, high]}
    limit = rule.margin**2
    p_value = excess_p(mean, rule.margin, of_means)
    support_p = 1 - p_value
    verdict: Verdict = "inconclusive"
    if support_p < rule.alpha and high <= limit:
        verdict = "supported"
    elif p_value < rule.alpha and low > limit:
        verdict = "refuted"
    needed = None
    if verdict == "inconclusive" and mean < limit:
        # The error falls at least like 1/sqrt(runs).
        needed = max(len(trials) + 1, math.ceil(len(trials) * (1.5 * half / (limit - mean)) ** 2))
        needed = needed if needed <= 100_000 else None
    lies = "below" if high <= limit else "above" if low > limit else "around"
    more = "" if needed is None else f"; about {needed} runs in all would decide"
    size = "no more than its noise" if mean <= 0 else f"{math.sqrt(mean):.3g} in root mean square"
    reason = (
        f"Over {count(used, 'cell')} the frequency misses the predicted probability by {size}; the"
        f" {percent(1 - 2 * rule.alpha)} interval of its square [{low:.3g}, {high:.3g}]"
        f" lies {lies} {rule.margin:g}^2 (p = {min(p_value, support_p):.2g}){more}."
    )
    return Decision(
        verdict,
        reason,
        measured,
        predicted,
        statistic,
        len(trials),
        needed,
        p_value=p_value,
        support_p=support_p,
    )


def _variance(probability: float, margin: float) -> float:
    """Of one run: `p (1 - p)`, p brought as far from 0 and 1 as a true probability at the margin may lie.

    A predicted 0 or 1 would otherwise have no variance, and a few runs that agree would seem to prove it.
    """
    least = min(margin, 0.5)
    p = min(max(probability, least), 1 - least)
    return p * (1 - p)


def _variance_of_mean(values: Sequence[tuple[bool, float]], margin: float) -> float:
    """Of a cell's mean difference: the larger of the observed and the predicted variance, over its runs."""
    differences = [h - p for h, p in values]
    predicted = float(np.mean([_variance(p, margin) for _, p in values]))
    return max(float(np.var(differences, ddof=1)), predicted) / len(values)


def excess_p(mean_square: float, margin: float, variances: Sequence[float]) -> float:
    """p-value of "the mean over cells of the squared error is at most `margin^2`".

    `variances` (C,) are those of the cells' mean differences `s_c = e_c + noise`. For normal noise the mean
    of `s_c^2 - v_c` has variance `sum(2 v^2 + 4 e^2 v)/C^2` and third cumulant `sum(8 v^3 + 24 e^2 v^2)/C^3`;
    it is compared with the gamma law of these cumulants, since a normal tail is far too thin for a sum of
    squares. The errors that the claim allows are put where the variance is largest, the worst case.

    >>> excess_p(0.0, 0.1, [0.01] * 9) > 0.8, excess_p(0.2, 0.1, [0.01] * 9) < 1e-6
    (True, True)
    """
    return gamma_tail(mean_square - margin**2, *border_cumulants(margin, variances))


def border_cumulants(margin: float, variances: Sequence[float]) -> tuple[float, float]:
    """Variance and third cumulant of the mean square when the claim holds exactly, as `excess_p` states."""
    v = np.asarray(variances, dtype=np.float64)
    cells, allowed = len(v), len(v) * margin**2
    spread = float((2 * v**2).sum() + 4 * allowed * v.max()) / cells**2
    return spread, float((8 * v**3).sum() + 24 * allowed * v.max() ** 2) / cells**3


def gamma_tail(distance: float, variance: float, third: float) -> float:
    """P(X >= distance) for a shifted gamma law of mean 0, this variance and third cumulant."""
    from scipy.special import gammaincc

    if variance <= 0:
        return float(distance <= 0)
    shape = 4 * variance**3 / third**2
    scale = third / (2 * variance)
    return float(gammaincc(shape, max(0.0, distance / scale + shape)))


class CalibrationJudge(Judge[Calibration]):
    """Predicted probabilities cell by cell. Planned power: P(SUPPORTED) when every cell's probability is
    right, given the cells' runs and predicted variances (gamma law of the mean square's first three
    cumulants)."""

    rule: ClassVar[type] = Calibration
    explanation: ClassVar[str] = (
        "An event happens as often as predicted in every cell: the root mean square of the cells' errors,"
        " estimated without bias, against the declared margin."
    )

    def decide(self, rule: Calibration, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        return decide_calibration(rule, observations, proof)

    def plan(self, rule: Calibration, decision: Decision, observations: Sequence[Observation]) -> Plan:
        table = decision.statistic.get("cells")
        cells = [(int(cell["runs"]), float(cell["variance"])) for cell in table] if table else None
        return Plan(cells=cells, basis="right probabilities in every cell")

    def planned(self, rule: Calibration, n_trials: int, plan: Plan) -> float | None:
        from scipy.special import gammaincinv

        if plan.cells is None:
            return None
        used = [(runs, v) for runs, v in plan.cells if runs >= MIN_REPLICATES]
        if not used:
            return 0.0
        variance = sum(2 * v**2 / (runs * (runs - 1)) for runs, v in used) / len(used) ** 2
        if variance == 0:
            return 1.0
        third = sum(8 * (v / runs) ** 3 for runs, v in used) / len(used) ** 3
        # The largest mean square that supports: the alpha quantile of its law where the claim just holds.
        spread, skew = border_cumulants(rule.margin, [v / runs for runs, v in used])
        shape, scale = 4 * spread**3 / skew**2, skew / (2 * spread)
        most = rule.margin**2 + scale * (float(gammaincinv(shape, rule.alpha)) - shape)
        return 1 - gamma_tail(most, variance, third)

    def worst(self, rule: Calibration, observations: Sequence[Observation]) -> list[Observation] | None:
        """The prediction stands; only what happened is turned to the less likely side."""
        return [replace(o, value=(o.value[1] < 0.5, o.value[1])) for o in observations]

    def variants(self, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        """The predicted probability of the complement, halved, doubled, to another power."""
        rule: Any = claim.rule
        changes: list[tuple[str, FalsehoodKind, Callable[[float], float]]] = [
            ("probability of the complement", "sign", lambda p: 1 - p),
            ("probability x 0.5", "constant", lambda p: p / 2),
            ("probability x 2", "constant", lambda p: min(1.0, 2 * p)),
            *(
                (f"probability to the power {1 + error:g}", kind, lambda p, e=error: p ** (1 + e))
                for error, kind in EXPONENT_ERRORS
            ),
        ]
        for name, kind, change in changes:
            cells: dict[tuple[Any, ...], list[float]] = {}
            for o in observations:
                p = float(o.value[1])
                cells.setdefault(tuple(o.labels.items()), []).append(change(p) - p)
            distance = math.sqrt(float(np.mean([np.mean(v) ** 2 for v in cells.values()]))) if cells else 0.0
            if distance > 2 * rule.margin:

                def moved(o: Observation, change: Callable[[float], float] = change) -> tuple[Any, float]:
                    return o.value[0], change(float(o.value[1]))

                why = (
                    f"the two predictions differ by {distance:.3g} in root mean square over cells; within "
                    f"{rule.margin:g} of "
                    "both is impossible"
                )
                yield Planted(claim, name, kind, rule, why, moved)
            else:
                why = f"the predictions differ by {distance:.2g} in root mean square, as the margin allows"
                yield Exempt(claim, name, kind, why)

    def sentence(self, rule: Calibration) -> str:
        return (
            f"The root mean square over cells of frequency minus predicted probability must be at most"
            f" {rule.margin:g}, certified at level {1 - rule.alpha:g}."
        )

    def numbers(self, judgement: Judgement) -> str:
        square = judgement.decision.statistic.get("mean_square")
        if square is None:
            return judgement.decision.reason.rstrip(".")
        size = "no more than its noise" if square <= 0 else number_in_words(math.sqrt(square))
        cells = judgement.decision.statistic.get("cells_used")
        return f"share minus probability over {cells} cells, root mean square: {size}"
