"""How long a call of a measure may take: ten times the median claim's, at least so many seconds."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from theory import AbstractSetting, Box, Claim, Coordinate, Event, Experiment, Source, function_model
from verify.outcome import Verification
from verify.pipeline import verify_claims
from verify.runs.backends import SerialBackend
from verify.runs.batch import Batch, Done, Lost
from verify.runs.make import Made
from verify.runs.work import run_batch


@dataclass(frozen=True)
class Coin(AbstractSetting):
    n: int


RUNS = Experiment(
    "claim_time.runs",
    place=Box("coins", (Coordinate("n", 10, 100, whole=True),), lambda x: Coin(**x)),
    runs={"quick": 3},
    model=function_model(Coin, lambda s, rng: {"x": rng.random()}),
)


@dataclass
class Sleeps:
    """Takes so many seconds on every run; the first call of each process too."""

    seconds: float

    def __call__(self, run: Any) -> bool:
        time.sleep(self.seconds)
        return True


class InProcess(SerialBackend):
    """In this process, with the limits that a worker has; notes what each batch was allowed."""

    name = "here"

    def __init__(self) -> None:
        self.allowed: list[float] = []

    def run(self, batches: Iterable[Batch], device: str, seconds: float = math.inf) -> Iterator[Done | Lost]:
        for batch in batches:
            yield self.alone(batch, device, seconds)

    def alone(self, batch: Batch, device: str, seconds: float = math.inf) -> Done | Lost:
        self.allowed.append(max(seconds, batch.seconds))
        return run_batch(batch, device, seconds)

    def afresh(
        self, batches: Iterable[Batch], device: str, seconds: float = math.inf
    ) -> Iterator[Done | Lost]:
        return iter(())


def judged(
    monkeypatch: pytest.MonkeyPatch, floor: float, seconds: dict[str, float], given: float | None = None
) -> tuple[Verification, InProcess]:
    monkeypatch.setattr("verify.pipeline.CLAIM_SECONDS", floor)
    claims = [
        Claim(
            id=f"claim_time.{name}", source=Source("me", "1"), provenance="derived", statement="s",
            rule=Event(), measure=Sleeps(each), experiment=RUNS,
        )
        for name, each in seconds.items()
    ]  # fmt: skip
    backend = InProcess()
    return verify_claims(
        claims, "quick", 0, 1, backend=backend, claim_seconds=given, counterexamples=False
    ), backend


def failure(done: Verification, name: str) -> Any:
    return done[f"claim_time.{name}"].decision.statistic.get("failure")


FAST = {f"fast_{k}": 0.001 for k in range(3)}


def test_a_claim_far_slower_than_the_others_is_cut_off_at_the_least_time(monkeypatch: Any) -> None:
    done, backend = judged(monkeypatch, 0.1, {"slow": 0.5, **FAST})
    assert failure(done, "slow") == "timed out"
    assert all(failure(done, name) is None for name in FAST)
    assert set(backend.allowed) == {0.1}  # ten times a millisecond is less


def test_a_claim_slower_than_the_least_time_but_not_than_ten_others_goes_on(monkeypatch: Any) -> None:
    done, backend = judged(monkeypatch, 0.1, {"slow": 0.2, **{f"other_{k}": 0.05 for k in range(3)}})
    assert failure(done, "slow") is None
    assert max(backend.allowed) > 0.4
    # The order of the claims makes no difference: the batch that was cut off is made again.
    done, _ = judged(monkeypatch, 0.1, {**{f"other_{k}": 0.05 for k in range(3)}, "slow": 0.2})
    assert failure(done, "slow") is None


def test_a_time_that_was_asked_for_does_not_grow(monkeypatch: Any) -> None:
    done, backend = judged(monkeypatch, 60.0, {"slow": 0.2, "other": 0.05}, given=0.1)
    assert failure(done, "slow") == "timed out"
    assert set(backend.allowed) == {0.1}


def test_the_median_is_over_claims_not_over_calls() -> None:
    made = Made()
    assert made.allowed == 0.0
    made.called({"a": (1000 * 0.001, 1000), "b": (20.0, 2), "c": (90.0, 3)})
    assert made.allowed == pytest.approx(10 * 10.0)
    made.called({"a": (0.0, 0)})
    assert made.allowed == pytest.approx(100.0)


def test_calls_that_failed_are_not_counted() -> None:
    experiment = replace(RUNS, runs={"quick": 1})
    from verify.runs.batch import batches
    from verify.runs.plan import plan_runs

    def broken(run: Any) -> bool:
        raise KeyError("x")

    specs = plan_runs(experiment, "quick", 0)
    (batch,) = batches(experiment, specs, {"a": broken, "b": Sleeps(0.01)}, {0: ["a", "b"]})
    done = run_batch(batch, "cpu")
    assert list(done.calls) == ["b"]
    assert done.calls["b"][1] == 1
    assert done.calls["b"][0] >= 0.01


def test_what_is_allowed_follows_the_calls() -> None:
    """It is not worked out for every batch, yet never far from ten times the median."""
    made = Made()
    assert made.allowed == 0.0
    for k in range(1, 301):
        made.called({"mine.one": (0.01 * k, 1)})
        exact = 10 * 0.01 * (k + 1) / 2
        assert made.allowed == pytest.approx(exact, rel=0.02)
    assert made.allowed < 10 * 0.01 * 301 / 2  # known from a little before
