"""Declared falsehoods: predictions with one mistake, for claims whose formula sits inside `measure`.

Each is checked against the true prediction at the runs themselves: a constant 15 % off, two thresholds
exchanged, a factor left out. A falsehood must be refuted where the claim it was made from is supported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from theory.claim import Claim
from theory.early_learning.phase import lambda_mem, lambda_sat
from theory.early_learning.targets import frozen_exists_above
from theory.early_learning.times import memorisation_constant, role_ratio
from theory.falsehood import Falsehood, FalsehoodKind
from theory.ledger import Ledger
from theory.run import NotApplicable

__all__ = ["falsehoods"]

Measure = Callable[[Any], Any]


def _scaled(measure: Measure, factor: float, run: Any) -> Any:
    value = measure(run)
    if isinstance(value, NotApplicable):
        return value
    measured, predicted = value
    return measured, factor * predicted


def _shifted(measure: Measure, shift: float, run: Any) -> Any:
    value = measure(run)
    if isinstance(value, NotApplicable):
        return value
    measured, predicted = value
    return measured, predicted + shift


def _changed(true: Claim, name: str, kind: FalsehoodKind, why: str, measure: Measure) -> Falsehood:
    return Falsehood(true.id, name, kind, replace(true, measure=measure, proof=None), why)


#: Laws whose predicted value 15 % off lies well outside their margins.
_LAWS = (
    "field.early_time",
    "field.memorisation_time",
    "field.roles",
    "field.late_clean_force",
    "stage.time",
    "late.norm",
    "late.loss",
    "clamp.delay",
)
#: Differences whose predicted value 15 % off moves the mean by more than twice the margin.
_DIFFERENCES = (
    "first_step.cosine",
    "first_step.test",
    "first_step.clean",
    "first_step.wrong",
    "first_step.wrong_exact",
    "stage.clean_squares",
    "stage.wrong_squares",
    "stage.cosine",
    "stage.accuracy",
    "late.cosine",
    "late.clean_margin",
    "late.wrong_margin",
    "late.gap",
    "frozen.rest",
    "strength.pinned_cosine",
    "strength.roles",
    "strength.accuracy",
    "memory.clean_rate",
    "memory.cosine",
    "clamp.edge",
    "separability.test",
    "proportional.test_10_0",
)


def _exchanged(run: Any, threshold: Callable[[Any], float]) -> bool:
    return bool((run.median_wrong[-1] < 0) == (run.setting.lam < threshold(run.setting)))


def _wrong_rest(run: Any) -> Any:
    """The side of the rest by the other threshold of the two."""
    s = run.setting
    threshold = frozen_exists_above(s.target)
    return bool((run.median_wrong[-1] > 0) == (s.lam > threshold))


def _constant_by_15(run: Any) -> bool:
    s = run.setting
    return bool(abs(run.memorisation * s.kappa / (1.15 * memorisation_constant(s.w)) - 1) <= 0.03)


def _roles_without_kappa(run: Any) -> bool:
    return bool(abs(run.role / role_ratio(run.setting.w, 0.0) - 1) <= 1e-6)


def falsehoods(ledger: Ledger) -> Iterable[Falsehood]:
    """The false variants of the claims in a ledger."""
    known = {claim.id: claim for claim in ledger}
    for name in (*_LAWS, *_DIFFERENCES):
        true = known.get(f"early_learning.{name}")
        if true is not None:
            yield _changed(
                true,
                "predicted value x 1.15",
                "constant",
                "the same runs cannot follow two values 15 % apart, more than twice the margin",
                partial(_scaled, true.measure, 1.15),
            )
    yield from _thresholds(known)


def _thresholds(known: dict[str, Claim]) -> Iterable[Falsehood]:
    mem = known.get("early_learning.strength.memorisation_threshold")
    if mem is not None:
        why = "between the two thresholds wrong labels rest on the true side"
        yield _changed(
            mem,
            "lambda_sat for lambda_mem",
            "formula",
            why,
            partial(_exchanged, threshold=lambda s: lambda_sat(s.w, s.kappa)),
        )
        yield _changed(
            mem,
            "lambda_mem x 1.3",
            "constant",
            "a third of the drawn strengths lie between the two",
            partial(_exchanged, threshold=lambda s: 1.3 * lambda_mem(s.w, s.kappa)),
        )
    side = known.get("early_learning.frozen.side")
    if side is not None:
        yield _changed(
            side,
            "t/(2t-1) for 1/(2t-1)",
            "formula",
            "between the two labels are memorised at a finite margin",
            _wrong_rest,
        )
    constant = known.get("early_learning.field.memorisation_constant")
    if constant is not None:
        yield _changed(constant, "C x 1.15", "constant", "the equations have one time", _constant_by_15)
    roles = known.get("early_learning.field.roles_equations")
    if roles is not None:
        yield _changed(
            roles,
            "(1-w)/w without kappa",
            "formula",
            "the ratio is exact with kappa, and kappa is at least .01",
            _roles_without_kappa,
        )
    pinned = known.get("early_learning.strength.pinned")
    if pinned is not None:
        yield _changed(
            pinned,
            "pinned .3 higher",
            "constant",
            "five margins away",
            partial(_shifted, pinned.measure, 0.3),
        )
