"""Trends of a setting whose class declares none: all of its numbers are looked at, and a true law is hardly
ever accused."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from decide_cases import observation
from scipy import stats

from theory.rules import Difference, Law
from theory.setting import AbstractSetting, Trends
from verify.outcome import Observation
from verify.rules.registry import decide
from verify.rules.trend import looked_at, steepest

LAW = Law(margin=0.2, reason="test")
DIFFERENCE = Difference(margin=0.2, reason="test")


@dataclass(frozen=True)
class Own(AbstractSetting):
    n: int
    p: int
    theta: float
    shift: float  # of either sign
    draws: int = 1
    two: int = 2
    word: str = "x"

    def groups(self) -> Mapping[str, float]:
        return {"ratio": self.p / self.n, "twice": 2.0 * self.n, "theta": self.theta}


@dataclass(frozen=True)
class Quiet(Own):
    trends: ClassVar[Trends] = Trends()


def settings(seed: int, runs: int, kind: type[Own] = Own) -> list[Own]:
    rng = np.random.default_rng(seed)
    columns = (
        (10 ** rng.uniform(1.7, 3.7, runs)).astype(int),
        (10 ** rng.uniform(1, 3, runs)).astype(int),
        10 ** rng.uniform(-1, 1, runs),
        rng.uniform(-1, 1, runs),
        rng.integers(2, 4, runs),
    )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [kind(n=n, p=p, theta=theta, shift=shift, two=two) for n, p, theta, shift, two in rows]


def drawn(
    seed: int,
    factor: Callable[[Own], float],
    runs: int = 400,
    spread: Callable[[Own], float] = lambda s: 0.1,
    kind: type[Own] = Own,
) -> list[Observation]:
    rng = np.random.default_rng(seed + 10_000)
    return [
        observation((math.exp(factor(s) + spread(s) * rng.standard_normal()), 1.0), k, setting=s)
        for k, s in enumerate(settings(seed, runs, kind))
    ]


def minus_one(seen: list[Observation]) -> list[Observation]:
    return [observation((math.log(o.value[0]), 0.0), o.index, setting=o.setting) for o in seen]


def test_every_number_and_group_that_varies_is_looked_at_once() -> None:
    found = looked_at(settings(0, 50))
    assert list(found) == ["n", "p", "theta", "shift", "ratio"]  # `twice` says what n says
    assert found["shift"].min() < 0  # not its logarithm


def test_a_number_in_which_one_run_decides_the_slope_is_left_out() -> None:
    rows = [s.with_(draws=1 + k % 2 + 10**6 * (k == 7)) for k, s in enumerate(settings(0, 50))]
    assert "draws" not in looked_at(rows)


@pytest.mark.parametrize("name", ["n", "p", "theta", "ratio"])
@pytest.mark.parametrize("rule", [LAW, DIFFERENCE])
def test_a_power_is_no_constant(rule: Law | Difference, name: str) -> None:
    centre = float(np.mean([math.log(value(s, name)) for s in settings(1, 400)]))
    seen = drawn(1, lambda s: 0.3 * (math.log(value(s, name)) - centre))
    found = decide(rule, seen if rule is LAW else minus_one(seen))
    assert found.verdict == "refuted"
    assert found.statistic["trends"][name][0] == pytest.approx(0.3, abs=0.02)


def value(setting: Own, name: str) -> float:
    return float({**setting.groups(), **setting.as_dict()}[name])


def test_a_class_that_declares_none_is_not_looked_at() -> None:
    found = decide(LAW, drawn(1, lambda s: 0.3 * math.log(s.n / 500), kind=Quiet))
    assert "trends" not in found.statistic


@pytest.mark.parametrize("spread", [lambda s: 0.1, lambda s: 2 / math.sqrt(s.n), lambda s: 0.1 * s.theta])
@pytest.mark.parametrize("runs", [12, 60, 400])
def test_a_true_law_is_rarely_accused_however_many_numbers_there_are(
    runs: int, spread: Callable[[Own], float]
) -> None:
    """Errors at both ends of the margin, the steepest that the claim admits; the spread may depend on the
    setting."""
    suites, alpha = 300, 0.05
    bound = math.log1p(LAW.margin)
    rng = np.random.default_rng(runs)
    accused = 0
    for k in range(suites):
        seen = settings(100 + k, runs)
        errors = [math.copysign(bound, math.log(s.n / 500)) + spread(s) * rng.standard_normal() for s in seen]
        found = steepest(seen, errors, bound)
        accused += min(t.p_value for t in found) * len(found) < alpha
    assert accused <= stats.binom.isf(1e-4, suites, alpha)


def test_along_a_sweep_the_replicates_are_taken_by_turns() -> None:
    rng = np.random.default_rng(0)
    sizes = (100, 200, 400, 800)
    seen = [
        observation(
            ((n / 283) ** 0.3 * math.exp(0.05 * rng.standard_normal()), 1.0),
            4 * k + i,
            replicate=k,
            seed=k,
            setting=Own(n, 10, 1.0, 0.0),
        )
        for k in range(60)
        for i, n in enumerate(sizes)
    ]
    found = decide(LAW, seen)
    assert found.verdict == "refuted"
    assert "n^0.2" in found.reason


def test_one_number_but_for_rounding_is_no_field_to_look_at() -> None:
    """A slope in 1e-13 of a number is rounding over rounding: any skewed ratio would be accused."""
    rng = np.random.default_rng(0)
    rows = [replace(s, shift=3.0 + 1e-13 * rng.standard_normal()) for s in settings(0, 50)]
    assert "shift" not in looked_at(rows)
    assert "shift" in looked_at([replace(s, shift=3.0 + 1e-3 * rng.standard_normal()) for s in rows])
