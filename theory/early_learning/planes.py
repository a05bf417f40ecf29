"""Phase planes: what lambda prevents memorisation, and where noisy labels become separable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theory.early_learning.phase import lambda_mem, lambda_sat
from theory.early_learning.separability import separability_threshold
from theory.early_learning.setting import MixtureSetting
from theory.plane import Axis, Boundary, LevelSet, Plane, PlaneQuantity

__all__ = ["PLANES"]


def _strength(x: float, y: float, w: float = 0.2) -> MixtureSetting:
    return MixtureSetting.from_kappa(
        n=150, kappa=x, gamma=100.0, flip_rate=w, eta=0.3, loss="elr", lam=y, beta=0.0
    )


def _held(run: Any) -> Mapping[str, float]:
    return {
        "memorised": float(run.memorised[-1]),
        "margin": float(run.median_wrong[-1]),
        "test": float(run.test_accuracy[-1]),
    }


def _separability(x: float, y: float, sigma: float = 0.3) -> MixtureSetting:
    return MixtureSetting(n=100, p=max(2, round(100 * y)), sigma=sigma, flip_rate=x, eta=0.1)


def _separable(run: Any) -> Mapping[str, float]:
    return {"separable": float(run.separable), "side": 1.0 if run.separable else -1.0}


PLANES: tuple[Plane, ...] = (
    Plane(
        "kappa-lambda",
        Axis("kappa", r"\kappa", 0.05, 0.55),
        Axis("lambda", r"\lambda", 0.1, 1.6),
        _strength,
        _held,
        (
            PlaneQuantity("memorised", "share of wrong labels memorised", "mean", (0.0, 1.0)),
            PlaneQuantity("test", "test accuracy", "mean"),
        ),
        fixed="w = .2, p/n = 100, n = 150, t = p, tau = 200",
        clock=200.0,
        level_sets=(
            LevelSet(r"$\lambda_{mem} = (w+\kappa)/(1-w)$", lambda x, y: y - lambda_mem(0.2, x), 0.0),
            LevelSet(r"$\lambda_{sat} = 2(w+\kappa)/(1+\kappa)$", lambda x, y: y - lambda_sat(0.2, x), 0.0),
        ),
        boundaries=(
            Boundary(
                r"$\lambda/\lambda_{mem}$ where the median wrong margin changes sign",
                lambda x, y: y / lambda_mem(0.2, x),
                1.0,
                "margin",
                r"$\lambda/\lambda_{mem}$",
            ),
        ),
        claim="early_learning.strength.memorisation_threshold",
        variables={"w": 0.2},
        sizes={"quick": (6, 2), "default": (12, 4), "full": (24, 12)},
    ),
    Plane(
        "separability",
        Axis("w", "w", 0.05, 0.45),
        Axis("p/n", "p/n", 0.1, 1.0),
        _separability,
        _separable,
        (PlaneQuantity("separable", "share of data sets that are separable", "rate"),),
        fixed="n = 100, sigma = .3",
        engine="separability",
        level_sets=(
            LevelSet(r"$\gamma_c(w, \sigma)$", lambda x, y: y - separability_threshold(x, 0.3), 0.0),
            LevelSet("the paper's $1 - w$", lambda x, y: y - (1 - x), 0.0),
        ),
        boundaries=(
            Boundary(
                r"$p/n - \gamma_c$ where most data sets become separable",
                lambda x, y: y - separability_threshold(x, 0.3),
                0.0,
                "side",
                r"$p/n - \gamma_c$",
            ),
        ),
        variables={"sigma": 0.3},
        sizes={"quick": (6, 4), "default": (12, 10), "full": (24, 40)},
    ),
)
