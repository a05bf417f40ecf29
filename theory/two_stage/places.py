"""The paper's reference box, and places drawn from conditions in it.

`REFERENCE` is the region that verdicts speak of. It holds both sides of every regime border: kappa_0 from a
thousandth to 30, d from 2 n to 10^7 n, n SNR^2 (1 - 2 tau) from a half to 30, flip rates to .4. Its sizes are
such that runs are affordable by the hundred: n to 200, m to 500, and a step of at least .03 of the time unit,
which under the framework's h <= 1/m leaves m <= 33.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from theory.condition import Condition, Constants, Inside
from theory.two_stage.box import Domain

__all__ = ["REFERENCE", "drawn_from"]

REFERENCE = Domain(
    "reference",
    n=(40, 200),
    m=(6, 500),
    signal_margin=(0.5, 30.0),
    tau=(0.0, 0.4),
    kappa_0=(1e-3, 30.0),
    dimension=(2.0, 1e7),
    clock_step=(0.03, 0.2),
)


def drawn_from(name: str, conditions: Sequence[Condition], constants: Constants) -> Domain:
    """Random settings of the reference box inside these conditions."""
    kept = tuple(conditions)
    fixed = {name: value for c in kept for name, value in c.fixes}
    return replace(
        REFERENCE.sliced(fixed).narrowed(kept, constants), name=name, accept=Inside(kept, constants)
    )
