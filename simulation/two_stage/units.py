r"""Units in which a run is computed: numbers that the run's number type can hold.

Gradient descent is unchanged by `(mu, xi, w0, eta) -> (c mu, c xi, w0 / c, eta / c^2)`: margins, coefficients
and pre-activations stay. With c a power of two it is unchanged to the last bit, so that a run in units far
from 1 is computed near 1. What still does not fit is refused: `eta` or weights that become 0 train nothing.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from simulation.two_stage.geometry import Geometry

__all__ = ["computable", "require_finite"]

#: Binary exponent of a patch's length beyond which float32, whose squares end at 2^+-126, needs other units.
_FAR = 40


def computable(geometry: Geometry, eta: float, dtype: str) -> tuple[Geometry, float, float]:
    """The geometry and step in units of the patches, and that unit (1 for float64, and for sizes near 1).

    Raises:
        ValueError: naming the argument that the type cannot hold together with the others.
    """
    norms_sq = np.diag(geometry.gram)
    unit = 1.0
    if dtype == "float32":
        exponent = round(0.5 * math.log2(float(np.median(norms_sq[1:]))))
        unit = math.ldexp(1.0, exponent) if abs(exponent) > _FAR else 1.0
    if unit != 1.0:
        geometry = replace(geometry, gram=geometry.gram / unit / unit)
        eta = eta * unit * unit
        norms_sq = np.diag(geometry.gram)
    number = np.finfo(dtype)
    least, most = float(number.tiny), float(number.max) ** 0.9
    push = eta / (geometry.n * geometry.m) * norms_sq
    size = np.abs(geometry.products)
    where = f"in {dtype}" + (f", in units of {unit:g}" if unit != 1.0 else "")
    if not (norms_sq.min() >= least and norms_sq.max() <= most):
        raise ValueError(
            f"mu and xi must have squared lengths between {least:.0e} and {most:.0e} {where}, were "
            f"{norms_sq[0]:.3g} and {norms_sq[1:].min():.3g} to {norms_sq[1:].max():.3g}"
        )
    if not (push.min() >= least and push.max() <= most and least <= eta <= most):
        raise ValueError(
            f"eta must move the coefficients by between {least:.0e} and {most:.0e} a step {where}: eta "
            f"|v|^2/(n m) was {push.min():.3g} to {push.max():.3g}"
        )
    if size.max() > most or np.any((size > 0) & (size < least)):
        raise ValueError(
            f"w0 must give pre-activations of 0 or between {least:.0e} and {most:.0e} {where}, gave "
            f"{size[size > 0].min():.3g} to {size.max():.3g}"
        )
    return geometry, eta, unit


def require_finite(
    margins: np.ndarray[tuple[int, ...], np.dtype[np.float64]], eta: float, dtype: str
) -> None:
    """Refuse a run that has left the range of its number type.

    Raises:
        ValueError: naming eta.
    """
    if not np.isfinite(margins).all():
        raise ValueError(f"eta = {eta:g} drives margins beyond the range of {dtype}")
