r"""Sigmoidal learning curves of a two-layer linear network (Saxe et al. 2014), each mode at its own time.

From balanced weights along the modes of the data each strength u obeys `du/dt = 2 u (s - u)`: a logistic
curve from `u_0` to s, half way at `ln(s/u_0 - 1)/(2 s)`. Strong modes are learned first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp

import theory as th
from theory.examples.deep_linear.network import Linear

__all__ = ["THIS"]

WHERE = th.Source("Saxe et al. 2014", "equations 5 to 9")
STEP = sp.Symbol("step")
SMALL = th.Condition("small_step", 0.05, STEP, WHERE, "derived", "descent follows the flow")
BOX = th.Box(
    "linear networks",
    (th.Coordinate("width", 4, 12, whole=True), th.Coordinate("modes", 2, 4, whole=True),
     th.Coordinate("ratio", 1.2, 1.6), th.Coordinate("start", 0.001, 0.05)),
    lambda x: Linear(**x),
)  # fmt: skip
#: Long enough for the weakest mode: ln(1000)/2 times 1.6^3, and as much again.
RUNS = th.Experiment("examples.deep_linear.descent", place=BOX, clock=30.0,
                     runs={"quick": 96, "default": 200, "full": 1000})  # fmt: skip


def claim(name: str, statement: str, rule: th.Rule, measure: Any) -> th.Claim:
    return th.Claim(f"examples.deep_linear.{name}", WHERE, "paper", statement, rule, measure, RUNS, (SMALL,))


def curve(run: Any) -> float:
    """The largest distance of a mode's strength, as a share of s, from its logistic curve."""
    s, u0 = run.setting.strengths, run.setting.start
    logistic = 1 / (1 + (1 / u0 - 1) * np.exp(-2 * np.outer(run.clock, s)))
    return float(np.max(abs(run.strengths / s - logistic)))


def times(run: Any) -> float:
    """The largest relative distance of a mode's half time from `ln(s/u_0 - 1)/(2 s)`."""
    return float(np.max(abs(run.half_times / run.setting.half_times - 1)))


CLAIMS = (
    claim("curve", r"Every mode follows $u(t) = s/(1 + (s/u_0 - 1) e^{-2st})$.",
          th.Band(0, 0.05, "steps of .02: the flow's time is met to a per cent"), curve),
    claim("time", r"A mode is half learned at $\ln(s/u_0 - 1)/(2s)$.",
          th.Band(0, 0.03, "steps of .02: the growth rate is off by s/100"), times),
    claim("order", "Modes are learned in the order of their strengths, strongest first.",
          th.Ordering(0.05), lambda run: bool(np.all(np.diff(run.half_times) > 0))),
)  # fmt: skip


def falsehoods(ledger: th.Ledger) -> list[th.Falsehood]:
    def backwards(run: Any) -> Any:
        return th.altered(run, half_times=run.half_times[::-1])

    why = "the time is inverse to the strength"
    return [
        th.Falsehood(c.id, "times in reverse", "order", replace(c, measure=_of(c, backwards)), why)
        for c in CLAIMS[1:]
    ]


def _of(true: th.Claim, change: Any) -> Any:
    return lambda run: true.measure(change(run))


THIS = th.Paper(
    "examples.deep_linear",
    th.Reference("A. M. Saxe, J. L. McClelland, S. Ganguli", 2014,
                 "Exact solutions to the nonlinear dynamics of learning in deep linear networks", "ICLR"),
    CLAIMS, (Linear,), {"Flow": (SMALL,)}, falsehoods=falsehoods, optional=True,
)  # fmt: skip
