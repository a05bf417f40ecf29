"""How a claim of the sharp layer is declared: derived here, on one page of derivations."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import sympy as sp

from theory.claim import Claim, Proof
from theory.experiment import Experiment
from theory.rules import Derived, Rule
from theory.two_stage.derived_claim import derived_claim
from theory.two_stage.experiments import EXACT, FORMULAS
from theory.two_stage.run import Run

__all__ = [
    "BOTH_REGIMES",
    "LARGE_INIT_NOTE",
    "by_linear_system",
    "by_quadrature",
    "gap",
    "number_function",
    "rates",
    "sharp_claim",
]

_PAGE = "docs/derivations/limit_dynamics.md"


def by_quadrature(scope: str) -> Derived:
    """A closed form compared with its integral: algebra, so that no run decides it."""
    return Derived(scope, factor=4096.0, reason="adaptive quadrature, to 1e-13 of the integral")


def by_linear_system(scope: str) -> Derived:
    """A closed form compared with a small linear system solved in floating point."""
    return Derived(scope, factor=65536.0, reason="a linear system, solved in floating point")


#: Note of the laws at p = 1/2.
LARGE_INIT_NOTE = (
    "At kappa_0 >= 10, outside Condition 4.1's bound on sigma_0, where the active share is 1/2 up to .016."
)

#: Note of the laws that hold at any kappa_0.
BOTH_REGIMES = (
    "Judged at kappa_0 from 0.01 to 30, inside and outside Condition 4.1's bound on sigma_0; each sample's "
    "own active share at the end of the run enters."
)


@cache
def number_function(expr: sp.Expr, *names: sp.Symbol) -> Callable[..., float]:
    """A sympy expression as a function of floats, in the given order of symbols."""
    return sp.lambdify(names, expr, modules="math")  # type: ignore[no-any-return]


def rates(run: Run) -> tuple[float, float]:
    """`(a, tau_+)` of the setting; the flip rate at least 0.01, where Stage II is still within reach."""
    return run.setting.n_snr2, max(run.setting.tau_plus, 0.01)


def gap(found: float, stated: float) -> float:
    """Relative difference."""
    return abs(found - stated) / max(abs(stated), 1e-300)


def sharp_claim(
    name: str,
    section: str,
    statement: str,
    rule: Rule,
    measure: Callable[[Run], object],
    measured: str,
    proof: Callable[[], Proof] | None,
    experiment: Experiment | None = None,
    parents: tuple[str, ...] = ("two_stage.sharp.flow",),
    **more: Any,
) -> Claim:
    """A claim `two_stage.sharp.<name>` derived in a section of the page on the limit dynamics.

    Without an experiment: on the settings of small runs, or on these runs where the rule looks at them.
    """
    if experiment is None:
        experiment = FORMULAS if isinstance(rule, Derived) else EXACT
    return derived_claim(
        f"sharp.{name}",
        f"{_PAGE}, {section}",
        statement,
        rule,
        measure,
        measured,
        experiment,
        proof=proof,
        parents=parents,
        **more,
    )
