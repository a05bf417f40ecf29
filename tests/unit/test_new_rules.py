"""Universal, Bound, Difference, SameRun, Derived: caught when false, passed when true, at declared levels."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from decide_cases import BASE, observation, observations, well_formed
from scipy import stats
from test_judges import claim

from theory.claim import Proof
from theory.rules import Bound, Derived, Difference, Law, SameRun, Universal, UniversalBound
from theory.run import Estimate
from verify.judge import judge as judged
from verify.outcome import Observation
from verify.report.tightness import Tightness
from verify.rules.judge import Exempt, Planted
from verify.rules.power import planned_power, runs_for_power, with_power
from verify.rules.registry import decide, judge_of
from verify.soundness.detect import detect
from verify.statistics.error_budget import in_family
from verify.statistics.quantiles import quantile_interval
from verify.vacuity import vacuity

# Universal ------------------------------------------------------------------------------------------


def test_one_counterexample_in_many_refutes_a_universal_statement() -> None:
    true = well_formed(decide(Universal(), observations([True] * 200)))
    assert true.verdict == "supported"
    assert true.reason.startswith("No counterexample in 1 setting, 200 runs.")
    false = well_formed(decide(Universal(), observations([True] * 999 + [False])))
    assert (false.verdict, false.p_value) == ("refuted", 0.0)
    assert false.statistic["violating"] == [999]


def test_a_slack_is_held_against_the_declared_rounding() -> None:
    rule = Universal(rounding=1e-9)
    assert decide(rule, observations([0.5, -1e-10])).verdict == "supported"
    assert decide(rule, observations([0.5, -1e-8])).verdict == "refuted"
    assert decide(rule, observations([0.5, 0.25])).measured == 0.25


def test_undecided_points_are_counted_and_never_dropped() -> None:
    seen = observations([True] * 99 + [math.nan])
    found = well_formed(decide(Universal(), seen))
    assert (found.verdict, found.statistic["undecided"]) == ("inconclusive", 1)
    assert "1 of 100 runs undecided" in found.reason
    assert decide(Universal(undecided=0.01), seen).verdict == "supported"
    assert decide(Universal(undecided=0.5), observations([math.nan] * 9)).verdict == "inconclusive"
    assert decide(Universal(), observations([math.nan, False])).verdict == "refuted"


def test_a_sampled_number_has_no_place_under_a_universal_statement() -> None:
    with pytest.raises(ValueError, match="not an Estimate"):
        decide(Universal(), observations([Estimate(0.5, 0.4, 0.6)]))
    with pytest.raises(ValueError, match="claim value must be True, False"):
        decide(Universal(), observations(["yes"]))


def test_chance_takes_no_part_in_universal_statements() -> None:
    for rule, values in ((Universal(), [True] * 40), (UniversalBound(), [(1.0, 2.0)] * 40)):
        assert not in_family(judged(claim(rule), tuple(observations(values)), None))
    assert in_family(judged(claim(Bound()), tuple(observations([(1.0, 2.0)] * 40)), None))


# Bounds ------------------------------------------------------------------------------------------


def test_a_bound_that_holds_is_supported_and_a_broken_one_refuted() -> None:
    rng = np.random.default_rng(1)
    tight = observations([(float(q), 1.0) for q in rng.uniform(0.3, 1.0, 200)])
    found = well_formed(decide(Bound(), tight))
    assert (found.verdict, found.grade) == ("supported", None)
    assert found.statistic["largest_ratio"] <= 1
    broken = observations([(1.5 if k % 5 == 0 else 0.5, 1.0) for k in range(200)])
    assert well_formed(decide(Bound(), broken)).verdict == "refuted"
    assert well_formed(decide(Bound(delta=0.5), broken)).verdict == "supported"


def test_a_loose_bound_is_supported_with_the_grade_that_says_so() -> None:
    seen = observations([(0.01 * (1 + k % 3), 1.0) for k in range(100)])
    found = well_formed(decide(Bound(), seen))
    assert (found.verdict, found.grade) == ("supported", "loose")
    assert found.statistic["slack_median"] == pytest.approx(-math.log10(0.02))
    assert found.statistic["slack_worst"] == pytest.approx(-math.log10(0.03))
    assert found.statistic["constant"] == pytest.approx(0.03)
    assert "loose" in found.reason
    assert "more than the default factor `loose` = 10" in found.reason
    assert "the declared factor `loose` = 20" in decide(Bound(loose=20.0), seen).reason
    assert decide(Bound(loose=100.0), seen).grade is None
    assert decide(UniversalBound(), seen).grade == "loose"


def test_the_constant_of_a_bound_covers_its_quantile() -> None:
    """Ratios uniform on [0, 1]: the .9 quantile is .9; the interval misses it in at most 5 % of samples."""
    rng = np.random.default_rng(3)
    missed = 0
    for _ in range(400):
        seen = observations([(float(q), 1.0) for q in rng.uniform(size=80)])
        low, high = decide(Bound(delta=0.1), seen).statistic["constant_interval"]
        missed += not low <= 0.9 <= (math.inf if high is None else high)
    assert missed <= stats.binom.isf(1e-4, 400, 0.05)


def test_a_lower_bound_is_the_mirror_image() -> None:
    seen = observations([(2.0, 1.0)] * 80)
    assert decide(Bound(upper=False), seen).verdict == "supported"
    assert decide(Bound(), seen).verdict == "refuted"
    assert decide(Bound(upper=False), seen).statistic["slack_median"] == pytest.approx(math.log10(2))


def test_one_run_beyond_a_universal_bound_refutes() -> None:
    """1 violation in 53 supported a false bracket as an event at delta = .05 and is too rare for a rate."""
    seen = observations([(0.5, 1.0)] * 200 + [(1.1, 1.0)])
    assert decide(Bound(), seen).verdict == "supported"
    assert well_formed(decide(UniversalBound(), seen)).verdict == "refuted"
    assert decide(UniversalBound(), observations([(1.0 + 1e-13, 1.0)])).verdict == "supported"
    with pytest.raises(ValueError, match="not an Estimate"):
        decide(UniversalBound(), observations([(Estimate(0.5, 0.4, 0.6), 1.0)]))


def test_a_bound_on_the_border_is_wrong_no_more_often_than_declared() -> None:
    suites, rng, rule = 1500, np.random.default_rng(5), Bound(delta=0.2)
    verdicts = []
    for _ in range(suites):
        broken = rng.uniform(size=60) < rule.delta
        verdicts.append(decide(rule, observations([(2.0 if b else 0.5, 1.0) for b in broken])).verdict)
    for word in ("supported", "refuted"):
        assert verdicts.count(word) <= stats.binom.isf(1e-4, suites, rule.alpha), word
        assert verdicts.count(word) > 0


# Differences ------------------------------------------------------------------------------------------


def differences(shift: float, runs: int = 40, seed: int = 0, sd: float = 0.1) -> list[Observation]:
    rng = np.random.default_rng(seed)
    return observations([(0.3 + shift + sd * float(z), 0.3) for z in rng.standard_normal(runs)])


def test_a_difference_within_the_margin_is_supported_beyond_it_refuted() -> None:
    rule = Difference(0.1, "why")
    assert well_formed(decide(rule, differences(0.0))).verdict == "supported"
    assert well_formed(decide(rule, differences(0.25))).verdict == "refuted"
    assert well_formed(decide(rule, differences(-0.25))).verdict == "refuted"
    assert well_formed(decide(rule, differences(0.1))).verdict == "inconclusive"
    # Numbers around 0, of either sign, have no ratio but a difference.
    around = observations([(0.01 * (-1) ** k, 0.0) for k in range(20)])
    assert decide(rule, around).verdict == "supported"


def test_fewer_than_eight_trials_decide_nothing() -> None:
    rule = Difference(0.1, "why")
    few = well_formed(decide(rule, observations([(1.0, 1.0)] * 7)))
    assert (few.verdict, few.needed) == ("inconclusive", 8)
    assert decide(rule, observations([(1.0, 1.0)] * 8)).verdict == "supported"
    same_seed = [observation((1.0, 1.0), k, seed=k % 7) for k in range(70)]
    assert decide(rule, same_seed).verdict == "inconclusive"


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_a_difference_on_the_border_is_wrong_no_more_often_than_declared(sign: float) -> None:
    suites, rule = 1500, Difference(0.1, "why")
    verdicts = [decide(rule, differences(sign * 0.1, 12, seed=k)).verdict for k in range(suites)]
    for word in ("supported", "refuted"):
        assert verdicts.count(word) <= stats.binom.isf(1e-4, suites, rule.alpha), word
        assert verdicts.count(word) > 0


def test_a_difference_that_cancels_over_the_box_is_refuted_by_its_slope() -> None:
    rng = np.random.default_rng(7)
    seen = []
    for k in range(200):
        s = BASE.with_(sigma_xi=float(10 ** rng.uniform(-1, 1)))
        seen.append(
            observation((0.3 * math.log10(s.sigma_xi) + 0.01 * float(rng.normal()), 0.0), k, setting=s)
        )
    found = well_formed(decide(Difference(0.1, "why"), seen))
    assert found.verdict == "refuted"
    assert found.reason.startswith("The difference changes with ")
    assert decide(Difference(0.6, "why"), seen).verdict == "supported"


def test_infinite_values_block_support_and_majorities_refute() -> None:
    rule = Difference(0.1, "why")
    one = well_formed(decide(rule, observations([(1.0, 1.0)] * 20 + [(math.inf, 1.0)])))
    assert (one.verdict, one.statistic["not_finite"]) == ("inconclusive", 1)
    assert decide(rule, observations([(1.0, 1.0)] * 3 + [(math.inf, 1.0)] * 20)).verdict == "refuted"
    with pytest.raises(ValueError, match="claim value must be a pair"):
        decide(rule, observations([1.0]))


def test_power_of_a_difference_is_that_of_its_test() -> None:
    rule = Difference(0.1, "why", planned_spread=0.1)
    suites = 600
    hits = sum(
        decide(rule, differences(0.0, 12, seed=10_000 + k)).verdict == "supported" for k in range(suites)
    )
    power = planned_power(rule, 12)
    assert power is not None
    assert stats.binomtest(hits, suites, power).pvalue > 1e-4
    assert planned_power(rule, 7) == 0.0
    needed = runs_for_power(rule, 8)
    assert needed is not None
    assert (planned_power(rule, needed) or 0) >= 0.8 > (planned_power(rule, needed - 1) or 0)


# Same runs ------------------------------------------------------------------------------------------


def by_engines(change: float = 0.0, runs: int = 40, names: bool = False) -> list[Observation]:
    out: list[Observation] = []
    for k in range(runs):
        for engine in ("first", "second"):
            value: Any = 1.0 + k + (change if engine == "second" and k == 17 else 0.0)
            out.append(
                observation({"x": value, "y": 0.0} if names else value, len(out), seed=k, engine=engine)
            )
    return out


@pytest.mark.parametrize("names", [False, True])
def test_engines_are_compared_run_by_run(names: bool) -> None:
    rule = SameRun(1e-9, "why")
    same = well_formed(decide(rule, by_engines(names=names)))
    assert (same.verdict, same.n_trials) == ("supported", 40)
    off = well_formed(decide(rule, by_engines(1e-6, names=names)))
    assert (off.verdict, off.statistic["violations"]) == ("refuted", 1)
    assert off.measured == pytest.approx(1e-6 / 18, rel=1e-3)
    assert "between second and first" in off.reason
    example = judge_of(rule).example(rule, off, by_engines(1e-6, names=names))
    assert example is not None
    assert (example.seed, example.engine) == (17, "second")


def test_a_run_is_compared_with_its_control() -> None:
    rule = SameRun(0.01, "why")
    assert decide(rule, observations([(1.0, 1.001)] * 40)).verdict == "supported"
    assert decide(rule, observations([(1.0, 1.001)] * 40 + [(1.0, 1.1)])).verdict == "refuted"
    assert decide(rule, observations([1e-3] * 40)).verdict == "supported"
    assert decide(rule, observations([0.5])).verdict == "refuted"
    assert decide(SameRun(0.01, "why", scale=1.0), observations([(1e-5, 2e-5)])).verdict == "supported"
    for bad in ((1.0, 2.0, 3.0), -1.0, "text", None):
        with pytest.raises(ValueError, match="claim value must be"):
            decide(rule, observations([bad]))


def test_runs_without_a_partner_and_missing_numbers_are_counted() -> None:
    rule = SameRun(1e-9, "why")
    lonely = [o for o in by_engines() if not (o.engine == "second" and o.seed == 3)]
    found = well_formed(decide(rule, lonely))
    assert (found.verdict, found.statistic["without_partner"]) == ("supported", 1)
    apart = [replace(o, seed=o.index) for o in by_engines()]
    assert decide(rule, apart).verdict == "inconclusive"
    lost = [replace(o, value=math.nan) if o.index == 4 else o for o in by_engines()]
    missing = well_formed(decide(rule, lost))
    assert (missing.verdict, missing.p_value) == ("inconclusive", 1.0)
    assert "Not measured (nan) in 1 pair" in missing.reason
    with pytest.raises(ValueError, match=r"with the names \['x', 'y'\]"):
        decide(rule, [replace(o, value={"x": 1.0}) if o.index == 5 else o for o in by_engines(names=True)])


# Derivations ------------------------------------------------------------------------------------------


def test_algebra_is_called_algebra() -> None:
    rule = Derived("symbolic n, m")
    proved = well_formed(decide(rule, [], proof=Proof(True, ("done",))))
    assert (proved.verdict, proved.n_trials) == ("derived", 0)
    assert proved.reason == "Proved symbolically (symbolic n, m). No run enters."
    checked = well_formed(decide(rule, observations([1e-16] * 9)))
    assert checked.verdict == "derived"
    assert "runs" not in checked.reason
    assert decide(rule, observations([1e-16, 1e-9])).verdict == "refuted"
    assert decide(rule, [], proof=Proof(False, ("lhs != rhs",))).verdict == "refuted"
    assert decide(rule, []).verdict == "inconclusive"
    assert decide(rule, observations([1e-16, math.nan]), proof=Proof(True, ())).verdict == "inconclusive"


def test_a_proof_without_runs_is_judged_and_nothing_without_either() -> None:
    proved = judged(claim(Derived("n = 2")), (), Proof(True, ()))
    assert proved.verdict == "derived"
    assert judged(claim(Derived("n = 2")), (), None).verdict == "not-applicable"
    assert not in_family(proved)
    with pytest.raises(ValueError, match="scope"):
        Derived(" ")


# What every one of them answers ----------------------------------------------------------------------

TRUE: list[tuple[Any, list[Observation]]] = [
    (Universal(), observations([True] * 60)),
    (Bound(), observations([(0.5, 1.0)] * 100)),
    (UniversalBound(), observations([(0.5, 1.0)] * 60)),
    (Difference(0.1, "why"), differences(0.0)),
    (SameRun(1e-9, "why"), by_engines()),
    (SameRun(1e-3, "why"), observations([(1.0, 1.0 + 1e-5)] * 60)),
    (Derived("symbolic n"), observations([1e-16] * 60)),
]
EACH = pytest.mark.parametrize(("rule", "seen"), TRUE, ids=[type(rule).__name__ for rule, _ in TRUE])


@EACH
def test_the_worst_outcome_refutes(rule: Any, seen: list[Observation]) -> None:
    worst = judge_of(rule).worst(rule, seen)
    assert worst is not None
    assert decide(rule, worst).verdict == "refuted"
    assert vacuity(judged(claim(rule), tuple(seen), None), family=5).refutable


@EACH
def test_planted_variants_are_found(rule: Any, seen: list[Observation]) -> None:
    found = list(judge_of(rule).variants(claim(rule), seen))
    for variant in found:
        if isinstance(variant, Planted):
            assert detect(variant, seen, level=1e-3).detected, variant.name
        else:
            assert isinstance(variant, Exempt)
    assert any(isinstance(v, Planted) for v in found) or isinstance(rule, Derived)


@EACH
def test_true_claims_keep_their_word_under_planned_power(rule: Any, seen: list[Observation]) -> None:
    decision = with_power(rule, decide(rule, seen), seen)
    assert decision.verdict == ("derived" if isinstance(rule, Derived) else "supported")
    if not isinstance(rule, Derived):
        assert decision.power is not None
        assert decision.power_basis


@EACH
def test_a_run_of_a_true_claim_holds(rule: Any, seen: list[Observation]) -> None:
    decision = judged(claim(rule), tuple(seen), None).decision
    readout = judge_of(rule).readout(rule, decision, seen[0])
    assert readout.holds or math.isnan(readout.measured)


def test_few_runs_of_a_universal_statement_are_luck() -> None:
    few = with_power(Universal(), decide(Universal(), observations([True] * 8)), [])
    assert few.verdict == "inconclusive"
    assert few.needed == 32


def test_order_statistics_limits_hold_for_any_law() -> None:
    rng = np.random.default_rng(11)
    missed = sum(
        not (e := quantile_interval(rng.standard_cauchy(50).tolist(), 0.5, 0.1)).low <= 0 <= e.high
        for _ in range(2000)
    )
    assert missed <= stats.binom.isf(1e-4, 2000, 0.1)
    for bad in ([], [math.nan]):
        with pytest.raises(ValueError, match="values"):
            quantile_interval(bad, 0.5, 0.1)
    with pytest.raises(ValueError, match="share"):
        quantile_interval([1.0], 1.0, 0.1)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Universal(rounding=-1.0), "rounding"),
        (lambda: Universal(undecided=1.0), "undecided"),
        (lambda: Bound(loose=1.0), "loose"),
        (lambda: Bound(delta=0.0), "delta"),
        (lambda: Bound(rounding=-1.0), "rounding"),
        (lambda: Difference(0.0, "why"), "margin"),
        (lambda: Difference(0.1, "why", alpha=0.5), "alpha"),
        (lambda: SameRun(0.0, "why"), "tolerance"),
        (lambda: SameRun(0.1, "why", scale=-1.0), "scale"),
        (lambda: Derived("n = 2", factor=0.0), "factor"),
    ],
)
def test_wrong_arguments_are_named(make: Any, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        make()


@pytest.mark.parametrize(
    ("trials", "why"),
    [(396, "refutes nothing under 800 trials (396 here)"), (100, "supports nothing under 200 trials")],
)
def test_a_mean_without_bound_says_why_it_decides_nothing(trials: int, why: str) -> None:
    far = [math.exp(0.3 + 0.2 * math.sin(k)) for k in range(trials)]
    said = decide(Law(0.05, "why", of="mean"), observations([(r, 1.0) for r in far])).reason
    assert f"a mean without `bound` {why}" in said
    assert "neither inside nor outside" not in said or trials < 200
    text = decide(Difference(0.05, "why", of="mean"), observations([(r, 1.0) for r in far])).reason
    assert why in text


def test_an_interval_without_an_end_says_that_there_are_too_few_trials() -> None:
    said = decide(Law(0.05, "why", alpha=0.01), observations([(1.01, 1.0)] * 5)).reason
    assert "5 trials are too few for a limit on either side at this level" in said


@pytest.mark.parametrize(
    ("median", "factor", "said"),
    [(15.67, 10.0, "loose: the constant could be far smaller"), (15.67, 20.0, "of the right order")],
)
def test_the_table_of_tightness_calls_loose_what_the_rule_does(
    median: float, factor: float, said: str
) -> None:
    assert Tightness("a", 9, 2.0, median, 99.0, 0, False, factor).remark == said
