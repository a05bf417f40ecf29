"""What a setting is good for: conditions, regime, judged claims, and the nearest setting that would do."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from theory.claim import Claim
from theory.condition import Condition, ConditionCheck, Constants, check_all
from theory.two_stage.setting import Setting

__all__ = ["Diagnosis", "Line", "NearestSetting", "diagnose", "simulation_command"]

#: p of the regimes: initial signs decide (kappa_0 >> 1), cross-talk on average (kappa_0 << 1), worst sample.
_SHARES = {"1/2": 0.5, ".78": 0.78, "1": 1.0}


@dataclass(frozen=True)
class Line:
    """One condition at the setting, and the group it belongs to."""

    group: str
    condition: Condition
    check: ConditionCheck


@dataclass(frozen=True)
class NearestSetting:
    """A setting inside all conditions wanted; `distance` is the root of the sum of squared log ratios over
    (n, d, m, sigma_0, eta, |mu|), `changed` the ratios that differ from 1, by name, and flip rates moved."""

    setting: Setting
    distance: float
    changed: dict[str, float]
    command: str


@dataclass(frozen=True)
class Diagnosis:
    """Everything `verify doctor` prints."""

    setting: Setting
    constants: Constants
    lines: tuple[Line, ...]
    regime: tuple[str, ...]
    judged: tuple[str, ...]
    not_judged: dict[str, int]
    target: str
    nearest: NearestSetting | None

    def as_dict(self) -> dict[str, Any]:
        """JSON types; an infinite slack is null."""
        nearest = self.nearest
        return {
            "setting": self.setting.as_dict(),
            "groups": self.setting.groups(),
            "constants": dict(self.constants.values),
            "conditions": [
                {
                    "name": line.check.name,
                    "group": line.group,
                    "provenance": line.condition.provenance,
                    "value": line.check.value,
                    "threshold": line.check.threshold,
                    "slack": line.check.slack if math.isfinite(line.check.slack) else None,
                    "inside": line.check.inside,
                }
                for line in self.lines
            ],
            "regime": list(self.regime),
            "judged": list(self.judged),
            "not_judged": dict(self.not_judged),
            "target": self.target,
            "nearest": None
            if nearest is None
            else {
                "setting": nearest.setting.as_dict(),
                "groups": nearest.setting.groups(),
                "distance": nearest.distance,
                "changed": nearest.changed,
                "command": nearest.command,
            },
        }


def diagnose(
    setting: Setting,
    ledger: Sequence[Claim],
    *,
    claim: Claim | None = None,
    C: float | None = None,
    delta: float | None = None,
) -> Diagnosis:
    """Conditions, regime, judged claims and the nearest setting for a claim (default Condition 4.1).

    `C` and `delta` replace the values in use, for the claims as well.

    Raises:
        ValueError: when a constant is out of range.
    """
    from theory.two_stage.conditions import COMPANIONS, CONDITION_4_1, DEFAULT_CONSTANTS, SCOPE
    from verify.search.nearest import nearest_setting

    if C is not None and not 0 < C < math.inf:
        raise ValueError(f"--C must be a finite number > 0, was {C}")
    if delta is not None and not 0 < delta < 1:
        raise ValueError(f"--delta must lie in (0, 1), was {delta}")
    changes = {k: v for k, v in (("C", C), ("delta", delta)) if v is not None}
    constants = (claim.constants if claim is not None else DEFAULT_CONSTANTS).with_(**changes)
    lines = []
    for group, conditions in (
        ("Condition 4.1", CONDITION_4_1),
        ("companions (framework)", COMPANIONS),
        ("scope of this project's laws", SCOPE),
    ):
        checks = check_all(conditions, setting, DEFAULT_CONSTANTS.with_(**constants.values))
        lines += [Line(group, c, check) for c, check in zip(conditions, checks, strict=True)]
    known = {line.condition.name for line in lines}
    if claim is not None:
        own = tuple(c for c in claim.conditions if c.name not in known)
        checks = check_all(own, setting, constants)
        lines += [Line(claim.id, c, check) for c, check in zip(own, checks, strict=True)]

    judged, reasons = [], Counter[str]()
    for each in ledger:
        reason = _not_judged(each, setting, changes)
        if reason is None:
            judged.append(each.id)
        else:
            reasons[reason] += 1
    wanted = claim.kept_conditions if claim is not None else (*CONDITION_4_1, *COMPANIONS)
    nearest = nearest_setting(setting, wanted, constants)
    return Diagnosis(
        setting=setting,
        constants=constants,
        lines=tuple(lines),
        regime=_regime(setting),
        judged=tuple(judged),
        not_judged=dict(reasons.most_common()),
        target=claim.id if claim is not None else "Condition 4.1 and its companions",
        nearest=None if nearest is None else _described(setting, nearest),
    )


def _not_judged(claim: Claim, setting: Setting, changes: dict[str, float]) -> str | None:
    """The first condition that keeps a claim from being judged at the setting; None when it is judged."""
    checks = check_all(claim.conditions, setting, claim.constants.with_(**changes))
    for check in checks:
        if check.name not in claim.drops and not check.inside:
            return f"outside {check.name}"
    if claim.is_probe and all(c.inside for c in checks if c.name in claim.drops):
        return f"inside {', '.join(claim.drops)}, which a probe leaves out"
    return None


def _regime(s: Setting) -> tuple[str, ...]:
    """The setting's place in the dimensionless groups, a sentence each."""
    if s.kappa_0 >= 10:
        share = "initial signs decide which filters are active, p = 1/2; outside the paper's bound on sigma_0"
    elif s.kappa_0 > 1:
        share = "between the regimes: initial signs and cross-talk both decide, p somewhat above 1/2"
    else:
        share = "cross-talk decides which filters are active, p near .78 and up to 1: the paper's regime"
    margin = s.signal_margin
    stage = [
        f"at p = {name} ({'>' if margin > 2 * p else '<='} {2 * p:g}): {'yes' if margin > 2 * p else 'no'}"
        for name, p in _SHARES.items()
    ]
    ratio = s.d / s.n
    limit = 8 / s.n_snr2
    return (
        f"kappa_0 = {s.kappa_0:.3g}: {share}.",
        f"Stage I exists (noisy samples are first pushed the wrong way) when a(1 - 2 tau) > 2p; "
        f"a(1 - 2 max tau) = {margin:.3g}; {'; '.join(stage)}.",
        f"iota = {s.iota:.3g}: the head start iota/sqrt(2 pi) of every margin is {s.iota * 0.3989:.2g}"
        f"{', negligible' if s.iota <= 0.1 else ', NOT negligible: times shift'}.",
        f"h = {s.clock_step:.3g}: "
        + (
            "the step resolves the flow"
            if s.clock_step <= min(0.1, limit)
            else f"a coarse step; gradient descent stays monotone up to h = 8/a = {limit:.3g}"
            if s.clock_step <= limit
            else f"beyond h = 8/a = {limit:.3g}, where gradient descent is no longer monotone"
        )
        + ".",
        f"d/n = {ratio:.3g}, d/n^2 = {ratio / s.n:.3g}: "
        + (
            "active filters stay active"
            if ratio >= 20
            else "below about 20 active filters are lost in training; no law here speaks of it"
        )
        + ".",
    )


def _described(start: Setting, found: Setting) -> NearestSetting:
    names = ("n", "d", "m", "sigma_0", "eta", "signal_norm")
    ratios = {name: getattr(found, name) / getattr(start, name) for name in names}
    changed = {name: ratio for name, ratio in ratios.items() if abs(math.log(ratio)) > 1e-3}
    for name in ("tau_plus", "tau_minus"):
        if getattr(found, name) != getattr(start, name):
            changed[name] = getattr(found, name)
    distance = math.sqrt(sum(math.log(ratio) ** 2 for ratio in ratios.values()))
    return NearestSetting(found, distance, changed, simulation_command(found))


def simulation_command(setting: Setting) -> str:
    """The command that trains at a setting; numbers to the digits that make it the same setting."""
    numbers = {
        "n": f"{setting.n}",
        "d": f"{setting.d}",
        "m": f"{setting.m}",
        "sigma-xi": f"{setting.sigma_xi!r}",
        "n-snr2": f"{setting.n_snr2:.10g}",
        "tau-plus": f"{setting.tau_plus!r}",
        "tau-minus": f"{setting.tau_minus!r}",
        "kappa-0": f"{setting.kappa_0:.10g}",
        "clock-step": f"{setting.clock_step:.10g}",
    }
    return "python -m simulation run " + " ".join(f"--{name} {value}" for name, value in numbers.items())
