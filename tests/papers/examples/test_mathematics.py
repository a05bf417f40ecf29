"""The examples' formulas and engines against something written apart."""

from __future__ import annotations

import csv
import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from papers.examples.kou_means import CLOCK, TABLE
from simulation.examples.cao import Closure, powers, sides
from simulation.examples.deep_linear import Descent as LinearDescent
from simulation.examples.kou import Orthogonal
from simulation.examples.max_margin import Descent, dual
from simulation.models import Job
from theory.examples.cao.patches import Patches
from theory.examples.deep_linear.network import Linear
from theory.examples.double_descent.paper import LeastSquares, limit, risk
from theory.examples.jl.paper import JL, distortion
from theory.examples.marchenko_pastur.paper import Covariance, largest
from theory.examples.max_margin.mixture import Mixture
from theory.rng import generator
from theory.two_stage.parameters import PARAMETERS


def test_the_changes_of_one_distance_are_a_chi() -> None:
    """Two points: the mapped distance over the distance is chi_k/sqrt(k)."""
    seen = [distortion(JL(2, 0.3, 5), np.random.default_rng(k))["worst"] for k in range(400)]
    direct = abs(stats.chi(5).rvs(4000, random_state=1) / math.sqrt(5) - 1)
    assert stats.ks_2samp(seen, direct).pvalue > 1e-3


def test_the_bidiagonal_model_has_the_law_of_a_covariance() -> None:
    s = Covariance(30, 0.5)
    rng = np.random.default_rng(0)
    dense = [np.linalg.norm(rng.standard_normal((30, 15)), 2) ** 2 / 30 for _ in range(600)]
    fast = [largest(s, np.random.default_rng(k))["largest"] for k in range(600)]
    assert stats.ks_2samp(dense, fast).pvalue > 1e-3
    assert stats.ks_2samp(np.array(dense) * 1.05, fast).pvalue < 1e-3  # it would notice


@pytest.mark.parametrize("gamma", [0.4, 3.0])
def test_the_risk_is_what_fits_have(gamma: float) -> None:
    """Bias and variance against refitted labels on the same features."""
    s = LeastSquares(30, gamma, 0.7)
    found = risk(s, np.random.default_rng(5))
    rng = np.random.default_rng(5)
    x = rng.standard_normal((30, round(30 * gamma)))
    beta = rng.standard_normal(x.shape[1])
    beta /= np.linalg.norm(beta)
    inverse = np.linalg.pinv(x)
    noise = 0.7 * np.random.default_rng(9).standard_normal((30, 4000))
    errors = ((inverse @ (x @ beta[:, None] + noise) - beta[:, None]) ** 2).sum(axis=0)
    assert abs(errors.mean() - found["bias"] - found["variance"]) < 5 * errors.std() / 4000**0.5
    assert sum(limit(s)) == pytest.approx(
        0.49 * gamma / (1 - gamma) if gamma < 1 else 1 - 1 / gamma + 0.49 / (gamma - 1)
    )


def test_the_dual_weights_are_those_of_the_hard_margin() -> None:
    x = np.random.default_rng(3).standard_normal((12, 20)) + 0.5
    p, best = dual(x)
    margins = x @ (p @ x) / best
    assert p.sum() == pytest.approx(1)
    assert margins.min() == pytest.approx(best, rel=1e-9)  # none is nearer
    assert margins[p > 0] == pytest.approx(best, rel=1e-9)  # support vectors are as near


def test_descent_in_rescaled_time_is_descent() -> None:
    """Twenty steps against the weights themselves, with autograd's own formula of the slope."""
    s = Mixture(6, 8, 2.0)
    run = Descent().one(Job(s, 4, 20))
    x = generator(4, "data").standard_normal((6, 8))
    x[:, 0] += 2.0
    w, time, eta = np.zeros(8), 0.0, 0.25 / float((x**2).sum(axis=1).max())
    for _ in range(20):
        loss = float(np.log1p(np.exp(-x @ w)).mean())
        slope = -(x / (1 + np.exp(x @ w))[:, None]).mean(axis=0)
        w, time = w - eta / loss * slope, time + eta / loss
    assert run.log_loss[-1] == pytest.approx(math.log(np.log1p(np.exp(-x @ w)).mean()), rel=1e-9)
    assert run.log_time[-1] == pytest.approx(math.log(time), rel=1e-9)
    assert run.margin[-1] == pytest.approx((x @ w).min() / np.linalg.norm(w), rel=1e-9)


def test_balance_is_kept_and_strengths_start_where_they_should() -> None:
    s = Linear(6, 3, 1.5, 0.01)
    run = LinearDescent().one(Job(s, 1, 400))
    assert run.strengths[0] == pytest.approx(0.01 * s.strengths)
    assert run.balance < 0.01


def test_a_step_of_the_closure_is_a_step_of_the_network() -> None:
    """Losses of two steps against gradients by central differences in R^d."""
    s = Patches(5, 12, 2.0, m=2, start=0.8, step=0.3)
    run = Closure().one(Job(s, 7, 2))
    y = np.where(generator(7, "labels").random(5) < 0.5, 1.0, -1.0)
    xi = np.zeros((5, 12))
    xi[:, 1:] = generator(7, "noise").standard_normal((5, 11))
    mu = np.zeros(12)
    mu[0] = s.signal_norm
    w = generator(7, "weights").standard_normal((4, 12)) * 0.8 / max(s.signal_norm, 12**0.5)

    def loss(w: np.ndarray) -> float:
        f = sides(s) @ (powers(w @ np.outer(mu, y), 3)[1] + powers(w @ xi.T, 3)[1])
        return float(np.logaddexp(0, -y * f).mean())

    eta = 0.3 * 2 / (3 * max(s.signal_norm**2, 12 / 5))
    for t in range(3):
        assert run.losses[t] == pytest.approx(loss(w), rel=1e-7)
        slope = np.zeros_like(w)
        for k in np.ndindex(*w.shape):
            e = np.zeros_like(w)
            e[k] = 1e-5
            slope[k] = (loss(w + e) - loss(w - e)) / 2e-5
        w = w - eta * slope


def test_the_error_of_the_closure_is_that_of_fresh_points() -> None:
    run = SimpleNamespace(**vars(Closure().one(Job(Patches(20, 100, 1.0), 3, 400))))
    z = np.random.default_rng(0).multivariate_normal(np.zeros(20), run.noise, 20_000, method="eigh")
    s = run.setting
    f = (powers(z, 3)[1] + powers(np.outer(np.ones(20_000), run.signal), 3)[1]) @ sides(s)
    g = (powers(z, 3)[1] + powers(np.outer(-np.ones(20_000), run.signal), 3)[1]) @ sides(s)
    again = Closure().one(Job(s, 3, 400)).error
    assert abs((np.mean(f <= 0) + np.mean(g >= 0)) / 2 - again) < 0.03


def table() -> list[dict[str, str]]:
    rows = [row for row in TABLE.read_text(encoding="utf-8").splitlines() if not row.startswith("#")]
    return list(csv.DictReader(rows))


@pytest.mark.parametrize("row", table(), ids=lambda row: f"d {row['d']}, |mu| {row['signal_norm']}")
def test_the_heat_map_agrees_cell_by_cell(row: dict[str, str]) -> None:
    """With the means of an independent network: differences within 4.5 standard errors (six cells)."""
    whole = {name: int(row[name]) for name in ("n", "d", "m")}
    given = {name: float(row[name]) for name in ("signal_norm", "tau", "kappa_0", "clock_step")}
    s = PARAMETERS.setting_at(PARAMETERS.usual({**whole, **given}))
    steps = s.steps(CLOCK)
    runs = [Orthogonal().one(Job(s, k, steps, (steps,), (0, steps))) for k in range(40)]
    errors = [run.test_error("iid", CLOCK).value for run in runs]
    spread = math.hypot(float(row["standard_error"]), float(np.std(errors)) / 40**0.5)
    assert abs(np.mean(errors) - float(row["mean"])) < 4.5 * spread
    assert float(runs[0].gram[0, 1:].max()) == 0.0  # no noise along the signal
