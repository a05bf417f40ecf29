"""What a run does besides its setting: kind of samples and noise, schedule, start, what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Along", "Arms", "LinearOptions", "Start"]

Start = Literal["lazy", "rich", "small", "solved"]
Along = Literal["first", "even"]
Arms = Literal["", "noiseless", "three"]


@dataclass(frozen=True)
class LinearOptions:
    """A frozen value that the engines of this paper read; equal options, equal runs.

    Args:
        population: the gradient of the whole population instead of samples.
        full_batch: all n rows of the data set at every step.
        static: label noise drawn once for every row.
        normalised: SAM with the gradient's direction (else with the gradient itself).
        start: "lazy" (the setting's `start` > 0 makes it small), "rich" (one neuron at the fixed point),
            or "solved" (lazy, with theta* the network's own map, so that the residual is the noise alone).
        along: theta* along the first axis, or with equal entries along all.
        decay: noiseless descent plus weight decay kappa/2 on W and kappa d/2 on a.
        off: the noise is off for the last `off` times `sqrt(d)/(eta |theta*|)` steps.
        periods: so many times in the run the noise is on and then, as long, off; 0: always on.
        frame: follow the transport of all d + 1 directions, made orthonormal every so many steps
            (0: not; -1: carried along as it is).
        moments: share of the run from which sums over the second layer are kept; negative: none.
        records: number of records, evenly spaced.
        steps: a fixed number of steps, whatever the clock; 0: the clock's.
        draws: of the frozen-state engine: steps drawn from one state.
        imposed: law of an imposed second layer: "gaussian", "chain", "constant".
        arms: "noiseless": a second run from the same start, as `run.control`; "three": runs of one-sample SAM
            and of descent with weight decay from the same start beside it, in `run.values`.
    """

    population: bool = False
    full_batch: bool = False
    static: bool = False
    normalised: bool = True
    start: Start = "lazy"
    along: Along = "first"
    decay: bool = False
    off: float = 0.0
    periods: int = 0
    frame: int = 0
    moments: float = -1.0
    records: int = 100
    steps: int = 0
    draws: int = 0
    imposed: str = ""
    arms: Arms = ""

    def half_period(self, steps: int) -> int:
        """Steps with the noise on, and as many with it off, in a run of `steps`."""
        return max(1, steps // (2 * self.periods))
