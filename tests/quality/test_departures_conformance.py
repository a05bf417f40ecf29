"""Labels flipped afresh and biases are asked of an engine that offers them: wrong ones are seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from simulation import cnn_engine, reduced_engine
from simulation.two_stage.conformance.departures import departures
from simulation.two_stage.conformance.trial import Trial
from simulation.two_stage.training import train
from theory.two_stage.variation import PLAIN, Variation

FRESH, BIASES = "fresh flips: autograd", "biases: autograd"


def with_other(change: Callable[[Variation], Variation], **more: Any) -> Callable[..., Any]:
    """The network trained under another variation than the one asked for."""

    def engine(problem: Any, *, eta: float, steps: int, variation: Variation = PLAIN, **options: Any) -> Any:
        return train(
            problem, eta=eta, steps=steps, engine="cnn", variation=change(variation), **options, **more
        )

    return engine


def asked(engine: Any) -> dict[str, Any]:
    return {r.name: r for r in departures(Trial(engine), 0, 12)}


def test_ours_conform_and_the_closure_refuses_biases() -> None:
    found = asked(cnn_engine)
    assert [r.status for r in found.values()] == ["passed", "passed"]
    closure = asked(reduced_engine)
    assert closure[FRESH].status == "passed"
    assert closure[BIASES].status == "not run"
    assert closure[BIASES].rule == "refused: engine 'reduced' knows no biases: use 'cnn'"


@pytest.mark.parametrize(
    ("engine", "failed"),
    [
        (with_other(lambda v: replace(v, fresh_flips=0.0)), {FRESH}),
        (with_other(lambda v: replace(v, fresh_flips=v.fresh_flips and v.fresh_flips + 0.1)), {FRESH}),
        (with_other(lambda v: v, seed=1), {FRESH}),
        (with_other(lambda v: replace(v, biases=False)), {BIASES}),
        (with_other(lambda v: replace(v, momentum=0.1)), {FRESH, BIASES}),
    ],
    ids=["never flipped", "flipped too often", "other flips", "biases left at 0", "another optimiser"],
)
def test_a_wrong_engine_is_seen(engine: Any, failed: set[str]) -> None:
    assert {name for name, r in asked(engine).items() if r.status == "failed"} == failed


def test_an_engine_that_takes_no_variation_is_not_asked() -> None:
    def plain(problem: Any, *, eta: float, steps: int, dtype: str = "float64", device: str = "cpu") -> Any:
        return cnn_engine(problem, eta=eta, steps=steps, dtype=dtype, device=device)

    assert {r.rule for r in asked(plain).values()} == {"the engine takes no variation"}


def test_an_engine_that_raises_otherwise_fails() -> None:
    def raising(problem: Any, *, variation: Variation = PLAIN, **options: Any) -> Any:
        raise RuntimeError("no such luck")

    assert {r.status for r in asked(raising).values()} == {"failed"}
