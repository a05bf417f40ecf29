"""Experiments that declare where a run ends: what their claims measure is what whole runs give."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from simulation.models import engines_of
from theory import Claim, Experiment
from theory.run import Run
from theory.two_stage.paper import THIS
from verify.runs.plan import job_of, plan_runs

STOPPED = [c for c in THIS.claims if c.experiment.stop]


def test_some_do() -> None:
    assert len(STOPPED) >= 10


@cache
def ended_and_whole(experiment: Experiment) -> list[tuple[Run, Run]]:
    """Three runs as they end and as they would go on; claims share them."""
    specs = [s for s in plan_runs(experiment, "default", 31) if s.setting.n <= 150 and s.setting.m <= 150]
    made = []
    for spec in specs[:: max(1, len(specs) // 3)]:
        engine = engines_of(experiment.of_model)[spec.engine]
        job = job_of(experiment, spec.setting, spec.seed, engine)
        assert job.stop is not None
        ended, whole = (engine.make([j], device="cpu")[0] for j in (job, replace(job, stop=None)))
        made.append((ended, whole))
    return made


@pytest.mark.parametrize("claim", STOPPED, ids=lambda c: c.id)
def test_a_claim_measures_what_it_would_on_whole_runs(claim: Claim) -> None:
    runs = ended_and_whole(claim.experiment)
    for ended, whole in runs:
        assert claim.measure(ended) == claim.measure(whole)
    assert any(ended.steps[-1] < whole.steps[-1] for ended, whole in runs)


def test_the_error_of_margins_is_taken_at_one_time_unit() -> None:
    (claim,) = [c for c in THIS.claims if c.id == "two_stage.lemma.margins.dimension"]
    (spec, *_) = plan_runs(claim.experiment, "default", 31)
    engine = engines_of(claim.experiment.of_model)[spec.engine]
    (run,) = engine.make([job_of(claim.experiment, spec.setting, spec.seed, engine)], device="cpu")
    assert np.isclose(run.snapshot_clock[run.snapshot_at(1.0)], 1.0, atol=spec.setting.clock_step)
