"""From the measurements of runs to the curves that questions show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from theory.question import Curve
from verify.outcome import MeasuredCurve

if TYPE_CHECKING:
    from verify.runs.batch import Measurement

__all__ = ["measured_curves"]


def measured_curves(
    curves: Sequence[Curve], made: Mapping[str, Mapping[int, Measurement]]
) -> tuple[MeasuredCurve, ...]:
    """The curves whose runs were made, in run order; one without a measured run is left out.

    Raises:
        ValueError: naming the curve, when a series does not hold one value a place.
    """
    out = []
    for curve in curves:
        runs = sorted(made.get(curve.experiment.id, {}).items())
        rows = [m.values[curve.id] for _, m in runs if curve.id in m.values]
        if not rows:
            continue
        values = {name: np.array([row[name] for row in rows], dtype=np.float64) for name in rows[0]}
        for name, array in values.items():
            if array.shape != (len(rows), len(curve.at)):
                raise ValueError(
                    f"curve {curve.id}: series {name!r} must hold {len(curve.at)} values a run, has shape "
                    f"{array.shape[1:]}"
                )
        out.append(MeasuredCurve(curve, values))
    return tuple(out)
