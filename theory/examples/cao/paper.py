r"""Benign overfitting with activation ReLU^q, q > 2 (Cao et al. 2022): another activation and clock.

From a small start a filter's signal grows as `|mu|^2 z^(q-1)`, its part along a noise patch as
`(d/n) z^(q-1)`, with z of order `|mu|` and `sqrt(d)`: what blows up first is learned, and `|mu|^q` against
`d^(q/2)/n` is `n SNR^q` against 1.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sympy as sp

import theory as th
from theory.examples.cao.patches import Patches

__all__ = ["THIS"]

WHERE = th.Source("Cao et al. 2022", "Theorems 4.3 and 4.4")
N, Q, D, G, M = sp.symbols("n q d g m")
C_B, C_H, C_N = th.Constant("C_b"), th.Constant("C_h"), th.Constant("C_n")
WIDE = th.Condition("dimension", D, 4 * N, WHERE, "paper", "noise patches are nearly orthogonal")
MANY = th.Condition("filters", M, 8, WHERE, "paper", "on either side some filter starts along the signal")
STRONG = th.Condition("signal_strong", G, C_B, WHERE, "paper", "the signal is learned first")
WEAK = th.Condition("signal_weak", C_H, G, WHERE, "paper", "noise is learned first")
OTHER = th.Condition("n_snr_2", N * (G / N) ** (2 / Q), C_N, WHERE, "derived", "of ReLU, not of ReLU^q")
CONSTANTS = th.Constants({"C_b": 8.0, "C_h": 0.3, "C_n": 1.0})
RUNS = th.Experiment(
    "examples.cao.box",
    place=th.Box("Cao et al.", (th.Coordinate("n", 20, 40, whole=True),
                                th.Coordinate("d", 800, 2000, whole=True), th.Coordinate("g", 0.03, 50)),
                 lambda x: Patches(**x)),
    clock=1000.0,
    runs={"quick": 320, "default": 600, "full": 4000},
)  # fmt: skip
MAP = th.Experiment(
    "examples.cao.map",
    place=th.Cells("n SNR^q", tuple(({"g": g}, Patches(40, 4000, g)) for g in (0.02, 0.1, 0.5, 2, 10, 50))),
    clock=1000.0,
    runs={"quick": 12, "default": 60, "full": 400},
)


def claim(name: str, text: str, rule: Any, measure: Any, *conditions: Any, runs: Any = RUNS) -> th.Claim:
    return th.Claim(f"examples.cao.{name}", WHERE, "paper", text, rule, measure, runs,
                    (WIDE, MANY, *conditions), CONSTANTS)  # fmt: skip


CLAIMS = (
    claim("trained", "The loss falls to $.1$, whichever is learned.", th.Event(0.05),
          lambda run: run.losses[-1] <= 0.1),
    claim("benign", r"For $n\,\mathrm{SNR}^q \ge 8$ the error is at most $.05$.", th.Event(0.1),
          lambda run: run.error <= 0.05, STRONG),
    claim("harmful", r"For $n\,\mathrm{SNR}^q \le .3$ it is at least $.3$.", th.Event(0.1),
          lambda run: run.error >= 0.3, WEAK),
    claim("map", r"Beyond $n\,\mathrm{SNR}^q = 10$ the error is at most $.05$ (n 40, d 4000).",
          th.EventMap("g", 10.0, delta=0.2), lambda run: run.error <= 0.05, runs=MAP),
)  # fmt: skip


def falsehoods(ledger: th.Ledger) -> list[th.Falsehood]:
    wrong = replace(CLAIMS[1], conditions=(WIDE, MANY, OTHER))
    why = "with n SNR^2 at least 1 but n SNR^q below 1 the noise is learned first"
    return [th.Falsehood(CLAIMS[1].id, "transition at n SNR^2", "symbols", wrong, why)]


THIS = th.Paper(
    "examples.cao",
    th.Reference("Y. Cao, Z. Chen, M. Belkin, Q. Gu", 2022,
                 "Benign overfitting in two-layer convolutional neural networks", "NeurIPS"),
    CLAIMS, (Patches,), {"Theorem 4.3": (WIDE, MANY, STRONG), "Theorem 4.4": (WEAK,)}, constants=CONSTANTS,
    falsehoods=falsehoods, optional=True,
    reference_box=th.Box("all", (th.Coordinate("n", 10, 50, whole=True), th.Coordinate("g", 0.01, 150),
                         th.Coordinate("d", 300, 3000, whole=True), th.Coordinate("start", 0.02, 0.3),
                         th.Coordinate("m", 5, 20, whole=True)), lambda x: Patches(**x)),
)  # fmt: skip
