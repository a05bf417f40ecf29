"""What a sweep measures: named quantities and claims, read from the configuration, applied to a run."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from simulation.models import Engine
from theory.claim import Claim
from theory.condition import check_all
from theory.ledger import Ledger
from theory.quantity import Quantity
from theory.run import Estimate, NotApplicable, Run
from theory.setting import AbstractSetting

__all__ = ["ClaimMeasure", "Measure", "QuantityMeasure", "flattened", "inside", "parse_measures", "speaks_of"]

Scalar = float | bool
_CALL = re.compile(r"([A-Za-z_0-9]+)\s*(?:\(([^()]*)\))?")


@dataclass(frozen=True)
class QuantityMeasure:
    """A quantity with its arguments; `inf` as a clock means the end of the run."""

    quantity: Quantity
    arguments: tuple[float | str, ...]

    @property
    def name(self) -> str:
        """The quantity's."""
        return self.quantity.name

    @property
    def sampled(self) -> bool:
        """Whether the job's precision matters."""
        return self.quantity.sampled

    @property
    def column(self) -> str:
        """`name(argument, ...)`, the same however it was written."""
        shown = ["end" if v == math.inf else v if isinstance(v, str) else f"{v:.12g}" for v in self.arguments]
        return f"{self.name}({','.join(shown)})" if shown else self.name

    @property
    def clocks(self) -> tuple[float, ...]:
        """Clocks the run must reach, without the end."""
        return self._of("clock", "state")

    @property
    def states(self) -> tuple[float, ...]:
        """Clocks at which the full state must be kept."""
        return self._of("state")

    def _of(self, *kinds: str) -> tuple[float, ...]:
        pairs = zip(self.quantity.parameters, self.arguments, strict=True)
        return tuple(v for k, v in pairs if k in kinds and not isinstance(v, str) and math.isfinite(v))

    def __call__(self, run: Run) -> Scalar | dict[str, Scalar]:
        """The value, or values by column; nan at a clock that a run stopped early did not reach."""
        end = run.setting.clock(float(run.steps[-1]))
        if any(clock > end * (1 + 1e-9) for clock in self.clocks):
            return math.nan
        arguments = [end if v == math.inf else v for v in self.arguments]
        return _short(self.column, self.quantity.value(run, *arguments))


@dataclass(frozen=True)
class ClaimMeasure:
    """What a claim measures of a run, judged or not; the column `inside` says whether its conditions are met,
    and whether it speaks of such runs at all."""

    id: str
    measure: Callable[[Run], Any]
    #: A claim may ask for an estimate, whatever its name.
    sampled = True

    @property
    def column(self) -> str:
        """The claim's id."""
        return self.id

    def __call__(self, run: Run) -> Scalar | dict[str, Scalar]:
        """The value, or values by column."""
        return _short(self.id, self.measure(run))


Measure = QuantityMeasure | ClaimMeasure


def _short(column: str, value: Any) -> Scalar | dict[str, Scalar]:
    """Its columns; one of the measure's own name as it is."""
    out = flattened(column, value)
    return out[column] if list(out) == [column] else out


def inside(claim: Claim, setting: AbstractSetting) -> bool:
    """Whether a setting meets the conditions under which the claim is judged."""
    return all(check.inside for check in check_all(claim.kept_conditions, setting, claim.constants))


def speaks_of(claim: Claim, engine: Engine, options: Hashable) -> bool:
    """Whether the claim's own runs are trained under these options: it speaks of no others. None are the
    engine's usual ones."""
    usual = engine.options({})
    own = claim.experiment.options
    return (usual if own is None else own) == (usual if options is None else options)


def flattened(column: str, value: Any) -> dict[str, Scalar]:
    """A measured value as columns of numbers: an estimate has three, a structure one a part.

    >>> flattened("x", Estimate(1.0, 0.5, 2.0))
    {'x': 1.0, 'x_low': 0.5, 'x_high': 2.0}
    >>> flattened("x", {"a": 1, "b": (True, NotApplicable("no label was flipped"))})
    {'x.a': 1.0, 'x.b.0': True, 'x.b.1': nan}

    Raises:
        ValueError: for a value that is not made of numbers.
    """
    if isinstance(value, NotApplicable) or value is None:
        return {column: math.nan}
    if isinstance(value, bool | np.bool_):
        return {column: bool(value)}
    if isinstance(value, int | float | np.integer | np.floating):
        return {column: float(value)}
    if isinstance(value, Estimate):
        return {column: value.value, f"{column}_low": value.low, f"{column}_high": value.high}
    if isinstance(value, np.ndarray):
        value = value.tolist()
        return flattened(column, value)
    if isinstance(value, Mapping):
        parts = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, Sequence) and not isinstance(value, str):
        parts = [(str(key), item) for key, item in enumerate(value)]
    else:
        raise ValueError(f"{column} is a {type(value).__name__}: only numbers fit into a table")
    out: dict[str, Scalar] = {}
    for key, item in parts:
        out |= flattened(f"{column}.{key}", item)
    return out


def parse_measures(
    texts: Sequence[str],
    ledger: Callable[[], Ledger],
    quantities: Sequence[Quantity],
    *,
    entries: bool = False,
) -> tuple[list[Measure], list[Claim]]:
    """The measures named in a configuration, and the claims among them.

    A name without a dot is a quantity; one with a dot or an asterisk outside of parentheses is a glob of
    claim ids, for which alone the ledger is loaded.

    Args:
        entries: whether another name is an entry of the run: of models that a user's own file makes.

    Raises:
        ValueError: naming the entry, with near matches, for an unknown name, a wrong number of arguments
            or one out of range.
    """
    measures: list[Measure] = []
    claims: list[Claim] = []
    for text in texts:
        outside = text.partition("(")[0]
        if "." in outside or "*" in outside:
            try:
                found = ledger().matching([text])
            except ValueError:
                near = difflib.get_close_matches(text, [c.id for c in ledger()], n=3, cutoff=0.4)
                hint = f"; did you mean {', '.join(near)}?" if near else ""
                raise ValueError(f"measure: no claim matches {text!r}{hint}") from None
            claims += found
            measures += [ClaimMeasure(claim.id, claim.measure) for claim in found]
        else:
            known = {q.name: q for q in quantities}
            if entries and text.isidentifier() and text not in known:
                known[text] = Quantity(text, (), "", "an entry of the run", attrgetter(text))
            measures.append(_quantity(text, known))
    columns = [m.column for m in measures]
    for column in columns:
        if columns.count(column) > 1:
            raise ValueError(f"measure: {column} is given twice")
    return measures, claims


def _quantity(text: str, known: Mapping[str, Quantity]) -> QuantityMeasure:
    match = _CALL.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"measure: {text!r} must be a quantity such as t_half or t_eps(0.1), or a claim id")
    name, inner = match[1], match[2]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(known)}"
        raise ValueError(f"measure: unknown quantity {name!r}; {hint}")
    quantity = known[name]
    given = [part.strip() for part in inner.split(",")] if inner and inner.strip() else []
    if len(given) != len(quantity.parameters):
        raise ValueError(f"measure: {text!r} must be {quantity.usage}")
    arguments = tuple(
        _argument(text, kind, v, quantity.words.get(k, ()))
        for k, (kind, v) in enumerate(zip(quantity.parameters, given, strict=True))
    )
    return QuantityMeasure(quantity, arguments)


def _argument(text: str, kind: str, given: str, words: Sequence[str]) -> float | str:
    if kind == "word":
        if given not in words:
            raise ValueError(f"measure: {text!r}: {given!r} must be one of {', '.join(words)}")
        return given
    if kind != "eps" and given == "end":
        return math.inf
    try:
        value = float(given)
    except ValueError:
        value = math.nan
    if kind == "eps" and not 0 < value < math.inf:
        raise ValueError(f"measure: {text!r}: eps must be a finite number > 0, was {given!r}")
    if kind != "eps" and not 0 <= value < math.inf:
        raise ValueError(f"measure: {text!r}: clock must be a number >= 0 or 'end', was {given!r}")
    return value
