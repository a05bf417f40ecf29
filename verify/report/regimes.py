"""Where the runs lie in the parameter space: ranges, conditions met and missed, regime of kappa_0."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from theory.condition import Condition, Constants
from theory.two_stage.setting import Setting
from verify.outcome import Judgement, Verification
from verify.report.wording import show_range

__all__ = ["ConditionCount", "Regime", "claim_conditions", "paper_conditions", "regimes"]

#: kappa_0 below, between and above these: cross-talk activates neurons; both matter; p = 1/2.
KAPPA_ENDS = (1.0, 10.0)


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
    """One experiment: how many runs and settings, their ranges, and the conditions there."""

    experiment: str
    engines: str
    runs: int
    settings: int
    ranges: dict[str, str]
    kappa: tuple[int, int, int]
    conditions: dict[str, ConditionCount]
    claims: tuple[str, ...]


def regimes(verification: Verification) -> list[Regime]:
    """The regimes of every experiment of which a claim was judged, in order of first use."""
    stated = paper_conditions(verification)
    out = []
    for experiment, judgements in _by_experiment(verification).items():
        runs = {o.index: o for j in judgements for o in j.judged}
        settings = list(dict.fromkeys(o.setting for o in runs.values()))
        if not settings:
            continue
        out.append(
            Regime(
                experiment=experiment,
                engines=", ".join(sorted({o.engine for o in runs.values()})),
                runs=len(runs),
                settings=len(settings),
                ranges=_ranges(settings),
                kappa=_kappa_counts(settings),
                conditions={
                    name: _count(name, condition, constants, settings)
                    for name, (condition, constants) in stated.items()
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


def _by_experiment(verification: Verification) -> dict[str, list[Judgement]]:
    out: dict[str, list[Judgement]] = {}
    for judgement in verification.judgements:
        out.setdefault(judgement.claim.experiment.id, []).append(judgement)
    return out


def _count(
    name: str, condition: Condition, constants: Constants, settings: Iterable[Setting]
) -> ConditionCount:
    counter = ConditionCount(name)
    for setting in settings:
        check = condition.check(setting, constants)
        counter.add(check.inside, check.slack)
    return counter


def _ranges(settings: list[Setting]) -> dict[str, str]:
    return {
        "n": show_range([s.n for s in settings]),
        "m": show_range([s.m for s in settings]),
        "d/n": show_range([s.d / s.n for s in settings]),
        "a = n SNR²": show_range([s.n_snr2 for s in settings]),
        "τ": show_range([t for s in settings for t in (s.tau_plus, s.tau_minus)]),
        "a(1−2τ)": show_range([s.signal_margin for s in settings]),
        "κ₀": show_range([s.kappa_0 for s in settings]),
        "ι": show_range([s.iota for s in settings]),
        "h": show_range([s.clock_step for s in settings]),
    }


def _kappa_counts(settings: list[Setting]) -> tuple[int, int, int]:
    low, high = KAPPA_ENDS
    return (
        sum(s.kappa_0 < low for s in settings),
        sum(low <= s.kappa_0 <= high for s in settings),
        sum(s.kappa_0 > high for s in settings),
    )
