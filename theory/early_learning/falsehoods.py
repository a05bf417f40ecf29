"""Declared falsehoods: predictions with one mistake, for claims whose formula sits inside `measure`.

Each is checked against the true prediction at the runs themselves: a value 15 % or 2.4 margins off, two
thresholds exchanged, a factor left out. A falsehood must be refuted where the claim it was made from is
supported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from theory.claim import Claim
from theory.early_learning.claims.identities import averaging, by_control, by_engine
from theory.early_learning.claims.lemma_2 import kl_printed, lag_inverted, total_of_others, without_rest
from theory.early_learning.claims.slips import tanh_printed
from theory.early_learning.phase import lambda_mem, lambda_sat
from theory.early_learning.targets import frozen_exists_above
from theory.early_learning.times import early_time, memorisation_constant, plateau, role_ratio
from theory.falsehood import Falsehood, FalsehoodKind
from theory.ledger import Ledger
from theory.rules import Difference, Law
from theory.run import NotApplicable

__all__ = ["falsehoods"]

Measure = Callable[[Any], Any]

#: Laws and differences whose predicted value 15 % off lies more than twice the margin away.
_BY_15 = (
    "clamp.delay",
    "clamp.edge",
    "field.early_time",
    "field.late_clean_force",
    "field.memorisation_time",
    "field.roles",
    "first_step.clean",
    "first_step.cosine",
    "first_step.test",
    "first_step.wrong",
    "first_step.wrong_exact",
    "frozen.rest",
    "late.clean_margin",
    "late.cosine",
    "late.gap",
    "late.loss",
    "late.norm",
    "late.wrong_margin",
    "memory.clean_rate",
    "memory.cosine",
    "proportional.test_10_0",
    "separability.test",
    "stage.accuracy",
    "stage.clean_squares",
    "stage.cosine",
    "stage.time",
    "stage.wrong_squares",
    "strength.accuracy",
    "strength.pinned_cosine",
    "strength.roles",
)


def _moved(measure: Measure, factor: float, shift: float, run: Any) -> Any:
    value = measure(run)
    if isinstance(value, NotApplicable):
        return value
    measured, predicted = value
    return measured, factor * predicted + shift


def _side(run: Any, threshold: Callable[[Any], float]) -> bool:
    """Whether wrong margins end on the side that a threshold of lambda says."""
    return bool((run.median_wrong[-1] > 0) == (run.setting.lam > threshold(run.setting)))


def _early_by_15(run: Any) -> bool:
    s = run.setting
    return bool(abs(run.early / (1.15 * early_time(plateau(s.w) / 2, s.w, s.kappa)) - 1) <= 0.015)


def _constant_by_15(run: Any) -> bool:
    s = run.setting
    return bool(abs(run.memorisation * s.kappa / (1.15 * memorisation_constant(s.w)) - 1) <= 0.03)


def _roles_without_kappa(run: Any) -> bool:
    return bool(abs(run.role / role_ratio(run.setting.w, 0.0) - 1) <= 1e-6)


def _from_one_half(run: Any) -> bool:
    return bool(run.corrected == (run.setting.start > 0.5))


_LATE = "increments of one step are far above rounding"

#: Claim, what is wrong, kind, why it is false, measure.
_FORMULAS: tuple[tuple[str, str, FalsehoodKind, str, Measure], ...] = (
    ("identity.dual", "one step late", "formula", _LATE, partial(by_engine, engine="dual", late=1)),
    ("identity.dual_elr", "one step late", "formula", _LATE, partial(by_engine, engine="dual", late=1)),
    ("identity.two_rows", "one step late", "formula", _LATE, partial(by_engine, engine="two_row", late=1)),
    (
        "identity.two_rows_elr",
        "one step late",
        "formula",
        _LATE,
        partial(by_engine, engine="two_row", late=1),
    ),
    (
        "identity.lambda_one",
        "predicted value x 1.15",
        "constant",
        "an identity leaves no room",
        partial(averaging, factor=1.15),
    ),
    ("identity.kl_without_memory", "one step late", "formula", _LATE, partial(by_control, late=1)),
    (
        "lemma_2.gradient",
        "without 1/(1 - <p, t>)",
        "factor",
        "<p, t> is the mass of the target at least times the smallest probability",
        without_rest,
    ),
    (
        "lemma_2.sum_zero",
        "without the target's class",
        "formula",
        "the gradient there is negative, and the whole sum is zero",
        total_of_others,
    ),
    ("lemma_2.kl_gradient", "p - t as printed", "formula", "the target's mass is at most .95", kl_printed),
    (
        "target.lagged",
        "delta_t/(delta + delta_t)",
        "formula",
        "the two agree only where the target misses as much as the prediction",
        lag_inverted,
    ),
    ("gradient.half", "tanh without /2", "factor", "the loss has one gradient", tanh_printed),
    (
        "strength.memorisation_threshold",
        "lambda_sat for lambda_mem",
        "formula",
        "between the two thresholds wrong labels rest on the true side",
        partial(_side, threshold=lambda s: lambda_sat(s.w, s.kappa)),
    ),
    (
        "strength.memorisation_threshold",
        "lambda_mem x 1.3",
        "constant",
        "a third of the drawn strengths lie between the two",
        partial(_side, threshold=lambda s: 1.3 * lambda_mem(s.w, s.kappa)),
    ),
    (
        "frozen.side",
        "t/(2t-1) for 1/(2t-1)",
        "formula",
        "half of the drawn strengths lie between the two: labels are memorised at a finite margin",
        partial(_side, threshold=lambda s: frozen_exists_above(s.target)),
    ),
    (
        "target.separatrix",
        "1/2 for lambda/(2(lambda-1))",
        "formula",
        "half of the drawn starts lie between the two",
        _from_one_half,
    ),
    ("field.memorisation_constant", "C x 1.15", "constant", "the equations have one time", _constant_by_15),
    ("field.early_time_equations", "time x 1.15", "constant", "the equations have one time", _early_by_15),
    (
        "field.roles_equations",
        "(1-w)/w without kappa",
        "formula",
        "the ratio is exact with kappa, and kappa is at least .01",
        _roles_without_kappa,
    ),
)


def _changed(true: Claim, name: str, kind: FalsehoodKind, why: str, measure: Measure) -> Falsehood:
    return Falsehood(true.id, name, kind, replace(true, measure=measure, proof=None), why)


def _predictions(true: Claim) -> Iterable[Falsehood]:
    """A law or difference with its predicted value off."""
    if true.id.removeprefix("early_learning.") in _BY_15:
        why = "the same runs cannot follow two values 15 % apart, more than twice the margin"
        measure = partial(_moved, true.measure, 1.15, 0.0)
        yield _changed(true, "predicted value x 1.15", "constant", why, measure)
    why = "wherever the truth lies within the margin, it is at least 1.4 margins from the moved value"
    if isinstance(true.rule, Difference):
        measure = partial(_moved, true.measure, 1.0, 2.4 * true.rule.margin)
        yield _changed(true, "predicted value 2.4 margins higher", "constant", why, measure)
    if isinstance(true.rule, Law):
        measure = partial(_moved, true.measure, (1 + true.rule.margin) ** 2.4, 0.0)
        yield _changed(true, "predicted value 2.4 margins higher", "constant", why, measure)


def falsehoods(ledger: Ledger) -> Iterable[Falsehood]:
    """The false variants of the claims in a ledger."""
    known = {claim.id.removeprefix("early_learning."): claim for claim in ledger}
    for true in known.values():
        if true.role == "claim":
            yield from _predictions(true)
    for name, what, kind, why, measure in _FORMULAS:
        if name in known:
            yield _changed(known[name], what, kind, why, measure)
