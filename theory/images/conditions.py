"""Under which conditions a Stage I is claimed on real images."""

from __future__ import annotations

import sympy as sp

from theory.condition import Condition, Constants
from theory.images.sources import here

__all__ = [
    "ALIKE",
    "CONDITIONS",
    "CONSTANTS",
    "FLIPPED",
    "LOW_NOISE",
    "MODERATE",
    "SEPARABLE",
    "SPREAD",
    "STRONG",
    "TEN_CLASS",
]

_tau, _spread, _plain = sp.Symbol("tau"), sp.Symbol("S"), sp.Symbol("A_0")
_SOURCE = here("conditions of Stage I on images")

SEPARABLE = Condition(
    "separable classes", _plain, sp.Rational(97, 100), _SOURCE, "derived",
    "classes can be told apart without memorising: test accuracy without flips (0 where it is not known)",
)  # fmt: skip
SPREAD = Condition(
    "spread flips", _spread, sp.Integer(1), _SOURCE, "derived",
    "flips are independent of what an image shows, given its class", shown="S = 1",
)  # fmt: skip
MODERATE = Condition(
    "moderate noise",
    sp.Rational(3, 10),
    _tau,
    _SOURCE,
    "derived",
    "two classes stand at most three flips in ten",
)
LOW_NOISE = Condition(
    "low noise", sp.Rational(1, 5), _tau, _SOURCE, "derived",
    "some fifty validation images with observed labels choose a stop well up to one flip in five",
)  # fmt: skip
STRONG = Condition(
    "strong noise", _tau, sp.Rational(1, 5), _SOURCE, "derived",
    "memorising one flip in ten costs less than the resolution of ninety test images",
)  # fmt: skip
FLIPPED = Condition(
    "some flips", _tau, sp.Rational(1, 100), _SOURCE, "derived", "there are flips to speak of"
)
TEN_CLASS = Condition(
    "noise of ten classes", sp.Rational(2, 5), _tau, _SOURCE, "derived",
    "a wrong label is split over nine classes: more noise is borne",
)  # fmt: skip

ALIKE = Condition(
    "alike within a class", sp.Rational(1, 10), sp.Symbol("E_w"), _SOURCE, "derived",
    "images of a class differ less than the noise: E_w <= .1 sigma^2 d",
)  # fmt: skip

CONDITIONS = {
    "Stage I on images": (SEPARABLE, SPREAD, MODERATE, FLIPPED, STRONG, LOW_NOISE, TEN_CLASS, ALIKE)
}
CONSTANTS = Constants({})
