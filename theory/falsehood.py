"""A planted falsehood: a claim that is wrong in one stated place, beside the claim it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from theory.claim import Claim

__all__ = ["FALSEHOOD_KINDS", "GROSS", "AlteredRun", "Falsehood", "FalsehoodKind", "altered"]

FalsehoodKind = Literal[
    "sign", "order", "exponent 0.5", "exponent 0.1", "constant", "factor", "symbols", "condition", "formula"
]
FALSEHOOD_KINDS: tuple[FalsehoodKind, ...] = get_args(FalsehoodKind)

#: Kinds of which every single falsehood must be found.
GROSS: frozenset[FalsehoodKind] = frozenset({"sign", "order", "exponent 0.5"})


@dataclass(frozen=True)
class Falsehood:
    r"""A false variant that a claim's author declares, where the mistake sits inside `measure` or the proof.

    `python -m verify soundness` makes the variants that follow from a claim's rule by itself (a negated
    event,
    a wrong exponent, a constant doubled). What it cannot reach is a formula inside `measure`: those are
    listed
    beside `CLAIMS` as `FALSEHOODS`, in a paper's package or in a claims file.

    Args:
        of: id of the true claim.
        name: what was changed, unique among the claim's falsehoods ("|mu| for |mu|^2").
        kind: one of `FALSEHOOD_KINDS`.
        claim: the false claim; usually `dataclasses.replace(true, measure=...)`. Its id does not matter.
        why: why it is false when the true claim holds. A variant that may be true is none.

    Raises:
        ValueError: naming the field.
    """

    of: str
    name: str
    kind: FalsehoodKind
    claim: Claim
    why: str

    def __post_init__(self) -> None:
        if self.kind not in FALSEHOOD_KINDS:
            raise ValueError(f"kind must be one of {', '.join(FALSEHOOD_KINDS)}, was {self.kind!r}")
        for name in ("of", "name", "why"):
            if not getattr(self, name).strip():
                raise ValueError(f"falsehood {self.of!r}: {name} must not be empty")


class AlteredRun:
    """Delegates to a run, except for the replaced attributes.

    Quantities that the run measured itself stay what they were, unless it says what follows from what: its
    method `derived(name, altered, changes)` returns an attribute under the changes, or `NotImplemented`.
    """

    def __init__(self, run: Any, changes: dict[str, Any]) -> None:
        self._run = run
        self._changes = changes

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        changes = self._changes
        if name in changes:
            return changes[name]
        derived = getattr(self._run, "derived", None)
        if derived is not None:
            value = derived(name, self, changes)
            if value is not NotImplemented:
                return value
        return getattr(self._run, name)


def altered(run: Any, **changes: Any) -> Any:
    """The run with these attributes replaced, for a measurement that makes one mistake.

    >>> class Seen:
    ...     heads, tosses = 3, 5
    >>> wrong = altered(Seen(), heads=4)
    >>> wrong.heads, wrong.tosses
    (4, 5)
    """
    return AlteredRun(run, changes)
