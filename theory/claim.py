"""A claim: statement, conditions, measurement and decision rule in one object."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from theory.condition import Condition, Constants, free_constants
from theory.experiment import Experiment
from theory.paper_names import paper_name_of
from theory.place import Joined
from theory.rules import FittedBand, Kind, Rule
from theory.source import PROVENANCES, Provenance, Source

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["ROLES", "Claim", "Prediction", "Proof", "Role"]

Role = Literal["claim", "probe", "reading"]
ROLES: tuple[str, ...] = get_args(Role)

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
        import sympy as sp

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
        id: dotted lower-case name, unique in the ledger ("paper.theorem_1.clean_fit").
        source, provenance: where it stands; "paper", "framework" or "derived".
        statement: LaTeX (text with $formulas$).
        rule: how it is decided; gives the claim its kind.
        measure: function of a `Run`, returning what the rule asks for, or `NotApplicable(reason)`.
        experiment: the runs it is judged on.
        conditions: the inequalities under which it is claimed. A setting that misses one is not judged.
        constants: the values of the constants in the conditions; none by default, and none is silently 1.
        drops: names of conditions left out on purpose. Such a claim is a *probe*: it is judged only at
            settings OUTSIDE the named conditions, to learn whether they are needed. A refuted probe is
            a finding about the condition, not a failure of the theorem.
        role: "claim"; "probe", where it has `drops`; "reading": a published or tempting statement that is
            expected to fail inside its conditions. A reading is judged like any claim, counted apart, and
            never changes the exit status.
        corrected_by: id of the claim that says what is true instead of a reading.
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
    constants: Constants = field(default_factory=lambda: Constants({}))
    drops: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    prediction: Prediction | None = None
    proof: Callable[[], Proof] | None = None
    measured: str = ""
    note: str = ""
    role: Role = "claim"
    corrected_by: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not _ID.fullmatch(self.id):
            raise ValueError(f"claim id must be dotted lower-case words, was {self.id!r}")
        if self.provenance not in PROVENANCES:
            raise ValueError(
                f"claim {self.id}: provenance must be one of {PROVENANCES}, was {self.provenance!r}"
            )
        if not isinstance(self.statement, str) or not self.statement.strip():
            raise ValueError(f"claim {self.id}: statement must not be empty")
        if not isinstance(self.constants, Constants):
            raise ValueError(
                f"claim {self.id}: constants must be theory.Constants, was a {type(self.constants).__name__}"
            )
        if not isinstance(self.experiment, Experiment):
            raise ValueError(
                f"claim {self.id}: experiment must be a theory.Experiment, was a "
                f"{type(self.experiment).__name__}"
            )
        for name in ("statement", "measured", "note"):
            try:
                getattr(self, name).encode()
            except UnicodeEncodeError as error:
                raise ValueError(f"claim {self.id}: {name} is no text that can be written: {error}") from None
        reason = getattr(self.rule, "reason", "")
        if not isinstance(reason, str):
            raise ValueError(
                f"claim {self.id}: the rule's reason must be text, was {reason!r}; numbers are given by "
                f"name, as {type(self.rule).__name__}(alpha=0.05)"
            )
        if not callable(self.measure):
            raise ValueError(f"claim {self.id}: measure must be a function of a run")
        if isinstance(self.experiment.place, Joined) and not isinstance(self.rule, FittedBand):
            raise ValueError(
                f"claim {self.id}: experiment {self.experiment.id!r} joins sweeps to its box, which only a "
                f"FittedBand tells apart; the rule is a {type(self.rule).__name__}"
            )
        if self.conditions:
            setting = self.experiment.setting_class
        for condition in self.conditions:
            missing = sorted(
                free_constants((condition.large, condition.small), setting) - set(self.constants.values)
            )
            if missing:
                letters = ", ".join(sorted(letter.name for letter in setting.letters()))
                raise ValueError(
                    f"claim {self.id}: constants gives no value to {missing[0]!r}, which condition "
                    f"{condition.name!r} contains and no letter of the setting is ({letters}); it has "
                    f"{sorted(self.constants.values) or 'none'}, and no constant is silently 1"
                )
        names = [c.name for c in self.conditions]
        for name in self.drops:
            if name not in names:
                raise ValueError(
                    f"claim {self.id}: drops names no condition of the claim: {name!r}; has {names}"
                )

        if self.drops and self.role == "claim":
            object.__setattr__(self, "role", "probe")
        if self.role not in ROLES:
            raise ValueError(f"claim {self.id}: role must be one of {ROLES}, was {self.role!r}")
        if self.role == "probe" and not self.drops:
            raise ValueError(f"claim {self.id}: a probe must leave out a condition: drops is empty")
        if self.role == "reading" and not self.corrected_by:
            raise ValueError(f"claim {self.id}: a reading must name the claim that corrects it: corrected_by")

    def __repr__(self) -> str:
        return f"Claim({self.id!r}, {self.rule!r}, experiment {self.experiment.id!r})"

    def _repr_html_(self) -> str:
        """For notebooks: the statement set as mathematics, where it stands and how it is decided."""
        from html import escape

        from theory.formulas import formula_html, statement_html
        from theory.show import html_table

        rows = {
            "statement": statement_html(self.statement),
            "source": escape(f"{self.source} ({self.provenance})"),
            "role": self.role,
            "rule": escape(repr(self.rule)),
            "conditions": "<br>".join(formula_html(c.latex) for c in self.conditions) or "none",
            "runs": escape(f"{self.experiment.id}: {self.experiment.place.describe()}"),
        }
        if self.note:
            rows["note"] = statement_html(self.note)
        return html_table(self.id, rows)

    @property
    def paper(self) -> str:
        """The name of its paper; the first word of its id where it is a folder's or a file's own."""
        return paper_name_of(self.id)

    @property
    def kind(self) -> Kind:
        """identity, event, ordering, band, exponent or law."""
        return self.rule.kind

    @property
    def is_probe(self) -> bool:
        """Whether the claim is judged outside some of its conditions on purpose."""
        return self.role == "probe"

    @property
    def is_printed(self) -> bool:
        """Whether the claim says what its paper prints: not derived here, and no condition left out."""
        return self.provenance == "paper" and not self.is_probe

    @property
    def kept_conditions(self) -> tuple[Condition, ...]:
        """The conditions that a judged setting must satisfy."""
        return tuple(c for c in self.conditions if c.name not in self.drops)

    @property
    def dropped_conditions(self) -> tuple[Condition, ...]:
        """The conditions of which a probe's setting must miss at least one."""
        return tuple(c for c in self.conditions if c.name in self.drops)
