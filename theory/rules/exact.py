"""Rules that chance has no part in: every run is held to them."""

from __future__ import annotations

from dataclasses import dataclass

from theory.rules.rule import Rule, check_positive

__all__ = ["Derived", "Identity", "SameRun", "Universal"]


@dataclass(frozen=True)
class Identity(Rule):
    """An equality of reals: the measured relative residual stays at rounding level.

    `measure(run)` returns a relative residual (float >= 0), or `(residual, scale)` of which the quotient is
    one (scale > 0). It is accepted up to `factor * eps(dtype) * max(1, steps)`: one rounding error a step,
    `factor` for the operations in a step. A closed form, whose operations do not grow with the run, says
    `per_step=False` and is accepted up to `factor * eps(dtype)`. A single larger residual refutes; nan is not
    measured.
    """

    kind = "identity"
    factor: float = 64.0
    reason: str = "rounding: factor * eps(dtype) * steps"
    per_step: bool = True

    def __post_init__(self) -> None:
        check_positive("factor", self.factor)


@dataclass(frozen=True)
class Universal(Rule):
    """A statement about every run: a theorem dies of one counterexample.

    `measure(run)` returns True or False, or the slack of an inequality (a float; it holds where the slack is
    at least `-rounding`), or nan where the run leaves it undecided. Only for quantities that are computed,
    not sampled: an `Estimate` is refused. A single violation refutes. SUPPORTED says "no counterexample in N
    settings": when no run violates it and at most a share `undecided` of the runs is undecided.
    """

    kind = "universal"
    reason: str = "a theorem holds without exception"
    rounding: float = 0.0
    undecided: float = 0.0

    def __post_init__(self) -> None:
        if not self.rounding >= 0:
            raise ValueError(f"rounding must be at least 0, was {self.rounding!r}")
        if not 0.0 <= self.undecided < 1.0:
            raise ValueError(f"undecided must lie in [0, 1), was {self.undecided!r}")


@dataclass(frozen=True)
class SameRun(Rule):
    """Two ways of making a run agree run by run: engines that share their seeds, or a run and its control.

    With two engines or more (`Experiment(pair_engines=True)`), `measure(run)` returns a number or a mapping
    of names to numbers, and runs of equal setting and seed are compared with the first engine's. With one,
    it returns the pair `(first, second)` or their relative difference. The relative difference
    `|first - second| / max(|first|, |second|, scale)` of every pair must be at most `tolerance`: one larger
    one refutes.
    """

    tolerance: float
    reason: str
    kind = "same_run"
    scale: float = 0.0

    def __post_init__(self) -> None:
        check_positive("tolerance", self.tolerance)
        if not self.scale >= 0:
            raise ValueError(f"scale must be at least 0, was {self.scale!r}")


@dataclass(frozen=True)
class Derived(Rule):
    """Algebra: a statement that no run enters, proved, or checked on closed forms at chosen settings.

    `scope` says for what it is proved ("symbolic n, m, d", "n = m = 2, d = 3"). Judged by the claim's `proof`
    where it has one, and by the relative residuals that `measure` returns, each at most `factor * eps`. The
    verdict word is "derived"; what runs say needs a claim of its own.
    """

    scope: str
    kind = "derivation"
    factor: float = 64.0
    reason: str = "a derivation: rounding of its own operations only"

    def __post_init__(self) -> None:
        if not self.scope.strip():
            raise ValueError("scope must say for what it is derived, was empty")
        check_positive("factor", self.factor)
