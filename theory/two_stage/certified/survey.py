"""`s_2 <= s_inf` at random exact points: `python -m theory.two_stage.certified.survey`."""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from theory.two_stage.certified.enclosure import below_strong_signal_limit

__all__ = ["Point", "SurveyResult", "random_points", "survey"]


@dataclass(frozen=True)
class Point:
    """An exact `(a, tau, p)`."""

    a: Fraction
    tau: Fraction
    p: Fraction


@dataclass(frozen=True)
class SurveyResult:
    """`certified` points at which `s_2 < s_inf` was proved; `undecided` ones at which it was not."""

    certified: int
    undecided: tuple[Point, ...]


def random_points(count: int, seed: int) -> Iterator[Point]:
    """`tau` uniform on [.01, .4], `a (1-2 tau)/(2p)` log-uniform on [1.02, 30], `p` uniform on [.25, 1]."""
    rng = random.Random(seed)
    for _ in range(count):
        tau = Fraction(rng.randint(10, 400), 1000)
        excess = Fraction(round(1000 * math.exp(rng.uniform(math.log(1.02), math.log(30)))), 1000)
        p = Fraction(rng.randint(250, 1000), 1000)
        yield Point(2 * p * excess / (1 - 2 * tau), tau, p)


def survey(count: int, seed: int = 0) -> SurveyResult:
    """Certify it at random points, about 10 ms each.

    >>> survey(3).certified
    3
    """
    undecided = []
    certified = 0
    for point in random_points(count, seed):
        if below_strong_signal_limit(point.a, point.tau, point.p):
            certified += 1
        else:
            undecided.append(point)
    return SurveyResult(certified, tuple(undecided))


def main() -> None:
    """Print the outcome; exits with 1 when a point is undecided."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = survey(options.points, options.seed)
    print(f"s_2 < s_inf certified at {found.certified} of {options.points} points")
    for point in found.undecided:
        print(f"undecided: a = {point.a}, tau = {point.tau}, p = {point.p}")
    raise SystemExit(1 if found.undecided else 0)


if __name__ == "__main__":
    main()
