"""The report's section on vacuity: could each claim have failed?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from verify.outcome import Verification
from verify.report.wording import show
from verify.vacuity import Vacuity, vacuities

__all__ = ["HEAD", "VacuitySection", "vacuity_section"]

HEAD = ("claim", "log10(bound / observed)", "conditions hold in", "could it have failed?", "")

_INTRODUCTION = (
    "A check that cannot fail says nothing. The second column is the slack of a bound, least, median"
    " and largest over the judged runs: near 0 is tight, 2 is a hundredfold, below 0 a run lies outside."
    " The third is the share of a wide reference box of settings in which the claim is judged, with its exact"
    " 95 % interval. The fourth says whether any outcome of these very runs would have refuted it."
)


@dataclass(frozen=True)
class VacuitySection:
    """Introduction, a summary sentence and the table, as plain text."""

    introduction: str
    summary: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def vacuity_section(verification: Verification, found: Mapping[str, Vacuity] | None = None) -> VacuitySection:
    """The section; `found` are the vacuities by claim id where they are known already."""
    entries = list(found.values()) if found is not None else vacuities(verification)
    weak = sum(bool(v.warning) for v in entries)
    never = sum(not v.refutable for v in entries)
    return VacuitySection(
        _INTRODUCTION,
        f"{len(entries) - never} of {len(entries)} claims with runs could have been refuted by some outcome"
        f" of them; {weak} carry a remark.",
        HEAD,
        tuple(_row(v) for v in entries),
    )


def _row(v: Vacuity) -> tuple[str, ...]:
    slack = "–" if v.slack is None else " / ".join(f"{s:.2f}" for s in v.slack)
    share = f"{show(v.share.value)} [{show(v.share.low)}, {show(v.share.high)}]"
    answer = "yes" if v.refutable else "alone only" if v.refutable_alone else "no"
    return v.claim_id, slack, share, f"{answer}: {v.how}", v.warning
