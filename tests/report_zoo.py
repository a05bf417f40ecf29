"""A synthetic verification with every kind of claim and verdict, for the tests of the report.

Values are made from seeded formulas, not from training; decisions come from the real rules.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp

from theory.claim import Claim, Prediction, Proof
from theory.condition import Condition, Constants
from theory.exhibit import Panel, Series
from theory.experiment import Experiment
from theory.rules import (
    Band,
    Event,
    EventMap,
    Exponent,
    FittedBand,
    Identity,
    Law,
    Ordering,
    SameLaw,
)
from theory.run import NotApplicable
from theory.source import Source
from theory.two_stage.box import Domain, Fixed, Grid, Sweep
from theory.two_stage.setting import Setting
from theory.two_stage.symbols import C, d, m, n, sigma_0, sigma_xi
from verify.judge import admitted, judge, note_parents
from verify.outcome import Counterexample, Judgement, MadeExhibit, Observation, Verification
from verify.runs.plan import RunSpec, plan_runs

__all__ = ["INJECTION", "make_exhibit", "make_verification"]

#: What a careless or hostile claims file may contain.
INJECTION = 'Ünïcode ≥ <script>alert("x")</script> & $a < b \\le \\unknowncommand{c}$ 中文 | `code` "quoted"'

PAPER = Source("Example et al. 2025", "Theorem 4.1")
_SMALL_INIT = Condition(
    "small initialisation", sp.sqrt(n) / (sigma_xi * d), C * sigma_0,
    Source("Example et al. 2025", "Condition 4.1"), "framework",
    "cross-talk outweighs the initial weights: $\\kappa_0 \\le 1/C$",
)  # fmt: skip
_DIMENSION = Condition(
    "dimension", d, C * n**2, Source("Example et al. 2025", "Condition 4.1"), "paper",
    "noise vectors nearly orthogonal",
)  # fmt: skip
_WIDTH = Condition("width", m, 8 * C, Source("Example 2023", "Lemma 2"), "framework", "many filters")

_BASE = Setting.from_n_snr2(
    n=50, d=10**6, m=20, n_snr2=6.0, tau_plus=0.1, tau_minus=0.15, kappa_0=1.0, clock_step=0.05
)
_BOX = Experiment(
    "zoo.box",
    place=Domain(
        "box", n=(20, 60), m=(5, 40), signal_margin=(3, 9), tau=(0.05, 0.2), kappa_0=(0.01, 100),
        dimension=(0.05, 20), dimension_unit="n^2", clock_step=(0.02, 0.1),
    ),
    clock=10.0,
    runs={"quick": 96},
)  # fmt: skip
_GRID = Experiment(
    "zoo.grid",
    place=Grid(
        tuple(
            (
                {"signal_margin": a, "tau": tau, "kappa_0": kappa},
                Setting.from_n_snr2(
                    n=50, d=10**6, m=20, n_snr2=a / (1 - 2 * tau), tau_plus=tau, tau_minus=tau,
                    kappa_0=kappa, clock_step=0.05,
                ),
            )
            for kappa in (0.01, 100.0)
            for tau in (0.1, 0.2)
            for a in (1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
        )
    ),
    clock=1.0,
    runs={"quick": 20},
)  # fmt: skip
_ENGINES = Experiment(
    "zoo.engines", place=Fixed(_BASE), clock=5.0, runs={"quick": 60}, engines=("law", "cnn")
)
_UNUSED = Experiment("zoo.unused", place=Fixed(_BASE.with_(m=2)), clock=5.0, runs={"quick": 5})


def _sweep(parameter: Any) -> Experiment:
    place = Sweep(parameter, _BASE, (0.25, 0.5, 1.0, 2.0, 4.0))
    return Experiment(f"zoo.sweep_{parameter}", place=place, clock=10.0, runs={"quick": 8})


Value = Callable[[RunSpec, np.random.Generator], Any]


def _claim(claim_id: str, rule: Any, experiment: Experiment, **extra: Any) -> Claim:
    defaults = {
        "source": PAPER,
        "provenance": "paper",
        "statement": r"With probability at least $1-\delta$, $\tilde y_i f(W,x_i) > 0$ for every clean $i$.",
        "measured": "whether it holds at the clock $s = 1$",
        "constants": Constants({"C": 1.0, "delta": 0.05}),
    }
    fields = {"measure": lambda run: True, **defaults, **extra}
    return Claim(id=claim_id, rule=rule, experiment=experiment, **fields)


def _zoo() -> list[tuple[Claim, Value, Proof | None]]:
    """Claims with the value that each planned run yields."""
    proof = Proof(True, ("the gradient, term by term: $-\\ell'_i y_i \\tilde y_i$", "the difference is $0$"))
    failed = Proof(False, ("left minus right", "the difference is $\\frac{\\eta}{n}\\ne 0$"))
    late = Prediction(
        r"T_\varepsilon", n * m / (sp.Symbol("eta") * sigma_xi**2 * d), "gradient steps", {"C": "free"}
    )
    conditions = (_SMALL_INIT, _DIMENSION)
    hold = lambda rate: lambda spec, rng: bool(rng.random() < rate)  # noqa: E731
    return [
        (
            _claim("zoo.recursion", Identity(), _BOX,
                   statement=r"$\gamma^{(t+1)} = \gamma^{(t)} - \frac{\eta}{nm}"
                   r"\sum_i \ell'_i\,\mathbb{1}[\langle w, y_i\mu\rangle>0]$", provenance="framework"),
            lambda spec, rng: 0.0 if spec.index % 7 == 0 else 10 ** rng.uniform(-16, -14.5),
            proof,
        ),
        (_claim("zoo.wrong_proof", Identity(), _UNUSED), lambda spec, rng: 1e-16, failed),
        (_claim("zoo.lemma.norms", Event(), _BOX, provenance="framework"), hold(1.0), None),
        (
            _claim("zoo.theorem_4_1.clean_fit", Event(), _BOX, conditions=(_WIDTH,),
                   parents=("zoo.lemma.norms",)),
            hold(1.0),
            None,
        ),
        (
            _claim("zoo.theorem_4_1.order", Ordering(), _BOX, parents=("zoo.theorem_4_1.clean_fit",)),
            hold(0.3),
            None,
        ),
        (
            _claim("zoo.theorem_4_1.paper_box", Event(), _BOX, conditions=conditions,
                   parents=("zoo.lemma.norms", "zoo.recursion"), note="read per class: $n_y \\ge 1$"),
            hold(1.0),
            None,
        ),
        (
            _claim("zoo.probe.needed", Event(), _BOX, conditions=conditions, drops=("small initialisation",),
                   parents=("zoo.theorem_4_1.paper_box",)),
            hold(0.4),
            None,
        ),
        (
            _claim("zoo.probe.not_needed", Event(), _BOX, conditions=(_DIMENSION,), drops=("dimension",),
                   parents=("zoo.theorem_4_1.paper_box",)),
            hold(1.0),
            None,
        ),
        (
            _claim("zoo.bound.declared", Band(0.0, 1.5, "the lemma's constant"), _BOX,
                   parents=("zoo.lemma.norms",)),
            lambda spec, rng: float(rng.lognormal(-1, 0.2)),
            None,
        ),
        (
            _claim("zoo.bound.crossed", Band(0.5, 2.0, "a factor of two"), _BOX),
            lambda spec, rng: math.inf if spec.index == 3 else float(rng.lognormal(0.3, 0.5)),
            None,
        ),
        (
            _claim("zoo.bound.fitted", FittedBand(20.0, "a constant within a factor 20"), _BOX,
                   prediction=late, provenance="derived", parents=("zoo.bound.declared",)),
            lambda spec, rng: NotApplicable("a sample without an active neuron")
            if spec.index % 9 == 0
            else float(rng.lognormal(1, 0.15)),
            None,
        ),
        (
            _claim("zoo.exponent.eta", Exponent("eta", -1.0), _sweep("eta"), prediction=late),
            lambda spec, rng: 30 / spec.setting.eta * float(np.exp(rng.normal(0, 0.02))),
            None,
        ),
        (
            _claim("zoo.exponent.d", Exponent("d", -1.0), _sweep("d"), parents=("zoo.exponent.eta",)),
            lambda spec, rng: 1e9 / spec.setting.d**0.8 * float(np.exp(rng.normal(0, 0.02))),
            None,
        ),
        (
            _claim("zoo.exponent.few", Exponent("m", 1.0, margin=0.01), _sweep("m")),
            lambda spec, rng: spec.setting.m * float(np.exp(rng.normal(0, 0.15))),
            None,
        ),
        (
            _claim("zoo.law.time", Law(0.1, "the finite-size error model"), _BOX, provenance="derived",
                   prediction=late, parents=("zoo.exponent.eta", "absent.claim")),
            lambda spec, rng: (
                spec.setting.time_unit * float(np.exp(rng.normal(0.01, 0.05))),
                spec.setting.time_unit,
            ),
            None,
        ),
        (
            _claim("zoo.law.engines", SameLaw(0.6, "a coarse certificate"), _ENGINES),
            lambda spec, rng: {"t_clean": rng.normal(), "loss": rng.normal() if spec.index % 5 else math.inf},
            None,
        ),
        (
            _claim("zoo.map.event", EventMap("signal_margin", 3.0), _GRID, provenance="derived"),
            lambda spec, rng: bool(
                rng.random() < 1 / (1 + math.exp(-6 * (spec.labels["signal_margin"] - 1.7)))
            ),
            None,
        ),
        (_claim("zoo.map.small_init", Event(), _GRID, conditions=(_SMALL_INIT,)), hold(0.97), None),
        (_claim("zoo.nowhere", Event(), _UNUSED, conditions=(_WIDTH,)), hold(1.0), None),
        (_claim("zoo.never_planned", Event(), replace(_UNUSED, id="zoo.empty", runs={})), hold(1.0), None),
        (
            _claim("zoo.injection", Event(), _BOX, statement=INJECTION, note=INJECTION, measured=INJECTION,
                   source=Source("<b>Someone</b> & co", "Thm <1>")),
            hold(1.0),
            None,
        ),
    ]  # fmt: skip


def _judgement(claim: Claim, value: Value, proof: Proof | None) -> Judgement:
    observations = []
    for spec in plan_runs(claim.experiment, "quick", 0):
        checks, reason = admitted(claim, spec)
        # A generator for each claim and run: adding a claim changes no other one.
        result = value(spec, np.random.default_rng([spec.index, *claim.id.encode()]))
        if isinstance(result, NotApplicable):
            reason = reason or result.reason
        observations.append(
            Observation(
                experiment=spec.experiment, index=spec.index, replicate=spec.replicate, setting=spec.setting,
                seed=spec.seed, engine=spec.engine, labels=spec.labels, value=None if reason else result,
                not_judged=reason, steps=200, dtype="float64", checks=checks,
            )
        )  # fmt: skip
    judgement = judge(claim, tuple(observations), proof)
    if judgement.verdict == "refuted" and judgement.judged:
        o = judgement.judged[0]
        replay = f"python -m verify replay {claim.id} --seed {o.seed}"
        judgement = replace(
            judgement, counterexample=Counterexample(o.setting, o.seed, o.engine, o.value, replay)
        )
    return judgement


def make_exhibit(paper: str, name: str, tau: float, points: int = 200, samples: int = 60) -> MadeExhibit:
    """The mean-field dynamics of `samples` samples by Euler steps, told in panels of every kind of series."""
    clock = np.concatenate([[0.0], np.geomspace(0.02, 40.0, points - 1)])
    clean = np.arange(samples) >= round(tau * samples)
    margins = np.zeros((points, samples))
    for k, step in enumerate(np.diff(clock)):
        margins[k + 1] = margins[k] + step * np.where(clean, 1.0, 0.4) / (1 + np.exp(margins[k]))
    at = np.arange(1, points, 10)
    errors = np.full(len(at), 1e-3) * np.linspace(0, 1, len(at)).round()
    rows = np.stack([errors, np.maximum(errors - 2e-3, 0), errors + 3e-3], axis=1)
    marks = {"$T_1$": 1.0, "$t_{half}$": 4.1, "$s_2$": 4.3, "$t_{all}$": 6.0, "never": math.inf}
    ends = np.quantile(margins, [0.1, 0.9], axis=1).T
    lines = (
        Series("", "clean", clock[1:], ends[1:], "band"),
        Series("", "clean", clock[1:], ends[1:]),
        Series("margins", "noisy", clock[1:], margins[1:].mean(axis=1), dashed=True),
    )
    return MadeExhibit(
        paper, name, f"{name}, $\\tau$ = {tau:g}", "What the margins do.",
        (
            Panel("When is it fit?", "clock $s$", "margin", lines, marks, {"": 0.0}, "x"),
            Panel("Where?", "loss", "samples", (Series("all", "measured", margins[-1], kind="histogram"),)),
            Panel("How rare?", "clock $s$", "error", (Series("iid", "other", clock[at], rows, "estimate"),),
                  marks, {"floor": 1e-4}, "xy", (math.nan, 1.0)),
        ),
    )  # fmt: skip


def make_verification(*only: str, exhibits: bool = True) -> Verification:
    """The zoo, or the claims whose id begins with one of the given words."""
    judgements = [
        _judgement(claim, value, proof)
        for claim, value, proof in _zoo()
        if not only or claim.id.startswith(only)
    ]
    shows = (make_exhibit("zoo", "label_noise", 0.15), make_exhibit("zoo", "no_noise", 0.0))
    return Verification(
        judgements=tuple(note_parents(judgements)),
        exhibits=shows if exhibits else (),
        run_info={
            "profile": "quick",
            "seed": 0,
            "device": "cpu",
            "runs": 1234,
            "wall_seconds": 61.5,
            "finished": "2025-01-01T00:00:00+00:00",
            "git_commit": "0123456789abcdef0123456789abcdef01234567",
            "versions": {"numpy": np.__version__, "note": "<script>"},
        },
    )
