"""Mutations of the sharp laws: each constant wrong by 15 %, each sign flipped, is refuted by its claim.

Through the real pipeline, on runs alone (no proof), at sizes that fit a test; the laws as they stand are
judged on the same runs and not refuted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any

import pytest
import sympy as sp

from theory.claim import Claim
from theory.experiment import Experiment
from theory.ledger import builtin_ledger
from theory.run import NotApplicable
from theory.two_stage.falsehoods import iid as false_iid
from theory.two_stage.limits import late as limit_late
from theory.two_stage.limits import late_claims as sharp_late
from theory.two_stage.limits.dynamics import a
from theory.two_stage.limits.error_constants import SHARP_NO_NOISE, error_constant
from theory.two_stage.limits.late_claims import SHARP_LATE
from theory.two_stage.limits.plateau import SHARP_PHASES
from theory.two_stage.limits.stage_one import SHARP_START, neutral_strength
from theory.two_stage.limits.transition_claims import transition_residual
from theory.two_stage.mean_field import iid as sharp_iid
from theory.two_stage.mean_field import times as sharp_times
from theory.two_stage.mean_field.activation import SHARP_ACTIVATION
from theory.two_stage.mean_field.iid_law import SideSums, side_sums
from theory.two_stage.mean_field.time_laws import stage_time_score
from theory.two_stage.run import Run
from theory.two_stage.symbols import tau
from verify.outcome import Judgement
from verify.pipeline import verify_claims
from verify.runs.backends import SerialBackend

Measure = Callable[[Run], Any]
WRONG = 1.15
LEDGER = builtin_ledger()
(FALSE_IID,) = [f for f in false_iid.falsehoods(LEDGER) if f.of == "two_stage.sharp.iid_error"]


def small(experiment: Experiment, runs: int, clock: float | None = None) -> Experiment:
    """Few runs, shorter where the law allows it."""
    clock = experiment.clock if clock is None else clock
    return replace(experiment, id=f"mutants.{experiment.id}", runs={"quick": runs}, clock=clock)


START = small(SHARP_START, 20)
LATE = small(SHARP_LATE, 8, clock=500.0)
PHASES = small(SHARP_PHASES, 10, clock=150.0)
TIMES = small(sharp_times.TIMES, 22, clock=12.0)
IID = small(sharp_iid.IID, 24)
ACTIVE = small(SHARP_ACTIVATION, 120)
P_LAW = "activation_share.moderate_init"
NO_NOISE = small(SHARP_NO_NOISE, 16)


def scaled(name: str, factor: float) -> Measure:
    """The claim's measure with its predicted value, the second of a pair or more, multiplied."""
    claim = LEDGER[f"two_stage.sharp.{name}"]

    def measure(run: Run) -> Any:
        value = claim.measure(run)
        if isinstance(value, NotApplicable):
            return value
        measured, predicted, *rest = value
        return (measured, factor * predicted, *rest)

    return measure


def patched(name: str, module: Any, attribute: str, wrong: Callable[..., Any]) -> Measure:
    """The claim's measure with one function of a module replaced."""
    claim, original = LEDGER[f"two_stage.sharp.{name}"], getattr(module, attribute)

    def measure(run: Run) -> Any:
        setattr(module, attribute, wrong)
        try:
            return claim.measure(run)
        finally:
            setattr(module, attribute, original)

    return measure


def opposed_signal(name: str) -> Measure:
    """The claim's measure with the late signal share c of both classes negated."""
    original = sharp_late.late_classes

    def negated(run: Run) -> Any:
        classes = original(run)
        if isinstance(classes, NotApplicable):
            return classes
        return tuple(replace(y, c=-y.c) for y in classes)

    return patched(name, sharp_late, "late_classes", negated)


def added_flips(name: str) -> Measure:
    """The claim's measure with the flipped labels' part of c_y added instead of subtracted."""

    def wrong() -> sp.Expr:
        pushes = (1 - tau) * limit_late.h_c + tau * limit_late.h_n
        return a / 2 * pushes / (1 + a / 2 * pushes)

    return patched(name, limit_late, "harmonic_signal_share", wrong)


def opposed_sides(run: Run, clock: float) -> SideSums:
    """The side sums with the wrong sign of what the two sides share."""
    sums = side_sums(run, clock)
    plus, minus, cross = sums.covariance
    return replace(sums, covariance=(plus, minus, -cross))


#: What is mutated, how, the claim that must notice, its runs and the mutated measure.
MUTANTS: tuple[tuple[str, str, str, Experiment, Measure], ...] = (
    ("S1", "x1.15", "stage_one.threshold", START, partial(neutral_strength, threshold=2 * WRONG)),
    ("S1", "/1.15", "stage_one.threshold", START, partial(neutral_strength, threshold=2 / WRONG)),
    ("S1", "1+2tau", "stage_one.threshold", START, partial(neutral_strength, rate_factor=2.0)),
    ("S2", "s_2 x1.15", "transition_clock", START, partial(transition_residual, factor=WRONG)),
    ("S2", "-s_2", "transition_clock", START, partial(transition_residual, factor=-1.0)),
    ("S2", "t_half x1.15", "t_half", TIMES, scaled("t_half", WRONG)),
    ("S2", "t_half /1.15", "t_half", TIMES, scaled("t_half", 1 / WRONG)),
    ("S2", "-t_half", "t_half", TIMES, scaled("t_half", -1.0)),
    ("S2", "law x1.15", "t_half_law", TIMES, partial(stage_time_score, share=0.5, factor=WRONG)),
    ("S3", "x1.15", "loss_constant", LATE, scaled("loss_constant", WRONG)),
    ("S3", "/1.15", "loss_constant", LATE, scaled("loss_constant", 1 / WRONG)),
    ("S3", "-c", "loss_constant", LATE, opposed_signal("loss_constant")),
    ("S4 clean", "x1.15", "late_margin.clean", LATE, scaled("late_margin.clean", WRONG)),
    ("S4 clean", "-c", "late_margin.clean", LATE, opposed_signal("late_margin.clean")),
    ("S4 noisy", "x1.15", "late_margin.noisy", LATE, scaled("late_margin.noisy", WRONG)),
    ("S4 noisy", "-c", "late_margin.noisy", LATE, opposed_signal("late_margin.noisy")),
    ("S5 tau/2", "x1.15", "plateau.memorised", PHASES, scaled("plateau.memorised", WRONG)),
    ("S5 tau/2", "/1.15", "plateau.memorised", PHASES, scaled("plateau.memorised", 1 / WRONG)),
    ("S5 tau/2", "-", "plateau.memorised", PHASES, scaled("plateau.memorised", -1.0)),
    ("S5 1/2", "x1.15", "plateau.half", PHASES, scaled("plateau.half", WRONG)),
    ("S5 condition", "x1.15", "plateau.condition", LATE, scaled("plateau.condition", WRONG)),
    ("S5 condition", "/1.15", "plateau.condition", LATE, scaled("plateau.condition", 1 / WRONG)),
    ("S5 condition", "+tau in c", "plateau.condition", LATE, added_flips("plateau.condition")),
    ("p-law", "x1.15", P_LAW, ACTIVE, scaled(P_LAW, WRONG)),
    ("p-law", "-arctan", P_LAW, ACTIVE, scaled(P_LAW, -1.0)),
    ("C_D", "x1.15", "no_noise_constant.runs", NO_NOISE, partial(error_constant, factor=WRONG)),
    ("C_D", "/1.15", "no_noise_constant.runs", NO_NOISE, partial(error_constant, factor=1 / WRONG)),
    ("C_D", "-4p^2", "no_noise_constant.runs", NO_NOISE, partial(error_constant, share_sign=-1.0)),
    ("iid law", "x1.15", "iid_error", IID, partial(sharp_iid.iid_difference, factor=WRONG)),
    ("iid law", "/1.15", "iid_error", IID, partial(sharp_iid.iid_difference, factor=1 / WRONG)),
    ("iid law", "own parts twice", "iid_error", IID, FALSE_IID.claim.measure),
    ("iid law", "cross-talk sign", "iid_error", IID, partial(sharp_iid.iid_difference, sums=opposed_sides)),
)  # fmt: skip


def mutant_id(law: str, change: str) -> str:
    words = f"{law} {change}".lower()
    return "mutants." + "".join(ch if ch.isalnum() else "_" for ch in words)


@cache
def judged() -> dict[str, Judgement]:
    """Every mutant and every law as it stands, the runs of each experiment made once."""
    claims: dict[str, Claim] = {}
    for law, change, name, experiment, measure in MUTANTS:
        claim = replace(LEDGER[f"two_stage.sharp.{name}"], experiment=experiment, proof=None, parents=())
        claims[claim.id] = claim
        wrong = replace(claim, id=mutant_id(law, change), measure=measure)
        claims[wrong.id] = wrong
    verification = verify_claims(
        tuple(claims.values()),
        profile="quick",
        jobs=1,
        counterexamples=False,
        adversaries=False,
        fresh_runs=False,
        backend=SerialBackend(),
    )
    return {j.claim.id: j for j in verification.judgements}


@pytest.mark.parametrize(("law", "change"), [(m[0], m[1]) for m in MUTANTS])
def test_a_mutated_law_is_refuted(law: str, change: str) -> None:
    judgement = judged()[mutant_id(law, change)]
    # Of eight trials a median's p-value is at least 2^-7: it refutes alone, not within a family of thirty.
    assert judgement.verdict == "refuted" or judgement.alone, judgement.decision.reason


@pytest.mark.parametrize("name", sorted({m[2] for m in MUTANTS}))
def test_the_law_as_it_stands_is_not_refuted(name: str) -> None:
    judgement = judged()[f"two_stage.sharp.{name}"]
    assert judgement.verdict in ("supported", "inconclusive", "derived"), judgement.decision.reason
    assert len(judgement.judged) >= 5
