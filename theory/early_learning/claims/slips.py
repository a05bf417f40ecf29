"""Slips in the printed text, as readings, with the statements that correct them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from theory.claim import Claim
from theory.early_learning.claims.made import by_us, reading, times
from theory.early_learning.sources import beyond, paper
from theory.experiment import Experiment
from theory.model import function_model
from theory.place import Box, Coordinate
from theory.rules import Difference, Event, Identity
from theory.setting import AbstractSetting, Trends

__all__ = ["CLAIMS", "GradientSetting", "LabelSetting", "SphereSetting", "tanh_printed"]


@dataclass(frozen=True)
class GradientSetting(AbstractSetting):
    """A logistic model on n random examples in p dimensions, at a random vector of length `radius`."""

    trends: ClassVar[Trends] = Trends()

    n: int
    p: int
    radius: float

    def __post_init__(self) -> None:
        for name in ("n", "p"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, was {getattr(self, name)!r}")
        if not self.radius > 0:
            raise ValueError(f"radius must be > 0, was {self.radius!r}")


def draw_gradient(setting: GradientSetting, rng: np.random.Generator) -> Mapping[str, Any]:
    """Examples, labels, a vector, and the loss's gradient there by complex step."""
    x = rng.standard_normal((setting.n, setting.p))
    e = np.where(rng.random(setting.n) < 0.5, -1.0, 1.0)
    theta = rng.standard_normal(setting.p)
    theta *= setting.radius / np.linalg.norm(theta)
    step = 1e-30
    exact = np.empty(setting.p)
    for k in range(setting.p):
        moved = theta.astype(complex)
        moved[k] += 1j * step
        exact[k] = np.mean(np.log1p(np.exp(-e * (x @ moved)))).imag / step
    return {"x": x, "e": e, "theta": theta, "gradient": exact}


GRADIENTS = Experiment(
    "early_learning.slip.gradients",
    place=Box(
        "logistic gradients",
        (
            Coordinate("n", 5, 40, whole=True),
            Coordinate("p", 2, 12, whole=True),
            Coordinate("radius", 0.3, 3.0, meaning="length of theta"),
        ),
        lambda values: GradientSetting(int(values["n"]), int(values["p"]), float(values["radius"])),
    ),
    model=function_model(GradientSetting, draw_gradient, name="early_learning.gradient"),
    runs=times(60, 200, 1000),
)


@dataclass(frozen=True)
class SphereSetting(AbstractSetting):
    """A vector drawn uniformly from the sphere of a radius in p dimensions, and a level of `theta_0 . v`."""

    trends: ClassVar[Trends] = Trends()

    p: int
    radius: float
    level: float

    def __post_init__(self) -> None:
        if self.p < 2:
            raise ValueError(f"p must be at least 2, was {self.p!r}")
        if not 0 < self.level < self.radius:
            raise ValueError(f"level must lie in (0, radius), was {self.level!r}")


def draw_start(setting: SphereSetting, rng: np.random.Generator) -> Mapping[str, Any]:
    """`theta_0 . v` of one draw."""
    raw = rng.standard_normal(setting.p)
    return {"signal": float(setting.radius * raw[0] / np.linalg.norm(raw))}


def above_level(p: int, radius: float, level: float) -> float:
    """`P(theta_0 . v >= level)`, exact: half a tail of Beta(1/2, (p-1)/2).

    >>> round(above_level(900, 2.0, 0.1), 3)
    0.067
    """
    from scipy.special import betainc

    return float((1 - betainc(0.5, (p - 1) / 2, (level / radius) ** 2)) / 2)


SPHERE = Experiment(
    "early_learning.slip.sphere",
    place=Box(
        "the paper's start",
        (Coordinate("p", 600, 1200, whole=True),),
        lambda values: SphereSetting(int(values["p"]), 2.0, 0.1),
    ),
    model=function_model(SphereSetting, draw_start, name="early_learning.sphere"),
    runs=times(4000, 4000, 8000),
)


@dataclass(frozen=True)
class LabelSetting(AbstractSetting):
    """Labels of n examples in C classes, of which exactly a share `rate` is redrawn over all classes."""

    trends: ClassVar[Trends] = Trends()

    n: int
    classes: int
    rate: float

    def __post_init__(self) -> None:
        if self.n < 1 or self.classes < 2:
            raise ValueError(
                f"n must be at least 1 and classes at least 2, were {self.n!r}, {self.classes!r}"
            )
        if not 0 < self.rate < 1:
            raise ValueError(f"rate must lie in (0, 1), was {self.rate!r}")


def draw_labels(setting: LabelSetting, rng: np.random.Generator) -> Mapping[str, Any]:
    """The share of labels that differ from the true class."""
    true = rng.integers(0, setting.classes, round(setting.rate * setting.n))
    redrawn = rng.integers(0, setting.classes, len(true))
    return {"wrong": float(np.sum(true != redrawn) / setting.n)}


LABELS = Experiment(
    "early_learning.noise.labels",
    place=Box(
        "symmetric label noise",
        (
            Coordinate("n", 1000, 5000, whole=True),
            Coordinate("classes", 2, 100, whole=True),
            Coordinate("rate", 0.2, 0.8, "linear"),
        ),
        lambda values: LabelSetting(int(values["n"]), int(values["classes"]), float(values["rate"])),
    ),
    model=function_model(LabelSetting, draw_labels, name="early_learning.labels"),
    runs=times(60, 100, 400),
)


def _wrong_share(run: Any) -> tuple[float, float]:
    return float(run.wrong), run.setting.rate * (1 - 1 / run.setting.classes)


def _rate_itself(run: Any) -> tuple[float, float]:
    return float(run.wrong), run.setting.rate


def _with_tanh(run: Any, part: float) -> float:
    formula = run.x.T @ (np.tanh(part * (run.x @ run.theta)) - run.e) / (2 * len(run.e))
    return float(np.max(np.abs(run.gradient - formula)) / np.max(np.abs(run.gradient)))


def _half(run: Any) -> float:
    return _with_tanh(run, 0.5)


def tanh_printed(run: Any) -> float:
    """The formula as printed: tanh without /2."""
    return _with_tanh(run, 1.0)


def _before(run: Any) -> bool:
    return bool(run.signal < run.setting.level)


def _happened(run: Any) -> tuple[float, float]:
    s = run.setting
    return float(run.signal >= s.level), above_level(s.p, s.radius, s.level)


CLAIMS: tuple[Claim, ...] = (
    by_us(
        "gradient.half",
        "section 2.3a",
        r"$\nabla L(\theta) = \frac{1}{2n}\sum_i x_i(\tanh(\theta^\top x_i/2) - e_i)$ for the stated loss.",
        Identity(reason="sums of n products; the derivative is taken by a complex step"),
        _half,
        GRADIENTS,
        measured="largest difference from the derivative by complex step, over its size",
    ),
    reading(
        "slip.tanh",
        paper("section 3, gradient"),
        r"The gradient is printed as $\frac{1}{2n}\sum_i x_i(\tanh(\theta^\top x_i) - e_i)$.",
        Identity(reason="rounding"),
        tanh_printed,
        GRADIENTS,
        measured="largest difference from the derivative by complex step, over its size",
        provenance="paper",
        corrected_by="gradient.half",
        note="Part 2 of Theorem 1 survives: (1 - tanh .05)^2 = .9025 < .95.",
    ),
    by_us(
        "start.signal",
        "section 2.3c",
        r"With $\theta_0$ uniform on the sphere of radius 2, $E(\theta_0\cdot v)^2 = 4/p$ and "
        r"$P(\theta_0\cdot v \ge 1/10)$ is half a tail of a Beta law: 6.7 % at p = 900, where T = 0.",
        Difference(
            margin=0.03,
            reason="what the quick profiles can resolve; the predicted share is .05 to .08",
            of="mean",
            bound=1.0,
        ),
        _happened,
        SPHERE,
        measured="whether theta_0 . v is at least 1/10, with its exact probability",
    ),
    by_us(
        "noise.wrong_share",
        "section 2.4",
        r"Symmetric noise at rate r redraws labels over all C classes, their own included: a share "
        r"$r(1-1/C)$ is wrong, $w = r/2$ for two classes.",
        Difference(margin=0.005, reason="a run's share has sd below .01, the median over runs less"),
        _wrong_share,
        LABELS,
        measured="share of labels that differ from the true class",
    ),
    reading(
        "slip.rate_is_wrong_share",
        beyond("section 2.4"),
        r"A share r of the labels is wrong.",
        Difference(margin=0.005, reason="as for the share that holds"),
        _rate_itself,
        LABELS,
        measured="share of labels that differ from the true class",
        corrected_by="noise.wrong_share",
    ),
    reading(
        "slip.start_is_early",
        paper("Theorem 1 and Lemma 7"),
        r"The first t with $\theta_t\cdot v \ge 1/10$ comes after the start ($T = \Omega(1/\eta)$) in all "
        r"but 2 % of draws, at p = 600 to 1200 already.",
        Event(delta=0.02, reason="printed for p -> infinity; the radius 2 makes it slow"),
        _before,
        SPHERE,
        measured="whether theta_0 . v is below 1/10; asked in all but 2 % of draws, at p = 600 to 1200",
        corrected_by="start.signal",
        note="Printed with probability tending to 1 as p grows, which holds: theta_0 . v is of order "
        "2/sqrt(p). Refuted is that it shows at these p.",
    ),
)
