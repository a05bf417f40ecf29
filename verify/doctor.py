"""What a setting is good for: conditions, regime, judged claims, and the nearest setting that would do."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from theory.claim import Claim
from theory.condition import Condition, ConditionCheck, Constants, check_all
from theory.paper import Paper, paper_of
from theory.parameters import Parameters
from theory.setting import AbstractSetting
from verify.search.nearest import log_distance, moved_fields, nearest_setting

__all__ = ["Diagnosis", "Line", "NearestSetting", "diagnose"]

#: A paper that says nothing of how its settings are made.
_NONE = Parameters((), lambda values: AbstractSetting())


@dataclass(frozen=True)
class Line:
    """One condition at the setting, and the group it belongs to."""

    group: str
    condition: Condition
    check: ConditionCheck


@dataclass(frozen=True)
class NearestSetting:
    """A setting inside all conditions wanted; `distance` is the root of the sum of squared log ratios over
    the fields that move, `changed` the ratios that differ from 1, by name, `rates` the rates moved, and
    `command` makes a run there ("" where the model has no command)."""

    setting: AbstractSetting
    distance: float
    changed: dict[str, float]
    rates: dict[str, float]
    command: str


@dataclass(frozen=True)
class Diagnosis:
    """Everything `verify doctor` prints; `items` counts the judged claims by where they stand. Where no
    setting meets all conditions asked for, `target` and `nearest` are of the first group that agrees,
    `others` of the rest."""

    setting: AbstractSetting
    constants: Constants
    lines: tuple[Line, ...]
    regime: tuple[str, ...]
    judged: tuple[str, ...]
    items: dict[str, int]
    not_judged: dict[str, int]
    target: str
    nearest: NearestSetting | None
    moves: tuple[str, ...]
    others: tuple[tuple[str, NearestSetting | None], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON types; an infinite slack is null."""
        nearest = self.nearest
        return {
            "setting": self.setting.as_dict(),
            "groups": dict(self.setting.groups()),
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
            "judged_by_item": dict(self.items),
            "not_judged": dict(self.not_judged),
            "target": self.target,
            "nearest": _record(nearest),
            "others": [{"target": target, "nearest": _record(found)} for target, found in self.others],
        }


def _record(nearest: NearestSetting | None) -> dict[str, Any] | None:
    if nearest is None:
        return None
    return {
        "setting": nearest.setting.as_dict(),
        "groups": dict(nearest.setting.groups()),
        "distance": nearest.distance,
        "changed": nearest.changed | nearest.rates,
        "command": nearest.command,
    }


def diagnose(
    setting: AbstractSetting,
    ledger: Iterable[Claim],
    *,
    paper: Paper | None = None,
    claim: Claim | None = None,
    keep: Sequence[str] = (),
    **changes: float | None,
) -> Diagnosis:
    """Conditions, regime, judged claims and the nearest setting for a claim (default: the conditions that
    the paper asks for).

    `changes` replace the values in use of named constants, for the claims as well.

    Args:
        ledger: of its claims those about settings of this class are looked at.
        paper: default the one in whose folder the setting's class stands.
        keep: fields that the nearest setting has as they are.

    Raises:
        ValueError: when no paper is known, there is no such field to keep or no such constant, or that is out
            of range.
    """
    paper = paper or paper_of(type(setting))
    if paper is None:
        raise ValueError(f"paper is missing: {type(setting).__name__} stands in no paper's folder")
    for name in keep:
        if name not in setting.as_dict():
            known = ", ".join(setting.as_dict())
            raise ValueError(f"--keep: there is no field {name!r}; known: {known}")
    given = {name: value for name, value in changes.items() if value is not None}
    base = claim.constants if claim is not None else paper.constants
    for name, value in given.items():
        if name not in {**paper.constants.values, **base.values}:
            known = ", ".join(paper.constants.values) or "none"
            raise ValueError(f"--{name}: there is no such constant; known: {known}")
        if not 0 < value < math.inf:
            raise ValueError(f"--{name} must be a finite number > 0, was {value}")
        if name == "delta" and not value < 1:  # a failure probability, as in the rules
            raise ValueError(f"--{name} must lie in (0, 1), was {value}")
    constants = base.with_(**given)
    lines = []
    spoken = _spoken_of(paper, type(setting))
    if claim is not None:
        spoken = _of_claim(spoken, claim)
    for group, conditions in spoken.items():
        checks = check_all(conditions, setting, paper.constants.with_(**constants.values))
        lines += [Line(group, c, check) for c, check in zip(conditions, checks, strict=True)]

    judged, items, reasons = [], Counter[str](), Counter[str]()
    for each in ledger:
        if each.experiment.setting_class is not type(setting):
            continue
        reason = _not_judged(each, setting, given)
        if reason is None:
            judged.append(each.id)
            items[str(each.source)] += 1
        else:
            reasons[reason] += 1
    asked = tuple(h for h in paper.asked or tuple(spoken) if h in spoken)
    parameters = paper.parameters.get(type(setting), _NONE)
    wanted = {claim.id: claim.kept_conditions} if claim is not None else {h: spoken[h] for h in asked}

    def near(conditions: tuple[Condition, ...]) -> NearestSetting | None:
        found = nearest_setting(setting, conditions, constants, parameters, keep)
        return None if found is None else _described(setting, found, parameters)

    (target, nearest), *others = _agreeing(wanted, near)
    return Diagnosis(
        setting=setting,
        constants=constants,
        lines=tuple(lines),
        regime=paper.regime(setting),
        judged=tuple(judged),
        items=dict(items),
        not_judged=dict(reasons.most_common()),
        target=target,
        nearest=nearest,
        moves=moved_fields(setting, parameters, keep),
        others=tuple(others),
    )


def _agreeing(
    wanted: Mapping[str, tuple[Condition, ...]],
    near: Callable[[tuple[Condition, ...]], NearestSetting | None],
) -> list[tuple[str, NearestSetting | None]]:
    """The headings together with the setting nearest for all; where there is none, in groups that agree: each
    set of conditions joins the first group with which one is found."""
    whole = near(tuple(dict.fromkeys(c for conditions in wanted.values() for c in conditions)))
    if whole is not None or len(wanted) < 2:
        return [(" and ".join(wanted) or "no condition", whole)]
    sets: dict[tuple[Condition, ...], list[str]] = {}
    for heading, conditions in wanted.items():
        sets.setdefault(conditions, []).append(heading)
    groups: list[tuple[tuple[Condition, ...], list[str], NearestSetting | None]] = []
    for conditions, headings in sets.items():
        for k, (known, names, _) in enumerate(groups):
            both = tuple(dict.fromkeys((*known, *conditions)))
            found = near(both)
            if found is not None:
                groups[k] = both, [*names, *headings], found
                break
        else:
            groups.append((conditions, headings, near(conditions)))
    return [(" and ".join(names), found) for _, names, found in groups]


def _spoken_of(paper: Paper, kind: type[AbstractSetting]) -> dict[str, tuple[Condition, ...]]:
    """The paper's conditions; where it has settings of several classes, those whose letters this one has."""
    if len({c.experiment.setting_class for c in paper.claims}) < 2:
        return {group: tuple(conditions) for group, conditions in paper.conditions.items()}
    own, others = (
        {
            c
            for claim in paper.claims
            if (claim.experiment.setting_class is kind) is of_kind
            for c in claim.conditions
        }
        for of_kind in (True, False)
    )
    kept = {
        group: tuple(c for c in conditions if c in own or c not in others)
        for group, conditions in paper.conditions.items()
    }
    return {group: conditions for group, conditions in kept.items() if conditions}


def _of_claim(spoken: dict[str, tuple[Condition, ...]], claim: Claim) -> dict[str, tuple[Condition, ...]]:
    """The claim's conditions alone, under the paper's headings where these hold them, else under its id."""
    left = list(claim.conditions)
    out: dict[str, tuple[Condition, ...]] = {}
    for group, conditions in spoken.items():
        found = tuple(c for c in conditions if c in left)
        left = [c for c in left if c not in found]
        if found:
            out[group] = found
    return out | ({claim.id: tuple(left)} if left else {})


def _not_judged(claim: Claim, setting: AbstractSetting, changes: dict[str, float]) -> str | None:
    """The first condition that keeps a claim from being judged at the setting; None when it is judged."""
    checks = check_all(claim.conditions, setting, claim.constants.with_(**changes))
    for check in checks:
        if check.name not in claim.drops and not check.inside:
            return f"outside {check.name}"
    if claim.is_probe and all(c.inside for c in checks if c.name in claim.drops):
        return f"inside {', '.join(claim.drops)}, which a probe leaves out"
    return None


def _described(start: AbstractSetting, found: AbstractSetting, parameters: Parameters) -> NearestSetting:
    names = moved_fields(start, parameters)
    ratios = {name: getattr(found, name) / getattr(start, name) for name in names}
    changed = {name: ratio for name, ratio in ratios.items() if abs(math.log(ratio)) > 1e-3}
    values = found.as_dict()
    moved = {
        name: values[name] for name in found.trends.linear if values.get(name, 0) != getattr(start, name)
    }
    distance = log_distance(found, start, names)
    return NearestSetting(found, distance, changed, moved, parameters.command(found))
