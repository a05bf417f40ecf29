r"""Properties of the two-stage dynamics at settings drawn by hypothesis inside the claims' conditions.

Two kinds of statement, two kinds of test:

- Identities hold surely, to rounding. Each example is asserted, hypothesis shrinks a failing one, and its
  message ends with the command that replays it.
- Events hold with probability at least `1 - delta`, not surely. Asserting each example would fail one day
  with nothing wrong, and a shrinker would look for exactly that day. Here the examples are drawn first,
  every run with a seed of its own, and the violations are counted: the claim's own rule (the exact binomial
  one) must not call it refuted at level `alpha`. The theorem speaks of every setting inside its
  conditions, so the count is at most binomial with rate delta however the settings were drawn.

  With the quick profile's 30 examples that is five violations or more. False alarms: at the rate delta = 5 %
  itself 1.6 % a claim, at the rate .75 % (the 95 % upper limit of 0 violations in 400 runs) 3e-6; none in the
  quick profile, whose examples are fixed. Detection: 97 % for a claim that fails in 30 % of all runs.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from drawn import assert_holds, drawn_specs, judged, refutation, run_seed
from hypothesis import Phase, example, given, settings
from scipy import stats

from simulation.two_stage.training import train
from theory.claim import Claim
from theory.condition import Constants
from theory.experiment import Experiment
from theory.ledger import builtin_ledger
from theory.rules import Bound, Event, Identity
from theory.run import NotApplicable
from theory.source import Source
from theory.two_stage import predictions
from theory.two_stage.conditions import DEFAULT_CONSTANTS
from theory.two_stage.experiments import (
    EXACT,
    FILTERS,
    INITIAL,
    MAJORITY,
    NO_NOISE,
    OF_STAGE_ONE,
    PAPER,
    STAGE_ONE,
)
from theory.two_stage.limits.transition import derived_strong_signal_limit
from theory.two_stage.run import Run
from theory.two_stage.setting import Setting
from theory.two_stage.sources import C_T1, EPS
from verify.load import load_claims_file
from verify.search.strategies import seeds, settings_in
from verify.statistics.intervals import rate_lower, rate_upper

ROOT = Path(__file__).parents[2]
FALSE_CLAIMS = {c.id: c for c in load_claims_file(ROOT / "tests" / "planted" / "twin_claims.py")}
LEDGER = list(builtin_ledger())

IDENTITIES = [
    c
    for c in LEDGER
    if c.id.removeprefix("two_stage.")
    in (
        "decomposition", "recursion.gamma", "recursion.rho", "rho_signs", "closure",
        "conservation.gamma", "conservation.rho", "conservation.combined",
    )
]  # fmt: skip


def events_of(experiment: Experiment) -> list[Claim]:
    """Events and bounds on these runs; of those saying "more than 5 % fail" a share is no event of a run."""
    return [
        c
        for c in LEDGER
        if c.experiment == experiment
        and isinstance(c.rule, Event | Bound)
        and c.rule.delta == 0.05
        and not c.is_probe
        and c.role == "claim"
    ]


EVENTS = {
    e.id.removeprefix("two_stage."): events_of(e) for e in (PAPER, STAGE_ONE, FILTERS, MAJORITY, INITIAL)
}
NO_NOISE_EVENTS = [c for c in LEDGER if c.experiment == NO_NOISE and isinstance(c.rule, Event)]

pytestmark = pytest.mark.timeout(3600)  # the full profile's thousand examples


def replay_arguments(message: str) -> list[str]:
    """What follows `python` in the command that a failure's message ends with."""
    found = re.search(r"Replay: python (-m verify replay .+)", message)
    assert found is not None, message
    return shlex.split(found[1])


# Identities: surely ------------------------------------------------------------------------------------


def test_the_identities_hold_for_any_data() -> None:
    assert len(IDENTITIES) == 8
    assert all(isinstance(c.rule, Identity) and not c.conditions for c in IDENTITIES)
    assert {c.experiment for c in IDENTITIES} == {EXACT}


TINY = EXACT.place.at(
    n=3, m=2, signal_margin=1.0, tau_plus=0.2, tau_minus=0.2, kappa_0=1.0, dimension=4.0, clock_step=0.5,
    sigma_xi=1.0,
)  # fmt: skip
STIFF = TINY.with_(sigma_0=30 * TINY.sigma_0)
LARGE_WEIGHTS = EXACT.place.at(
    n=3, m=4, signal_margin=0.5, tau_plus=0.0, tau_minus=0.0, kappa_0=21.2, dimension=10 / 3, clock_step=0.02,
    sigma_xi=0.104,
)  # fmt: skip


@given(settings_in(EXACT.place), seeds())
@example(TINY, 336)  # no filter ever sees the signal: what is measured of gamma is rounding
@example(STIFF, 371)  # no filter ever sees a noise patch: every rho is rounding
@example(LARGE_WEIGHTS, 0)  # the first change is small against the rounding of the weights
def test_identities_hold_on_the_real_network(setting: Setting, seed: int) -> None:
    """Decomposition, recursions, signs and monotony of rho, closure, conservation; autograd in R^d."""
    assert_holds(IDENTITIES, setting, seed)


def test_the_fixed_examples_are_what_they_are_said_to_be() -> None:
    no_signal = train(TINY, steps=60, engine="cnn", seed=336)
    no_noise = train(STIFF, steps=60, engine="cnn", seed=371)
    assert 0 < np.abs(no_signal.gamma).max() < 1e-14
    assert no_noise.rho is not None
    assert np.abs(no_noise.rho).max() < 1e-13
    assert LARGE_WEIGHTS.iota > 10


def test_a_broken_identity_is_found_shrunk_and_replayed(
    command: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = FALSE_CLAIMS["planted.gamma_recursion.sign"]

    @settings(max_examples=10, phases=[Phase.generate, Phase.shrink])
    @given(settings_in(claim.experiment.place), seeds())
    def holds(setting: Setting, seed: int) -> None:
        assert_holds([claim], setting, seed)

    with pytest.raises(AssertionError, match=r"breaks it\. Replay: python -m verify replay") as failure:
        holds()
    assert '"n":4,' in str(failure.value)  # the least n of the box
    _, module, *words = replay_arguments(str(failure.value))
    assert module == "verify"
    monkeypatch.chdir(ROOT)
    assert command(*words)[0] == 1


# Events: with probability at least 1 - delta -----------------------------------------------------------


def test_the_decision_has_the_stated_error_rates() -> None:
    limit = next(k for k in range(31) if rate_lower(k, 30, 0.05) > 0.05)
    assert limit == 5
    assert stats.binom.sf(limit - 1, 30, 0.05) == pytest.approx(0.016, abs=5e-4)
    assert rate_upper(0, 400, 0.05) == pytest.approx(0.0075, abs=5e-5)
    assert stats.binom.sf(limit - 1, 30, 0.0075) == pytest.approx(3e-6, rel=0.1)
    assert stats.binom.sf(limit - 1, 30, 0.3) == pytest.approx(0.97, abs=5e-3)


def test_every_example_is_a_trial_of_its_own() -> None:
    specs = drawn_specs(PAPER)
    assert len({s.seed for s in specs}) == len(specs) >= settings().max_examples - 2
    assert run_seed(specs[0].setting, 1) != run_seed(specs[1].setting, 1)
    assert run_seed(specs[0].setting, 1) == run_seed(specs[0].setting, 1) != run_seed(specs[0].setting, 2)


@pytest.mark.parametrize("claims", [*EVENTS.values(), NO_NOISE_EVENTS], ids=[*EVENTS, "no_noise"])
def test_events_hold_inside_the_conditions(claims: list[Claim]) -> None:
    """L1-L3, L5-L8, Theorems 4.1 and 4.2, Proposition 4.3 in the paper's box; Theorem 4.4 without noise."""
    specs = drawn_specs(claims[0].experiment)
    judgements = judged(claims, specs)
    for judgement in judgements:
        inside = [o for o in judgement.observations if all(c.inside for c in o.checks)]
        assert len(inside) == len(specs), judgement.claim.id
    failures = [refutation(j) for j in judgements]
    assert not any(failures), "\n".join(f for f in failures if f)


def test_the_events_are_those_of_the_lemmas_and_theorems() -> None:
    every = (c for some in (*EVENTS.values(), NO_NOISE_EVENTS) for c in some)
    assert {c.id.removeprefix("two_stage.") for c in every} >= {
        "lemma.label_counts", "lemma.noise_norms", "lemma.noise_crosstalk", "lemma.signal_crosstalk",
        "lemma.initial_signal", "lemma.initial_noise", "lemma.activation_persistence",
        "lemma.coefficient_scale", "lemma.margins_clean", "lemma.margins_noisy",
        "lemma.stage_one_derivative", "theorem_4_1.clean_fit", "theorem_4_1.noisy_misfit",
        "theorem_4_1.signal_above_noise", "theorem_4_1.stage_order", "theorem_4_2.training_loss",
        "theorem_4_2.clean_fit", "theorem_4_2.noisy_memorised", "theorem_4_2.gamma_positive",
        "theorem_4_2.dtest_error", "theorem_4_2.dtest_degrades",
        "proposition_4_3.sample_selection", "theorem_4_4.one_stage", "theorem_4_4.no_degradation",
    }  # fmt: skip


def test_a_broken_event_is_refuted_and_replayed(command: Callable[..., tuple[int, str, str]]) -> None:
    claim = FALSE_CLAIMS["planted.stage_order"]
    (judgement,) = judged([claim], drawn_specs(claim.experiment)[:8])
    message = refutation(judgement)
    assert message is not None
    assert command(*replay_arguments(message)[2:])[0] == 1


# Stage times within their scale ----------------------------------------------------------------------
#
# The theorems say Theta(n m/(eta sigma_xi^2 d)). The bands below have no fitted end. Both come from the
# limit dynamics of one class, `rho_c' = g(M_c)`, `rho_n' = g(M_n)`, at a constant share p of active filters;
# p lies between 1/2 (the initial signs) and 1.


def transition_limit(setting: Setting, tau: float, p: float) -> float:
    """`s_inf`, in time units: the limit for n SNR^2 -> infinity of the time at which noisy samples turn.

    At finite n SNR^2 they turn earlier. Decreasing in p and in tau, on which alone it depends.
    """
    return predictions.number(derived_strong_signal_limit(), setting, Constants({"p": p, "tau": tau}))


def slowest_transition(run: Run) -> float:
    """`s_inf` at the least favourable class and sample: the smallest realised flip rate of a class that has
    flipped labels, and the smallest share of initially active filters (which persist) or 1/2."""
    rates = [run.noisy[run.y == label].mean() for label in (1.0, -1.0) if np.any(run.y == label)]
    share = (run.label_side(run.initial_products[..., 1:]) > 0).mean(axis=-2)[run.noisy]
    return transition_limit(run.setting, min(r for r in rates if r > 0), min(0.5, float(share.min())))


def dead(run: Run) -> bool:
    """A noisy sample without any filter to start from has no finite bound; or there is no noisy sample."""
    share = (run.label_side(run.initial_products[..., 1:]) > 0).mean(axis=-2)[run.noisy]
    return not run.noisy.any() or not share.min() > 0


def t_half_in_band(run: Run, scale: float = 1.0) -> bool | NotApplicable:
    """`c_T <= t_half / time_unit <= s_inf + h`: Stage I lasts at least to T_1, and ends by s_inf.

    The lower end is Theorem 4.1 itself: at T_1 every noisy sample is still misfit.
    """
    if dead(run):
        return NotApplicable("no noisy sample, or one without active filters")
    h = run.setting.clock_step
    return C_T1 <= run.t_half * h * scale <= slowest_transition(run) + h


def t_eps_in_band(run: Run, scale: float = 1.0) -> bool | NotApplicable:
    """`K(p = 1) <= eps t_eps / time_unit <= K(p = 1/2) + eps s_inf`.

    `s L(s) -> K(p, tau)` from above: `e^M + M = 1 + A s` solves the single sample's flow, so that
    `s L(s)` exceeds its limit by `M/(A s)` to first order. K decreases in p, hence the ends. Until the noisy
    samples turn, by s_inf, they do not approach their limit at all: the upper end starts the law there.
    """
    if dead(run):
        return NotApplicable("no noisy sample, or one without active filters")
    realised = Constants({"tau": float(run.noisy.mean())})

    def constant(p: sp.Expr) -> float:
        return predictions.number(predictions.loss_constant(p), run.setting, realised)

    measured = EPS * run.t_loss(EPS) * run.setting.clock_step * scale
    upper = constant(predictions.HALF) + EPS * slowest_transition(run)
    return constant(sp.Integer(1)) <= measured <= upper + EPS * run.setting.clock_step


def band_claim(name: str, measure: object) -> Claim:
    return Claim(
        id=f"property.{name}",
        source=Source("this test", name),
        provenance="derived",
        statement=f"{name} within its derived band",
        rule=Event(delta=0.05),
        measure=measure,  # type: ignore[arg-type]
        experiment=STAGE_ONE,
        conditions=OF_STAGE_ONE,
        constants=DEFAULT_CONSTANTS,
    )


def test_stage_times_lie_within_their_scale() -> None:
    """And the same bands refute a scale without m, one with sqrt(n) for n, and one ten times too short."""
    claims = [
        band_claim("t_half", t_half_in_band),
        band_claim("t_eps", t_eps_in_band),
        band_claim("t_half_without_m", lambda run: t_half_in_band(run, run.setting.m)),
        band_claim("t_eps_without_m", lambda run: t_eps_in_band(run, run.setting.m)),
        band_claim("t_half_with_root_n", lambda run: t_half_in_band(run, run.setting.n**0.5)),
        band_claim("t_eps_with_root_n", lambda run: t_eps_in_band(run, run.setting.n**0.5)),
        band_claim("t_half_tenfold", lambda run: t_half_in_band(run, 10.0)),
        band_claim("t_eps_tenfold", lambda run: t_eps_in_band(run, 10.0)),
    ]
    judgements = judged(claims, drawn_specs(STAGE_ONE))
    for judgement in judgements[:2]:
        assert judgement.verdict != "refuted", refutation(judgement)
        assert len(judgement.judged) >= 0.9 * len(judgement.observations)
    assert {j.claim.id: j.verdict for j in judgements[2:]} == {c.id: "refuted" for c in claims[2:]}


def test_the_band_ends_move_as_their_reasons_say() -> None:
    setting = drawn_specs(PAPER)[0].setting
    rate = Constants({"tau": 0.1})
    shares = np.linspace(0.5, 1.0, 6)
    ends = [predictions.number(predictions.loss_constant(sp.Float(p)), setting, rate) for p in shares]
    assert np.all(np.diff(ends) < 0)
    assert np.all(np.diff([transition_limit(setting, 0.1, p) for p in shares]) < 0)
    assert np.all(np.diff([transition_limit(setting, tau, 0.5) for tau in np.linspace(0.02, 0.3, 15)]) < 0)


@pytest.mark.parametrize(("tau", "p"), [(0.1, 0.5), (0.1, 0.78), (0.25, 0.5)])
def test_the_limit_is_that_of_the_class_dynamics(tau: float, p: float) -> None:
    """`s_inf` against the two differential equations, integrated at growing n SNR^2."""
    from scipy.integrate import solve_ivp
    from scipy.special import expit

    def noisy_margin(s: float, rho: np.ndarray, a: float) -> float:
        return float(p * rho[1] - (a / 2) * ((1 - tau) * rho[0] - tau * rho[1]))

    def flow(s: float, rho: np.ndarray, a: float) -> list[float]:
        gamma = (a / 2) * ((1 - tau) * rho[0] - tau * rho[1])
        return [expit(-gamma - p * rho[0]), expit(gamma - p * rho[1])]

    noisy_margin.terminal, noisy_margin.direction = True, 1  # type: ignore[attr-defined]
    limit = transition_limit(TINY, tau, p)
    gaps = []
    for a in (10.0, 100.0, 1000.0):
        solved = solve_ivp(
            flow, (0, 2 * limit), [1e-9, 0.0], "LSODA", events=noisy_margin, args=(a,), rtol=1e-9, atol=1e-12
        )
        (crossing,) = solved.t_events[0]
        gaps.append(limit - crossing)
    assert 0 < gaps[2] < gaps[1] < gaps[0]
    assert gaps[2] < 0.005 * limit
