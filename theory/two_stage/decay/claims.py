"""Claims on weight decay: what is proved of the limit dynamics, and what runs do."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from theory.claim import Claim, Prediction
from theory.rules import Derived, Event, Exponent, Law, ZScores
from theory.run import NotApplicable
from theory.two_stage.conditions import ALL, DEFAULT_CONSTANTS
from theory.two_stage.decay import experiments as runs_of
from theory.two_stage.decay.measures import (
    breaking_scale,
    clean_margin,
    enough,
    lasts,
    share_below,
    share_law,
    strong_signal_residual,
    threshold_residual,
)
from theory.two_stage.decay.proofs import (
    prove_end_state,
    prove_forgetting,
    prove_strong_signal_threshold,
    prove_threshold,
)
from theory.two_stage.derived_claim import derived_claim
from theory.two_stage.experiments import FORMULAS
from theory.two_stage.flipped import of_flipped_labels
from theory.two_stage.limits.dynamics import a as _a
from theory.two_stage.run import Run
from theory.two_stage.symbols import p, tau

__all__ = ["CLAIMS"]


@of_flipped_labels
def _for_ever(run: Run) -> bool:
    """No more than a fifth of the flipped labels are memorised at the end."""
    return bool((run.margins[-1, run.noisy] > 0).mean() <= 0.2)


def _clean_fit(run: Run) -> bool:
    return bool(np.all(run.margins[-1, run.clean] > 0))


@of_flipped_labels
def _halves_error(run: Run) -> bool | NotApplicable:
    """The D_test error at the end is at most half of the undecayed arm's."""
    end = float(run.clock[-1])
    undecayed = run.control.test_error("spurious", end).value  # type: ignore[attr-defined]
    return bool(run.test_error("spurious", end).value <= undecayed / 2)


_PAGE = "docs/derivations/weight_decay.md"
_THRESHOLD = Prediction(
    r"\lambda^*(p)",
    p * (p + _a / 2) / (_a * (1 - tau) * sp.log(_a * (1 - tau) / (p + _a * tau / 2) - 1)),
    "1/clock",
    {"p": "share of active label-side filters", "a": "n SNR^2 of the class", "tau": "its flip rate"},
)
_LARGE = "At kappa_0 = 1e6, far outside Condition 4.1's bound on sigma_0, while the initial weights last."
_RATES = "A class's own lambda*(1) at its realised size and flip rate decides; ratios between are not judged."


#: Cross-talk decides activation patterns, in many dimensions; or initial signs do.
_SMALL = (ALL["kappa_small"], ALL["dimension_ratio"])
#: At d/n of 20 to 200 cross-talk of size sqrt(n/d) carries samples over a threshold, in a run of ten.
_MANY = DEFAULT_CONSTANTS.with_(c_ratio=1e3)
#: Initial weights that outlast eight decay times: e^8 is 3000.
_LASTS = DEFAULT_CONSTANTS.with_(c_kappa=1e5)
_LARGE_START = (ALL["kappa_large"], ALL["dimension_ratio"])


def _claim(name: str, section: str, *given: Any, **more: Any) -> Claim:
    fields = {"experiment": FORMULAS, **more}
    return derived_claim(f"decay.{name}", f"{_PAGE}, {section}", *given, **fields)


CLAIMS: tuple[Claim, ...] = (
    _claim(
        "end_state",
        "The end state",
        r"With weight decay the flow $\rho' = g(M) - \lambda\rho$ rises from 0 to one stable end state",
        Derived("symbolic a, tau, p, lambda > 0"),
        lambda run: 0.0,
        "nothing: proved",
        proof=prove_end_state,
        parents=("two_stage.sharp.flow",),
    ),
    _claim(
        "threshold",
        "The threshold",
        r"At fixed $p$, $M_n < 0$ for ever iff $\lambda \ge \lambda^*(p) = \frac{\Delta}"
        r"{2\kappa\ln(2\kappa/\delta-1)}$; below it $M_n$ crosses 0 exactly once",
        Derived("symbolic a, tau, p with a (1 - 2 tau) > 2 p", factor=4e6, reason="a root, to 1e-9"),
        threshold_residual,
        "how far 2 lambda rho_n of the numerical end state at lambda* is from 1, at the setting's a, tau_+",
        proof=prove_threshold,
        prediction=_THRESHOLD,
        parents=("two_stage.decay.end_state",),
    ),
    _claim(
        "threshold.strong_signal",
        "The threshold",
        r"$\lambda^*(p) \to \frac{p}{2(1-\tau)\ln((2-3\tau)/\tau)}$ for $a\to\infty$: independent of SNR",
        Derived("symbolic tau, p", factor=1e9, reason="the limit is met to 1e-8 at a = 1e9"),
        strong_signal_residual,
        "relative difference of the limit and lambda* at a = 1e9",
        proof=prove_strong_signal_threshold,
        parents=("two_stage.decay.threshold",),
    ),
    _claim(
        "width",
        "Finite width",
        r"While $p = 1/2$, a share $P(\mathrm{Bin}(m,\frac12)/m > 2\lambda\gamma)$ of the flipped labels is "
        r"memorised, $\gamma$ of the end state",
        ZScores(
            "binomial scatter of the flipped labels is the only spread; ends of what 84 runs resolve",
            delta=0.05,
            bias=0.3,
            spread=(0.8, 1.25),
        ),
        share_law,
        "flipped labels memorised at 8/lambda, the law at realised counts, its binomial sd",
        experiment=runs_of.WIDTH,
        conditions=_LARGE_START,
        constants=_LASTS,
        parents=("two_stage.decay.threshold",),
        note=_LARGE,
    ),
    _claim(
        "forgetting",
        "Forgetting",
        r"Decay shrinks the initial weights: a state at $p = 1/2$ lasts until $\ln(\kappa_0)/\lambda + O(1)$",
        Exponent(
            "kappa_0",
            1.0,
            margin=0.1,
            reason="a decade of kappa_0 is 2.3/lambda, read to a fraction of 1/lambda",
        ),
        breaking_scale,
        "(1 - h lambda)^(-T/h), T the clock at which the mean active share reaches .6, at 1.6 lambda*(1/2)",
        experiment=runs_of.FORGETTING,
        conditions=_LARGE_START,
        proof=prove_forgetting,
        parents=("two_stage.decay.width",),
    ),
    _claim(
        "for_ever",
        "Forgetting",
        r"From $1.5\,\lambda^*(1/2)$ on at most a fifth of the flipped labels are ever memorised, at "
        r"$\kappa_0 \gg 1$",
        Event(delta=0.1, reason="the law of the width expects fewer than a twentieth"),
        _for_ever,
        "whether at most a fifth of the flipped labels are memorised at s = 150, kappa_0 = 100",
        experiment=runs_of.FOR_EVER,
        conditions=_LARGE_START,
        role="reading",
        corrected_by="two_stage.decay.lasting",
        note="The initial weights decay too: what holds for ever is lambda*(1).",
    ),
    _claim(
        "lasting",
        "The lasting threshold",
        r"From $1.15\,\lambda^*(1)$ on no flipped label is memorised, at $\kappa_0 \le .3$, $d/n \ge 1000$",
        Event(delta=0.05, reason="certified from 59 runs without violation on"),
        lasts,
        "whether no flipped label is memorised at 8/lambda in classes with lambda >= 1.15 lambda*(1)",
        experiment=runs_of.LASTING,
        conditions=_SMALL,
        constants=_MANY,
        parents=("two_stage.decay.threshold",),
        note=_RATES,
    ),
    _claim(
        "lasting.below",
        "The lasting threshold",
        r"Up to $.85\,\lambda^*(1)$ some of five flipped labels or more is memorised, at $\kappa_0 \le .3$",
        Event(delta=0.05, reason="with five flipped labels one has p_i near 1"),
        share_below,
        "whether a flipped label is memorised at 8/lambda in classes with lambda <= .85 lambda*(1)",
        experiment=runs_of.BELOW,
        conditions=_SMALL,
        constants=_MANY,
        parents=("two_stage.decay.threshold",),
        note=_RATES,
    ),
    _claim(
        "clean_margin",
        "What it costs",
        r"While $p = 1/2$, clean margins end at $M_c$ of the end state ($\ln(2\kappa/\delta-1)$ at "
        r"$\lambda^*$)",
        Law(margin=0.03, reason="the mean over a class; shares scatter by 1/sqrt(4 m n)"),
        clean_margin,
        "mean clean margin at 8/lambda and that of the end state at realised counts",
        experiment=runs_of.WIDTH,
        conditions=_LARGE_START,
        constants=_LASTS,
        parents=("two_stage.decay.end_state",),
        note=_LARGE,
    ),
    _claim(
        "accuracy",
        "What it costs",
        r"Clean samples are fit at $\lambda$ up to $4\lambda^*(1)$: decay costs margin, not accuracy",
        Event(delta=0.05, reason="certified from 59 runs without violation on"),
        _clean_fit,
        "whether all clean samples are fit at 8/lambda",
        experiment=runs_of.ACCURACY,
        conditions=(*_SMALL, ALL["clean_majority"]),
        parents=("two_stage.decay.end_state",),
    ),
    _claim(
        "test_error",
        "What it costs",
        r"At $d/n = 50$ and $2\lambda^*(1)$ the $\mathcal D_{test}$ error at $s = 30$ is at most half of "
        r"that without decay",
        Event(delta=0.1, reason="the error is memorisation, and little is memorised there"),
        _halves_error,
        "whether the D_test error is at most half of the undecayed arm's, from the same seed",
        experiment=runs_of.TEST_ERROR,
        conditions=_SMALL,
        parents=("two_stage.decay.lasting",),
    ),
    _claim(
        "practice",
        "To a practitioner",
        r"A coefficient of at least $3/(\eta\,t_{half})$, $t_{half}$ of one undecayed run, keeps every "
        r"flipped label from being memorised, for $a(1-2\tau) \ge 3.6$, $d/n \ge 1000$",
        Event(delta=0.1, reason="the constant is 1.1 to 2.6 at lambda*(1)"),
        enough,
        "whether no flipped label is memorised at s = 18 where lambda t_half of the undecayed arm is "
        "3 or more",
        experiment=runs_of.PRACTICE,
        conditions=_SMALL,
        constants=_MANY,
        parents=("two_stage.decay.lasting",),
    ),
    _claim(
        "practice.half",
        "To a practitioner",
        r"A coefficient of $1.5/(\eta\,t_{half})$ keeps every flipped label from being memorised as well",
        Event(delta=0.1, reason="the same"),
        lambda run: enough(run, 1.5, 2.0),
        "the same where lambda t_half of the undecayed arm lies between 1.5 and 2",
        experiment=runs_of.PRACTICE_HALF,
        conditions=_SMALL,
        constants=_MANY,
        role="reading",
        corrected_by="two_stage.decay.practice",
    ),
)
