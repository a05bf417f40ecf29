"""Boxes of mixture settings: ranges of flip rate, kappa over m, dimensions per example, and what is held."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from theory.early_learning.phase import lambda_mem, lambda_sat
from theory.early_learning.setting import MixtureSetting
from theory.place import Box, Cells, Coordinate

__all__ = ["Range", "mixture_box", "sweep_cells"]

Range = tuple[float, float]
_MEANING = {
    "w": "flip rate",
    "kappa/m": "own pull of an example over the labels' mean agreement",
    "kappa": "own pull of an example",
    "p/n": "dimensions per example",
    "sigma": "noise of a coordinate",
    "n": "examples",
    "lambda/lambda_sat": "strength over the one that corrects without end",
    "lambda/lambda_mem": "strength over the one that prevents memorisation",
}
_LINEAR = {"w", "beta", "target"}


def _make(fixed: Mapping[str, Any], values: Mapping[str, Any]) -> MixtureSetting:
    given = {**fixed, **values}
    n, w = int(given.pop("n")), float(given.pop("w"))
    # Formulas take the realised share; ratios are held against it.
    share = round(w * n) / n
    m = 1.0 - 2.0 * share
    if "kappa/m" in given:
        given["kappa"] = given.pop("kappa/m") * m
    gamma = given.pop("p/n", None)
    if "sigma" in given and gamma is None:
        gamma = given.pop("kappa") / given["sigma"] ** 2
    p = max(2, round(gamma * n))
    sigma = given.pop("sigma", None)
    if sigma is None:
        sigma = (given.pop("kappa") * n / p) ** 0.5
    kappa = sigma**2 * p / n
    if "lambda/lambda_sat" in given:
        given["lam"] = given.pop("lambda/lambda_sat") * lambda_sat(share, kappa)
    if "lambda/lambda_mem" in given:
        given["lam"] = given.pop("lambda/lambda_mem") * lambda_mem(share, kappa)
    if "lambda/exists" in given:
        t = given["target"]
        given["lam"] = given.pop("lambda/exists") * t / (2 * t - 1)
    return MixtureSetting(n=n, p=p, sigma=sigma, flip_rate=w, **given)


def mixture_box(name: str, ranges: Mapping[str, Range], **fixed: Any) -> Box:
    """Settings with coordinates in these ranges, the rest held.

    Args:
        name: of the box.
        ranges: coordinate -> (low, high): "n", "w", "p/n", "sigma", "kappa", "kappa/m", "lam", "beta", "eta",
            "target", or a strength relative to a threshold ("lambda/lambda_sat", "lambda/lambda_mem",
            "lambda/exists"). Two of p/n, sigma and kappa determine the third.
        fixed: fields and coordinates with one value.

    >>> box = mixture_box("wide", {"w": (.1, .3)}, n=200, **{"kappa": .1, "p/n": 100.0, "eta": .1})
    >>> box.make({"w": .2}).p
    20000
    """
    coordinates = tuple(
        Coordinate(
            key,
            low,
            high,
            "linear" if key in _LINEAR else "log",
            whole=key == "n",
            meaning=_MEANING.get(key, ""),
        )
        for key, (low, high) in ranges.items()
    )
    return Box(name, coordinates, partial(_make, fixed))


def sweep_cells(name: str, base: MixtureSetting, field: str, values: tuple[float, ...]) -> Cells:
    """The base setting with one field at several values, replicates paired."""
    cells = tuple(({field: value}, base.with_(**{field: value})) for value in values)
    return Cells(name, cells, paired=True)
