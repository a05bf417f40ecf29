"""False variants of exponents, bands and fitted bands."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from theory.claim import Claim
from theory.rules import Band, Event, Exponent, FittedBand
from theory.two_stage.setting import Setting
from verify.outcome import Observation
from verify.soundness.factors import CONSTANTS, EXPONENT_ERRORS, FACTORS, FIELDS, log_field
from verify.soundness.planted import Exempt, Planted

__all__ = ["plant_band", "plant_exponent", "plant_fitted_band"]


def _times(factor: Callable[[Setting], float]) -> Callable[[Observation], float]:
    return lambda o: float(o.value) * factor(o.setting)


# Exponents -----------------------------------------------------------------------------------------------


def plant_exponent(claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
    """Other exponents: off by 0.1 and 0.5, of the other sign, doubled, zero (the factor dropped)."""
    rule = claim.rule
    assert isinstance(rule, Exponent)
    room = 2 * rule.margin
    changes = [
        *((f"{rule.value:g} {error:+g}", kind, rule.value + error) for error, kind in EXPONENT_ERRORS),
        (f"{rule.value:g} of the other sign", "sign", -rule.value),
        (f"{rule.parameter} dropped", "factor", 0.0),
        (f"{rule.parameter} squared", "factor", 2 * rule.value),
    ]
    for name, kind, wrong in changes:
        # Rounding of 0.05 + 0.05 must not decide.
        if abs(wrong - rule.value) >= room * (1 - 1e-9):
            yield Planted(
                claim,
                f"exponent {name}",
                kind,
                replace(rule, value=wrong),
                f"the true exponent lies within {rule.margin:g} of {rule.value:g}, so no nearer than that "
                f"to {wrong:g}",
            )
        else:
            why = f"the margin {rule.margin:g} allows both exponents"
            yield Exempt(claim, f"exponent {name}", kind, why)
    yield Exempt(
        claim, "quantity x 2", "constant", "an exponent does not depend on the constant before the power"
    )


# Bands ----------------------------------------------------------------------------------------------------


def _share_outside(rule: Band, factors: Sequence[float]) -> float:
    """Share of runs whose factor moves the whole band off itself."""
    moved = 0
    for c in factors:
        low, high = sorted((c * rule.lower, c * rule.upper))
        moved += low > rule.upper or high < rule.lower
    return moved / len(factors) if factors else 0.0


def plant_band(claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
    """Outside instead of inside; the quantity halved, doubled, with a factor lost, with a power wrong."""
    rule = claim.rule
    assert isinstance(rule, Band)

    def outside(o: Observation) -> bool:
        return not rule.lower <= float(o.value) <= rule.upper

    yield Planted(
        claim,
        "outside the band",
        "sign",
        Event(delta=rule.delta, alpha=rule.alpha, reason="the band's own"),
        "the quantity lies inside in a share of at least 1 - delta, so outside in at most delta",
        outside,
    )
    settings = [o.setting for o in observations]
    changes: list[tuple[str, str, Callable[[Setting], float]]] = [
        *((f"quantity x {c:g}", "constant", lambda s, c=c: c) for c in CONSTANTS),
        *((f"quantity / ({name})", "factor", lambda s, f=f: 1 / f(s)) for name, f in FACTORS.items()),
        *(
            (f"quantity x {name}^{error:+g}", kind, lambda s, k=name, e=error: math.exp(e * log_field(s, k)))
            for error, kind in EXPONENT_ERRORS
            for name in FIELDS
        ),
    ]
    weaker = []
    for name, kind, factor in changes:
        share = _share_outside(rule, [factor(s) for s in settings])
        if 1 - share + rule.delta < 1 - rule.delta:
            yield Planted(
                claim,
                name,
                kind,  # type: ignore[arg-type]
                rule,
                f"at {share:.3g} of the settings the factor moves the band off itself, and both can hold "
                f"at no more "
                "than the rest",
                _times(factor),
            )
        else:
            weaker.append((name, kind))
    for kind in dict.fromkeys(kind for _, kind in weaker):
        names = ", ".join(name for name, k in weaker if k == kind)
        why = "the moved band overlaps the declared one: the variant may hold as well (see the bound's slack)"
        yield Exempt(claim, names, kind, why)  # type: ignore[arg-type]


# Fitted bands ----------------------------------------------------------------------------------------------


def _changed_sign(o: Observation) -> float:
    return -float(o.value)


def plant_fitted_band(claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
    """The other sign; a factor lost or a power wrong in the scale, where the box varies it enough."""
    rule = claim.rule
    assert isinstance(rule, FittedBand)
    yield Planted(
        claim,
        "quantity of the other sign",
        "sign",
        rule,
        "the quantity is positive, its negative is no constant times the scale",
        _changed_sign,
    )
    yield Exempt(claim, "quantity x 0.5, x 2", "constant", "the fitted constant absorbs it")
    settings = [o.setting for o in observations]
    changes: list[tuple[str, str, Callable[[Setting], float]]] = [
        *(
            (f"scale without {name}", "factor", f)
            for name, f in FACTORS.items()
            if not name.startswith("sqrt")
        ),
        *(
            (f"scale x {name}^{error:+g}", kind, lambda s, k=name, e=-error: math.exp(e * log_field(s, k)))
            for error, kind in EXPONENT_ERRORS
            for name in FIELDS
        ),
    ]
    if not rule.two_sided:
        why = "an upper bound with a fitted constant: it is finite on any bounded box"
        yield Exempt(claim, "factors lost, powers wrong", "factor", why)
        return
    absorbed = []
    for name, kind, factor in changes:
        logs = np.log([factor(s) for s in settings]) if settings else np.zeros(1)
        spread = float(logs.max() - logs.min())
        if kind != "exponent 0.1" and "tau" not in name and spread > 2 * math.log(rule.widen):
            yield Planted(
                claim,
                name,
                kind,  # type: ignore[arg-type]
                rule,
                f"no power beyond {rule.power:g} may be left in the ratio; this leaves one of at least "
                f"twice that less "
                f"{rule.power:g}, over a range of {math.exp(spread):.3g}",
                _times(factor),
            )
        else:
            absorbed.append((name, kind, spread))
    for kind in dict.fromkeys(kind for _, kind, _ in absorbed):
        names = ", ".join(name for name, k, _ in absorbed if k == kind)
        why = (
            f"the rule leaves room for a power {rule.power:g}"
            if kind == "exponent 0.1"
            else "over this box the factor varies by no more than what the fitted band is widened by"
        )
        yield Exempt(claim, names, kind, why)  # type: ignore[arg-type]
