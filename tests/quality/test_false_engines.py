"""False engines: the one without a flaw is the engine, every flaw is noticed by the claims on closure
engines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulation.two_stage.flawed import FALSE_ENGINES, NONE, Flaw, FlawedEngine, descend
from simulation.two_stage.geometry import draw_geometry
from simulation.two_stage.training import train
from theory.claim import Claim
from theory.experiment import Experiment
from theory.ledger import builtin_ledger
from theory.two_stage.setting import Setting
from verify.pipeline import verify_claims
from verify.runs.backends import SerialBackend
from verify.soundness.engines import chosen_claims, section, try_engine

SETTING = Setting.from_n_snr2(
    n=20, d=500, m=4, n_snr2=6.0, tau_plus=0.2, tau_minus=0.3, kappa_0=0.5, clock_step=0.1
)
STEPS = 120
GRID = np.arange(STEPS + 1)


def claims(runs: int = 5, replicates: int = 5) -> list[Claim]:
    few: dict[str, Experiment] = {}
    out = []
    for claim in builtin_ledger():
        if claim.id.startswith("two_stage.engine."):
            short = few.setdefault(
                claim.experiment.id,
                replace(
                    claim.experiment,
                    id=f"quality.{claim.experiment.id}",
                    runs={"quick": replicates if claim.experiment.place.settings else runs},
                ),
            )
            out.append(replace(claim, experiment=short))
    return out


def test_without_a_flaw_it_is_the_engine() -> None:
    record = descend(draw_geometry(SETTING, 3), SETTING.eta, steps=STEPS, recorded=GRID, snapshots=GRID[::10])
    true = train(SETTING, steps=STEPS, seed=3, snapshots=GRID[::10].tolist()).record
    # One rounding error a step, of numbers of order 10, for a chain of a few products.
    bound = 64 * np.finfo(np.float64).eps * STEPS
    for name in ("margins", "gamma", "train_loss", "coefficients", "products"):
        assert np.max(np.abs(getattr(record, name) - getattr(true, name))) < bound, name
    assert record.steps.tolist() == true.steps.tolist()
    assert record.snapshot_steps.tolist() == true.snapshot_steps.tolist()


@pytest.mark.parametrize("name", [k for k, f in FALSE_ENGINES.items() if not (f.since or f.exchanged)])
def test_a_flaw_changes_the_run(name: str) -> None:
    geometry = draw_geometry(SETTING, 3)
    true, false = (
        descend(geometry, SETTING.eta, steps=STEPS, recorded=GRID, snapshots=GRID[-1:], flaw=flaw)
        for flaw in (NONE, FALSE_ENGINES[name])
    )
    assert np.max(np.abs(false.margins - true.margins)) > 1e-5


def test_single_precision_from_a_step_on_leaves_what_was_before() -> None:
    geometry, flaw = draw_geometry(SETTING, 3), Flaw("late", dtype="float32", since=50)
    true, false = (
        descend(geometry, SETTING.eta, steps=STEPS, recorded=GRID, snapshots=GRID[-1:], flaw=f)
        for f in (NONE, flaw)
    )
    change = np.abs(false.margins - true.margins).max(axis=1)
    assert not change[:51].any()
    assert 1e-9 < change[51:].max() < 1e-4


def test_mini_batches_are_those_of_the_engine() -> None:
    from simulation.two_stage.step_weights import StepWeights
    from theory.two_stage.variation import Variation

    true = train(SETTING, steps=STEPS, seed=3, variation=Variation(batch_size=5)).record
    record = descend(
        draw_geometry(SETTING, 3),
        SETTING.eta,
        steps=STEPS,
        recorded=GRID,
        snapshots=GRID[-1:],
        draw=StepWeights(SETTING.n, 5, 3),
    )
    assert np.max(np.abs(record.margins - true.margins)) < 64 * np.finfo(np.float64).eps * STEPS


def test_the_claims_hold_on_the_true_engines_and_on_the_copy_without_a_flaw() -> None:
    # Enough to support an identity, and an event over two cells.
    chosen = claims(32, 50)
    assert len(chosen) == 5
    verification = verify_claims(chosen, profile="quick", counterexamples=False, backend=SerialBackend())
    assert {j.verdict for j in verification.judgements} == {"supported"}
    assert not try_engine("none", FlawedEngine(NONE), chosen, profile="quick", seed=0, jobs=1).detected


@pytest.mark.parametrize("name", FALSE_ENGINES)
def test_every_false_engine_refutes_a_claim(name: str) -> None:
    outcome = try_engine(name, FlawedEngine(FALSE_ENGINES[name]), claims(), profile="quick", seed=0, jobs=1)
    assert outcome.detected
    assert outcome.runs == 40


def test_an_unnoticed_engine_fails_the_section() -> None:
    """Broken on purpose: a flaw that is none must be reported as not noticed."""
    chosen = claims()
    verdicts = {c.id: "supported" for c in chosen}
    engines = {"none": FlawedEngine(NONE), "ten percent": FlawedEngine(Flaw("step", step=1.1))}
    found = section(chosen, verdicts, profile="quick", engines=engines)  # type: ignore[arg-type]
    assert not found.passed
    assert [e["detected"] for e in found.record["engines"]] == [False, True]
    assert any("NOT NOTICED" in line for line in found.lines)


def test_only_supported_claims_on_engines_of_the_closure_are_tried() -> None:
    chosen = claims()
    ledger = list(builtin_ledger())
    verdicts = {c.id: "supported" for c in chosen[:1]} | {chosen[1].id: "inconclusive"}
    false = FlawedEngine(NONE)
    assert [c.id for c in chosen_claims(chosen, verdicts, "quick", false)] == [chosen[0].id]  # type: ignore[arg-type]
    everything = chosen_claims(ledger, {c.id: "supported" for c in ledger}, "default", false)
    assert everything
    assert not any("cnn" in c.experiment.engines or c.is_probe or c.proof for c in everything)
