"""Named inequalities with explicit constants, and the slack with which a setting satisfies them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy as sp

from theory.source import Provenance, Source
from theory.two_stage.setting import Setting
from theory.two_stage.symbols import SETTING_SYMBOLS

__all__ = ["Condition", "ConditionCheck", "Constants", "all_inside", "check_all", "evaluate"]


@dataclass(frozen=True)
class Constants:
    """Values for the constants that a paper leaves unnamed, by symbol name.

    >>> Constants({"C": 1.0, "delta": 0.05}).with_(C=2.0)["C"]
    2.0
    """

    values: Mapping[str, float]

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def with_(self, **changes: float) -> Constants:
        """A copy with some values changed."""
        return Constants({**self.values, **changes})

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.values.items())))


@cache
def _evaluator(expr: sp.Expr) -> tuple[Any, tuple[str, ...]]:
    symbols = sorted(expr.free_symbols, key=lambda x: x.name)
    names = tuple(SETTING_SYMBOLS.get(x, "\0" + x.name) for x in symbols)
    return sp.lambdify(symbols, expr, modules="math"), names


def evaluate(expr: sp.Expr, setting: Setting, constants: Constants) -> float:
    """The number that an expression in setting symbols and named constants takes.

    Raises:
        KeyError: naming a constant that has no value.
    """
    function, names = _evaluator(expr)
    args = [constants[name[1:]] if name.startswith("\0") else float(getattr(setting, name)) for name in names]
    return float(function(*args))


@dataclass(frozen=True)
class ConditionCheck:
    """What a condition is worth at one setting.

    `slack = value / threshold`: at least 1 inside; below 1 the setting is outside by the factor
    `1 / slack`.
    """

    name: str
    value: float
    threshold: float
    slack: float
    inside: bool

    def __str__(self) -> str:
        if self.inside:
            return f"{self.name}: inside, slack {self.slack:.3g}"
        factor = math.inf if self.slack == 0 else 1 / self.slack
        return f"{self.name}: outside, by a factor {factor:.3g}"


@dataclass(frozen=True)
class Condition:
    r"""The inequality `large >= small` between two positive expressions.

    Args:
        name: how claims and reports refer to it.
        large, small: sympy expressions in `theory.two_stage.symbols` and free constants (`C`, `delta`, ...).
        source, provenance: where it is stated, and how far the source vouches for it.
        why: what it is for, in one sentence.

    >>> from theory.two_stage.symbols import C, m, n
    >>> wide = Condition("wide", m, C * n, Source("example", "1"), "derived", "an example")
    >>> s = Setting(n=10, d=100, m=40, sigma_xi=1., signal_norm=1., tau_plus=.1, tau_minus=.1,
    ...             sigma_0=.1, eta=.1)
    >>> wide.check(s, Constants({"C": 1.0})).slack
    4.0
    """

    name: str
    large: sp.Expr
    small: sp.Expr
    source: Source
    provenance: Provenance
    why: str

    @property
    def latex(self) -> str:
        r"""The inequality as LaTeX."""
        return rf"{sp.latex(self.large)} \ge {sp.latex(self.small)}"

    @property
    def constants(self) -> frozenset[str]:
        """Names of the constants that the inequality leaves to be given."""
        return frozenset(x.name for x in self.large.free_symbols | self.small.free_symbols) - frozenset(
            x.name for x in SETTING_SYMBOLS
        )

    def check(self, setting: Setting, constants: Constants) -> ConditionCheck:
        """Value, threshold and slack at a setting."""
        value = evaluate(self.large, setting, constants)
        threshold = evaluate(self.small, setting, constants)
        slack = math.inf if threshold <= 0 else value / threshold
        # Settings are often placed exactly on a threshold; rounding must not move them outside.
        return ConditionCheck(self.name, value, threshold, slack, slack >= 1 - 1e-12)


def check_all(
    conditions: Iterable[Condition], setting: Setting, constants: Constants
) -> tuple[ConditionCheck, ...]:
    """Every condition's slack at a setting."""
    return tuple(c.check(setting, constants) for c in conditions)


def all_inside(conditions: Iterable[Condition], setting: Setting, constants: Constants) -> bool:
    """Whether a setting satisfies every condition."""
    return all(c.check(setting, constants).inside for c in conditions)
