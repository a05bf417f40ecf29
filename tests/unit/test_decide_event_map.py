"""Maps of an event."""

from __future__ import annotations

import pytest
from decide_cases import observation, well_formed

from theory.claim import Proof
from theory.rules import Event, EventMap
from verify.rules.registry import decide
from verify.statistics.intervals import rate_interval


def test_a_map_pools_the_cells_beyond_its_threshold_and_tells_each() -> None:
    truth = {
        (1.0, 0.1): [True, False, False],
        (2.0, 0.1): [True] * 80,
        (3.0, 0.1): [True] * 70,
        (1.0, 0.2): [True],
    }
    runs = []
    for (a, tau), values in truth.items():
        for value in values:
            runs.append(observation(value, len(runs), labels={"a": a, "tau": tau}))
    rule = EventMap("a", 2.0, delta=0.1, alpha=0.02)
    found = well_formed(decide(rule, runs))
    event = decide(Event(delta=0.1, alpha=0.02), [r for r in runs if r.labels["a"] >= 2.0])
    assert (found.verdict, found.n_trials, found.measured) == (event.verdict, event.n_trials, event.measured)
    assert found.verdict == "supported"
    assert found.n_trials == 150
    assert {k: found.statistic[k] for k in event.statistic} == event.statistic
    assert event.reason in found.reason
    assert decide(rule, runs, proof=Proof(False, ("a step",))).verdict == "refuted"
    assert (found.statistic["axis"], found.statistic["threshold"]) == ("a", 2.0)
    for cell, ((a, tau), values) in zip(found.statistic["cells"], truth.items(), strict=True):
        share = rate_interval(sum(values), len(values), 0.02)
        assert cell == {
            "a": a, "tau": tau, "runs": len(values),
            "share": share.value, "low": share.low, "high": share.high,
        }  # fmt: skip
    assert found.reason.startswith("Where a >= 2: ")
    assert found.reason.endswith(
        " The share of runs is at least 0.9 at tau = 0.1: from 2; tau = 0.2: from 1."
    )


def test_where_a_map_is_reached_is_read_from_the_top() -> None:
    def reason(shares: dict[float, tuple[int, int]], **more: float) -> str:
        runs = []
        for a, (good, count) in shares.items():
            for k in range(count):
                runs.append(observation(k < good, len(runs), labels={"a": a} | more))
        return decide(EventMap("a", 9.0, delta=0.1), runs).reason

    assert "is at least 0.9 at a: from 2." in reason({1.0: (8, 10), 2.0: (9, 10), 9.0: (10, 10)})
    assert "from 9." in reason({1.0: (10, 10), 2.0: (8, 10), 9.0: (10, 10)})
    pooled = decide(Event(delta=0.1), [observation(k < 8, k) for k in range(10)]).reason
    assert reason({1.0: (10, 10), 9.0: (8, 10)}) == f"Where a >= 9: {pooled}"
    assert reason({1.0: (10, 10), 9.0: (8, 10)}, tau=0.1, b=2.0).endswith(" at tau = 0.1, b = 2: nowhere.")
    with pytest.raises(ValueError, match=r"^EventMap: a run has no label 'a'; has \['b'\]$"):
        decide(EventMap("a", 9.0), [observation(True, labels={"b": 1.0})])
    with pytest.raises(ValueError, match="must be True or False"):
        decide(EventMap("a", 9.0), [observation(1.0, labels={"a": 1.0})])
