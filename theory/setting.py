"""A point of a model's parameters: what the core asks of every setting, whatever the model."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    import sympy as sp

    from theory.model import Model

__all__ = ["AbstractSetting", "Trends", "number_kinds"]


@dataclass(frozen=True)
class Trends:
    """Names of fields and groups in which a ratio that is claimed constant must not drift.

    A class that declares no `trends` is asked for all of its numbers, `Trends()` for none.

    Args:
        slopes: looked at one by one (`Law`, `Difference`).
        powers: whose power is read off at fixed `held` groups (two-sided `FittedBand`).
        held: dimensionless groups that a constant may depend on.
        linear: those of them that enter as they are, not in logarithms (rates, which may be 0).
    """

    slopes: tuple[str, ...] = ()
    powers: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    linear: tuple[str, ...] = ()


class AbstractSetting:
    """One point of a model's parameters: a frozen dataclass of numbers and short words, checked when made.

    Nothing has to be written beyond the fields; what stands here are the defaults. A model with a clock of
    its own overrides `clock_step`, one with dimensionless groups `groups`.

    >>> @dataclass(frozen=True)
    ... class Coin(AbstractSetting):
    ...     n: int
    ...     p: float
    >>> s = Coin(n=10, p=0.5)
    >>> s.as_dict(), s.size(), s.with_(n=20).n, s.steps(3.0)
    ({'n': 10, 'p': 0.5}, (10.0, 0.5), 20, 3)
    """

    #: The model whose engines make runs at settings of this class, where an experiment names none.
    model: ClassVar[Model | None] = None
    #: What `Law`, `Difference` and `FittedBand` hold their ratios against: all numbers, where a class says
    #: nothing.
    trends: ClassVar[Trends] = Trends()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        taken = {"model", "trends", "groups", "size", "letters", "clock", "steps", "with_", "as_dict"}
        for name, kind in inspect.get_annotations(cls).items():
            if name in taken and "ClassVar" not in str(kind):
                raise ValueError(
                    f"{cls.__name__}: a field must not be named {name!r}, which every setting has already"
                )

    @property
    def clock_step(self) -> float:
        """Clock per step; the clock is the model's own. Without one it counts steps."""
        return 1.0

    def groups(self) -> Mapping[str, float]:
        """The dimensionless groups by name, in report order."""
        return {}

    def size(self) -> tuple[float, ...]:
        """The order in which counterexamples are smaller: the numbers in field order."""
        return tuple(float(v) for v in self.as_dict().values() if isinstance(v, int | float))

    @classmethod
    def letters(cls) -> Mapping[sp.Symbol, str]:
        """The symbols of formulas and the attributes that they stand for: one a field, of its name."""
        import sympy as sp

        return {sp.Symbol(f.name): f.name for f in fields(cls)}  # type: ignore[arg-type]

    def clock(self, steps: float) -> float:
        """Clock reached after `steps` steps."""
        return steps * self.clock_step

    def steps(self, clock: float) -> int:
        """Smallest number of steps that reaches the clock."""
        return math.ceil(clock / self.clock_step - 1e-9)

    def with_(self, **changes: Any) -> Self:
        """A copy with some fields changed."""
        return replace(self, **changes)  # type: ignore[type-var]

    def as_dict(self) -> dict[str, Any]:
        """The fields as plain numbers and words, in order."""
        return {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]

    def _repr_html_(self) -> str:
        """For notebooks: the fields under their letters, and the groups."""
        import sympy as sp

        from theory.formulas import formula_html
        from theory.show import html_table, number_text

        letters = {name: sp.latex(symbol) for symbol, name in self.letters().items()}
        rows = {}
        for name, value in {**self.as_dict(), **self.groups()}.items():
            letter = f"{formula_html(letters[name])} = " if name in letters else ""
            rows[name] = f"{letter}{escape(number_text(value))}"
        return html_table(type(self).__name__, rows)


def number_kinds(setting: type[AbstractSetting]) -> dict[str, type]:
    """The fields declared as `int` or `float`, with that type.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Net(AbstractSetting):
    ...     n: int
    ...     rate: float
    ...     name: str
    >>> number_kinds(Net)
    {'n': <class 'int'>, 'rate': <class 'float'>}
    """
    known: dict[Any, type] = {"int": int, int: int, "float": float, float: float}
    return {f.name: known[f.type] for f in fields(setting) if f.type in known}  # type: ignore[arg-type]
