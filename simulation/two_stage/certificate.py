"""The finite-size bracket applied to a trajectory: what is certified of it, and what is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from theory.two_stage.certified.bracket import Bracket, NotCertified, finite_size_bracket
from theory.two_stage.certified.claims import NARROW, margin_rounding

if TYPE_CHECKING:
    from simulation.two_stage.trajectory import Trajectory

__all__ = ["Certificate", "certify"]

Interval = tuple[float, float]


@dataclass(frozen=True)
class Certificate:
    """What the bracket says of one run.

    `holds`: every recorded margin inside, None without a bracket. `t_half`, `t_all`: brackets in gradient
    steps where they are narrow, else the reason. `horizon`: the last certified step, `stopped` what ended it.
    `median_width` is the median over samples of the margin bracket's width at the horizon.
    """

    holds: bool | None
    t_half: Interval | NotCertified
    t_all: Interval | NotCertified
    start: int | None
    horizon: int | None
    median_width: float
    stopped: str

    def lines(self) -> list[str]:
        """For people: one sentence a line."""
        if self.holds is None:
            return [f"no certificate: {self.stopped}"]
        times = []
        for name, value in (("t_half", self.t_half), ("t_all", self.t_all)):
            times.append(
                f"{name}: not certified ({value.reason})"
                if isinstance(value, NotCertified)
                else f"{name} in [{value[0]:g}, {value[1]:g}] steps"
            )
        return [
            f"bracket certified for steps {self.start}..{self.horizon} (ended by {self.stopped}); "
            f"median margin width {self.median_width:.3g}",
            "every recorded margin inside" if self.holds else "a recorded margin is OUTSIDE",
            *times,
        ]


def certify(trajectory: Trajectory, *, narrow: float = NARROW) -> Certificate:
    """Bracket a run from its initial state and compare.

    Args:
        trajectory: with margins; its geometry is the input, its margins are only compared.
        narrow: largest relative width at which a time's bracket is offered.
    """
    geometry = trajectory.geometry
    bracket = finite_size_bracket(
        geometry.gram,
        geometry.products.reshape(2, geometry.m, -1),
        geometry.y,
        geometry.y_observed,
        rate=trajectory.eta / (geometry.n * geometry.m),
        steps=int(trajectory.steps[-1]),
    )
    if isinstance(bracket, NotCertified):
        return Certificate(None, bracket, bracket, None, None, float("nan"), bracket.reason)
    return _compared(bracket, trajectory, narrow)


def _compared(bracket: Bracket, trajectory: Trajectory, narrow: float) -> Certificate:
    rounding = margin_rounding(trajectory.steps, trajectory.margins)
    return Certificate(
        holds=bracket.contains(trajectory.steps, trajectory.margins, rounding),
        t_half=bracket.offered(0.5, narrow),
        t_all=bracket.offered(1.0, narrow),
        start=bracket.start,
        horizon=bracket.horizon,
        median_width=float(np.median(bracket.margin_high[-1] - bracket.margin_low[-1])),
        stopped=bracket.stopped,
    )
