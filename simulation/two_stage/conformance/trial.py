"""An engine with what the checks ask of it: runs as checked arrays, each made once."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulation.two_stage.conformance.cases import Case
from simulation.two_stage.conformance.check import States, states_of
from simulation.two_stage.conformance.engine import Engine
from simulation.two_stage.problem import Problem
from theory.two_stage.variation import PLAIN, Variation

__all__ = ["Trial"]


@dataclass(frozen=True, eq=False)
class Trial:
    """The engine under test."""

    engine: Engine
    _plain: dict[Case, States] = field(default_factory=dict)

    def run(
        self,
        problem: Problem,
        eta: float,
        steps: int,
        dtype: str = "float64",
        device: str = "cpu",
        variation: Variation = PLAIN,
    ) -> States:
        """A new run. A variation is handed on where it is not the paper's own model."""
        more = {} if variation == PLAIN else {"variation": variation}
        result = self.engine(problem, eta=eta, steps=steps, dtype=dtype, device=device, **more)
        return states_of(result, problem.n, problem.m, steps)

    def of(self, case: Case) -> States:
        """The run of a case as it stands, made at first use."""
        # By the case itself, which is kept with its run: an id is given again when a case is gone.
        if case not in self._plain:
            self._plain[case] = self.run(case.problem, case.eta, case.steps, variation=case.variation)
        return self._plain[case]
