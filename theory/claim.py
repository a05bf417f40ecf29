"""A claim: statement, conditions, measurement and decision rule in one object."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from theory.condition import Condition, Constants
from theory.experiment import Experiment
from theory.rules import Kind, Rule
from theory.source import PROVENANCES, Provenance, Source

__all__ = ["Claim", "Prediction", "Proof"]

_ID = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")


@dataclass(frozen=True)
class Prediction:
    """The formula a claim predicts, with every constant named.

    Args:
        symbol: LaTeX of the predicted quantity (left-hand side).
        formula: sympy expression (right-hand side).
        unit: "gradient steps", "clock", "probability", ...
        constants: name -> what it is: its value and whether it is free, fitted, derived or the paper's.
    """

    symbol: str
    formula: sp.Expr
    unit: str
    constants: Mapping[str, str] = field(default_factory=dict)

    @property
    def latex(self) -> str:
        """`symbol = formula`."""
        return rf"{self.symbol} = {sp.latex(self.formula)}"


@dataclass(frozen=True)
class Proof:
    """The outcome of a symbolic check: whether the identity was proved, and the steps as text."""

    holds: bool
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Claim:
    r"""One checkable statement.

    Args:
        id: dotted lower-case name, unique in the ledger ("two_stage.theorem_4_1.clean_fit").
        source, provenance: where it stands; "paper", "framework" or "derived".
        statement: LaTeX (text with $formulas$).
        rule: how it is decided; gives the claim its kind.
        measure: function of a `Run`, returning what the rule asks for, or `NotApplicable(reason)`.
        experiment: the runs it is judged on.
        conditions: the inequalities under which it is claimed. A setting that misses one is not judged.
        constants: the values of the constants in the conditions, none silently 1.
        drops: names of conditions left out on purpose. Such a claim is a *probe*: it is judged only at
            settings OUTSIDE the named conditions, to learn whether they are needed. A refuted probe is
            a finding about the condition, not a failure of the theorem.
        parents: ids of the claims it rests on.
        prediction: the formula, where there is one.
        proof: a symbolic check; an identity needs it to hold as well as its residuals to vanish.
        measured: in words, what `measure` returns.
        note: the reading chosen where the source is ambiguous, or a correction of it.

    Raises:
        ValueError: naming the field.
    """

    id: str
    source: Source
    provenance: Provenance
    statement: str
    rule: Rule
    measure: Callable[[Any], Any]
    experiment: Experiment
    conditions: tuple[Condition, ...] = ()
    constants: Constants = field(default_factory=lambda: Constants({"C": 1.0, "delta": 0.05}))
    drops: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    prediction: Prediction | None = None
    proof: Callable[[], Proof] | None = None
    measured: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not _ID.fullmatch(self.id):
            raise ValueError(f"claim id must be dotted lower-case words, was {self.id!r}")
        if self.provenance not in PROVENANCES:
            raise ValueError(
                f"claim {self.id}: provenance must be one of {PROVENANCES}, was {self.provenance!r}"
            )
        if not self.statement.strip():
            raise ValueError(f"claim {self.id}: statement must not be empty")
        if not callable(self.measure):
            raise ValueError(f"claim {self.id}: measure must be a function of a run")
        for condition in self.conditions:
            missing = sorted(condition.constants - set(self.constants.values))
            if missing:
                raise ValueError(
                    f"claim {self.id}: constants gives no value to {missing[0]!r}, which condition "
                    f"{condition.name!r} contains; has {sorted(self.constants.values)}"
                )
        names = [c.name for c in self.conditions]
        for name in self.drops:
            if name not in names:
                raise ValueError(
                    f"claim {self.id}: drops names no condition of the claim: {name!r}; has {names}"
                )

    @property
    def kind(self) -> Kind:
        """identity, event, ordering, band, exponent or law."""
        return self.rule.kind

    @property
    def is_probe(self) -> bool:
        """Whether the claim is judged outside some of its conditions on purpose."""
        return bool(self.drops)

    @property
    def kept_conditions(self) -> tuple[Condition, ...]:
        """The conditions that a judged setting must satisfy."""
        return tuple(c for c in self.conditions if c.name not in self.drops)

    @property
    def dropped_conditions(self) -> tuple[Condition, ...]:
        """The conditions of which a probe's setting must miss at least one."""
        return tuple(c for c in self.conditions if c.name in self.drops)
