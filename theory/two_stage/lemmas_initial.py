"""Lemmas L1 to L4: events of the data and the initial weights, before any training."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import sympy as sp

from theory.claim import Claim, Prediction
from theory.condition import evaluate
from theory.rules import Difference, Event
from theory.two_stage import conditions, predictions
from theory.two_stage.conditions import DEFAULT_CONSTANTS
from theory.two_stage.experiments import INITIAL, OF_INITIAL, OF_WIDE, WIDE
from theory.two_stage.run import Run
from theory.two_stage.sources import framework, here
from theory.two_stage.stated_claim import stated_claim

__all__ = ["CLAIMS", "LABEL_SHARE"]

#: Lemma L4's share of label-side filters active on a sample's noise at initialisation.
LABEL_SHARE = 0.4

_EVENT = Event(delta=0.05, reason="the lemma's own delta = 0.05: a union bound, so far from tight")
_DELTA = {"delta": "0.05, the lemma's failure probability; equals the rule's delta"}


def _number(run: Run, expression: sp.Expr) -> float:
    return evaluate(expression, run.setting, DEFAULT_CONSTANTS)


def _label_counts(run: Run) -> bool:
    """Per class: |#noisy - tau n_y| within the bound, and so for both classes together."""
    bound = _number(run, predictions.label_count_bound())
    s = run.setting
    excess = 0.0
    for label, rate in ((1.0, s.tau_plus), (-1.0, s.tau_minus)):
        mine = run.y == label
        deviation = float(np.sum(run.noisy & mine)) - rate * float(np.sum(mine))
        excess += deviation
        if abs(deviation) > bound:
            return False
    return abs(excess) <= bound


def _noise_norms(run: Run) -> bool:
    ratio = np.diag(run.gram)[1:] / (run.setting.sigma_xi**2 * run.setting.d)
    return bool(np.all((ratio >= 0.5) & (ratio <= 1.5)))


def _noise_crosstalk(run: Run) -> bool:
    products = run.gram[1:, 1:] - np.diag(np.diag(run.gram)[1:])
    return bool(np.max(np.abs(products)) <= _number(run, predictions.noise_cross_talk_bound()))


def _signal_crosstalk(run: Run) -> bool:
    return bool(np.max(np.abs(run.gram[0, 1:])) <= _number(run, predictions.signal_cross_talk_bound()))


def _initial_signal(run: Run) -> bool:
    size = float(np.max(np.abs(run.initial_products[..., 0])))
    return size <= _number(run, predictions.initial_signal_bound())


def _initial_noise(run: Run) -> bool:
    size = float(np.max(np.abs(run.initial_products[..., 1:])))
    return size <= _number(run, predictions.initial_noise_bound())


def _activation_counts(run: Run) -> bool:
    share = (run.label_side(run.initial_products[..., 1:]) > 0).mean(axis=-2)
    return bool(np.all(share >= LABEL_SHARE))


def _too_few(run: Run, share: float = LABEL_SHARE, chance: float = 0.5) -> tuple[float, float]:
    """Share of samples with fewer than `share` m active label-side filters, and its binomial probability."""
    from scipy.stats import binom

    active = (run.label_side(run.initial_products[..., 1:]) > 0).sum(axis=-2)
    m = run.setting.m
    return float(np.mean(active < share * m)), float(binom.cdf(math.ceil(share * m) - 1, m, chance))


def _claim(
    name: str,
    item: str,
    statement: str,
    measure: Callable[[Run], object],
    measured: str,
    prediction: Prediction | None = None,
) -> Claim:
    return stated_claim(
        f"lemma.{name}",
        framework(item),
        statement,
        _EVENT,
        measure,
        measured,
        INITIAL,
        conditions=OF_INITIAL,
        prediction=prediction,
    )


CLAIMS = (
    _claim(
        "label_counts",
        "Lemma L1",
        r"$|\#\{\text{noisy}\} - \tau n| \le \sqrt{\frac n2\log\frac4\delta}$, overall and in each class",
        _label_counts,
        "whether the realised numbers of flipped labels lie within the bound",
        Prediction(r"|\#\text{noisy} - \tau n|_{\max}", predictions.label_count_bound(), "samples", _DELTA),
    ),
    _claim(
        "noise_norms",
        "Lemma L2",
        r"$\sigma_\xi^2 d/2 \le \|\xi_i\|^2 \le 3\sigma_\xi^2 d/2$ for all $i$",
        _noise_norms,
        "whether every squared norm lies within the bounds",
    ),
    _claim(
        "noise_crosstalk",
        "Lemma L2",
        r"$|\langle\xi_i,\xi_k\rangle| \le 2\sigma_\xi^2\sqrt{d\log(6n^2/\delta)}$ for all $i \ne k$",
        _noise_crosstalk,
        "whether the largest inner product of two noise patches lies below the bound",
        Prediction(
            r"\max_{i\ne k}|\langle\xi_i,\xi_k\rangle|",
            predictions.noise_cross_talk_bound(),
            "squared input units",
            _DELTA,
        ),
    ),
    _claim(
        "signal_crosstalk",
        "Lemma L2",
        r"$|\langle\xi_i,\mu\rangle| \le \|\mu\|\sigma_\xi\sqrt{2\log(6n/\delta)}$ for all $i$",
        _signal_crosstalk,
        "whether the largest inner product of signal and noise patch lies below the bound",
        Prediction(
            r"\max_i|\langle\xi_i,\mu\rangle|",
            predictions.signal_cross_talk_bound(),
            "squared input units",
            _DELTA,
        ),
    ),
    _claim(
        "initial_signal",
        "Lemma L3",
        r"$|\langle w_{j,r}^{(0)},\mu\rangle| \le \sqrt{2\log(12m/\delta)}\,\sigma_0\|\mu\|$ for all $j, r$",
        _initial_signal,
        "whether the largest initial product with the signal lies below the bound",
        Prediction(
            r"\max_{j,r}|\langle w_{j,r}^{(0)},\mu\rangle|",
            predictions.initial_signal_bound(),
            "pre-activation",
            _DELTA,
        ),
    ),
    _claim(
        "initial_noise",
        "Lemma L3",
        r"$|\langle w_{j,r}^{(0)},\xi_i\rangle| \le 2\sqrt{\log(12mn/\delta)}\,\sigma_0\sigma_\xi\sqrt d$ "
        r"for all $j, r, i$",
        _initial_noise,
        "whether the largest initial product with a noise patch lies below the bound",
        Prediction(
            r"\max_{j,r,i}|\langle w_{j,r}^{(0)},\xi_i\rangle|",
            predictions.initial_noise_bound(),
            "pre-activation",
            _DELTA,
        ),
    ),
    stated_claim(
        "lemma.activation_counts",
        framework("Lemma L4"),
        r"$|\{r : \langle w_{\tilde y_i,r}^{(0)},\xi_i\rangle > 0\}| \ge 0.4\,m$ for every $i$",
        _EVENT,
        _activation_counts,
        "whether every sample has at least 0.4 m label-side filters active on its noise patch",
        WIDE,
        conditions=OF_WIDE,
        note="Needs m of order 50 log(n/delta): at m = 20 it fails almost surely for n = 200, though the "
        "training statements do not.",
    ),
    stated_claim(
        "lemma.activation_counts.narrow",
        framework("Lemma L4"),
        r"Lemma L4's count of $0.4\,m$ active filters for every $i$, at widths "
        r"$m \ge \log(n/\delta)$ that the framework asks for but below $50\log(n/\delta)$",
        _EVENT,
        _activation_counts,
        "whether every sample has at least 0.4 m label-side filters active on its noise patch",
        INITIAL,
        conditions=(
            *OF_INITIAL,
            conditions.ALL["width"],
            conditions.ALL["width_activation"],
        ),
        drops=("width_activation",),
        parents=("two_stage.lemma.activation_counts",),
    ),
    stated_claim(
        "lemma.activation_counts.binomial",
        here("docs/derivations/scope.md, Activation counts"),
        r"A sample has fewer than $0.4\,m$ label-side filters active with the probability of a "
        r"binomial count of $m$ trials at $1/2$, at any width",
        Difference(0.02, "a share of .1 to .3; two samples of a run share their filters, not their signs"),
        _too_few,
        "share of samples with fewer than 0.4 m active filters at the start, and the binomial tail",
        INITIAL,
        parents=("two_stage.lemma.activation_counts",),
    ),
)
