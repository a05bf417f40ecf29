"""Where the runs lie in the space of settings: ranges, conditions met and missed, the paper's own words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from theory.condition import Condition, Constants
from theory.setting import AbstractSetting
from verify.outcome import Judgement, Verification
from verify.report.wording import show, show_range

__all__ = [
    "ConditionCount",
    "Regime",
    "claim_conditions",
    "constant_names",
    "constants_text",
    "paper_conditions",
    "ranges",
    "regimes",
]

#: Of so many settings the paper's words tell something; each has numbers of its own.
_FEW = 3


@dataclass
class ConditionCount:
    """In how many settings a condition holds, and its smallest and largest slack."""

    name: str
    inside: int = 0
    total: int = 0
    slacks: list[float] = field(default_factory=list)

    def add(self, inside: bool, slack: float) -> None:
        """Count one setting."""
        self.inside += inside
        self.total += 1
        self.slacks.append(slack)

    @property
    def text(self) -> str:
        """`12 of 20`."""
        return f"{self.inside} of {self.total}"

    @property
    def share(self) -> str:
        """`all inside`, `none inside` or `12 of 20`."""
        return {"inside": "all inside", "outside": "none inside", "both": self.text}[self.where]

    @property
    def slack_text(self) -> str:
        """Range of the slack."""
        return show_range(self.slacks) if self.slacks else "–"

    @property
    def where(self) -> str:
        """One of "inside", "outside" and "both"."""
        return "inside" if self.inside == self.total else "both" if self.inside else "outside"


@dataclass(frozen=True)
class Regime:
    """One experiment: where it lies in words, how many runs and settings, their ranges, and the conditions
    there."""

    experiment: str
    place: str
    engines: str
    runs: int
    settings: int
    ranges: dict[str, str]
    sentences: tuple[str, ...]
    conditions: dict[str, ConditionCount]
    claims: tuple[str, ...]


def regimes(verification: Verification) -> list[Regime]:
    """The regimes of every experiment of which a claim was judged, in order of first use."""
    stated = paper_conditions(verification)
    out = []
    for experiment, judgements in _by_experiment(verification).items():
        runs = {(o.index, o.seed): o for j in judgements for o in j.judged}  # first and fresh ones
        settings = list(dict.fromkeys(o.setting for o in runs.values()))
        if not settings:
            continue
        out.append(
            Regime(
                experiment=experiment,
                place=judgements[0].claim.experiment.place.describe(),
                engines=", ".join(sorted({o.engine for o in runs.values()})),
                runs=len(runs),
                settings=len(settings),
                ranges=ranges(settings),
                sentences=_sentences(verification, settings),
                conditions={
                    name: _count(name, condition, constants, settings)
                    for name, (condition, constants) in stated.items()
                    if condition.speaks_of(type(settings[0]), constants)
                },
                claims=tuple(j.claim.id for j in judgements if j.judged),
            )
        )
    return out


def paper_conditions(verification: Verification) -> dict[str, tuple[Condition, Constants]]:
    """The conditions of the paper and its framework that any claim names, by name; not those derived here.

    They are evaluated everywhere, also for claims that do not ask for them: a law that holds in another
    regime than the paper's must say so. The constants are those of the first claim that names one.
    """
    out: dict[str, tuple[Condition, Constants]] = {}
    for judgement in verification.judgements:
        for condition in judgement.claim.conditions:
            if condition.provenance != "derived":
                out.setdefault(condition.name, (condition, judgement.claim.constants))
    return out


def claim_conditions(judgement: Judgement) -> list[tuple[Condition, str, ConditionCount]]:
    """Each condition of a claim, its role, and the settings of all its runs, judged or not."""
    settings = {o.setting: o.checks for o in judgement.observations}
    out = []
    for condition in judgement.claim.conditions:
        counter = ConditionCount(condition.name)
        for checks in settings.values():
            for check in checks:
                if check.name == condition.name:
                    counter.add(check.inside, check.slack)
        role = "left out on purpose" if condition.name in judgement.claim.drops else "required"
        out.append((condition, role, counter))
    return out


def constants_text(conditions: Iterable[Condition], constants: Constants) -> str:
    """The values of the constants that these conditions contain."""
    names = constant_names(conditions, constants.values)
    return ", ".join(f"{name} = {show(constants.values[name])}" for name in names)


def constant_names(conditions: Iterable[Condition], known: Iterable[str]) -> list[str]:
    """Those of the known constants that stand in these conditions."""
    free = {s.name for c in conditions for s in (c.large.free_symbols | c.small.free_symbols)}
    return [name for name in known if name in free]


def _by_experiment(verification: Verification) -> dict[str, list[Judgement]]:
    out: dict[str, list[Judgement]] = {}
    for judgement in verification.judgements:
        out.setdefault(judgement.claim.experiment.id, []).append(judgement)
    return out


def _count(
    name: str, condition: Condition, constants: Constants, settings: Iterable[AbstractSetting]
) -> ConditionCount:
    counter = ConditionCount(name)
    for setting in settings:
        check = condition.check(setting, constants)
        counter.add(check.inside, check.slack)
    return counter


def ranges(settings: Sequence[AbstractSetting]) -> dict[str, str]:
    """Whole numbers, dimensionless groups and what else a constant may depend on; of a setting without groups
    every field. Words are listed."""
    first, groups = settings[0], settings[0].groups()
    fields = first.as_dict()
    plain = [k for k, v in fields.items() if not groups or not isinstance(v, float) or k in first.trends.held]
    values = [{**s.as_dict(), **s.groups()} for s in settings]
    out = {}
    for name in dict.fromkeys([*plain, *groups]):
        column = [v[name] for v in values]
        words = all(isinstance(v, str) for v in column)
        out[name] = ", ".join(sorted(set(column))) if words else show_range(column)
    return out


def _sentences(verification: Verification, settings: list[AbstractSetting]) -> tuple[str, ...]:
    """What the paper says of where these settings lie, where they are few, with the number of settings."""
    regime = next((p.regime for p in verification.papers if isinstance(settings[0], p.settings)), None)
    if regime is None or len(settings) > _FEW:
        return ()
    counts = Counter(sentence for setting in settings for sentence in regime(setting))
    return tuple(
        f"{sentence} ({count} of {len(settings)} settings)" if len(settings) > 1 else sentence
        for sentence, count in counts.items()
    )
