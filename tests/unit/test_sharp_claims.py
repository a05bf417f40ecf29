"""The sharp claims: supported as stated, refuted with a constant off by 15 %, through the real pipeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sympy as sp

from simulation.two_stage.run import MeasuredRun
from simulation.two_stage.training import train_many
from theory.claim import Claim
from theory.ledger import builtin_ledger
from theory.rules import Identity, Law
from theory.run import NotApplicable
from theory.two_stage.box import Domain, Grid
from theory.two_stage.experiments import EXACT
from theory.two_stage.limits import error_constants as sharp_error_constants
from theory.two_stage.limits import flow as sharp_flow
from theory.two_stage.limits import late_claims as sharp_late
from theory.two_stage.limits import plateau as sharp_plateau
from theory.two_stage.limits import stage_one as sharp_stage_one
from theory.two_stage.limits import strong_signal as sharp_strong_signal
from theory.two_stage.limits import transition_claims as sharp_transition
from theory.two_stage.limits import transition_integral as sharp_integral
from theory.two_stage.limits.transition import closed_bracket, prove_closed_bracket
from theory.two_stage.mean_field import activation as sharp_activation
from theory.two_stage.setting import Setting
from theory.two_stage.symbols import tau
from verify.outcome import Judgement
from verify.pipeline import verify_claims
from verify.runs.backends import SerialBackend

CLAIMS: tuple[Claim, ...] = (
    *sharp_flow.CLAIMS,
    *sharp_stage_one.CLAIMS,
    *sharp_transition.CLAIMS,
    *sharp_integral.CLAIMS,
    *sharp_strong_signal.CLAIMS,
    *sharp_activation.CLAIMS,
    *sharp_late.CLAIMS,
    *sharp_plateau.CLAIMS,
    *sharp_error_constants.CLAIMS,
)
BY_NAME = {claim.id.removeprefix("two_stage.sharp."): claim for claim in CLAIMS}


def judged(*claims: Claim) -> dict[str, Judgement]:
    verification = verify_claims(
        claims, profile="quick", seed=1, counterexamples=False, backend=SerialBackend()
    )
    return {j.claim.id: j for j in verification.judgements}


def wrong(claim: Claim, measure: Callable[..., Any]) -> Claim:
    """The claim under another id with another measurement, its proof left out."""
    return replace(claim, id=f"{claim.id}.wrong", measure=measure, proof=None)


def test_ids_are_new_and_parents_known() -> None:
    known = {claim.id for claim in builtin_ledger()} | {claim.id for claim in CLAIMS}
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)
    for claim in CLAIMS:
        assert set(claim.parents) <= known
        assert claim.provenance == "derived"


# Identities -------------------------------------------------------------------------------------------

FEW = replace(EXACT, id="test.exact", runs={"quick": 3})


def test_identities_hold_on_real_networks_and_a_wrong_scale_does_not() -> None:
    claims = [replace(c, experiment=FEW, proof=None) for c in CLAIMS if isinstance(c.rule, Identity)]
    flow = next(c for c in claims if c.id.endswith(".flow"))
    bad = wrong(flow, partial(sharp_flow.flow_residual, signal_scale=1.15))
    found = judged(*claims, bad)
    assert found.pop(bad.id).verdict == "refuted"
    # Three runs are too few a plan to support an identity, and enough to break one.
    assert {j.decision.statistic["violations"] for j in found.values()} == {0}


@pytest.mark.parametrize("a", [0.5, 3.0, 15.0])
@pytest.mark.parametrize("rate", [0.02, 0.2, 0.39])
def test_closed_forms_at_chosen_parameters(a: float, rate: float) -> None:
    run: Any = SimpleNamespace(setting=SimpleNamespace(n_snr2=a, tau_plus=rate, kappa_0=a))
    for name in (
        "late_coefficients",
        "strong_signal",
        "comparison_curve",
        "no_noise_constant",
        "activation_share",
    ):
        residual = BY_NAME[name].measure(run)
        assert isinstance(residual, NotApplicable) or residual < 1e-12, name
    for name in ("transition_bracket", "transition_bracket.closed", "below_strong_signal"):
        outside = BY_NAME[name].measure(run)
        if isinstance(outside, NotApplicable):
            assert a * (1 - 2 * rate) <= 1
        else:
            assert outside == 0


def test_ends_of_the_bracket_that_are_wrong_are_seen() -> None:
    run: Any = SimpleNamespace(setting=SimpleNamespace(n_snr2=6.0, tau_plus=0.1))
    bracket, closed, limit = (
        BY_NAME[name].measure
        for name in ("transition_bracket", "transition_bracket.closed", "below_strong_signal")
    )
    low, high = closed_bracket()
    assert bracket(run, stretch=3.0) > 0.1
    assert closed(run, stated=(low, high / 2)) > 0.1
    assert closed(run, stated=(3 * low, high)) > 0.1
    assert limit(run, factor=0.5) > 0.5
    assert not prove_closed_bracket(high=high / 2).holds
    assert not prove_closed_bracket(low=2 * low).holds


STRONG = replace(sharp_strong_signal.SHARP_DEPTH, id="test.depth", runs={"quick": 16})


def test_stage_one_reaches_the_bayes_logit_and_no_other_depth() -> None:
    claim = replace(BY_NAME["strong_signal.depth"], experiment=STRONG, proof=None)
    bad = wrong(claim, partial(sharp_strong_signal.depth, stated=sp.log(tau)))
    found = judged(claim, bad)
    assert found[claim.id].verdict == "supported"
    assert found[bad.id].verdict == "refuted" or found[bad.id].alone


def test_the_worst_class_decides_the_early_stopping_constant() -> None:
    stopped = replace(sharp_error_constants.SHARP_STOPPED, id="test.stopped", runs={"quick": 24})
    claim = replace(BY_NAME["early_stopping_constant.runs"], experiment=stopped, proof=None)
    reading = replace(BY_NAME["early_stopping_constant.balanced"], experiment=stopped)
    bad = [wrong(claim, partial(sharp_error_constants.early_constant, factor=1.15))]
    found = judged(claim, reading, *bad)
    assert found[claim.id].verdict == "supported"
    assert found[reading.id].verdict == "refuted"
    assert found[bad[0].id].verdict == "refuted" or found[bad[0].id].alone


# Late laws ------------------------------------------------------------------------------------------

LATE = replace(sharp_late.SHARP_LATE, id="test.late", clock=500.0, runs={"quick": 8})


def test_late_laws_and_their_constants_off_by_15_percent() -> None:
    """At s = 500 corrections are below twice those at s = 1000, still inside the margin of 5 %."""
    loss = replace(BY_NAME["loss_constant"], experiment=LATE, proof=None)
    clean = replace(BY_NAME["late_margin.clean"], experiment=LATE, proof=None)
    noisy = replace(BY_NAME["late_margin.noisy"], experiment=LATE, proof=None)
    factors = (1.15, 1 / 1.15)
    bad = [
        replace(wrong(claim, measure), id=f"{claim.id}.{k}")
        for k, factor in enumerate(factors)
        for claim, measure in (
            (loss, partial(sharp_late.late_loss, factor=factor)),
            (clean, partial(sharp_late.late_margin, noisy=False, factor=factor)),
            (noisy, partial(sharp_late.late_margin, noisy=True, factor=factor)),
        )
    ]
    judgements = judged(loss, clean, noisy, *bad)
    for claim in (loss, clean, noisy):
        assert judgements[claim.id].verdict == "supported"
    for claim in bad:
        # A few trials' median refutes alone, not within the budget of all that is judged here.
        assert judgements[claim.id].verdict == "refuted" or judgements[claim.id].alone


def test_plateau_in_both_phases_and_its_constant_off_by_15_percent() -> None:
    place = sharp_plateau.SHARP_PHASES.place
    assert isinstance(place, Grid)
    experiment = replace(sharp_plateau.SHARP_PHASES, id="test.phases", clock=150.0, runs={"quick": 4})
    memorised = replace(BY_NAME["plateau.memorised"], experiment=experiment, proof=None)
    half = replace(BY_NAME["plateau.half"], experiment=experiment, proof=None)
    swapped = wrong(half, partial(sharp_plateau.plateau_error, memorised_only=False, factor=1.15))
    judgements = judged(memorised, half, swapped)
    assert judgements[half.id].verdict == "supported"
    assert judgements[swapped.id].verdict == "refuted" or judgements[swapped.id].alone
    # Two dozen errors near .04, each known to 8 %, do not always certify 10 %; they exclude other phases.
    assert judgements[memorised.id].verdict != "refuted"
    assert judgements[memorised.id].decision.statistic["ratio"] == pytest.approx(1.0, abs=0.15)


def run_of(setting: Setting, clock: float) -> MeasuredRun:
    (trajectory,) = train_many([setting], [0], steps=[setting.steps(clock)], snapshots=[[0]])
    return MeasuredRun(trajectory, setting)


def test_harmonic_means_matter() -> None:
    """In the paper's regime p_i is U-shaped: the arithmetic mean of p misses the constant by over 5 %."""
    setting = Setting.from_n_snr2(
        n=60, d=10**8, m=16, n_snr2=6.0, tau_plus=0.2, tau_minus=0.2, kappa_0=0.05, clock_step=0.4
    )
    run = run_of(setting, 20.0)
    classes = sharp_late.late_classes(run)
    assert not isinstance(classes, NotApplicable)
    harmonic = sharp_late.predicted_loss_limit(classes)
    p = 1 / float(np.mean(run.active_fraction[-1]))
    plus, minus = (replace(c, h_c=p, h_n=p) for c in classes)
    assert harmonic > 1.05 * sharp_late.predicted_loss_limit((plus, minus))


# Stage I --------------------------------------------------------------------------------------------


def test_stage_one_on_both_sides_and_thresholds_off_by_one_half() -> None:
    place = sharp_stage_one.SHARP_START.place
    assert isinstance(place, Domain)
    experiment = replace(sharp_stage_one.SHARP_START, id="test.start")
    exists = replace(BY_NAME["stage_one.exists"], experiment=experiment, proof=None)
    absent = replace(BY_NAME["stage_one.absent"], experiment=experiment, proof=None)
    low = wrong(exists, partial(sharp_stage_one.first_push, exists=True, threshold=1.0))
    high = wrong(absent, partial(sharp_stage_one.first_push, exists=False, threshold=4.0))
    judgements = judged(exists, absent, low, high)
    assert judgements[exists.id].verdict == "supported"
    assert judgements[absent.id].verdict == "supported"
    assert judgements[low.id].verdict == "refuted"
    assert judgements[high.id].verdict == "refuted"


# The comparison principle -----------------------------------------------------------------------------


def test_the_order_in_numbers_is_lost_in_the_wrong_coordinates(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting.from_n_snr2(
        n=24, d=2400, m=10, n_snr2=6.0, tau_plus=0.3, tau_minus=0.3, kappa_0=1.0, clock_step=0.1
    )
    run = run_of(setting, 1.0)
    assert sharp_flow.order_in_numbers(run) < 1e-14
    monkeypatch.setattr(sharp_flow.cooperative, "order_signs", lambda noisy: [1] * (len(noisy) + 1))
    assert sharp_flow.order_in_numbers(run) > 1e-3


def test_more_flips_are_told_from_fewer() -> None:
    experiment = replace(sharp_flow.ORDER, id="test.order", runs={"quick": 12})
    claim = replace(BY_NAME["more_flips_order"], experiment=experiment)
    swapped = wrong(claim, partial(sharp_flow.more_flips_order, exchanged=True))
    judgements = judged(claim, swapped)
    assert judgements[claim.id].decision.statistic["violations"] == 0
    assert judgements[swapped.id].verdict == "refuted"


def test_laws_declare_margins_below_the_error_they_must_refute() -> None:
    assert max(c.rule.margin for c in CLAIMS if isinstance(c.rule, Law)) <= 0.1
