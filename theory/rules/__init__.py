"""Decision rules, as declared by a claim before any run.

A rule says what a measurement is compared with, with which margin, and at which error level; how a rule
is applied to observations is `verify.rules.registry`'s business. Every margin carries its reason.
"""

from theory.rules.bound import Band, Bound, FittedBand, UniversalBound
from theory.rules.distribution import SameLaw, ZScores
from theory.rules.equality import Difference, Exponent, Law
from theory.rules.event import Calibration, Event, EventMap, Ordering
from theory.rules.exact import Derived, Identity, SameRun, Universal
from theory.rules.rule import Kind, Rule

__all__ = [
    "Band",
    "Bound",
    "Calibration",
    "Derived",
    "Difference",
    "Event",
    "EventMap",
    "Exponent",
    "FittedBand",
    "Identity",
    "Kind",
    "Law",
    "Ordering",
    "Rule",
    "SameLaw",
    "SameRun",
    "Universal",
    "UniversalBound",
    "ZScores",
]
