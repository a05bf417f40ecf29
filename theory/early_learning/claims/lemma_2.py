"""Lemma 2 and its relatives: gradients of the regularisers in the logits, for any number of classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.early_learning.claims.made import by_us, in_paper, reading, times
from theory.early_learning.sources import paper
from theory.early_learning.targets import neutral_strength, prove_self_consistent_target
from theory.experiment import Experiment
from theory.model import function_model
from theory.place import Box, Coordinate
from theory.rules import Identity, Universal
from theory.setting import AbstractSetting, Trends

__all__ = [
    "CLAIMS",
    "LogitSetting",
    "draw_logits",
    "kl_printed",
    "lag_inverted",
    "total_of_others",
    "without_rest",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LogitSetting(AbstractSetting):
    """One example with C classes: logits of a given spread, a target of mass `1 - beta^k`.

    Args:
        classes: C >= 2.
        spread: standard deviation of the logits.
        mass: sum of the target, in (0, 1].
        delta: probability that a confident prediction leaves for the other classes.
        label_share: share of delta that falls on the wrong label.
    """

    trends: ClassVar[Trends] = Trends()

    classes: int
    spread: float
    mass: float
    delta: float
    label_share: float

    def __post_init__(self) -> None:
        if self.classes < 2:
            raise ValueError(f"classes must be at least 2, was {self.classes!r}")
        if not 0.0 < self.mass <= 1.0:
            raise ValueError(f"mass must lie in (0, 1], was {self.mass!r}")
        if not 0.0 < self.delta < 1.0:
            raise ValueError(f"delta must lie in (0, 1), was {self.delta!r}")
        if not 0.0 < self.label_share <= 1.0:
            raise ValueError(f"label_share must lie in (0, 1], was {self.label_share!r}")


def _softmax(z: Any) -> Any:
    top = np.exp(z - np.max(z.real))
    return top / top.sum()


def lemma_gradient(p: Floats, t: Floats) -> Floats:
    """`g_c = p_c sum_k (t_k - t_c) p_k / (1 - <p, t>)`, the paper's Lemma 2."""
    return np.asarray(p * ((t[None, :] - t[:, None]) @ p) / (1.0 - p @ t))


def _by_complex_step(loss: Any, z: Floats) -> Floats:
    """The gradient of an analytic function without differences: `Im loss(z + i h e_c)/h`, exact to
    rounding."""
    step = 1e-30
    out = np.empty(len(z))
    for c in range(len(z)):
        moved = z.astype(complex)
        moved[c] += 1j * step
        out[c] = loss(moved).imag / step
    return out


def draw_logits(setting: LogitSetting, rng: np.random.Generator) -> Mapping[str, Any]:
    """Random p and targets t, both regularisers' gradients there by complex step; and a confident p."""
    z = setting.spread * rng.standard_normal(setting.classes)
    t = setting.mass * rng.dirichlet(np.ones(setting.classes))
    return {
        "p": _softmax(z).real,
        "t": t,
        "gradient": _by_complex_step(lambda x: np.log(1 - _softmax(x) @ t), z),
        "kl_gradient": _by_complex_step(lambda x: -(t @ np.log(_softmax(x))), z),
        **_confident(setting, rng),
    }


def _confident(setting: LogitSetting, rng: np.random.Generator) -> Mapping[str, Any]:
    """A prediction `1 - delta` on class 0, the rest spread: gradients with t = p, with t frozen at class 0,
    and with a target that leaves `lag` times delta to the others; and neutral strengths.

    Class 1 is the wrong label; its residual share is `label_share` (1 with two classes).
    """
    others = setting.classes - 1
    share = np.ones(1)
    if others > 1:
        rest = rng.dirichlet(np.ones(others - 1)) * (1 - setting.label_share)
        share = np.concatenate([[setting.label_share], rest])
    lag = float(np.exp(rng.uniform(np.log(0.1), np.log(10.0))))
    g, frozen, lagged = (
        _gradient(setting.delta * share, left * share) for left in (setting.delta, 0.0, lag * setting.delta)
    )
    limit = np.concatenate([[-0.5], share / 2])
    # The force on z_true - z_label under CE on label 1: -(p_0 - 0) + (p_1 - 1) - lam (g_0 - g_1) = 0.
    force = 2.0 - setting.delta * (1.0 + share[0])
    return {
        "confident": float(np.max(np.abs(g - limit))),
        "lag": lag,
        "lagged": float(lagged[0]),
        "neutral": float(force / (g[1] - g[0])),
        "neutral_frozen": float(force / (frozen[1] - frozen[0])),
        "share": float(share[0]),
    }


def _gradient(p: Floats, t: Floats) -> Floats:
    """Lemma 2 where p and t (classes but the first) are small and the first class has the rest, without
    cancellation: `1 - <p, t> = p_0 sum t + sum p (1 - t)`."""
    first, target = 1.0 - p.sum(), 1.0 - t.sum()
    rest = first * t.sum() + p.sum() - p @ t
    inner = first * target + p @ t
    # <p, t> - t_0 = -t_0 sum p + <p, t> over the others.
    g: Floats = np.concatenate([[first * (p @ t - target * p.sum())], p * (inner - t)]) / rest
    return g


def _setting(values: Mapping[str, Any]) -> LogitSetting:
    return LogitSetting(**{**values, "classes": int(values["classes"])})


MODEL = function_model(LogitSetting, draw_logits, name="early_learning.logits")
LOGITS = Experiment(
    "early_learning.lemma_2.logits",
    place=Box(
        "logits",
        (
            Coordinate("classes", 2, 100, whole=True, meaning="classes"),
            Coordinate("spread", 0.1, 4.0, meaning="spread of the logits"),
            Coordinate("mass", 0.05, 0.95, "linear", meaning="sum of the target"),
            Coordinate("delta", 1e-4, 1e-2, meaning="probability left to other classes"),
            Coordinate("label_share", 0.05, 0.95, "linear", meaning="the label's share of it"),
        ),
        _setting,
    ),
    model=MODEL,
    runs=times(100, 400, 2000),
)


def _apart(a: Floats, b: Floats) -> float:
    return float(np.max(np.abs(a - b)))


def _residual(run: Any) -> float:
    return _apart(run.gradient, lemma_gradient(run.p, run.t))


def without_rest(run: Any) -> float:
    """Lemma 2 with its denominator left out."""
    return _apart(run.gradient, lemma_gradient(run.p, run.t) * (1.0 - run.p @ run.t))


def _total(run: Any) -> float:
    return float(abs(run.gradient.sum()))


def total_of_others(run: Any) -> float:
    """The sum without the class of the largest target."""
    return float(abs(np.delete(run.gradient, np.argmax(run.t)).sum()))


def _helps(run: Any) -> bool:
    return bool(lemma_gradient(run.p, run.t)[np.argmax(run.t)] < 0)


def _kl(run: Any) -> float:
    return _apart(run.kl_gradient, run.t.sum() * run.p - run.t)


def kl_printed(run: Any) -> float:
    """The KL regulariser's gradient as printed, relative."""
    return _apart(run.kl_gradient, run.p - run.t) / float(np.max(np.abs(run.kl_gradient)))


def _confident_limit(run: Any) -> bool:
    return bool(run.confident <= 2 * run.setting.delta)


def _near(run: Any, measured: float, predicted: float, lag: float = 0.0) -> bool:
    return bool(abs(measured / predicted - 1) <= 4 * run.setting.delta * (1 + lag))


def _neutral(run: Any) -> bool:
    return _near(run, run.neutral, neutral_strength(run.share, tracked=True))


def _neutral_frozen(run: Any) -> bool:
    return _near(run, run.neutral_frozen, neutral_strength(run.share, tracked=False))


def _neutral_two(run: Any) -> bool:
    return _near(run, run.neutral, 2.0)


def _lagged(run: Any) -> bool:
    return _near(run, run.lagged, -1 / (1 + run.lag), run.lag)


def lag_inverted(run: Any) -> bool:
    """The lagged gradient with the two misses exchanged."""
    return _near(run, run.lagged, -run.lag / (1 + run.lag), run.lag)


CLAIMS: tuple[Claim, ...] = (
    in_paper(
        "lemma_2.gradient",
        "Lemma 2",
        r"$\partial_{z_c} \log(1 - \langle p, t\rangle) = \frac{p_c}{1-\langle p,t\rangle} \sum_k (t_k - "
        r"t_c) p_k$ for a constant target t, any number of classes.",
        Identity(reason="both sides are sums of C products; the derivative is taken by a complex step"),
        _residual,
        LOGITS,
        measured="largest difference between the formula and the derivative by complex step",
    ),
    by_us(
        "lemma_2.sum_zero",
        "E1",
        r"$\sum_c g_c = 0$.",
        Identity(reason="a sum of C numbers of order 1"),
        _total,
        LOGITS,
        measured="the sum of the loss's derivatives by complex step",
    ),
    in_paper(
        "lemma_2.helps_true_class",
        "section 4.1",
        r"Where t is largest at the true class, $g$ is negative there: the regulariser boosts right labels "
        r"and opposes wrong ones.",
        Universal(reason="a sign, exact"),
        _helps,
        LOGITS,
        measured="whether the gradient of the true class's logit is negative",
    ),
    by_us(
        "lemma_2.kl_gradient",
        "section 2.2",
        r"$-\lambda\sum_c t_c \log p_c$ has the gradient $\lambda((\sum_c t_c)\, p - t)$ in the logits; "
        r"$\sum_c t_c = 1 - \beta^k$.",
        Identity(reason="both sides are sums of C products; the derivative is taken by a complex step"),
        _kl,
        LOGITS,
        measured="largest difference between the formula and the derivative by complex step",
    ),
    reading(
        "slip.kl_gradient",
        paper("appendix, KL alternative"),
        r"The gradient of the KL regulariser is printed as $\lambda(p - t)$.",
        Identity(reason="rounding"),
        kl_printed,
        LOGITS,
        measured="largest difference from the derivative by complex step, over its size",
        provenance="paper",
        corrected_by="lemma_2.kl_gradient",
    ),
    by_us(
        "target.confident_gradient",
        "E2",
        r"With $t = p$ and a confident prediction ($1-\delta$ on the true class, $\delta q$ elsewhere) $g$ "
        r"tends to $-1/2$ on the true class and to $q_k/2$ on the others, within $2\delta$.",
        Universal(reason="corrections are of order delta; 2 delta bounds them"),
        _confident_limit,
        LOGITS,
        measured="whether the largest departure is at most 2 delta",
        proof=prove_self_consistent_target,
    ),
    by_us(
        "target.neutral_strength",
        "E2",
        r"With $t = p$ the margin between the true class and the wrong label feels no force at $\lambda = "
        r"4/(1+q_y)$, $q_y$ the label's share of the residual mass; two classes: 2.",
        Universal(reason="corrections are of order delta"),
        _neutral,
        LOGITS,
        measured="whether lambda from the gradients is 4/(1+q) within 4 delta",
    ),
    by_us(
        "target.neutral_frozen",
        "E2",
        r"With t frozen at the true class it feels none at $\lambda = 2/(1+q_y)$; two classes: 1.",
        Universal(reason="corrections are of order delta"),
        _neutral_frozen,
        LOGITS,
        measured="whether lambda from the gradients is 2/(1+q) within 4 delta",
    ),
    by_us(
        "target.lagged",
        "E2",
        r"With a target that leaves $\delta_t$ to the other classes, $g = -\delta/(\delta+\delta_t)$ on the "
        r"true class.",
        Universal(reason="corrections are delta + 2 delta_t + 2 min(delta, delta_t) at most, to first order"),
        _lagged,
        LOGITS,
        measured="whether the gradient there is as stated within 4 (delta + delta_t)",
    ),
    reading(
        "slip.neutral_two",
        paper("section 4.1"),
        r"A wrong label is neutralised at $\lambda = 2$ whatever the number of classes.",
        Universal(reason="corrections are of order delta"),
        _neutral_two,
        LOGITS,
        measured="whether lambda from the gradients is 2 within 4 delta",
        corrected_by="target.neutral_strength",
    ),
)
