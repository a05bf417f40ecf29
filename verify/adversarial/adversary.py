"""A claim's measure asked again about adversarial runs."""

from __future__ import annotations

import dataclasses
import math
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from theory.rules import Identity, SameRun
from theory.run import NotApplicable
from verify.adversarial.moves import moves, moves_of_itself
from verify.adversarial.others import Others
from verify.rules.registry import judge_of
from verify.runs.same import identical

__all__ = ["Adversary", "Replay"]


@dataclasses.dataclass(frozen=True)
class Replay:
    """What came of the adversarial runs: the move that broke the claim (None: none did), how many were
    tried, whether all were tried and most answered; and whether the time sufficed, so that it would come out
    the same again."""

    moved_by: str | None
    tried: int
    complete: bool
    in_time: bool = True


@dataclasses.dataclass(frozen=True)
class Adversary:
    """A measure of a run that returns a `Replay` of the claim's own measure on adversarial runs.

    Args:
        measure, rule: the claim's.
        others: where the other runs come from.
        alone: only what is done with the run alone, for which none is made.
        seconds: of this process's own time, for all moves together; what is not tried by then leaves the
            replay incomplete.
    """

    measure: Callable[[Any], Any]
    rule: Any
    others: Others
    alone: bool = False
    seconds: float = math.inf

    def __call__(self, run: Any) -> Replay | NotApplicable:
        """Every move in turn, until one breaks the claim.

        A claim of single runs is broken when the moved run violates it; one of many runs when the value
        changes at all. A measure that raises, or does not apply, is not moved; where it answers to fewer than
        half of the moves, the replay is not complete: what it would take to break the claim lies outside of
        what it reads.
        """
        started = time.process_time()
        value = self.measure(run)
        if isinstance(value, NotApplicable):
            return value
        tried = answered = 0
        if self._broken(run, value):
            return Replay("the run as it is", tried, True)
        residual = isinstance(self.rule, Identity | SameRun)
        tried_on = (
            moves_of_itself(run, self.others.settings, residual)
            if self.alone
            else moves(run, self.others, residual)
        )
        for name, moved in tried_on:
            if time.process_time() - started > self.seconds:
                return Replay(None, tried, False, in_time=False)
            tried += 1
            try:
                with np.errstate(all="ignore"), warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of numbers that no run has
                    other = self.measure(moved)
                if isinstance(other, NotApplicable):
                    continue
                if self._breaks(run, value, other):
                    return Replay(name, tried, True)
                answered += 1
            except (KeyboardInterrupt, MemoryError):
                raise
            except Exception:
                continue  # a run that never was may be none that the measure can read
        return Replay(None, tried, 2 * answered >= tried)

    def _broken(self, run: Any, value: Any) -> bool:
        excess = judge_of(self.rule).sure_excess(self.rule, value, int(run.steps[-1]), str(run.dtype))
        return excess is not None and excess > 0

    def _breaks(self, run: Any, value: Any, moved: Any) -> bool:
        judge = judge_of(self.rule)
        steps, dtype = int(run.steps[-1]), str(run.dtype)
        excess = judge.sure_excess(self.rule, moved, steps, dtype)
        if excess is not None:
            return excess > 0
        if judge.sure_excess(self.rule, value, steps, dtype) is not None:
            return False  # not measured there
        return not identical(value, moved)
