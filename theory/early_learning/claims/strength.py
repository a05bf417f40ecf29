"""E6: what lambda prevents memorisation, what lambda corrects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theory.claim import Claim, Prediction
from theory.early_learning.claims.made import by_us, reading, times
from theory.early_learning.conditions import (
    ABOVE_SAT,
    BELOW_SAT,
    CLEAR_OF_MEM,
    ELR,
    FROM_ZERO,
    HALF_EARLY,
    NO_CLAMP,
    NO_EARLY,
    NO_MEMORY,
    PULLED,
    SHALLOW,
    STABLE,
    THIRD_EARLY,
    WIDER,
    at_least,
    wrong_labels,
)
from theory.early_learning.mean_field import rescue_strength
from theory.early_learning.phase import (
    COSINE_PINNED,
    COSINE_SATURATED,
    LAMBDA_MEM,
    LAMBDA_SAT,
    PINNED,
    accuracy_wrong_saturated,
    cosine_pinned,
    cosine_saturated,
    lambda_mem,
    lambda_sat,
    pinned_margin,
    prove_phases,
)
from theory.early_learning.places import mixture_box
from theory.early_learning.run import MixtureRun
from theory.early_learning.setting import MixtureSetting
from theory.early_learning.sources import beyond
from theory.early_learning.symbols import n
from theory.experiment import Experiment
from theory.place import Box, Coordinate, makes
from theory.record import AtClocks
from theory.rules import Difference, Event

__all__ = ["CLAIMS", "grown_cosine"]

_WIDE = {"p/n": (100.0, 300.0), "n": (200, 250)}

RESTING = Experiment(
    "early_learning.strength.resting",
    place=mixture_box(
        "below lambda_sat",
        {"w": (0.1, 0.35), "kappa/m": (0.15, 0.5), "lambda/lambda_sat": (0.3, 0.89), **_WIDE},
        eta=0.5,
        loss="elr",
        beta=0.0,
    ),
    clock=400.0,
    record=AtClocks((200.0,)),
    runs=times(24, 60, 200),
)
THRESHOLD = Experiment(
    "early_learning.strength.threshold",
    place=mixture_box(
        "around lambda_mem",
        {"w": (0.1, 0.35), "kappa/m": (0.15, 0.5), "lambda/lambda_mem": (0.65, 1.5), **_WIDE},
        eta=0.5,
        loss="elr",
        beta=0.0,
    ),
    clock=300.0,
    record=AtClocks((150.0,)),
    runs=times(72, 110, 300),
)
RUNNING = Experiment(
    "early_learning.strength.running",
    place=mixture_box(
        "above lambda_sat",
        {"w": (0.1, 0.35), "kappa/m": (0.15, 0.5), "lambda/lambda_sat": (1.3, 8.0), **_WIDE},
        eta=0.2,
        loss="elr",
        beta=0.0,
    ),
    clock=200.0,
    record=AtClocks((100.0,)),
    runs=times(50, 84, 200),
)
NOISY = Experiment(
    "early_learning.strength.noisy",
    place=mixture_box(
        "above lambda_sat, moderate noise",
        {
            "w": (0.1, 0.25),
            "kappa/m": (0.2, 0.33),
            "sigma": (0.2, 0.33),
            "n": (200, 250),
            "lambda/lambda_sat": (1.3, 2.0),
        },
        eta=0.2,
        loss="elr",
        beta=0.0,
    ),
    clock=200.0,
    record=AtClocks((100.0,)),
    runs=times(20, 48, 200),
)


def _rescue(values: Mapping[str, Any]) -> MixtureSetting:
    n = 150
    w = round(values["w"] * n) / n
    kappa = values["kappa/m"] * (1 - 2 * w)
    lam = rescue_strength(w, kappa) * values["lambda/lambda*"]
    return MixtureSetting.from_kappa(
        n=n, kappa=kappa, gamma=300.0, flip_rate=w, eta=0.2, loss="elr", lam=lam, beta=0.0
    )


makes(MixtureSetting, _rescue)


def _rescue_box(low: float, high: float) -> Box:
    return Box(
        f"kappa > m, lambda {low:g} to {high:g} of lambda*",
        (
            Coordinate("w", 0.1, 0.3, "linear", meaning="flip rate"),
            Coordinate(
                "kappa/m", 1.15, 2.0, meaning="own pull of an example over the labels' mean agreement"
            ),
            Coordinate("lambda/lambda*", low, high, meaning="strength over the one that rescues"),
        ),
        _rescue,
    )


RESCUED = Experiment(
    "early_learning.strength.rescued",
    place=_rescue_box(1.25, 3.0),
    clock=150.0,
    record=AtClocks((75.0,)),
    runs=times(0, 40, 100),
)
LOST = Experiment(
    "early_learning.strength.lost",
    place=_rescue_box(0.3, 0.8),
    clock=150.0,
    record=AtClocks((75.0,)),
    runs=times(0, 40, 100),
)


def _pinned(run: MixtureRun) -> tuple[float, float]:
    s = run.setting
    return float(run.mean_wrong[-1]), pinned_margin(s.lam, s.w, s.kappa)


def grown_cosine(run: MixtureRun) -> float:
    """Cosine with v of what theta grew by over the last half of the run."""
    start = run.near(float(run.clock[-1]) / 2)
    grown = run.coefficients[-1] - run.coefficients[start]
    n = len(run.s)
    gram = run.gram  # type: ignore[attr-defined]
    along = float(grown @ gram.h) / n
    across = float(grown @ gram.noise @ grown) / n
    return float(along / (along**2 + across) ** 0.5)


def _pinned_cosine(run: MixtureRun) -> tuple[float, float]:
    return grown_cosine(run), cosine_pinned(run.setting.w, run.setting.kappa)


def _memorised_below(run: MixtureRun) -> bool:
    s = run.setting
    return bool((run.median_wrong[-1] < 0) == (s.lam < lambda_mem(s.w, s.kappa)))


def _memorised_below_sat(run: MixtureRun) -> bool:
    s = run.setting
    return bool((run.median_wrong[-1] < 0) == (s.lam < lambda_sat(s.w, s.kappa)))


def _corrected(run: MixtureRun) -> bool:
    half = run.near(float(run.clock[-1]) / 2)
    return bool(run.median_wrong[-1] > run.median_wrong[half] + 0.2 and run.median_wrong[half] > 0)


def _saturated(run: MixtureRun) -> tuple[float, float]:
    s = run.setting
    return grown_cosine(run), cosine_saturated(s.lam, s.w, s.kappa)


def _accuracy(run: MixtureRun) -> tuple[float, float]:
    s = run.setting
    return float(run.accuracy_wrong[-1]), accuracy_wrong_saturated(s.lam, s.w, s.kappa, s.sigma)


def _held(run: MixtureRun) -> bool:
    return bool(run.median_wrong[-1] > 0)


def _not_held(run: MixtureRun) -> bool:
    return bool(run.median_wrong[-1] < 0)


_SELF = (ELR, NO_MEMORY, NO_CLAMP, FROM_ZERO, STABLE, wrong_labels(15, "E6"))
_HELD = (*_SELF, WIDER, HALF_EARLY, PULLED)
_MANY = at_least(n, 200, "E6", "averages over examples are close to means")

CLAIMS: tuple[Claim, ...] = (
    by_us(
        "strength.pinned",
        "E6",
        r"For $0 < \lambda < \lambda_{sat} = 2(w+\kappa)/(1+\kappa)$ ($t = p$, no clamp, $p \gg n$) wrong "
        r"margins are pinned at $2\,\mathrm{artanh}\frac{(1-w)\lambda/(w+\kappa)-1}{1-\lambda}$.",
        Difference(
            margin=0.06, reason="fluctuations of order sqrt(n/p) and the slow approach near lambda_sat"
        ),
        _pinned,
        RESTING,
        (*_HELD, SHALLOW, BELOW_SAT),
        prediction=Prediction("f_W", PINNED, "margin"),
        measured="mean margin of wrong labels at tau = 400",
        proof=prove_phases,
    ),
    by_us(
        "strength.pinned_cosine",
        "E6",
        r"While wrong margins are pinned $\theta$ grows in a direction whose cosine with v does not depend "
        r"on $\lambda$.",
        Difference(
            margin=0.02, reason="fluctuations of order 1/sqrt(n) and the slow approach near lambda_sat"
        ),
        _pinned_cosine,
        RESTING,
        (*_HELD, SHALLOW, BELOW_SAT),
        prediction=Prediction(r"\cos", COSINE_PINNED, "1"),
        measured="cosine with v of the growth of theta over the last half of the run",
        proof=prove_phases,
    ),
    by_us(
        "strength.memorisation_threshold",
        "E6",
        r"Wrong labels are memorised iff $\lambda < \lambda_{mem} = (w+\kappa)/(1-w)$.",
        Event(delta=0.1),
        _memorised_below,
        THRESHOLD,
        (*_HELD, CLEAR_OF_MEM),
        prediction=Prediction(r"\lambda_{mem}", LAMBDA_MEM, "1"),
        measured="whether the median wrong margin at tau = 300 is negative exactly when lambda < lambda_mem",
        proof=prove_phases,
    ),
    reading(
        "slip.lambda_sat_as_threshold",
        beyond("E6"),
        r"Wrong labels are memorised iff $\lambda < \lambda_{sat} = 2(w+\kappa)/(1+\kappa)$.",
        Event(delta=0.05, reason="a tempting reading: where they are corrected without end"),
        _memorised_below_sat,
        THRESHOLD,
        (*_HELD, CLEAR_OF_MEM),
        measured="whether the median wrong margin at tau = 300 is negative exactly when lambda < lambda_sat",
        corrected_by="strength.memorisation_threshold",
    ),
    by_us(
        "strength.corrected",
        "E6",
        r"For $\lambda > \lambda_{sat}$ wrong labels are corrected without end: $f_W \to +\infty$.",
        Event(delta=0.1),
        _corrected,
        RUNNING,
        (*_HELD, ABOVE_SAT),
        prediction=Prediction(r"\lambda_{sat}", LAMBDA_SAT, "1"),
        measured="whether the median wrong margin is positive and still rises over the last half",
        proof=prove_phases,
    ),
    by_us(
        "strength.roles",
        "E6",
        r"For $\lambda > \lambda_{sat}$ ELR is averaging with weights $(\lambda, \lambda-2)$ on right and "
        r"wrong labels: $\cos = "
        r"(\lambda-2w)/\sqrt{(\lambda-2w)^2+\kappa[(1-w)\lambda^2+w(2-\lambda)^2]}$; $\lambda = 1$ is the "
        r"noisy average, $\lambda = 2$ drops wrong labels, $\lambda \to \infty$ corrects them.",
        Difference(margin=0.02, reason="fluctuations of order 1/sqrt(n)"),
        _saturated,
        RUNNING,
        (*_HELD, ABOVE_SAT),
        prediction=Prediction(r"\cos", COSINE_SATURATED, "1"),
        measured="cosine with v of the growth of theta over the last half of the run",
        proof=prove_phases,
    ),
    by_us(
        "strength.accuracy",
        "E6",
        r"For $\lambda > \lambda_{sat}$ and $\kappa \le m/3$ the accuracy on wrong labels is $A_W = "
        r"\Phi((\lambda-2w-\kappa(2-\lambda))/(\sigma D'))$, "
        r"$D' = \sqrt{(\lambda-2w)^2+\kappa[(1-w)\lambda^2+w(2-\lambda)^2]}$.",
        Difference(margin=0.04, reason="examples that start on the noisy side stay there"),
        _accuracy,
        NOISY,
        (*_SELF, THIRD_EARLY, PULLED, ABOVE_SAT, _MANY),
        measured="A_W at tau = 200",
    ),
    by_us(
        "strength.rescued",
        "E6",
        r"For $\kappa > m$ the motion is bistable: from zero, wrong labels are held for $\lambda$ above a "
        r"$\lambda^*(w, \kappa)$ that has no closed form; 1.25 times it is enough.",
        Event(delta=0.2, reason="lambda* is that of the two-class equations"),
        _held,
        RESCUED,
        (*_SELF, WIDER, NO_EARLY),
        measured="whether the median wrong margin at tau = 150 is positive",
    ),
    by_us(
        "strength.lost",
        "E6",
        r"For $\kappa > m$ and $\lambda \le .8\lambda^*$ they are memorised.",
        Event(delta=0.2, reason="lambda* is that of the two-class equations"),
        _not_held,
        LOST,
        (*_SELF, WIDER, NO_EARLY),
        measured="whether the median wrong margin at tau = 150 is negative",
    ),
)
