"""Boxes of mixture settings: ranges of flip rate, kappa over m, dimensions per example, and what is held.

`REFERENCE` is the region that verdicts speak of: both sides of early learning (kappa from 1e-5 to 4), p/n
from a twentieth to 300, every loss, strength, memory and start.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from theory.early_learning.phase import lambda_mem, lambda_sat
from theory.early_learning.setting import LOSSES, MixtureSetting
from theory.early_learning.symbols import LETTERS
from theory.place import Box, Cells, Coordinate
from theory.setting import AbstractSetting

if TYPE_CHECKING:
    from theory.condition import Condition, Constants

__all__ = ["REFERENCE", "MixtureBox", "Range", "mixture_box", "sweep_cells"]

Range = tuple[float, float]
_MEANING = {
    "w": "flip rate",
    "kappa/m": "own pull of an example over the labels' mean agreement",
    "kappa": "own pull of an example",
    "p/n": "dimensions per example",
    "sigma": "noise of a coordinate",
    "n": "examples",
    "loss": "which loss: " + ", ".join(f"{k} {name}" for k, name in enumerate(LOSSES)),
    "lam": "strength of the regulariser",
    "beta": "memory of the targets",
    "clamp": "of probabilities",
    "start": "norm of the initial vector",
    "target": "true-class entry of the frozen target",
    "eta": "step",
    "lambda/lambda_sat": "strength over the one that corrects without end",
    "lambda/lambda_mem": "strength over the one that prevents memorisation",
    "lambda/exists": "strength over the one from which a frozen target holds wrong labels",
}
_LINEAR = {"w", "beta", "target", "loss", "clamp", "start"}
_WHOLE = {"n", "loss"}


def _over_exists(s: MixtureSetting) -> float:
    return s.lam * (2 * s.target - 1) / s.target if s.target else 0.0


_READ: Mapping[str, Callable[[MixtureSetting], float]] = {
    "n": lambda s: float(s.n),
    "w": lambda s: s.flip_rate,
    "kappa/m": lambda s: s.kappa / s.m,
    "kappa": lambda s: s.kappa,
    "p/n": lambda s: s.gamma,
    "sigma": lambda s: s.sigma,
    "loss": lambda s: float(LOSSES.index(s.loss)),
    "lam": lambda s: s.lam,
    "beta": lambda s: s.beta,
    "clamp": lambda s: s.clamp,
    "start": lambda s: s.start,
    "target": lambda s: s.target,
    "eta": lambda s: s.eta,
    "lambda/lambda_sat": lambda s: s.lam / lambda_sat(s.w, s.kappa),
    "lambda/lambda_mem": lambda s: s.lam / lambda_mem(s.w, s.kappa),
    "lambda/exists": _over_exists,
}
#: Coordinates that a condition on one letter narrows. Not w: formulas take the realised share.
_NARROWED = {"n": "n", "p/n": "gamma", "kappa": "kappa", "eta": "eta", "lam": "lam", "beta": "beta",
             "clamp": "clamp", "start": "start", "target": "target"}  # fmt: skip
#: The coordinate of the reference box that one of a box varies.
_VARIES = {"kappa/m": "kappa", "sigma": "kappa", "lambda/lambda_sat": "lam", "lambda/lambda_mem": "lam",
           "lambda/exists": "lam"}  # fmt: skip
#: Fields that only some losses know.
_OF_LOSSES = ("lam", "beta", "clamp", "target")
#: A setting's p/n is that drawn up to the rounding of p: of 20 dimensions, 1 in 40.
_ROUNDED = 1.03


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


#: Fields that a loss does not know.
_KNOWS: Mapping[str, tuple[str, ...]] = {
    "ce": (), "elr": ("lam", "beta", "clamp"), "kl": ("lam", "beta", "clamp"), "frozen": ("lam", "target"),
}  # fmt: skip


def _unknown(box: Box) -> set[str]:
    """Coordinates of a box at one loss that its settings do not have."""
    number = next((c.low for c in box.coordinates if c.name == "loss" and c.low == c.high), None)
    known = _KNOWS[LOSSES[int(number)]] if number is not None else _OF_LOSSES
    return set(_OF_LOSSES) - set(known)


def _make_any(values: Mapping[str, Any]) -> MixtureSetting:
    """A setting of any loss: what its loss does not know is left out."""
    loss = LOSSES[int(values["loss"])]
    rest = {k: v for k, v in values.items() if k not in ("loss", *_OF_LOSSES)}
    return _make({"loss": loss}, rest | {k: values[k] for k in _KNOWS[loss]})


@dataclass(frozen=True)
class MixtureBox(Box):
    """A box whose coordinates can be read off a mixture setting, held ones included."""

    def values_of(self, setting: AbstractSetting) -> Mapping[str, float] | None:
        """The coordinates; None of another model's setting."""
        if not isinstance(setting, MixtureSetting):
            return None
        return {c.name: _READ[c.name](setting) for c in self.coordinates}

    def contains(self, setting: AbstractSetting) -> bool | None:
        """Whether the coordinates lie in their ranges and everything else is as the box holds it."""
        inside = super().contains(setting)
        if not inside or not isinstance(setting, MixtureSetting):
            return inside
        made: Any = self.make({c.name: _READ[c.name](setting) for c in self.coordinates})
        return all(
            math.isclose(a, b, rel_tol=1e-6) if isinstance(a, float) else a == b
            for a, b in zip(setting.as_dict().values(), made.as_dict().values(), strict=True)
        )

    def is_thin_in(self, box: Box) -> bool:
        """Whether the box holds what another draws: a field, or one of p/n, sigma and kappa."""
        varied = {_VARIES.get(c.name, c.name) for c in self.coordinates if c.low < c.high}
        varied |= {"p/n"} if {"sigma", "kappa"} <= {c.name for c in self.coordinates} else set()
        drawn = {c.name for c in box.coordinates if c.low < c.high}
        return not drawn - _unknown(box) <= varied

    def narrowed(self, conditions: Sequence[Condition], constants: Constants) -> MixtureBox:
        """The box without what conditions on one letter exclude."""
        coordinates = []
        for c in self.coordinates:
            low, high = c.low, c.high
            room = _ROUNDED if c.name == "p/n" else 1.0
            for condition in conditions if c.name in _NARROWED else ():
                large, small = condition.large, condition.small
                if LETTERS.get(large) == _NARROWED[c.name] and small.is_number:
                    low = max(low, float(small) / room)
                if LETTERS.get(small) == _NARROWED[c.name] and large.is_number:
                    high = min(high, float(large) * room)
            if c.whole:
                low, high = math.ceil(low), math.floor(high)
            coordinates.append(replace(c, low=low, high=high) if low <= high else c)
        return replace(self, coordinates=tuple(coordinates))


def _coordinate(key: str, low: float, high: float) -> Coordinate:
    return Coordinate(
        key,
        low,
        high,
        "linear" if key in _LINEAR else "log",
        whole=key in _WHOLE,
        meaning=_MEANING.get(key, ""),
        shown=key.replace("lam", "lambda") if key == "lam" else "",
    )


def mixture_box(name: str, ranges: Mapping[str, Range], **fixed: Any) -> MixtureBox:
    """Settings with coordinates in these ranges, the rest held.

    Args:
        name: of the box.
        ranges: coordinate -> (low, high): "n", "w", "p/n", "sigma", "kappa", "kappa/m", "lam", "beta", "eta",
            "target", or a strength relative to a threshold ("lambda/lambda_sat", "lambda/lambda_mem",
            "lambda/exists"). Two of p/n, sigma and kappa determine the third.
        fixed: fields and coordinates with one value.

    >>> box = mixture_box("wide", {"w": (.1, .3)}, n=200, **{"kappa": .1, "p/n": 100.0, "eta": .1})
    >>> s = box.make({"w": .2})
    >>> s.p, box.contains(s), box.contains(s.with_(eta=.2))
    (20000, True, False)
    """
    coordinates = tuple(_coordinate(key, *ends) for key, ends in ranges.items())
    return MixtureBox(name, coordinates, partial(_make, fixed))


_REFERENCE_RANGES: Mapping[str, Range] = {
    "n": (40, 400),
    "w": (0.02, 0.45),
    "kappa": (1e-5, 4.0),
    "p/n": (0.05, 300.0),
    "eta": (0.01, 2.0),
    "start": (0.0, 2.0),
    "loss": (0, len(LOSSES) - 1),
    "lam": (0.1, 10.0),
    "beta": (0.0, 0.99),
    "clamp": (0.0, 1e-3),
    "target": (0.52, 0.97),
}
REFERENCE = MixtureBox(
    "all mixtures",
    tuple(_coordinate(key, *ends) for key, ends in _REFERENCE_RANGES.items()),
    _make_any,
)


def sweep_cells(name: str, base: MixtureSetting, field: str, values: tuple[float, ...]) -> Cells:
    """The base setting with one field at several values, replicates paired."""
    cells = tuple(({field: value}, base.with_(**{field: value})) for value in values)
    return Cells(name, cells, paired=True)
