"""The e-process for a violation rate: exact small cases, error under peeking after every run, power."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from verify.statistics.intervals import rate_p
from verify.statistics.sequential import PRIOR, anytime_lower, log_e_value

DELTA, ALPHA = 0.05, 0.05


@pytest.mark.parametrize(("violations", "trials"), [(0, 5), (1, 5), (5, 5), (7, 60), (60, 60)])
@pytest.mark.parametrize("delta", [0.05, 0.3])
def test_the_e_value_is_the_mixture_of_likelihood_ratios(violations: int, trials: int, delta: float) -> None:
    law = stats.beta(*PRIOR)

    def integrand(u: float) -> float:
        q = law.ppf(law.cdf(delta) + u * law.sf(delta))  # the law cut off at delta, by quantiles
        k, rest = violations, trials - violations
        return math.exp(stats.binom.logpmf(k, k + rest, q) - stats.binom.logpmf(k, k + rest, delta))

    mixture = integrate.quad(integrand, 0, 1, limit=400)[0]
    assert math.exp(log_e_value(violations, trials, delta)) == pytest.approx(mixture, rel=1e-5)


def test_the_e_value_has_mean_one_at_delta_and_less_below() -> None:
    for trials in (1, 7, 40):
        counts = np.arange(trials + 1)
        values = np.exp([log_e_value(int(k), trials, DELTA) for k in counts])
        assert stats.binom.pmf(counts, trials, DELTA) @ values == pytest.approx(1.0, rel=1e-9)
        for rate in (0.0, 0.01, 0.04):
            assert stats.binom.pmf(counts, trials, rate) @ values < 1.0


def test_it_starts_at_one_and_never_divides_by_zero() -> None:
    assert log_e_value(0, 0, DELTA) == 0.0
    assert log_e_value(0, 10**6, 0.5) < -1e3
    assert math.isfinite(log_e_value(10**6, 10**6, 0.5))


def _least_refuting(runs: int, refutes_at: float = -math.log(ALPHA)) -> np.ndarray:
    """At every number of runs the fewest violations with an e-value of 1/alpha, (runs,)."""
    k, out = 1, []
    for n in range(1, runs + 1):
        while k <= n and log_e_value(k, n, DELTA) < refutes_at:
            k += 1
        out.append(k)
    return np.array(out)


def _paths(rate: float, runs: int, seed: int, number: int = 2000) -> np.ndarray:
    return (np.random.default_rng(seed).random((number, runs)) < rate).cumsum(axis=1)


def test_looking_after_every_run_refutes_a_true_claim_no_more_often_than_alpha() -> None:
    """And a p-value looked at as often does, by far: the check can fail."""
    runs = 600
    paths = _paths(DELTA, runs, seed=0)
    alarms = int((paths >= _least_refuting(runs)).any(axis=1).sum())
    assert stats.binom.sf(alarms - 1, len(paths), ALPHA) > 1e-4
    p_value = np.array([
        next(k for k in range(n + 2) if k > n or rate_p(k, n, DELTA)[0] < ALPHA) for n in range(1, runs + 1)
    ])  # fmt: skip
    peeked = int((paths >= p_value).any(axis=1).sum())
    assert stats.binom.sf(peeked - 1, len(paths), ALPHA) < 1e-12
    assert peeked > 4 * alarms


@pytest.mark.parametrize(("rate", "earliest", "latest"), [(0.15, 48, 58), (0.10, 205, 240)])
def test_a_rate_above_delta_is_refuted_soon(rate: float, earliest: int, latest: int) -> None:
    """Medians of 53 and 221 runs; their own error over 2000 paths is 2 and 6."""
    runs = 1200
    hits = _paths(rate, runs, seed=1) >= _least_refuting(runs)
    first = np.where(hits.any(axis=1), hits.argmax(axis=1) + 1, runs)
    assert earliest <= np.median(first) <= latest
    assert hits.any(axis=1).mean() > 0.99


def test_the_limits_are_where_the_e_value_reaches_one_over_alpha() -> None:
    for k, n in ((3, 20), (20, 20), (1, 400)):
        low = anytime_lower(k, n, ALPHA)
        assert log_e_value(k, n, low) == pytest.approx(-math.log(ALPHA), abs=1e-6)
        assert low < k / n
    assert anytime_lower(0, 50, ALPHA) == 0.0


def test_the_confidence_sequence_covers_at_every_number_of_runs_at_once() -> None:
    rate, runs, number = 0.2, 150, 400
    paths = _paths(rate, runs, seed=2, number=number)
    visited = [[(int(k), n) for n, k in enumerate(path, 1)] for path in paths]
    above = {(k, n): anytime_lower(k, n, ALPHA) > rate for k, n in {pair for path in visited for pair in path}
             if k / n > rate and stats.binom.sf(k - 1, n, rate) < ALPHA}  # fmt: skip
    missed = sum(any(above.get(pair, False) for pair in path) for path in visited)
    assert stats.binom.sf(missed - 1, number, ALPHA) > 1e-4


@pytest.mark.parametrize("bad", [(3, 2, 0.05), (-1, 2, 0.05), (1, 2, 0.0), (1, 2, 1.0)])
def test_wrong_arguments_are_named(bad: tuple[int, int, float]) -> None:
    with pytest.raises(ValueError, match=r"violations|delta"):
        log_e_value(*bad)


@pytest.mark.parametrize("prior", [(0.5, 0.5), (2.0, 3.0)])
@pytest.mark.parametrize(("k", "n"), [(0, 4), (2, 7), (7, 7)])
def test_the_e_value_by_its_formula(k: int, n: int, prior: tuple[float, float]) -> None:
    a, b = prior
    delta = 0.2
    evidence = special.beta(a + k, b + n - k) * stats.beta.sf(delta, a + k, b + n - k)
    base = special.beta(a, b) * stats.beta.sf(delta, a, b)
    expected = math.log(evidence / base) - k * math.log(delta) - (n - k) * math.log(1 - delta)
    assert log_e_value(k, n, delta, prior) == pytest.approx(expected, rel=1e-12)


def test_the_e_value_at_its_ends() -> None:
    assert log_e_value(0, 10**6, 0.5) == -math.inf
    for bad in (-1, 4):
        with pytest.raises(ValueError, match=rf"^violations must lie in \[0, 3\], was {bad}$"):
            log_e_value(bad, 3, 0.1)
    assert log_e_value(3, 3, 0.1) > 0 > log_e_value(0, 3, 0.1)


def test_anytime_limits_solve_for_one_over_alpha() -> None:
    for k, n, alpha, prior in (
        (3, 20, 0.05, (0.5, 0.5)),
        (9, 10, 0.2, (2.0, 3.0)),
        (10, 10, 0.01, (0.5, 0.5)),
    ):
        low = anytime_lower(k, n, alpha, prior)
        assert 0 < low < k / n
        assert log_e_value(k, n, low, prior) == pytest.approx(-math.log(alpha), abs=1e-9)
    assert anytime_lower(0, 5, 0.1) == 0.0
    tiny = anytime_lower(1, 10**6, 1e-12)
    assert 0 < tiny < 1e-17
    assert log_e_value(1, 10**6, tiny) == pytest.approx(12 * math.log(10), rel=1e-3)
