"""Observations and claims made by hand, for the tests of the verdict calculus."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from theory.claim import Claim
from theory.experiment import Experiment
from theory.rules import Event
from theory.source import Source
from theory.two_stage.setting import Setting
from verify.outcome import VERDICTS, Decision, Observation

BASE = Setting(
    n=100, d=10_000, m=20, sigma_xi=1.0, signal_norm=20.0, tau_plus=0.1, tau_minus=0.1, sigma_0=1e-3, eta=0.01
)


def observation(value: Any, index: int = 0, **changes: Any) -> Observation:
    """A judged observation; its own seed unless one is given."""
    fields: dict[str, Any] = {
        "experiment": "example",
        "index": index,
        "replicate": index,
        "setting": BASE,
        "seed": 1000 + index,
        "engine": "law",
        "labels": {},
        "value": value,
        "not_judged": None,
        "steps": 100,
        "dtype": "float64",
    }
    return Observation(**(fields | changes))


def claim_of(claim_id: str, experiment: Experiment, /, **changes: Any) -> Claim:
    """An event that holds in every run, unless told otherwise."""
    fields: dict[str, Any] = {
        "id": claim_id, "source": Source("example", "1"), "provenance": "derived", "statement": "example",
        "rule": Event(), "measure": lambda run: True, "experiment": experiment,
    }  # fmt: skip
    return Claim(**(fields | changes))


def observations(values: Iterable[Any], **changes: Any) -> list[Observation]:
    """One observation a value, each with its own index and seed."""
    return [observation(value, index, **changes) for index, value in enumerate(values)]


def sweep(
    slopes: Iterable[float], parameter: str = "eta", factors: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
) -> list[Observation]:
    """`value = 7 parameter ** slope`, one replicate a slope, paired seeds."""
    out: list[Observation] = []
    for replicate, slope in enumerate(slopes):
        for factor in factors:
            x = getattr(BASE, parameter) * factor
            setting = BASE.with_(**{parameter: x})
            out.append(
                observation(7 * x**slope, len(out), replicate=replicate, seed=replicate, setting=setting)
            )
    return out


def _check_json(value: Any) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            assert type(key) is str, key
            _check_json(item)
    elif isinstance(value, list):
        for item in value:
            _check_json(item)
    else:
        assert value is None or type(value) in (bool, int, float, str), (value, type(value))
        assert type(value) is not float or np.isfinite(value), value


def well_formed(decision: Decision) -> Decision:
    """The decision itself, after checking that it can be written as strict JSON and read as a sentence."""
    assert decision.verdict in VERDICTS
    assert decision.reason.endswith(".")
    assert "\n" not in decision.reason
    for value in (dict(decision.statistic), decision.measured, decision.predicted, decision.n_trials):
        _check_json(value)
    assert {"runs", "trials", "interval", "level"} <= set(decision.statistic)
    assert decision.needed is None or type(decision.needed) is int
    if decision.verdict != "inconclusive":
        assert decision.needed is None
    return decision


def differences(shift: float, runs: int = 40, seed: int = 0, sd: float = 0.1) -> list[Observation]:
    """Normal differences around `shift`."""
    rng = np.random.default_rng(seed)
    return observations([(0.3 + shift + sd * float(z), 0.3) for z in rng.standard_normal(runs)])


def by_engines(change: float = 0.0, runs: int = 40, names: bool = False) -> list[Observation]:
    """Runs of two engines that share their seeds; the second is off by `change` in one of them."""
    out: list[Observation] = []
    for k in range(runs):
        for engine in ("first", "second"):
            value: Any = 1.0 + k + (change if engine == "second" and k == 17 else 0.0)
            out.append(
                observation({"x": value, "y": 0.0} if names else value, len(out), seed=k, engine=engine)
            )
    return out
