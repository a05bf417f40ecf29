"""Named inequalities with explicit constants, and the slack with which a setting satisfies them.

sympy is loaded by the first condition that is made: claims without conditions do without.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

from theory.setting import AbstractSetting
from theory.source import Provenance, Source

if TYPE_CHECKING:
    import sympy as sp

__all__ = [
    "Condition",
    "ConditionCheck",
    "Constants",
    "Inside",
    "all_inside",
    "check_all",
    "evaluate",
    "free_constants",
]


_Sides = tuple[Callable[[AbstractSetting], float], ...]

#: Settings are often placed exactly on a threshold; rounding must not move them outside.
_INSIDE = 1 - 1e-12


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
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(tuple(sorted(self.values.items())))

    def __getstate__(self) -> dict[str, Any]:
        return {"values": self.values}


@cache
def _attributes(setting: Any) -> Mapping[str, str]:
    """The attributes that symbols stand for, by the symbol's name."""
    return {symbol.name: attribute for symbol, attribute in setting.letters().items()}


def free_constants(exprs: Iterable[sp.Expr], setting: type[AbstractSetting]) -> frozenset[str]:
    """Names of the symbols in expressions that are no letters of the setting: they need a value."""
    from theory.constant import Constant

    letters = _attributes(cast("Any", setting))
    symbols = {x for expr in exprs for x in expr.free_symbols}
    return frozenset(x.name for x in symbols if isinstance(x, Constant) or x.name not in letters)


@cache
def _evaluator(expr: sp.Expr, setting: Any) -> tuple[Callable[..., Any], tuple[str, ...], tuple[str, ...]]:
    """The compiled expression: a function of the constants named, then of these attributes of a setting."""
    import sympy as sp

    symbols = sorted(expr.free_symbols, key=lambda x: x.name)
    constants = free_constants((expr,), setting)
    letters = _attributes(setting)
    first = [x for x in symbols if x.name in constants]
    then = [x for x in symbols if x.name not in constants]
    names = tuple(x.name for x in first), tuple(letters[x.name] for x in then)
    return sp.lambdify([*first, *then], expr, modules="math"), *names


def _at_constants(
    expr: sp.Expr, setting: type[AbstractSetting], constants: Constants
) -> Callable[[AbstractSetting], float]:
    """The expression as a function of settings of this class."""
    function, named, attributes = _evaluator(expr, cast("Any", setting))
    given = tuple(constants[name] for name in named)

    def number(*values: float) -> float:
        try:
            return float(function(*given, *values))
        except ZeroDivisionError:  # the expression has a pole there: no inequality holds
            return math.nan

    if not attributes:
        value = number()
        return lambda _: value
    read = attrgetter(*attributes)
    if len(attributes) == 1:
        return lambda at: number(float(read(at)))  # type: ignore[arg-type]  # one attribute, one value
    return lambda at: number(*map(float, read(at)))


def evaluate(expr: sp.Expr, setting: AbstractSetting, constants: Constants) -> float:
    """The number that an expression in letters of the setting and named constants takes.

    Raises:
        KeyError: naming a constant that has no value.
    """
    return _at_constants(expr, type(setting), constants)(setting)


@dataclass(frozen=True)
class ConditionCheck:
    """What a condition is worth at one setting.

    `slack = value / threshold`: at least 1 inside; below 1 the setting is outside by the factor
    `1 / slack`. A value that is 0 or negative is outside by no factor.
    """

    name: str
    value: float
    threshold: float
    slack: float
    inside: bool

    def __str__(self) -> str:
        if self.inside:
            return f"{self.name}: inside, slack {self.slack:.3g}"
        if self.factor is None:
            return f"{self.name}: outside, {self.value:.3g} where {self.threshold:.3g} is needed"
        return f"{self.name}: outside, by a factor {self.factor:.3g}"

    @property
    def factor(self) -> float | None:
        """By which the setting misses the condition: `1 / slack`; None where no factor leads inside."""
        return 1 / self.slack if self.slack > 0 else None


@dataclass(frozen=True)
class Condition:
    r"""The inequality `large >= small` between two positive expressions.

    Args:
        name: how claims and reports refer to it.
        large, small: sympy expressions (or numbers) in the setting's letters and free constants.
        source, provenance: where it is stated, and how far the source vouches for it.
        why: what it is for, in one sentence.
        fixes: coordinates of a reference box that it holds at one value ("tau = 0"): no random setting
            would meet it, so settings inside it are drawn with these held.
        shown: LaTeX for readers where the inequality is not how one says it: an equality, a word, a bound
            that may be infinite. "" shows the inequality.

    >>> import sympy as sp
    >>> from theory.constant import Constant
    >>> @dataclass(frozen=True)
    ... class Net(AbstractSetting):
    ...     n: int
    ...     m: int
    >>> n, m, C = sp.Symbol("n"), sp.Symbol("m"), Constant("C")
    >>> wide = Condition("wide", m, C * n, Source("example", "1"), "derived", "an example")
    >>> wide.check(Net(n=10, m=40), Constants({"C": 1.0})).slack
    4.0
    """

    name: str
    large: sp.Expr
    small: sp.Expr
    source: Source
    provenance: Provenance
    why: str
    fixes: tuple[tuple[str, float], ...] = ()
    shown: str = field(default="", compare=False, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        import sympy as sp

        for name in ("large", "small"):
            try:
                object.__setattr__(self, name, sp.sympify(getattr(self, name)))
            except (sp.SympifyError, TypeError):
                raise ValueError(
                    f"condition {self.name!r}: {name} must be a sympy expression or a number, was "
                    f"{getattr(self, name)!r}"
                ) from None

    @property
    def latex(self) -> str:
        r"""The condition as LaTeX: `shown`, else the inequality, a bare number or constant on the right."""
        import sympy as sp

        from theory.constant import Constant

        if self.shown:
            return self.shown
        if self.large.is_number or isinstance(self.large, Constant):
            return rf"{sp.latex(self.small)} \le {sp.latex(self.large)}"
        return rf"{sp.latex(self.large)} \ge {sp.latex(self.small)}"

    def speaks_of(self, setting: type[AbstractSetting], constants: Constants) -> bool:
        """Whether every symbol is a letter of these settings or a constant with a value: another model's
        conditions say nothing of them."""
        return free_constants((self.large, self.small), setting) <= set(constants.values)

    def check(self, setting: AbstractSetting, constants: Constants) -> ConditionCheck:
        """Value, threshold and slack at a setting."""
        value, threshold, slack = self._worth(setting, constants)
        return ConditionCheck(self.name, value, threshold, slack, slack >= _INSIDE)

    def holds(self, setting: AbstractSetting, constants: Constants) -> bool:
        """Whether a setting is inside: `check(...).inside`, for draws that ask it often."""
        return self._worth(setting, constants)[2] >= _INSIDE

    def _worth(self, setting: AbstractSetting, constants: Constants) -> tuple[float, float, float]:
        large, small = self.sides(type(setting), constants)
        value, threshold = large(setting), small(setting)
        return value, threshold, _slack(value, threshold)

    def sides(self, setting: type[AbstractSetting], constants: Constants) -> _Sides:
        """Both sides as functions of settings of this class, at these constants: compiled once, for draws and
        reports ask for hundreds of thousands."""
        known = self._compiled.get(setting)
        if known is None or known[0] is not constants:
            both = (_at_constants(side, setting, constants) for side in (self.large, self.small))
            known = self._compiled[setting] = constants, tuple(both)
        return known[1]

    @cached_property
    def _compiled(self) -> dict[type[AbstractSetting], tuple[Constants, _Sides]]:
        return {}

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_compiled"}


def _slack(value: float, threshold: float) -> float:
    return math.inf if threshold <= 0 else value / threshold


def check_all(
    conditions: Iterable[Condition], setting: AbstractSetting, constants: Constants
) -> tuple[ConditionCheck, ...]:
    """Every condition's slack at a setting."""
    return tuple(c.check(setting, constants) for c in conditions)


def all_inside(conditions: Iterable[Condition], setting: AbstractSetting, constants: Constants) -> bool:
    """Whether a setting satisfies every condition."""
    return all(c.holds(setting, constants) for c in conditions)


@dataclass(frozen=True)
class Inside:
    """Whether a setting satisfies every condition; it stops at the first that fails. A class, not a closure,
    so that it travels to worker processes and boxes that accept by it can be compared."""

    conditions: tuple[Condition, ...]
    constants: Constants

    def __call__(self, setting: AbstractSetting) -> bool:
        return all(
            _slack(large(setting), small(setting)) >= _INSIDE for large, small in self._sides(type(setting))
        )

    @cached_property
    def _known(self) -> dict[type[AbstractSetting], Sequence[_Sides]]:
        return {}

    def _sides(self, setting: type[AbstractSetting]) -> Sequence[_Sides]:
        """Both sides of every condition at these constants, compiled once: draws ask for thousands. What has
        a formula alone comes before what has to be computed step by step."""
        if setting not in self._known:
            ordered = sorted(self.conditions, key=_computed)
            self._known[setting] = [c.sides(setting, self.constants) for c in ordered]
        return self._known[setting]

    def __getstate__(self) -> dict[str, Any]:
        return {"conditions": self.conditions, "constants": self.constants}


def _computed(condition: Condition) -> bool:
    """Whether a side holds a function that is no formula (`_imp_`)."""
    import sympy as sp

    return any(hasattr(f, "_imp_") for f in (condition.large + condition.small).atoms(sp.Function))
