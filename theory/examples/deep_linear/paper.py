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
STEP, START, RATIO, MODES = sp.symbols("step start ratio modes")
SMALL = th.Condition("small_step", 0.04, STEP, WHERE, "derived", "descent follows the flow")
#: Clock at which runs end: in the box long enough for the weakest mode, and as much again.
END = 30.0
LONG = th.Condition("long", END, 0.75 * sp.log(1 / START) * RATIO ** (MODES - 1), WHERE, "derived",
                    "half as long again as the weakest mode takes to its half")  # fmt: skip
BOX = th.Box(
    "linear networks",
    (th.Coordinate("width", 4, 12, whole=True), th.Coordinate("modes", 2, 4, whole=True),
     th.Coordinate("ratio", 1.2, 1.6), th.Coordinate("start", 1e-3, 0.05), th.Coordinate("step", 0.01, 0.04)),
    lambda x: Linear(**x),
)  # fmt: skip
RUNS = th.Experiment("examples.deep_linear.descent", place=BOX, clock=END,
                     runs={"quick": 96, "default": 200, "full": 1000})  # fmt: skip


def claim(name: str, statement: str, rule: th.Rule, measure: Any) -> th.Claim:
    return th.Claim(f"examples.deep_linear.{name}", WHERE, "paper", statement, rule, measure, RUNS,
                    (SMALL, LONG))  # fmt: skip


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
          th.Band(0, 0.05, "steps up to .04: the flow's time is met to 2 per cent"), curve),
    claim("time", r"A mode is half learned at $\ln(s/u_0 - 1)/(2s)$.",
          th.Band(0, 0.03, "steps up to .04: the growth rate is off by s/50"), times),
    claim("order", "Modes are learned in the order of their strengths, strongest first.",
          th.Ordering(0.05), lambda run: bool(np.all(np.diff(run.half_times) > 0))),
)  # fmt: skip


def falsehoods(ledger: th.Ledger) -> list[th.Falsehood]:
    def backwards(c: th.Claim) -> th.Claim:
        return replace(c, measure=lambda run: c.measure(th.altered(run, half_times=run.half_times[::-1])))

    why = "the time is inverse to the strength"
    return [th.Falsehood(c.id, "times in reverse", "order", backwards(c), why) for c in CLAIMS[1:]]


THIS = th.Paper(
    "examples.deep_linear",
    th.Reference("A. M. Saxe, J. L. McClelland, S. Ganguli", 2014,
                 "Exact solutions to the nonlinear dynamics of learning in deep linear networks", "ICLR"),
    CLAIMS, (Linear,), {"Flow": (SMALL, LONG)}, falsehoods=falsehoods, optional=True,
    reference_box=th.Box("all", (
        th.Coordinate("width", 4, 24, whole=True), th.Coordinate("modes", 2, 4, whole=True),
        th.Coordinate("ratio", 1.1, 2), th.Coordinate("start", 1e-4, 0.1), th.Coordinate("step", 0.01, 0.08)),
        lambda x: Linear(**x)),
)  # fmt: skip
