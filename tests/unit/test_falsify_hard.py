"""False claims that hide from a search: in corners, behind small rates, in rules that speak of many runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from theory.two_stage.box import Domain
from verify.load import load_claims_file
from verify.rules.registry import violates
from verify.search.corners import _drawn, scan, shrunk
from verify.search.falsify import falsify
from verify.search.shrink import measure_at
from verify.search.timed_runs import Trials

HARD = Path(__file__).parents[1] / "planted" / "search_claims.py"
CLAIMS = {c.id: c for c in load_claims_file(HARD)}

#: Judged at one setting: found with a run that its replay breaks.
AT_A_SETTING = ("tiny_corner", "unlikely", "unlikely_corner", "one_end", "cell")
#: Judged over many runs: found with the command that judges them again.
AS_A_WHOLE = ("exponent", "wide_zscore", "shifted_zscore", "calibration", "same_law")


@pytest.mark.parametrize("name", AT_A_SETTING)
def test_found_at_a_setting(name: str) -> None:
    claim = CLAIMS[f"planted.hard.{name}"]
    found = falsify(claim, seconds=60.0).found
    assert found is not None
    seen = measure_at(claim, found.setting, found.seed, found.engine)
    assert seen.not_judged is None
    assert violates(claim, seen) is True


@pytest.mark.parametrize("name", AS_A_WHOLE)
def test_found_as_a_whole(name: str) -> None:
    claim = CLAIMS[f"planted.hard.{name}"]
    # Refuted at the first look; then a share of the time goes into a single setting that would do.
    result = falsify(claim, seconds=8.0 if "zscore" in name else 60.0)
    assert result.found is not None
    assert result.found.replay.startswith(f"python -m verify falsify {claim.id} --seed 0 ")


@pytest.mark.parametrize("name", ["inside", "at_the_limit", "silent", "law"])
def test_what_is_true_where_it_is_claimed_stays(name: str) -> None:
    result = falsify(CLAIMS[f"planted.safe.{name}"], seconds=1.0)
    assert result.found is None
    assert result.runs > 20


def test_outside_its_condition_the_same_claim_falls() -> None:
    claim = CLAIMS["planted.safe.inside"]
    found = falsify(claim, seconds=60.0, outside=["signal_dominates"]).found
    assert found is not None
    assert found.setting.signal_margin < 8


# Parts ---------------------------------------------------------------------------------------------------


def test_error_levels_of_all_judgements_add_up_to_less_than_alpha() -> None:
    trials = Trials(CLAIMS["planted.hard.unlikely"], "law", np.inf)
    spent = sum(trials.next_alpha() for _ in range(10_000))
    assert 0.049 < spent < 0.05
    assert trials.next_alpha() > 0  # however many judgements were made


def test_a_scan_visits_the_ends_of_the_box_and_stays_inside() -> None:
    box = CLAIMS["planted.hard.unlikely"].experiment.place
    assert isinstance(box, Domain)
    rng = np.random.default_rng(0)
    points = [_drawn(box, rng) for _ in range(2000)]
    for c in box.coordinates:
        low, high = c.low, c.high
        values = np.array([p[c.name] for p in points])
        assert values.min() == low
        assert values.max() == high
        # 1/4 on each end; five standard deviations of a share of 2000.
        for end in (low, high):
            excess = (values == end).mean() - 0.25
            # Numbers of things are rounded: more of them end there.
            assert excess > -5 * np.sqrt(0.25 * 0.75 / 2000)
            assert c.whole or excess < 5 * np.sqrt(0.25 * 0.75 / 2000)


def test_a_scan_yields_only_runs_that_break_the_claim() -> None:
    import time

    claim = CLAIMS["planted.hard.unlikely_corner"]
    assert isinstance(claim.experiment.place, Domain)
    trials = Trials(claim, "law", time.monotonic() + 5.0)
    found = []
    for _, o in scan(trials, claim.experiment.place, 0, 0.0):
        found.append(o)
        if len(found) == 3:
            break
    assert len(found) == 3
    assert all(o.value is False for o in found)


def test_shrinking_goes_as_low_as_the_failure_allows() -> None:
    box = CLAIMS["planted.hard.unlikely"].experiment.place
    assert isinstance(box, Domain)
    box = replace(box, equal_rates=False)
    point = _drawn(box, np.random.default_rng(1)) | {"kappa_0": 8.0, "signal_margin": 18.0}
    small = shrunk(box, point, lambda s: s.kappa_0 > 1.9 and s.signal_margin > 4)
    assert (small.n, small.m) == (box.n[0], box.m[0])
    assert small.tau_plus == small.tau_minus == box.tau[0]
    assert 1.9 < small.kappa_0 < 8.0
    assert 4 < small.signal_margin < 18.0
