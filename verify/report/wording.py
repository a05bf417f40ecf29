"""Numbers and rules in words, alike in HTML and Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from verify.jsonable import jsonable
from verify.rules.registry import built_in, judge_of

__all__ = [
    "VERDICT_EXPLANATIONS",
    "WORD_EXPLANATIONS",
    "rule_explanations",
    "rule_sentence",
    "show",
    "show_range",
]

_LIST = 8


def show(value: Any) -> str:
    """A value for reading: four significant digits, long lists cut.

    >>> show(0.123456), show([1.0, None]), show({"a": True}), show(40_000), show(1.0)
    ('0.1235', '[1, –]', 'a: yes', '40000', '1')
    """
    value = jsonable(value) if not isinstance(value, float) else value
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if math.isnan(value):
            return "–"
        if math.isinf(value):
            return "∞" if value > 0 else "−∞"
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return "; ".join(f"{k}: {show(v)}" for k, v in value.items()) or "–"
    if isinstance(value, list):
        shown = ", ".join(show(v) for v in value[:_LIST])
        rest = f", … {len(value)} in all" if len(value) > _LIST else ""
        return f"[{shown}{rest}]"
    return str(value)


def show_range(values: Any) -> str:
    """Smallest to largest, or the one value.

    >>> show_range([3, 1, 2]), show_range([2.0, 2.0])
    ('1 to 3', '2')
    """
    low, high = f"{min(values):.3g}", f"{max(values):.3g}"
    return low if low == high else f"{low} to {high}"


def rule_sentence(rule: Any) -> str:
    """How this claim is decided, with its declared numbers."""
    text = judge_of(rule).sentence(rule)
    reason = getattr(rule, "reason", "")
    return f"{text} Declared because: {reason}." if reason else text


def rule_explanations() -> dict[str, str]:
    """What each kind of rule asks, by its name."""
    return {kind.__name__: judge.explanation for kind, judge in built_in().items()}


VERDICT_EXPLANATIONS = {
    "supported": "the runs exclude, at the declared error level, that the claim is wrong by more than its"
    " declared margin or violation rate",
    "refuted": "the runs exclude, at the same level and within the error budget of its paper (1 % for all of"
    " its claims that chance enters together, by Holm's correction), that it is right; the smallest"
    " counterexample found is given with the command that replays it",
    "inconclusive": "the runs exclude neither, or exclude one with too small a planned power (support) or"
    " not within the error budget (refutation); where it can be told, the number of runs that would decide",
    "derived": "it follows by proof alone; no run could add to it",
    "vacuous": "it passed, and so it did on every adversarial run (numbers moved, other settings): it could"
    " not have failed, so that the runs say nothing of it",
    "not-applicable": "no run lay inside the claim's conditions, or the quantity was not defined on any",
    "errored": "the claim's own code failed; run, line and the command that shows it again stand in its"
    " reason",
}

#: In the order of the alphabet: readers look words up.
WORD_EXPLANATIONS = {
    "adversarial run": "a run that never was: another's setting or numbers, numbers moved; a support that "
    "none of them changes is vacuous",
    "cell": "a part of the runs that is looked at by itself: a third of a coordinate, or a point of a grid",
    "certified cell by cell": "in every cell the upper limit of the violation rate is below what the claim"
    " allows; where it is not, the claim holds on average over its region, and the weakest cell is open",
    "claim": "a statement with its conditions, what is measured, and the rule that decides it, all fixed "
    "before the runs that judge it",
    "condition": "an inequality that a setting must meet for a claim to be judged there",
    "constant": "a letter of a condition that a paper leaves open; it has a value here, which is told",
    "coordinate": "a named range that settings are drawn from",
    "counterexample": "a setting and a seed whose run breaks a claim; the smallest that was found is told",
    "derived here": "stated by no paper, found in this project, and judged like any other claim",
    "engine": "a program that makes runs; where there are several they are held against each other",
    "exact": "the interval contains the claimed value and is at most a fifth of the margin wide either way",
    "experiment": "which runs are made: where settings come from, how many, how long; claims that name the"
    " same one share its runs",
    "falsehood": "a false variant of a claim, planted to see whether it is refuted",
    "flawed engine": "an engine that is wrong in one place on purpose, to see whether a claim notices",
    "framework": "the work that the paper builds on, whose standard form is judged",
    "fresh runs": "runs from seeds of their own, made once for claims that the first runs leave undecided",
    "in units of its scale": "the measured quantity over the product of powers that the claim names",
    "item": "a numbered statement of the paper, or a subject beyond it, with the claims that test it",
    "its other conditions": "of a probe: the settings are drawn from the conditions that it does not leave"
    " out",
    "jointly": 'supported together with all others of the paper at .05 (Holm), not one by one; "not '
    'jointly": supported by itself only',
    "judging block": "the runs that judge a band whose ends other runs, the fitting block, have set",
    "loose": "the bound holds in as many runs as it must, and in the median run is larger than what it "
    "bounds by more than the declared factor; single runs may still lie near it or beyond",
    "measured / predicted": "the mean of what a run gives over what the formula predicts for it",
    "misfit": "of a flipped sample: classified as its true label, against the label it was given",
    "on its box": "the settings come from ranges that were chosen, not from all of the claim's conditions",
    "on its cells": "the settings are chosen ones: a sweep or a grid",
    "own conditions": "the settings are drawn from all of the claim's conditions within the reference box",
    "planned power": "the probability, known before the runs, that as many support a claim that is true "
    "with room; a support is counted from 0.8 on",
    "plug-in": "a formula in which estimates from data stand for what is not known",
    "power left in the ratio": "the measured quantity over its claimed scale should follow no letter: the "
    "exponent with which it still does, along sweeps, +- its 95 % interval",
    "probe": "a claim judged outside a condition on purpose: refuted, the condition is needed (the probes "
    "of an audit are something else: labels flipped on purpose)",
    "profile": "how many runs are made of each claim: quick, default or full; some claims have none in quick",
    "quantity / bound at most": "the largest share of its bound that any run reaches: 1 is tight, above 1 "
    "broken; bound / quantity for a lower bound",
    "reading": "a printed or tempting statement that is expected to fail; its correction is named",
    "record": "what another command measured of the tool itself, kept with the paper and shown with its "
    "seed, release and day",
    "reference box": "the ranges of settings within which a paper's conditions are looked at; they stand "
    "at the top of its report",
    "region": "what a verdict speaks of: the claim's own conditions, a box, or cells",
    "rule": "how a claim is decided, with margin and error level; the appendix says it of each",
    "run": "one training, or one call of the model, at a setting and from a seed of its own",
    "sd": "standard deviation between runs",
    "seed": "the number from which all draws of a run come: the same one gives the same run",
    "setting": "a choice of all parameters of the model",
    "slack": "of a condition: value over threshold, outside below 1; of a bound: the bound over what it "
    "bounds",
    "snapshot": "steps at which the whole state of a run is kept, not only what it sums up to",
    "spread": "largest over smallest value that runs within a claim's band may have",
    "sweep": "settings along which one parameter varies and the dimensionless groups stay",
    "trial": "runs that share a seed: one independent draw",
    "weakest cell": "the cell with the largest 95 % upper limit of its violation rate (of what is claimed "
    "to happen, the smallest lower limit)",
    "within margin": "within the declared margin, but not exact",
    "without a value": "runs in which what was measured did not happen, or has no finite value",
    "z": "measured less predicted, in units of the predicted standard deviation",
}
