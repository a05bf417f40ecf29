"""The finite-size bracket: contains the truth in random runs, and its mutants do not."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

import mpmath
import numpy as np
import pytest
from flint import arb, ctx

from simulation.two_stage.certificate import certify
from simulation.two_stage.stages import stays_fit
from simulation.two_stage.training import train
from simulation.two_stage.trajectory import Trajectory
from theory.certified import rounding
from theory.two_stage.certified.bracket import RUN_END, Bracket, NotCertified, finite_size_bracket
from theory.two_stage.certified.claims import margin_rounding
from theory.two_stage.certified.state import aligned_state
from theory.two_stage.setting import Setting

RUNS = 18


def _setting(rng: np.random.Generator, narrow: bool) -> Setting:
    """A random setting; `narrow` where the bracket is meant to be offered, else anywhere."""
    n, m = int(rng.integers(12, 32)), int(rng.integers(8, 24))
    rate = float(rng.uniform(0.05, 0.3))
    d = int(10 ** (rng.uniform(10, 12) if narrow else rng.uniform(4.5, 12)))
    iota = 10 ** (rng.uniform(-2.3, -1.5) if narrow else rng.uniform(-5, -0.5))
    return Setting.from_n_snr2(
        n=n,
        d=d,
        m=m,
        n_snr2=math.exp(rng.uniform(math.log(1.5), math.log(20))),
        tau_plus=rate,
        tau_minus=float(rng.uniform(0.05, 0.3)),
        kappa_0=iota * math.sqrt(d / n),
        clock_step=float(rng.choice([0.05, 0.1])),
    )


@dataclass(frozen=True)
class Case:
    """A run with the arguments of its bracket."""

    trajectory: Trajectory
    setting: Setting

    def bracket(self, *, cross_talk: float = 1.0, undetermined: bool = True) -> Bracket | NotCertified:
        g = self.trajectory.geometry
        return finite_size_bracket(
            g.gram,
            g.products.reshape(2, g.m, -1),
            g.y,
            g.y_observed,
            rate=self.setting.eta / (g.n * g.m),
            steps=int(self.trajectory.steps[-1]),
            cross_talk=cross_talk,
            undetermined=undetermined,
        )

    def inside(self, bracket: Bracket) -> bool:
        t = self.trajectory
        return bracket.contains(t.steps, t.margins, margin_rounding(t.steps, t.margins))


@cache
def _cases() -> tuple[Case, ...]:
    rng = np.random.default_rng(5)
    cases = []
    for k in range(RUNS):
        setting = _setting(rng, narrow=k % 3 == 0)
        steps = min(160, setting.steps(12.0))
        cases.append(
            Case(train(setting, steps=steps, seed=k, record_coefficients=True, snapshots=()), setting)
        )
    return tuple(cases)


@cache
def _bracketed() -> tuple[tuple[Case, Bracket], ...]:
    found = [(case, case.bracket()) for case in _cases()]
    return tuple((case, bracket) for case, bracket in found if isinstance(bracket, Bracket))


def test_contains_every_sample_and_step() -> None:
    assert len(_bracketed()) >= 0.75 * RUNS
    for case, bracket in _bracketed():
        assert case.inside(bracket)
        assert np.all(bracket.margin_low <= bracket.margin_high)
        # A horizon at the start would contain everything vacuously.
        assert bracket.horizon > bracket.start


def test_contains_the_signal_coefficients() -> None:
    for case, bracket in _bracketed():
        t = case.trajectory
        rows = np.arange(bracket.start, bracket.horizon + 1)
        grown = t.gamma[rows] - t.gamma[bracket.start]
        slack = margin_rounding(rows, grown.max(axis=2))[..., None]
        assert np.all(grown >= bracket.gamma_low[..., None] - slack)
        assert np.all(grown <= bracket.gamma_high[..., None] + slack)


def test_contains_the_times() -> None:
    finite = 0
    for case, bracket in _bracketed():
        t = case.trajectory
        noisy = t.y != t.y_observed
        if not noisy.any():
            continue
        upto = slice(0, bracket.horizon + 1)
        for share in (0.5, 1.0):
            low, high = bracket.time(share)
            assert low <= stays_fit(t.margins[upto][:, noisy], t.steps[upto], share) <= high
            finite += math.isfinite(high)
    assert finite >= RUNS // 4


def test_mutant_without_cross_talk_is_violated() -> None:
    caught = [
        not case.inside(b)
        for case, _ in _bracketed()
        if isinstance(b := case.bracket(cross_talk=0.0), Bracket)
    ]
    assert np.mean(caught) > 0.9


def test_mutant_without_undetermined_filters_is_violated() -> None:
    """`p^+ := p^-`: wrong wherever cross-talk switches a filter on."""
    caught = [
        not case.inside(b)
        for case, _ in _bracketed()
        if isinstance(b := case.bracket(undetermined=False), Bracket)
    ]
    assert np.mean(caught) > 0.4


def test_mutant_bracket_moved_by_its_width_is_violated() -> None:
    case, b = next((c, b) for c, b in _bracketed() if c.setting.kappa_0 > 300)
    moved = b.margin_high - b.margin_low + 1e-6
    assert not case.inside(replace(b, margin_low=b.margin_low + moved, margin_high=b.margin_high + moved))


def test_narrow_where_it_is_claimed_and_refused_elsewhere() -> None:
    widths, refused = [], []
    for case, b in _bracketed():
        s = case.setting
        if b.time(0.5)[0] in (0.0, math.inf) or b.time(0.5)[0] <= b.start:
            continue
        if s.kappa_0 > 50 * math.sqrt(s.n) and s.d > 1e7 * s.n**2:
            widths.append(b.relative_width(0.5))
        elif s.kappa_0 < 1:
            refused.append(isinstance(b.offered(0.5), NotCertified))
    assert len(widths) >= 3
    assert np.median(widths) < 0.02
    assert len(refused) >= 2
    assert np.mean(refused) > 0.5


def test_too_large_steps_are_refused() -> None:
    s = Setting.from_n_snr2(
        n=12, d=10**10, m=8, n_snr2=6.0, tau_plus=0.1, tau_minus=0.1, kappa_0=1000.0, clock_step=4.5
    )
    found = Case(train(s, steps=3, seed=0), s).bracket()
    assert isinstance(found, NotCertified)
    assert "too large" in found.reason


def test_unaligned_runs_are_refused() -> None:
    case = _cases()[0]
    g = case.trajectory.geometry
    reason = aligned_state(g.gram, g.products.reshape(2, g.m, -1), g.y, g.y_observed, 1e-30, 3)
    assert isinstance(reason, str)
    assert "within 3 steps" in reason


def test_starting_state_contains_the_run() -> None:
    for case in _cases()[::4]:
        g, s = case.trajectory.geometry, case.setting
        state = aligned_state(
            g.gram, g.products.reshape(2, g.m, -1), g.y, g.y_observed, s.eta / (g.n * g.m), 40
        )
        if isinstance(state, str):
            continue
        run = train(s, steps=state.step, seed=case.trajectory.seed)
        assert run.products is not None
        got = run.products[-1]
        slack = 64 * np.finfo(float).eps * (state.step + 1) * (1 + np.abs(got))
        assert np.all(got >= state.low - slack)
        assert np.all(got <= state.high + slack)
        assert np.all(state.high - state.low <= 1e-9 * (1 + np.abs(got)))


def test_certificate_of_a_trajectory() -> None:
    case, b = next((c, b) for c, b in _bracketed() if c.setting.kappa_0 > 300 and b.stopped == RUN_END)
    certificate = certify(case.trajectory)
    assert certificate.holds is True
    assert (certificate.start, certificate.horizon) == (b.start, b.horizon)
    assert any("inside" in line for line in certificate.lines())
    steep = Trajectory(**{**case.trajectory.__dict__, "eta": case.trajectory.eta * 1.01})
    assert certify(steep).holds is False  # margins of another step size do not fit


# Rounding ---------------------------------------------------------------------------------------------


def test_exp_is_within_the_assumed_ulps() -> None:
    z = np.random.default_rng(0).uniform(-700, 700, 10_000)
    got = np.exp(z)
    with ctx.workprec(120):
        for value, e in zip(z.tolist(), got.tolist(), strict=True):
            assert abs(arb(value).exp() - arb(e)) < arb(e) * 8 * arb(2) ** -53


def test_logistic_bounds_are_sound_and_tight() -> None:
    z = np.concatenate([np.random.default_rng(1).uniform(-40, 40, 3000), [-800.0, 800.0, 0.0]])
    low, high = rounding.logistic_down(z), rounding.logistic_up(z)
    with ctx.workprec(1300):  # 1 - g(-800) is of order 2^-1154
        for value, a, b in zip(z.tolist(), low.tolist(), high.tolist(), strict=True):
            truth = 1 / (1 + arb(value).exp())
            assert arb(a) <= truth
            assert arb(b) >= truth
    assert np.all(high - low <= 64 * np.finfo(float).eps * high + 1e-300)


def test_sums_and_products_are_outward() -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        x = rng.standard_normal(30) * 10.0 ** rng.uniform(-8, 8, 30)
        exact = sum((Fraction(v) for v in x.tolist()), Fraction(0))
        assert Fraction(float(rounding.sum_down(x))) <= exact <= Fraction(float(rounding.sum_up(x)))
        a, b = np.abs(x), rng.random((30, 2))
        product = sum(Fraction(u) * Fraction(v) for u, v in zip(a.tolist(), b[:, 0].tolist(), strict=True))
        assert Fraction(float(rounding.dot_up(a, b)[0])) >= product
        assert Fraction(float(rounding.add_down(x[0], x[1]))) <= Fraction(x[0].item()) + Fraction(x[1].item())


# The aligned state ------------------------------------------------------------------------------------


def plain_products(
    gram: np.ndarray, A0: np.ndarray, y: np.ndarray, seen: np.ndarray, rate: float, steps: int
) -> np.ndarray:
    """Gradient descent on the products by loops, at 60 digits."""
    with mpmath.workdps(60):
        m, n = A0.shape[1], len(y)
        A = [[[mpmath.mpf(float(v)) for v in A0[j, r]] for r in range(m)] for j in (0, 1)]
        for _ in range(steps):
            slope = []
            for i in range(n):
                f = mpmath.mpf(0)
                for j, r in ((j, r) for j in (0, 1) for r in range(m)):
                    f += (1, -1)[j] * (max(A[j][r][0] * y[i], 0) + max(A[j][r][1 + i], 0)) / m
                slope.append(1 / (1 + mpmath.exp(seen[i] * f)))
            new = [[list(row) for row in side] for side in A]
            for j, r in ((j, r) for j in (0, 1) for r in range(m)):
                for i in range(n):
                    push = mpmath.mpf(rate) * (1, -1)[j] * seen[i] * slope[i]
                    for k in range(n + 1):
                        if A[j][r][1 + i] > 0:
                            new[j][r][k] += push * mpmath.mpf(float(gram[1 + i, k]))
                        if A[j][r][0] * y[i] > 0:
                            new[j][r][k] += push * y[i] * mpmath.mpf(float(gram[0, k]))
            A = new
        return np.array([[[float(v) for v in row] for row in side] for side in A])


def case(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    V = np.column_stack([3.0 * rng.normal(size=900), rng.normal(size=(900, 5))])
    y, seen = np.array([1.0, 1.0, 1.0, -1.0, -1.0]), np.array([1.0, 1.0, -1.0, -1.0, -1.0])
    A0 = 0.5 * rng.normal(size=(2, 3, 6))
    A0[:, :, 0] *= 0.4
    return V.T @ V, A0, y, seen


@pytest.mark.parametrize("seed", range(1, 5))
def test_the_aligned_state_encloses_gradient_descent(seed: int) -> None:
    gram, A0, labels, seen = case(seed)
    found = aligned_state(gram, A0, labels, seen, 1e-5, 20)
    assert not isinstance(found, str)
    assert found.step > 0
    true = plain_products(gram, A0, labels, seen, 1e-5, found.step)
    assert np.all(found.low < true)
    assert np.all(true < found.high)
    assert np.all(found.high - found.low < 1e-10)
    before = plain_products(gram, A0, labels, seen, 1e-5, found.step - 1)
    sign = np.array([1.0, -1.0])[:, None]
    assert np.all(sign * true[:, :, 0] > 0)
    assert not np.all(sign * before[:, :, 0] > 0)
    assert aligned_state(gram, A0, labels, seen, 1e-5, found.step - 1) == (
        f"not every filter points along the signal within {found.step - 1} steps"
    )
    again = aligned_state(gram, A0, labels, seen, 1e-5, found.step)
    assert not isinstance(again, str)
    assert again.step == found.step


def test_the_start_may_be_aligned_or_undecided() -> None:
    gram, A0, labels, seen = case(0)
    A0[0, :, 0], A0[1, :, 0] = 0.2, -0.2
    found = aligned_state(gram, A0, labels, seen, 1e-5, 0)
    assert not isinstance(found, str)
    assert found.step == 0
    assert np.all(found.high - found.low < 1e-13)
    assert np.all((found.low < A0) & (found.high > A0))
    A0[0, 0, 0], A0[1, 1, 3] = -0.2, 0.0
    assert (
        aligned_state(gram, A0, labels, seen, 1e-5, 5)
        == "the sign of a pre-activation is not decided at step 0"
    )


# What a bracket offers --------------------------------------------------------------------------------


def bracket(low: list[list[float]], high: list[list[float]], noisy: list[bool], start: int = 10) -> Bracket:
    steps = np.arange(start, start + len(low), dtype=np.int64)
    zero = np.zeros((len(low), 2))
    ends = np.array(low), np.array(high)
    return Bracket(steps, zero, zero, ends[0], ends[1], *ends, np.array(noisy), "its end")


def test_times_of_a_bracket_by_hand() -> None:
    """Two noisy samples: fit from 11.5 to 12.5 and from 10 to 11 (lines between steps); the clean one does
    not count."""
    low = [[-1.0, -1.0, -9.0], [-1.0, 0.0, -9.0], [-1.0, 1.0, -9.0], [1.0, 1.0, -9.0]]
    high = [[0.0, 0.0, 9.0], [-1.0, 1.0, 9.0], [1.0, 1.0, 9.0], [1.0, 1.0, 9.0]]
    b = bracket(low, high, [True, True, False])
    assert (b.start, b.horizon) == (10, 13)
    assert b.time(0.5) == (10.0, 11.0)
    assert b.time(1.0) == (11.5, 12.5)
    assert b.relative_width(1.0) == pytest.approx(1 / 12)
    assert b.offered(1.0) == (11.5, 12.5)
    assert b.offered(1.0, 1 / 12) == (11.5, 12.5)
    assert b.offered(1.0, 0.07) == NotCertified("relative width 0.083, above 0.07")
    assert bracket(low[:3], high[:3], [True, True, False]).time(1.0) == (11.5, math.inf)
    lost = bracket(low[:3], high[:3], [True, True, False])
    assert lost.relative_width(1.0) == math.inf
    assert lost.offered(1.0) == NotCertified("not certified to happen by step 12: its end")
    assert bracket([[1.0]], [[1.0]], [True]).time(1.0) == (0.0, 10.0)
    none = bracket(low, high, [False] * 3)
    assert none.time(0.5) == (0.0, 0.0)
    assert none.relative_width(0.5) == math.inf
    at_once = bracket([[1.0]], [[1.0]], [True], start=0)
    assert at_once.time(1.0) == (0.0, 0.0)
    assert at_once.relative_width(1.0) == math.inf
