"""Exact identities: three ways to train one model, lambda = 1 is averaging, KL without memory is cross
entropy."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.early_learning.claims.made import by_us, times
from theory.early_learning.conditions import CE, ELR, FROM_ZERO, KL, NO_CLAMP, NO_MEMORY, at_least, at_most
from theory.early_learning.places import mixture_box
from theory.early_learning.run import MixtureRun
from theory.early_learning.symbols import lam
from theory.early_learning.targets import prove_self_consistent_target
from theory.experiment import Experiment
from theory.rules import Identity
from theory.setting import AbstractSetting

__all__ = ["CLAIMS", "averaging", "by_control", "by_engine", "plain_arm"]

Floats = NDArray[np.float64]

_SMALL = {"w": (0.1, 0.4), "sigma": (0.2, 0.8), "p/n": (0.3, 4.0), "n": (20, 60)}

PLAIN = Experiment(
    "early_learning.identity.plain",
    place=mixture_box("small problems", _SMALL, eta=0.2),
    clock=60.0,
    engines=("three_ways",),
    runs=times(36, 64, 200),
)
REGULARISED = Experiment(
    "early_learning.identity.regularised",
    place=mixture_box(
        "small problems with ELR",
        {**_SMALL, "lam": (0.5, 5.0), "beta": (0.1, 0.9)},
        eta=0.1,
        loss="elr",
    ),
    clock=20.0,
    engines=("three_ways",),
    runs=times(36, 64, 200),
)
AVERAGING = Experiment(
    "early_learning.identity.averaging",
    place=mixture_box(
        "lambda = 1, no memory",
        {"w": (0.1, 0.4), "sigma": (0.2, 1.0), "p/n": (0.5, 20.0), "n": (60, 150)},
        eta=0.5,
        loss="elr",
        lam=1.0,
        beta=0.0,
    ),
    clock=100.0,
    runs=times(36, 64, 200),
)


def plain_arm(setting: AbstractSetting) -> AbstractSetting:
    """The same setting with cross entropy alone."""
    return setting.with_(loss="ce", lam=0.0, beta=0.0, clamp=0.0)


KL_WITHOUT_MEMORY = Experiment(
    "early_learning.identity.kl",
    place=mixture_box(
        "KL without memory",
        {"w": (0.1, 0.4), "sigma": (0.2, 1.0), "p/n": (0.5, 20.0), "n": (60, 120), "lam": (0.5, 10.0)},
        eta=0.1,
        loss="kl",
        beta=0.0,
    ),
    clock=30.0,
    runs=times(36, 64, 200),
    control=plain_arm,
)


def _apart(a: Floats, b: Floats) -> float:
    """Largest difference of two paths, over the size of the second, at the records that both have."""
    steps = min(len(a), len(b))
    return float(np.max(np.abs(a[:steps] - b[:steps])) / max(1.0, float(np.max(np.abs(b)))))


def by_engine(run: MixtureRun, engine: str, late: int = 0) -> float:
    """How far margins and coefficients by an engine lie from the run's, those taken `late` records later."""
    other = run.ways[engine]
    return max(_apart(run.f[late:], other.f), _apart(run.coefficients[late:], other.coefficients))


def by_control(run: MixtureRun, late: int = 0) -> float:
    """How far the control's margins lie from the run's, those taken `late` records later."""
    return _apart(run.f[late:], run.control.f)  # type: ignore[attr-defined]


def averaging(run: MixtureRun, factor: float = 1.0) -> float:
    """How far the coefficients are from a factor times `s eta t / 2`, relative."""
    expected = factor * run.clock[1:, None] * run.s / 2
    return float(np.max(np.abs(run.coefficients[1:] / expected - 1)))


_ONE = at_least(lam, 1.0, "E3", "lambda = 1")
_NOT_MORE = replace(at_most(lam, 1.0, "E3", "lambda = 1"), fixes=(("lam", 1.0),))
_STEP = "rounding of a step: n products a margin, then sums over steps"

CLAIMS: tuple[Claim, ...] = (
    by_us(
        "identity.dual",
        "D1",
        r"Gradient descent on $\theta \in \mathbb{R}^p$ is gradient descent on n coefficients: $c_i "
        r"\leftarrow c_i + \eta F_i$, $f = f_0 + K c$, $K = (h h^\top + \sigma^2 Z_\perp Z_\perp^\top)/n$.",
        Identity(reason=_STEP),
        partial(by_engine, engine="dual"),
        PLAIN,
        (CE, FROM_ZERO),
        measured="largest difference of margins and coefficients at any step, over their size",
    ),
    by_us(
        "identity.two_rows",
        "D1",
        r"Two-row softmax descent from 0 with step $\eta/2$ gives $\Theta_1 - \Theta_2 = \theta$ of the "
        r"logistic model with step $\eta$.",
        Identity(reason=_STEP),
        partial(by_engine, engine="two_row"),
        PLAIN,
        (CE, FROM_ZERO),
        measured="largest difference of margins and coefficients at any step, over their size",
    ),
    by_us(
        "identity.dual_elr",
        "D1",
        r"With the ELR regulariser and its targets too gradient descent on $\theta$ is gradient descent on n "
        r"coefficients, $f = f_0 + K c$.",
        Identity(factor=1024.0, reason=_STEP + "; forces of saturated examples amplify it"),
        partial(by_engine, engine="dual"),
        REGULARISED,
        (ELR, NO_CLAMP, FROM_ZERO),
        measured="largest difference of margins and coefficients at any step, over their size",
    ),
    by_us(
        "identity.two_rows_elr",
        "D1",
        r"Two-row softmax descent with Lemma 2's gradient of both logits is the logistic model's ELR.",
        Identity(factor=1024.0, reason=_STEP + "; forces of saturated examples amplify it"),
        partial(by_engine, engine="two_row"),
        REGULARISED,
        (ELR, NO_CLAMP, FROM_ZERO),
        measured="largest difference of margins and coefficients at any step, over their size",
    ),
    by_us(
        "identity.lambda_one",
        "E3",
        r"With $\lambda = 1$, $t = p$ and no clamp, gradient descent is the averaging classifier for ever: "
        r"$\theta_t = \frac{\eta t}{2n} \sum_i e_i x_i$.",
        Identity(reason=_STEP),
        averaging,
        AVERAGING,
        (ELR, NO_MEMORY, NO_CLAMP, FROM_ZERO, _ONE, _NOT_MORE),
        measured="largest relative difference of the coefficients from s eta t/2",
        proof=prove_self_consistent_target,
    ),
    by_us(
        "identity.kl_without_memory",
        "E9",
        r"The KL regulariser with $\beta = 0$ gives exactly the cross-entropy trajectory.",
        Identity(reason=_STEP),
        by_control,
        KL_WITHOUT_MEMORY,
        (KL, NO_MEMORY, NO_CLAMP),
        measured="largest difference of margins from the cross-entropy run on the same data, over their size",
    ),
)
