"""The papers cited, and the values that this project gives to constants the paper leaves unnamed."""

from __future__ import annotations

from theory.source import Provenance, Source

__all__ = ["C_T1", "EPS", "LATE_LEVELS", "framework", "here", "paper", "provenance_of"]

#: `c_T` in `T_1 = c_T n m/(eta sigma_xi^2 d)`: half a time unit, when the signal has outgrown the noise
#: of every filter but no noisy sample has turned; a free constant of Theorem 4.1.
C_T1 = 0.5

#: The training loss at which Theorem 4.2 is looked at.
EPS = 0.1

#: The losses between which the power of 1/eps in its time is taken.
LATE_LEVELS = (0.08, 0.03)


def paper(item: str, equation: str = "") -> Source:
    """An item of the subject paper."""
    return Source("Han et al. 2025", item, equation)


def framework(item: str) -> Source:
    """An item of the framework it builds on."""
    return Source("Kou et al. 2023", item)


def here(item: str) -> Source:
    """A derivation in this project's documentation."""
    return Source("this project", item)


_PROVENANCES: dict[str, Provenance] = {
    "Han et al. 2025": "paper",
    "Kou et al. 2023": "framework",
    "this project": "derived",
}


def provenance_of(source: Source) -> Provenance:
    """What a statement at one of these sources is."""
    return _PROVENANCES[source.paper]
