"""What the cavity law contains. Claims use all of it; a falsehood leaves one part out."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FULL", "Terms"]


@dataclass(frozen=True)
class Terms:
    """The parts of a pre-activation's field.

    Args:
        signal: products of noise patches with the signal, in both directions.
        shared: cross-talk that all filters of a side feel alike.
        filters: U, the cross-talk that differs from filter to filter.
        rotating: U follows the direction of the coefficients; else it keeps its first one.
        other_side: coefficients that a side has on samples with the other label.
        symmetric: the trace that the symmetry of `<xi_k, xi_i>` leaves, `Cov(F_i, F_k) = P_i P_k/n`.
    """

    signal: bool = True
    shared: bool = True
    filters: bool = True
    rotating: bool = True
    other_side: bool = True
    symmetric: bool = True


#: The law.
FULL = Terms()
