"""Which supports stand together, and what a headline may count.

SUPPORTED is wrong with probability at most alpha for each claim on its own; of a hundred, some may be. The
joint support J of a paper is the set of claims whose support p-value survives Holm's correction over the
paper's family: that all of J hold (but for their margins) is wrong with probability at most `JOINT_LEVEL`.
Statements that no chance enters (identities, universal statements, derivations) stand outside the family.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from verify.outcome import Judgement
from verify.statistics.error_budget import in_family, overall_support_p
from verify.statistics.holm import holm

__all__ = ["HEADLINE_POWER", "JOINT_LEVEL", "Headline", "headline", "with_joint"]

#: Probability that any claim of J is wrong.
JOINT_LEVEL = 0.05
#: Planned power of what a headline counts as supported; the word alone needs `LEAST_POWER`. A verdict at .8
#: would flip at every fifth seed.
HEADLINE_POWER = 0.95


@dataclass(frozen=True)
class Headline:
    """Numbers for the first lines of a report, of claims (no probes, no readings).

    `supported` is all that bear the word; `without_chance` those among them that no sampling enters;
    `counted` those by chance with a planned power of at least `HEADLINE_POWER`, `thin` the others by chance;
    `joint` those of `counted` that stand jointly at `JOINT_LEVEL`. `alone` counts the undecided ones that
    would be refuted on their own.
    """

    supported: int
    without_chance: int
    counted: int
    joint: int
    thin: int
    refuted: int
    alone: int

    def as_dict(self) -> dict[str, float | int]:
        """For `run.json`."""
        return {
            "supported": self.supported,
            "without_chance": self.without_chance,
            "counted": self.counted,
            "joint": self.joint,
            "joint_level": JOINT_LEVEL,
            "thin": self.thin,
            "thin_below_power": HEADLINE_POWER,
            "refuted": self.refuted,
            "alone": self.alone,
        }

    @property
    def text(self) -> str:
        """The headline in one sentence.

        >>> Headline(11, 2, 9, 8, 0, 0, 0).text
        '11 supported: 2 without sampling, 9 by samples of which 8 jointly at 0.05.'
        """
        thin = f", {self.thin} at planned power below {HEADLINE_POWER:g}" if self.thin else ""
        return (
            f"{self.supported} supported: {self.without_chance} without sampling, {self.counted} by samples"
            f" of which {self.joint} jointly at {JOINT_LEVEL:g}{thin}."
        )


def with_joint(judgements: Sequence[Judgement], level: float = JOINT_LEVEL) -> list[Judgement]:
    """The judgements with `joint` of every supported claim that chance enters, paper by paper.

    The family is all claims of the paper with planned runs that chance could refute, whatever came of them;
    so it is fixed before any run.

    Raises:
        ValueError: when the level lies outside (0, 1).
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie in (0, 1), was {level!r}")
    out = list(judgements)
    for paper in dict.fromkeys(j.claim.paper for j in judgements):
        family = [k for k, j in enumerate(judgements) if j.claim.paper == paper and in_family(j)]
        adjusted = holm([overall_support_p(judgements[k]) for k in family])
        for k, p in zip(family, adjusted, strict=True):
            if judgements[k].verdict == "supported":
                out[k] = replace(judgements[k], joint=p <= level)
    return out


def headline(judgements: Sequence[Judgement]) -> Headline:
    """The numbers of judgements that `with_joint` returned."""
    claims = [j for j in judgements if j.claim.role == "claim"]
    supported = [j for j in claims if j.verdict == "supported"]
    sampled = [j for j in supported if in_family(j)]
    counted = [j for j in sampled if _power(j) >= HEADLINE_POWER]
    return Headline(
        supported=len(supported),
        without_chance=len(supported) - len(sampled),
        counted=len(counted),
        joint=sum(j.joint is True for j in counted),
        thin=len(sampled) - len(counted),
        refuted=sum(j.verdict == "refuted" for j in claims),
        alone=sum(j.alone for j in claims),
    )


def _power(judgement: Judgement) -> float:
    """Planned power; a rule that plans none is not held against it."""
    power = judgement.decision.power
    return 1.0 if power is None else power
