r"""Benign overfitting of the ReLU CNN (Kou et al. 2023): the network of the first paper, another theorem.

With noise orthogonal to the signal the error on fresh data is decided by `g = n |mu|^4/(sigma^4 d)`, which is
n d SNR^4: gradient descent learns the signal n SNR^2 times as strongly as a noise patch, and a fresh patch
meets what was learned of all n with a spread of sqrt(n/d), so that signal over spread is sqrt(g).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

import theory as th
from theory.two_stage.parameters import PARAMETERS
from theory.two_stage.quantities import QUANTITIES
from theory.two_stage.setting import Setting
from theory.two_stage.symbols import d, kappa_0, mu_norm, n, sigma_xi, tau_plus

__all__ = ["END", "MAP", "THIS", "group"]

WHERE = th.Source("Kou et al. 2023", "Theorem 4.2")
LEMMA = th.Source("Kou et al. 2023", "section 5", "balance of the loss derivatives")
MODEL = th.Model("examples.kou", Setting, "simulation.examples.kou")
#: Clock at which the error is taken; the loss is below .1 long before.
END = 30.0
G, A = n * mu_norm**4 / (sigma_xi**4 * d), n * mu_norm**2 / (sigma_xi**2 * d)
C, SMALL, C_N = th.Constant("C_1"), th.Constant("C_3"), th.Constant("C_n")
WIDE = th.Condition("dimension", d, n**2, WHERE, "paper", "noise patches are nearly orthogonal")
STRONG = th.Condition("signal_strong", G, C, WHERE, "paper", "the side of benign overfitting")
WEAK = th.Condition("signal_weak", SMALL, G, WHERE, "paper", "the side of harmful overfitting")
FEW = th.Condition("flips", 0.1, tau_plus, WHERE, "paper", "few labels are flipped")
START = th.Condition("start", 0.3, kappa_0, WHERE, "paper", "initial weights do not decide")
OTHER = th.Condition("n_snr2", A, C_N, WHERE, "derived", "the transition that is not: C_1 at d = 1000 n")
CONSTANTS = th.Constants({"C_1": 30.0, "C_2": 20.0, "C_3": 0.5, "C_n": 30**0.5 / 1000**0.5})


def group(s: Setting) -> float:
    """`g = n |mu|^4/(sigma^4 d)`."""
    return s.n_snr2**2 * s.d / s.n


def setting(n: int, d: float, **more: float) -> Setting:
    """With g, or with n SNR^2, in place of |mu|; flips of both labels with probability tau."""
    a = more["n_snr2"] if "n_snr2" in more else math.sqrt(more["g"] * n / d)
    return Setting.from_n_snr2(
        n=n, d=round(d), m=round(more.get("m", 10)), n_snr2=a, tau_plus=more["tau"], tau_minus=more["tau"],
        kappa_0=more.get("kappa_0", 0.1), clock_step=0.1,
    )  # fmt: skip


def drawn(x: Mapping[str, Any]) -> Setting:
    return setting(x["n"], x["d_over_n2"] * x["n"] ** 2, **{k: x[k] for k in ("g", "tau", "m", "kappa_0")})


BOX = th.Box(
    "Kou et al.",
    (th.Coordinate("n", 24, 48, whole=True), th.Coordinate("d_over_n2", 1, 50), th.Coordinate("g", 0.1, 120),
     th.Coordinate("tau", 0.02, 0.1, "linear"), th.Coordinate("m", 8, 20, whole=True),
     th.Coordinate("kappa_0", 0.01, 0.3)),
    drawn,
)  # fmt: skip


def runs(name: str, place: th.Box | th.Cells, quick: int) -> th.Experiment:
    return th.Experiment(f"examples.kou.{name}", model=MODEL, place=place, clock=END, snapshots=(END,),
                         runs={"quick": quick, "default": 3 * quick, "full": 20 * quick})  # fmt: skip


def along_d(name: str, **more: float) -> th.Experiment:
    """d over a decade and a half at n = 20, with g or with n SNR^2 held."""
    cells = tuple(({"d": d}, setting(20, d, tau=0.1, **more)) for d in (1e3, 3e3, 1e4, 3e4))
    return runs(name, th.Cells(f"sweep of d, {next(iter(more))} held", cells, paired=True), 32)


RUNS = runs("box", BOX, 300)
#: The heat map of the paper's figure: dimension against |mu| = 1..8 at n = 20, a tenth of labels flipped.
MAP = runs("map", th.Cells("dimension against signal", tuple(
    ({"d": d, "g": round(20 * norm**4 / d, 3)}, setting(20, d, tau=0.1, n_snr2=20 * norm**2 / d))
    for d in (400, 800, 1600) for norm in (1, 2, 3, 5, 8))), 48)  # fmt: skip


def claim(name: str, text: str, rule: Any, measure: Any, *conditions: Any, **more: Any) -> th.Claim:
    given: dict[str, Any] = {"source": WHERE, "provenance": "paper", "experiment": RUNS} | more
    return th.Claim(id=f"examples.kou.{name}", statement=text, rule=rule, measure=measure,
                    conditions=(WIDE, FEW, START, *conditions), constants=CONSTANTS, **given)  # fmt: skip


def error(run: Any) -> float:
    return float(math.exp(run.log_test_error("iid", END).value))


def bounded(run: Any) -> tuple[float, float]:
    return error(run), math.exp(-group(run.setting) / CONSTANTS["C_2"])


def balance(run: Any) -> tuple[float, float]:
    slopes = 1 / (1 + np.exp(run.margins))
    return float((slopes.max(axis=1) / slopes.min(axis=1)).max()), 10.0


CLAIMS = (
    claim("benign", r"For $g = n\|\mu\|^4/(\sigma^4 d) \ge 30$ the error is at most $e^{-g/20}$.",
          th.Bound(delta=0.1, loose=1e4), bounded, STRONG),
    claim("harmful", r"For $g \le 1/2$ it is at least $.1$.", th.Event(0.1),
          lambda run: error(run) >= 0.1, WEAK),
    claim("map", "Beyond $g = 30$ the error is below $.05$, at every dimension.",
          th.EventMap("g", 30.0, delta=0.1), lambda run: run.test_error("iid", END).value <= 0.05,
          experiment=MAP),
    claim("one_group", "At fixed $g$ the error does not depend on $d$.", th.Exponent("d", 0.0, margin=0.1),
          error, experiment=along_d("fixed_group", g=3.0)),
    claim("time", r"The loss is at most $\epsilon = .1$ after $3 n m/(\eta \epsilon \sigma^2 d)$ steps.",
          th.Bound(), lambda run: (run.t_loss(0.1) / run.setting.time_unit * 0.1, 3.0)),
    claim("balance", "No sample's loss derivative is more than ten times another's, at any step.", th.Bound(),
          balance, source=LEMMA),
)  # fmt: skip


def falsehoods(ledger: th.Ledger) -> list[th.Falsehood]:
    by_a = replace(CLAIMS[0], measure=lambda run: (error(run), math.exp(-50 * run.setting.n_snr2**2)),
                   conditions=(WIDE, FEW, START, OTHER))  # fmt: skip
    fixed_a = replace(CLAIMS[3], experiment=along_d("fixed_n_snr2", n_snr2=0.3))
    why = "n d SNR^4 decides, which at fixed n SNR^2 grows as d"
    return [
        th.Falsehood(CLAIMS[0].id, "transition at n SNR^2", "symbols", by_a, why),
        th.Falsehood(CLAIMS[3].id, "n SNR^2 held for n d SNR^4", "symbols", fixed_a, why),
    ]


THIS = th.Paper(
    "examples.kou",
    th.Reference("Y. Kou, Z. Chen, Y. Chen, Q. Gu", 2023,
                 "Benign overfitting in two-layer ReLU convolutional neural networks", "ICML"),
    CLAIMS, (Setting,), {"Theorem 4.2": (WIDE, FEW, START, STRONG), "harmful": (WEAK,)}, constants=CONSTANTS,
    reference_box=th.Box("all", (
        th.Coordinate("n", 16, 64, whole=True), th.Coordinate("d_over_n2", 0.5, 200),
        th.Coordinate("g", 0.05, 200), th.Coordinate("tau", 0.01, 0.2, "linear"),
        th.Coordinate("m", 5, 30, whole=True), th.Coordinate("kappa_0", 0.003, 1)), drawn),
    parameters={Setting: PARAMETERS}, quantities=QUANTITIES, falsehoods=falsehoods, builds_on=("two_stage",),
    optional=True,
)  # fmt: skip
