"""Separability, hard margins and finite minimisers against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.early_learning.gram import draw_gram, gram_of
from simulation.early_learning.margins import hard_margin, hard_margin_of_gram, separable
from simulation.early_learning.minimiser import NotConverged, minimiser
from simulation.early_learning.problem import sample_problem
from simulation.early_learning.training import train
from theory.early_learning.setting import MixtureSetting


@pytest.mark.parametrize("p", [10, 20, 40, 70])
def test_program_and_least_squares_agree_on_separability(p: int) -> None:
    answers = []
    for seed in range(12):
        problem = sample_problem(MixtureSetting(n=50, p=p, sigma=0.5, flip_rate=0.3, eta=0.1), seed)
        answers.append(separable(problem.x, problem.e_observed))
        assert answers[-1] == (hard_margin(problem.x, problem.e_observed) is not None)
    assert any(answers) == (p >= 20) or p == 20
    assert all(answers) == (p >= 40)


@pytest.mark.parametrize("p", [60, 400])
def test_hard_margin_meets_its_optimality_conditions(p: int) -> None:
    problem = sample_problem(MixtureSetting(n=50, p=p, sigma=0.5, flip_rate=0.3, eta=0.1), 2)
    gram = gram_of(problem)
    signed = gram.kernel * 50 * np.outer(gram.s, gram.s)
    for found in (hard_margin_of_gram(signed), hard_margin(problem.x, problem.e_observed)):
        assert found is not None
        w = (found.weights * problem.e_observed) @ problem.x
        margins = problem.e_observed * (problem.x @ w)
        assert margins.min() == pytest.approx(1.0, abs=1e-8)
        assert np.all(found.weights >= 0.0)
        assert np.max(np.abs(margins[found.support] - 1.0)) < 1e-8
        assert found.norm2 == pytest.approx(float(w @ w), rel=1e-8)


def test_minimiser_is_where_gradient_descent_goes() -> None:
    problem = sample_problem(MixtureSetting(n=120, p=8, sigma=0.6, flip_rate=0.25, eta=0.1), 4)
    found = minimiser(problem.x, problem.e_observed)
    descended = train(problem, eta=2.0, steps=6000, engine="primal", record_every=6000).theta
    assert descended is not None
    assert np.max(np.abs(found - descended)) < 1e-6


def test_no_minimiser_of_separable_labels() -> None:
    problem = sample_problem(MixtureSetting(n=40, p=40, sigma=0.6, flip_rate=0.25, eta=0.1), 4)
    with pytest.raises(NotConverged):
        minimiser(problem.x, problem.e_observed)


def test_hard_margin_needs_enough_dimensions() -> None:
    gram = draw_gram(MixtureSetting(n=40, p=10, sigma=0.6, flip_rate=0.25, eta=0.1), 4)
    with pytest.raises(ValueError, match="gram must be positive definite"):
        hard_margin_of_gram(gram.kernel * 40)
