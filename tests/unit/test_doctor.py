"""What `verify doctor` says of a setting, and how near its nearest setting is."""

from __future__ import annotations

import json
import math
import shlex
from dataclasses import replace

import numpy as np
import pytest

from theory.condition import all_inside
from theory.ledger import builtin_ledger
from theory.two_stage.conditions import ALL, COMPANIONS, CONDITION_4_1, DEFAULT_CONSTANTS
from theory.two_stage.paper import CLAIMS
from theory.two_stage.parameters import PARAMETERS, simulation_command
from theory.two_stage.setting import Setting
from verify.doctor import Diagnosis, diagnose
from verify.judge import admitted
from verify.runs.plan import RunSpec
from verify.search.nearest import nearest_setting

PAPER = (*CONDITION_4_1, *COMPANIONS)
NAMES = ("n", "d", "m", "sigma_0", "eta", "signal_norm")


def setting(**changes: float) -> Setting:
    values = {
        "n": 100,
        "d": 20_000,
        "m": 20,
        "n_snr2": 8.0,
        "tau_plus": 0.1,
        "tau_minus": 0.2,
        "kappa_0": 5.0,
        "clock_step": 0.1,
    }
    return Setting.from_n_snr2(**{**values, **changes})  # type: ignore[arg-type]


def diagnosed(s: Setting, **more: object) -> Diagnosis:
    return diagnose(s, CLAIMS, **more)  # type: ignore[arg-type]


def from_command(command: str) -> Setting:
    words = shlex.split(command)
    assert words[:4] == ["python", "-m", "simulation", "run"]
    values = {
        k.removeprefix("--").replace("-", "_"): float(v)
        for k, v in zip(words[4::2], words[5::2], strict=True)
    }
    counts = {name: int(values.pop(name)) for name in ("n", "d", "m")}
    return Setting.from_n_snr2(**counts, **values)  # type: ignore[arg-type]


def distance(a: Setting, b: Setting) -> float:
    return math.sqrt(sum(math.log(getattr(a, name) / getattr(b, name)) ** 2 for name in NAMES))


STARTS = [
    setting(),
    setting(n=30, d=200, m=3, kappa_0=0.01),
    setting(n_snr2=0.01, d=10**7),
    setting(n=400, d=10**8, clock_step=3.0, kappa_0=1000.0),
]


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("C", [1.0, 3.0])
def test_the_nearest_setting_is_inside_and_its_command_too(start: Setting, C: float) -> None:
    constants = DEFAULT_CONSTANTS.with_(C=C)
    assert not all_inside(PAPER, start, constants)
    nearest = diagnosed(start, C=C).nearest
    assert nearest is not None
    assert all_inside(PAPER, nearest.setting, constants)
    assert all_inside(PAPER, from_command(nearest.command), constants)
    assert nearest.distance == pytest.approx(distance(nearest.setting, start))


@pytest.mark.parametrize("start", STARTS)
def test_no_setting_found_by_chance_is_nearer(start: Setting) -> None:
    """Around the solution, and on the way from the start to it, in every direction."""
    found = nearest_setting(start, PAPER, DEFAULT_CONSTANTS, PARAMETERS)
    assert found is not None
    best = distance(found, start)
    rng = np.random.default_rng(0)
    at, origin = (np.log([getattr(s, name) for name in NAMES]) for s in (found, start))
    inside = 0
    for scale in (0.02, 0.1, 0.5):
        for _ in range(1000):
            point = at + scale * rng.normal(size=6) + rng.uniform(-0.1, 0.02) * (at - origin)
            values = np.exp(point)
            counts = {name: max(2, round(v)) for name, v in zip(NAMES[:3], values[:3], strict=True)}
            other = replace(start, **counts, **dict(zip(NAMES[3:], values[3:].tolist(), strict=True)))
            if all_inside(PAPER, other, DEFAULT_CONSTANTS):
                inside += 1
                # Solved to a relative margin of 1e-4, and rounded to whole n and m.
                assert distance(other, start) > best * (1 - 1e-3) - 1e-3
    assert inside >= 10


def test_a_setting_inside_is_its_own_nearest() -> None:
    start = setting(d=10**6, kappa_0=0.1, clock_step=0.04)
    nearest = diagnosed(start).nearest
    assert nearest is not None
    assert (nearest.setting, nearest.changed, nearest.distance) == (start, {}, 0.0)


def test_each_step_matters() -> None:
    """Only what is outside moves: a large initialisation is mended by sigma_0 and d alone."""
    start = setting(d=10**6, kappa_0=3.0, clock_step=0.04)
    nearest = diagnosed(start).nearest
    assert nearest is not None
    assert nearest.setting.kappa_0 == pytest.approx(1.0, rel=1e-3)
    assert "eta" not in nearest.changed


@pytest.mark.parametrize("start", STARTS[:2])
def test_what_is_kept_does_not_move(start: Setting) -> None:
    free, kept = diagnosed(start).nearest, diagnosed(start, keep=("sigma_0",)).nearest
    assert free is not None
    assert free.setting.sigma_0 != start.sigma_0
    assert kept is None or kept.setting.sigma_0 == start.sigma_0
    assert kept is None or kept.distance >= free.distance
    with pytest.raises(ValueError, match=r"--keep: there is no field 'q'; known: n, d"):
        diagnosed(start, keep=("q",))


def test_judged_claims_are_counted_by_item() -> None:
    found = diagnosed(setting(d=10**7, kappa_0=0.01))
    assert sum(found.items.values()) == len(found.judged)


def test_flip_rates_move_only_where_they_must() -> None:
    nearest = diagnosed(setting(tau_plus=0.01)).nearest
    assert nearest is not None
    assert (nearest.setting.tau_plus, nearest.setting.tau_minus) == (0.05, 0.2)
    assert nearest.rates == {"tau_plus": 0.05}


def test_there_is_none_where_the_rates_forbid_it() -> None:
    """At tau = .46 the threshold exceeds 30, the upper end of n SNR^2, with any number of samples."""
    claim = builtin_ledger()["two_stage.theorem_4_1.noisy_misfit"]
    assert diagnosed(setting(tau_plus=0.46), claim=claim).nearest is None
    assert diagnosed(setting(tau_plus=0.15), claim=claim).nearest is not None


def test_a_claim_brings_its_conditions_and_constants() -> None:
    claim = builtin_ledger()["two_stage.theorem_4_1.noisy_misfit"]
    nearest = diagnosed(setting(n_snr2=1.0), claim=claim).nearest
    assert nearest is not None
    assert all_inside(claim.conditions, nearest.setting, claim.constants)


def test_every_condition_is_listed_with_its_slack() -> None:
    s = setting()
    lines = {line.check.name: line for line in diagnosed(s).lines}
    assert set(lines) >= set(ALL)
    for name, condition in ALL.items():
        assert lines[name].check == condition.check(s, DEFAULT_CONSTANTS)
    assert lines["init_noise"].check.slack == pytest.approx(1 / 5.0)


@pytest.mark.parametrize("start", [setting(), setting(d=10**6, kappa_0=0.1, clock_step=0.04)])
def test_the_judged_claims_are_those_that_would_be_admitted(start: Setting) -> None:
    ledger = [c for c in CLAIMS if isinstance(start, c.experiment.setting_class)]
    judged = {c.id for c in ledger if admitted(c, RunSpec("x", 0, 0, start, 0, "law", {}))[1] is None}
    made = diagnosed(start)
    assert set(made.judged) == judged
    assert 0 < len(judged) < len(ledger)
    assert sum(made.not_judged.values()) == len(ledger) - len(judged)


def test_a_larger_constant_judges_fewer_claims() -> None:
    start = setting(d=10**6, kappa_0=0.1, clock_step=0.04)
    assert set(diagnosed(start, C=30.0).judged) < set(diagnosed(start).judged)


@pytest.mark.parametrize(
    ("n_snr2", "answers"),
    [(0.9, "no no no"), (1.5, "yes no no"), (2.4, "yes yes no"), (4.0, "yes yes yes")],
)
def test_stage_one_in_words(n_snr2: float, answers: str) -> None:
    """At tau = .1, a(1 - 2 tau) = .8 a against 1, 1.56 and 2."""
    sentence = diagnosed(setting(n_snr2=n_snr2, tau_minus=0.1)).regime[1]
    expected = ["yes" if 0.8 * n_snr2 > 2 * p else "no" for p in (0.5, 0.78, 1.0)]
    assert [
        word.strip(" .") for word in (part.split("): ")[1] for part in sentence.split("; ")[2:])
    ] == expected
    assert " ".join(expected) == answers


def test_the_json_is_strict() -> None:
    made = diagnosed(setting(tau_plus=0.0, tau_minus=0.0))
    text = json.dumps(made.as_dict(), allow_nan=False)
    assert json.loads(text)["target"] == "Condition 4.1 and companions (framework)"


def test_the_command_gives_the_setting_back() -> None:
    s = setting()
    again = from_command(simulation_command(s))
    for name in NAMES:
        assert getattr(again, name) == pytest.approx(getattr(s, name), rel=1e-9)


@pytest.mark.parametrize(("name", "value"), [("C", 0.0), ("C", math.inf), ("delta", 1.0)])
def test_wrong_constants_are_named(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"--{name} must"):
        diagnosed(setting(), **{name: value})
