"""The search for counterexamples finds planted ones, and none where there is none."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from decide_cases import observation

from simulation.models import Engine, FunctionRun, Job
from theory.claim import Claim
from theory.condition import check_all
from theory.experiment import Experiment
from theory.ledger import builtin_ledger
from theory.model import Model
from theory.place import Box, Coordinate
from theory.rules import Band, Event, FittedBand, Identity, Law, Rule, ZScores
from theory.setting import AbstractSetting
from verify.budget import parse_budget
from verify.load import load_claims_file
from verify.outcome import Decision
from verify.pipeline import verify_claims
from verify.rules.excess import CAP
from verify.rules.registry import excess, violates
from verify.runs.backends import SerialBackend
from verify.search.falsify import Falsification, falsify
from verify.search.outside import box_outside
from verify.search.shrink import measure_at

PLANTED = Path(__file__).parents[1] / "planted"
SEARCH, FALSE = PLANTED / "search_claims.py", PLANTED / "twin_claims.py"

FALSE_HERE = ("corner", "band", "law", "identity")


def claim(path: Path, claim_id: str) -> Claim:
    (found,) = [c for c in load_claims_file(path) if c.id == claim_id]
    return found


def searched(path: Path, claim_id: str, seconds: float = 20.0) -> tuple[Claim, Falsification]:
    chosen = claim(path, claim_id)
    return chosen, falsify(chosen, seconds=seconds)


# Found -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FALSE_HERE)
def test_a_false_claim_has_a_counterexample_that_its_replay_breaks(name: str) -> None:
    chosen, result = searched(SEARCH, f"planted.search.{name}")
    found = result.found
    assert found is not None
    assert result.seconds < 20
    seen = measure_at(chosen, found.setting, found.seed, found.engine)
    assert seen.not_judged is None
    assert seen.value == found.value
    assert violates(chosen, seen) is True
    words = shlex.split(found.replay)
    assert words[:5] == ["python", "-m", "verify", "replay", chosen.id]
    assert words[words.index("--seed") + 1] == str(found.seed)
    # Shrunk to the smallest network of the box, in the corner where the claim fails.
    assert (found.setting.n, found.setting.m) == (6, 2)
    if name == "corner":
        assert found.setting.kappa_0 > 2.5
        assert found.setting.signal_margin > 11


def test_the_rule_itself_does_not_see_the_corner() -> None:
    """4 % of the box is below delta on average; the search reads the claim at every setting."""
    chosen = claim(SEARCH, "planted.search.corner")
    (judgement,) = verify_claims(
        [chosen], profile="quick", counterexamples=False, backend=SerialBackend()
    ).judgements
    assert judgement.verdict != "refuted"


def test_values_of_the_wrong_sign_are_no_constants() -> None:
    _, result = searched(SEARCH, "planted.search.sign")
    assert result.found is not None
    assert result.found.value <= 0


def test_constants_that_span_too_much_are_found_at_two_settings() -> None:
    chosen, result = searched(SEARCH, "planted.search.fitted", 30.0)
    assert isinstance(chosen.rule, FittedBand)
    assert result.found is not None
    low = float(result.measured.split("lie below ")[1].split(",")[0])
    assert result.found.value > low * chosen.rule.max_ratio * (1 - 1e-3)  # printed to four digits


@pytest.mark.parametrize("name", ["stage_order", "loss_time_exponent_eta"])
def test_the_planted_falsehoods_of_the_pipeline_are_found_too(name: str) -> None:
    _, result = searched(FALSE, f"planted.{name}")
    assert result.found is not None
    if "exponent" in name:
        assert result.found.replay.startswith(f"python -m verify falsify planted.{name} --seed 0 ")


# Not found -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claim_id", ["two_stage.recursion.gamma", "two_stage.recursion.rho", "two_stage.closure"]
)
def test_exact_identities_have_none(claim_id: str) -> None:
    result = falsify(builtin_ledger()[claim_id], seconds=1.5)
    assert result.found is None
    assert result.runs > 3


@pytest.mark.parametrize("name", ["rare", "rounding", "zscores", "fitted"])
def test_a_sound_claim_has_none(name: str) -> None:
    _, result = searched(SEARCH, f"planted.sound.{name}", 1.0)
    assert result.found is None
    assert result.runs > 0


def test_the_same_residual_is_found_when_it_is_no_rounding() -> None:
    chosen = claim(SEARCH, "planted.sound.rounding")
    wrong = replace(chosen, measure=lambda run: 1e-9)
    result = falsify(wrong, seconds=10.0)
    assert result.found is not None
    assert "in float32 1e-09" in result.measured


@dataclass(frozen=True)
class Dot(AbstractSetting):
    x: float


class Rounded(Engine):
    """The residual tells setting and seed; without the option, what is left is rounding."""

    dtypes = ("float64", "float32")

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[Any]:
        def residual(job: Job) -> float:
            left = job.setting.x + job.seed % 1000
            return left * 2.0**29 if job.dtype == "float32" and job.options != "hard" else left

        return [FunctionRun(job.setting, job.seed, {"residual": residual(job)}) for job in jobs]


@pytest.mark.parametrize("options", ["hard", None])
def test_the_check_in_float32_makes_the_same_run(options: str | None) -> None:
    engine = Rounded()
    place = Box("dots", (Coordinate("x", 1.0, 2.0),), lambda v: Dot(**v))
    experiment = Experiment(
        "dots", place=place, runs={"quick": 8}, model=Model("dots", Dot, {"rounded": engine}), options=options
    )
    false = replace(
        claim(SEARCH, "planted.sound.rounding"), experiment=experiment, measure=lambda run: run.residual
    )
    result = falsify(false, seconds=1.0 if options is None else 3.0)
    if options is None:
        assert result.found is None
        return
    assert result.found is not None
    assert result.measured.endswith(f"in float32 {result.found.value:.3g}")


def test_it_stops_in_time() -> None:
    _, result = searched(SEARCH, "planted.sound.rare", 1.0)
    # Beyond the budget goes at most the run in progress, a few hundredths of a second here.
    assert result.seconds < 3.0


def test_a_search_repeats_itself() -> None:
    # Time to spare: what is left of it decides how many runs the next round has.
    _, first = searched(SEARCH, "planted.search.band", seconds=300.0)
    _, second = searched(SEARCH, "planted.search.band", seconds=300.0)
    assert first.found == second.found
    assert first.runs == second.runs


# Outside a condition ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dimension", "signal_dominates", "init_noise", "flip_rates"])
def test_the_box_outside_a_condition_lies_outside_it(name: str) -> None:
    chosen = builtin_ledger()["two_stage.theorem_4_1.noisy_misfit"]
    place = chosen.experiment.place
    assert isinstance(place, Box)
    box = box_outside(chosen, place, name)
    rng = np.random.default_rng(0)
    outside = others = 0
    for _ in range(50):
        checks = {c.name: c.inside for c in check_all(chosen.conditions, box.draw(rng), chosen.constants)}
        outside += not checks.pop(name)
        others += all(checks.values())
    assert outside >= 45  # the edge is taken at the middle of the box, so a few draws may stay inside
    assert others >= 45


def test_a_claim_that_needs_its_condition_is_broken_outside_it() -> None:
    chosen = builtin_ledger()["two_stage.theorem_4_1.noisy_misfit"]
    chosen = replace(chosen, experiment=replace(chosen.experiment, clock=0.5, snapshots=()))
    result = falsify(chosen, seconds=20.0, outside=["signal_dominates"])
    assert result.found is not None
    threshold = next(c for c in chosen.conditions if c.name == "signal_dominates")
    assert not threshold.check(result.found.setting, chosen.constants).inside
    assert result.found.replay.endswith(" --outside signal_dominates")


def test_an_unknown_condition_is_named() -> None:
    chosen = builtin_ledger()["two_stage.theorem_4_1.noisy_misfit"]
    with pytest.raises(ValueError, match=r"--outside must name conditions .* was 'nonsense'"):
        falsify(chosen, seconds=1.0, outside=["nonsense"])


def test_a_grid_cannot_be_left() -> None:
    chosen = builtin_ledger()["two_stage.theorem_4_1.event_map"]
    with pytest.raises(ValueError, match="fixed settings"):
        falsify(chosen, seconds=1.0, outside=["dimension"])


# Violation -------------------------------------------------------------------------------------------

FITTED = Decision("supported", "", None, None, {"lower": 1.0, "upper": 2.0}, 1)


@pytest.mark.parametrize(
    ("rule", "value", "broken"),
    [
        (Event(), True, False),
        (Event(), False, True),
        (Identity(factor=64.0), 0.0, False),
        (Identity(factor=64.0), 64 * 2.0**-52, False),
        (Identity(factor=64.0), 65 * 2.0**-52, True),
        (Band(1.0, 2.0, "x"), 2.0, False),
        (Band(1.0, 2.0, "x"), 2.001, True),
        (Band(1.0, 2.0, "x"), math.inf, True),
        (Band(-math.inf, 2.0, "x"), -1e9, False),
        (FittedBand(9.0, "x"), 1.0, False),
        (FittedBand(9.0, "x"), 0.999, True),
        (FittedBand(9.0, "x"), 2.001, True),
        (Law(0.1, "x"), (1.09, 1.0), False),
        (Law(0.1, "x"), (1.0, 1.11), True),
        (Law(0.1, "x"), (math.inf, 1.0), True),
        (ZScores("x", sds=4.0), (4.5, 0.0, 1.0, 0.6), False),
        (ZScores("x", sds=4.0), (4.7, 0.0, 1.0, 0.6), True),
    ],
)
def test_a_violation_is_positive_exactly_where_the_claim_is_broken(
    rule: Rule, value: object, broken: bool
) -> None:
    chosen = replace(claim(SEARCH, "planted.sound.rare"), rule=rule)
    seen = observation(value, 0, steps=1)
    number = excess(chosen, seen, FITTED)
    assert number is not None
    assert abs(number) <= CAP
    assert (number > 0) is broken
    assert violates(chosen, seen, FITTED) is broken


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("5m", 300), ("1h", 3600), ("0.5s", 0.5)])
def test_budgets(text: str, seconds: float) -> None:
    assert parse_budget(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "0s", "-1s", "5 minutes", "1e9s", "nans", "infs"])
def test_wrong_budgets(text: str) -> None:
    with pytest.raises(ValueError, match="--budget must be a time > 0"):
        parse_budget(text)
