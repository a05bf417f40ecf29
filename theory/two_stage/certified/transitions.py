"""The transition clock as a random object: exact parameters, an enclosure, and what is claimed of every
one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from theory.claim import Claim
from theory.experiment import Experiment
from theory.model import function_model
from theory.place import Box, Coordinate
from theory.rules import Derived, Universal
from theory.setting import AbstractSetting, Trends
from theory.two_stage.derived_claim import derived_claim
from theory.two_stage.limits import transition
from theory.two_stage.limits.claim import number_function
from theory.two_stage.limits.dynamics import a as _a
from theory.two_stage.predictions import strong_signal_limit
from theory.two_stage.symbols import p as _p
from theory.two_stage.symbols import tau as _tau

__all__ = [
    "CLAIMS",
    "CLASSES",
    "TRANSITIONS",
    "TransitionSetting",
    "any_signal_slack",
    "bracket_slack",
    "order_slack",
]

#: Half the width of a certified box around a drawn point, relatively in e and absolutely in u.
_AROUND = Fraction(1, 400)
#: Rounding of the closed forms, in clock units; an enclosure's width is far below it.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class TransitionSetting(AbstractSetting):
    """Parameters of the limit dynamics of one class: flip rate `tau`, `strength` = `a (1 - 2 tau)/(2 p)` in
    units of what Stage I needs, active share `p`."""

    trends: ClassVar[Trends] = Trends()

    tau: float
    strength: float
    p: float

    def __post_init__(self) -> None:
        if not 0.0 < self.tau < 0.5:
            raise ValueError(f"tau must lie in (0, 1/2), was {self.tau!r}")
        if not self.strength > 1.0:
            raise ValueError(f"strength must exceed 1, or there is no Stage I, was {self.strength!r}")
        if not 0.0 < self.p <= 1.0:
            raise ValueError(f"p must lie in (0, 1], was {self.p!r}")

    @property
    def a(self) -> float:
        """`a` of the class."""
        return 2 * self.p * self.strength / (1 - 2 * self.tau)


def _simulate(s: TransitionSetting, rng: np.random.Generator) -> dict[str, float]:
    """The enclosure of s_2 at these parameters, ends rounded outward; nothing is drawn."""
    from theory.two_stage.certified.enclosure import enclose_transition

    found = enclose_transition(Fraction(s.a), Fraction(s.tau), Fraction(s.p), bits=64, order=12)
    low, high = float(found.low), float(found.high)
    return {"low": np.nextafter(low, 0.0), "high": np.nextafter(high, np.inf)}


#: Flip rates from 1 to 45 %, signals from the border of Stage I to 30 times it.
CLASSES = Box(
    "limit dynamics of a class",
    (
        Coordinate("tau", 0.01, 0.45, scale="linear"),
        Coordinate("strength", 1.02, 30.0),
        Coordinate("p", 0.25, 1.0, scale="linear"),
    ),
    lambda x: TransitionSetting(**x),
)

TRANSITIONS = Experiment(
    "two_stage.certified.transitions",
    place=CLASSES,
    model=function_model(TransitionSetting, _simulate, name="transition"),
    runs={"quick": 0, "default": 64, "full": 10_000},
)


def bracket_slack(run: Any, low: float = 1.0, high: float = 1.0) -> float:
    """How far the enclosure of s_2 keeps from the closed bracket, relatively, at the closer end (`low`,
    `high`: factors on the ends, to set them wrong)."""
    s = run.setting
    ends = [number_function(f, _a, _tau, _p)(s.a, s.tau, s.p) for f in transition.closed_bracket()]
    return float(min(run.low / (low * ends[0]) - 1, high * ends[1] / run.high - 1))


def order_slack(run: Any, factor: float = 1.0) -> float:
    """`factor s_inf / s_2 - 1` at the upper end of the enclosure."""
    s = run.setting
    limit = number_function(strong_signal_limit(), _tau, _p)(s.tau, s.p)
    return factor * limit / float(run.high) - 1


def any_signal_slack(run: Any, factor: float = 1.0) -> float:
    """`factor` times the bound for every signal over the upper end of the enclosure of s_2, less 1."""
    from theory.two_stage.certified.enclosure import strong_signal_bound

    s = run.setting
    return factor * number_function(strong_signal_bound(), _tau, _p)(s.tau, s.p) / float(run.high) - 1


def _box_certified(run: Any) -> float:
    """0 where every parameter near the run's is certified at once; nan where that is not decided."""
    from theory.two_stage.certified.boxes import ParameterBox, certify

    s = run.setting
    u = Fraction(s.tau / (1 - s.tau)).limit_denominator(100_000)
    e = Fraction(1 / s.strength).limit_denominator(100_000)
    # Narrow, and looked at more often, where the margin is small: it falls with e and with 1 - u.
    around = _AROUND * min(Fraction(1), 4 * e) ** 2 * min(Fraction(1), 2 * (1 - u)) ** 4
    box = ParameterBox((u * (1 - around), u * (1 + around)), (e * (1 - around), e * (1 + around)))
    return 0.0 if certify(box, max(200, math.ceil(90 / (e * (1 - u))))) else float("nan")


def _prove_order() -> Any:
    from theory.two_stage.certified.order import prove_order

    return prove_order()


_PAGE = "docs/derivations/certified.md, The order of both clocks"


def _claim(name: str, *given: Any, **more: Any) -> Claim:
    return derived_claim(f"certified.{name}", _PAGE, *given, TRANSITIONS, **more)


CLAIMS = (
    _claim(
        "closed_bracket",
        r"$\frac{\kappa}{\Delta(1-\tau)}\ln(2\kappa/\delta - 1) \le s_2 \le "
        r"\frac{2\kappa}\Delta\ln\frac{2-u}u$, "
        r"$u = \tau/(1-\tau)$, at every $(a,\tau,p)$ with a Stage I",
        Universal("a theorem: one violation is an error in proof or code", rounding=_ROUNDING),
        bracket_slack,
        "how far the certified enclosure of s_2 keeps from the closer end, relatively",
        proof=transition.prove_closed_bracket,
    ),
    _claim(
        "any_signal",
        r"$s_2 \le \frac1p\left[\frac23S + \frac43\ln\frac{3+e^S}4\right]$, $S = \ln\frac{2-u}u$, at every "
        r"$(a,\tau,p)$ with a Stage I: bounded whatever the signal",
        Universal("a theorem: one violation is an error in proof or code", rounding=_ROUNDING),
        any_signal_slack,
        "the bound over the upper end of the certified enclosure of s_2, less 1",
        note="Proved on the page, A bound for every signal strength.",
    ),
    _claim(
        "order",
        r"$s_2 < s_\infty$ for every $a$ where $\tau \ge 2/7$, and for strong signals where $\tau \ge 1/10$: "
        r"$a(1-2\tau) \ge 2p/e$, $e$ of .3 at $\tau = 2/7$ to .04 at $1/10$",
        Derived(
            "u >= 2/5 with any e < 1; u >= .3, .25, .17, .15, .111 with e <= .3, .2, .1, .05, .04; "
            "e = 2p/(a(1-2 tau))"
        ),
        lambda run: 0.0,
        "nothing: proved, two inequalities on compact boxes by ball arithmetic",
        proof=_prove_order,
        parents=("two_stage.sharp.strong_signal", "two_stage.sharp.transition_bracket.closed"),
    ),
    _claim(
        "order_pointwise",
        r"$M_n(s) \ge M_n^\infty(s)$ up to $s_2$, hence $s_2 \le s_\infty$, on a box around the "
        r"judged $(u, e)$",
        Derived(
            "ball arithmetic for all parameters of a box around each judged point; unproved between boxes"
        ),
        _box_certified,
        "whether every (u, e) within .25 % (less at small e or 1 - u) of the run's is certified at once",
        note="`python -m theory.two_stage.certified.boxes` certifies a whole rectangle of (u, e).",
    ),
    _claim(
        "order_sampled",
        r"$s_2 \le s_\infty$ at every $(a,\tau,p)$ with a Stage I",
        Universal("a conjecture where it is not proved: one violation refutes it", rounding=_ROUNDING),
        order_slack,
        "s_inf over the upper end of the certified enclosure of s_2, less 1",
        parents=("two_stage.certified.order",),
    ),
)
