"""The claims of exactness in law: right draws are not refuted, wrong ones are, at each of the dimensions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from simulation.models import Engine, Job
from simulation.two_stage.geometry import Geometry, draw_geometry, geometry_of
from simulation.two_stage.measured import measured_run
from simulation.two_stage.problem import sample_problem
from simulation.two_stage.reduced import run_reduced
from simulation.two_stage.run import MeasuredRun
from simulation.two_stage.trajectory import Trajectory
from theory.ledger import builtin_ledger
from theory.rng import generator
from theory.rules import SameLaw
from theory.two_stage.setting import Setting
from verify.outcome import Judgement
from verify.pipeline import verify_claims
from verify.rules.same_law import runs_for_same_law
from verify.runs.backends import SerialBackend

LEDGER = builtin_ledger()
NAMES = ("two_stage.law", "two_stage.law.n_plus_1", "two_stage.law.n_plus_2", "two_stage.law.100n")


def more_freedom(s: Setting, g: Geometry, seed: int) -> Geometry:
    """chi_{d-k} in place of chi_{d-1-k}."""
    R, noise = g.factor.R.copy(), np.arange(1, s.n + 1)
    R[noise, noise] = np.hypot(R[noise, noise], s.sigma_xi * generator(seed, "one more").standard_normal(s.n))
    return replace(g, gram=R.T @ R, products=g.factor.B0 @ R)


def exchanged_rates(s: Setting, g: Geometry, seed: int) -> Geometry:
    rate = np.where(g.y > 0, s.tau_minus, s.tau_plus)
    return replace(g, y_observed=np.where(generator(seed, "exchanged").random(s.n) < rate, -g.y, g.y))


@dataclass(frozen=True)
class Redrawn(Engine):
    """Makes the law engine's runs from changed draws, and the other engine's as they are."""

    change: Callable[[Setting, Geometry, int], Geometry]
    name: str = "law"
    most = 64

    def in_place_of(self, engine: str) -> Redrawn:
        return replace(self, name=engine)

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[MeasuredRun]:
        geometries = [self._geometry(job.setting, job.seed) for job in jobs]
        records = run_reduced(
            geometries,
            [job.setting.eta for job in jobs],
            steps=[job.steps for job in jobs],
            recorded=[np.arange(job.steps + 1) for job in jobs],
            snapshots=[np.array(sorted(job.snapshots)) for job in jobs],
        )
        made = []
        for job, geometry, record in zip(jobs, geometries, records, strict=True):
            s = job.setting
            told = Trajectory(record, geometry, s.eta, self.name, "float64", job.seed, s.sigma_xi, s, True)
            made.append(measured_run(told, job))
        return made

    def _geometry(self, s: Setting, seed: int) -> Geometry:
        if self.name == "law":
            return self.change(s, draw_geometry(s, seed), seed)
        return geometry_of(sample_problem(s, seed))


def judged(name: str, runs: int, change: Callable[[Setting, Geometry, int], Geometry]) -> Judgement:
    claim = LEDGER[name]
    small = replace(claim, parents=(), experiment=replace(claim.experiment, runs={"quick": runs}))
    (judgement,) = verify_claims(
        [small],
        profile="quick",
        jobs=1,
        counterexamples=False,
        engine=Redrawn(change),
        backend=SerialBackend(),
    ).judgements
    return judgement


@pytest.mark.parametrize("name", NAMES)
def test_right_draws_are_not_refuted(name: str) -> None:
    judgement = judged(name, 600, lambda s, g, seed: g)
    assert judgement.verdict == "inconclusive"
    assert judgement.decision.p_value > 0.01


@pytest.mark.parametrize("name", [name for name in NAMES if "100n" not in name])
def test_one_degree_of_freedom_too_many_is_refuted(name: str) -> None:
    judgement = judged(name, 1500, more_freedom)
    assert judgement.verdict == "refuted"
    assert judgement.decision.p_value < 1e-6


def test_one_degree_of_freedom_too_many_is_refuted_where_it_is_least_by_the_runs_of_the_profile() -> None:
    name = "two_stage.law.100n"
    judgement = judged(name, LEDGER[name].experiment.runs["default"], more_freedom)
    assert judgement.verdict == "refuted"
    assert judgement.decision.p_value < 0.002


def test_exchanged_flip_rates_are_refuted() -> None:
    judgement = judged("two_stage.law", 600, exchanged_rates)
    assert judgement.verdict == "refuted"
    assert "flips of class" in judgement.decision.reason


@pytest.mark.parametrize("name", NAMES)
def test_the_runs_of_the_default_profile_certify_the_margin(name: str) -> None:
    claim = LEDGER[name]
    assert isinstance(claim.rule, SameLaw)
    assert claim.rule.margin == 0.05
    assert claim.experiment.runs["default"] >= runs_for_same_law(0.05, claim.rule.alpha, 8)
