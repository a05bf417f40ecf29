"""The section of planted falsehoods: measured once on real runs, decided many times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from theory.claim import Claim
from theory.falsehood import FALSEHOOD_KINDS, GROSS, Falsehood
from verify.outcome import Judgement, Verdict
from verify.pipeline import verify_claims
from verify.rules.judge import Exempt, Planted
from verify.runs.backends import backend_for
from verify.runs.built_in import built_in
from verify.soundness.detect import Detection, detect, detect_again
from verify.soundness.fresh import FreshRuns, second_level
from verify.soundness.generate import by_rule, measured_falsehoods
from verify.soundness.section import Section, Table, may_reach
from verify.statistics.error_budget import ERROR_BUDGET, FIRST_SHARE, in_family
from verify.statistics.intervals import rate_interval

__all__ = ["TARGET", "Falsehoods", "plant_and_judge", "tally"]

#: Share of all planted falsehoods that must be refuted; of the gross kinds every one.
TARGET = 0.95


@dataclass(frozen=True)
class Falsehoods:
    """`verdicts` are those of the true claims on the same runs; `fresh` makes more of them, and
    `second_level` is what a refutation on those must reach."""

    detections: tuple[Detection, ...]
    exempt: tuple[Exempt, ...]
    verdicts: Mapping[str, Verdict]
    runs: int
    judgements: tuple[Judgement, ...] = ()
    level: float = 1.0
    fresh: FreshRuns | None = None
    second_level: float = 1.0

    @property
    def passed(self) -> bool:
        """No falsehood is supported, every gross one is found, and the share found of all may be `TARGET`
        (`may_reach`)."""
        found = sum(d.detected for d in self.detections)
        return (
            not any(d.wrongly_supported for d in self.detections)
            and all(d.detected for d in self.detections if d.gross)
            and may_reach(found, len(self.detections), TARGET)
        )

    @property
    def shortfall(self) -> str:
        """What was reached and what is asked."""
        d = self.detections
        wrong = sum(x.wrongly_supported for x in d)
        gross = sum(x.gross and not x.detected for x in d)
        found = sum(x.detected for x in d)
        return (
            f"{wrong} supported (0 allowed), {gross} gross ones not found (0 allowed),"
            f" {found} of {len(d)} found ({TARGET:.0%} asked)"
        )


def plant_and_judge(
    claims: Sequence[Claim],
    declared: Sequence[Falsehood],
    *,
    profile: str,
    seed: int = 0,
    jobs: int = 1,
    progress: bool = False,
) -> Falsehoods:
    """Make the runs of the claims once, with every measurement that is asked of them; decide all variants,
    and those left undecided once more on fresh runs."""
    measured = measured_falsehoods(claims, declared)
    asked = [*claims, *(p.measured for p in measured if p.measured is not None)]
    own = frozenset(c.id for c in asked if not built_in(c.measure, c.experiment.of_model))
    backend = backend_for(jobs, isolated=bool(own))
    verification = verify_claims(
        asked,
        profile=profile,
        seed=seed,
        jobs=jobs,
        progress=progress,
        counterexamples=False,
        backend=backend,
        fresh_runs=False,
        adversaries=False,  # what no adversarial run moves may yet be true
    )
    judged = {j.claim.id: j for j in verification.judgements}
    items: list[Planted | Exempt] = []
    for claim in claims:
        if judged[claim.id].verdict == "refuted":
            why = "the claim itself is refuted on these runs: of a false statement a change may be true"
            items.append(Exempt(claim, "all changes", "sign", why))
        else:
            items += by_rule(claim, judged[claim.id].judged)
    # A falsehood would stand beside the true claims and share the budget with them.
    family = 1 + sum(in_family(judged[claim.id]) for claim in claims)
    level = FIRST_SHARE * ERROR_BUDGET / family
    fresh = FreshRuns(profile, seed, backend, own)
    second = second_level([judged[claim.id] for claim in claims])
    detections = [detect(p, judged[p.of.id].judged, level=level) for p in items if isinstance(p, Planted)]
    exempt = [e for e in items if isinstance(e, Exempt)]
    for planted in measured:
        assert planted.measured is not None
        mine = judged[planted.measured.id]
        if judged[planted.of.id].verdict == "refuted":
            why = "the claim itself is refuted on these runs: of a false statement a change may be true"
            exempt.append(Exempt(planted.of, planted.name, planted.kind, why))
        elif _unchanged(planted, judged[planted.of.id], mine):
            why = "same value on every run: what is changed does not enter"
            exempt.append(Exempt(planted.of, planted.name, planted.kind, why))
        elif not mine.judged:
            exempt.append(Exempt(planted.of, planted.name, planted.kind, "no run was judged in this profile"))
        else:
            detections.append(detect(planted, mine.judged, mine.proof, level))
    detections = _settled(detections, judged, fresh, second)
    order = {claim.id: k for k, claim in enumerate(claims)}
    return Falsehoods(
        tuple(sorted(detections, key=lambda d: order[d.planted.of.id])),
        tuple(sorted(exempt, key=lambda e: order[e.of.id])),
        {claim.id: judged[claim.id].verdict for claim in claims},
        int(verification.run_info["runs"]) + fresh.runs,
        tuple(judged[claim.id] for claim in claims),
        level,
        fresh,
        second,
    )


def _settled(
    first: Sequence[Detection], judged: Mapping[str, Judgement], fresh: FreshRuns, level: float
) -> list[Detection]:
    """Those left undecided, on fresh runs where they may settle them."""
    open_ = {k: d.planted.measured or d.planted.of for k, d in enumerate(first) if d.settles}
    seen = fresh(open_.values())
    out = list(first)
    for k, claim in open_.items():
        counted = [o for o in seen[claim.id] if o.not_judged is None]
        out[k] = detect_again(first[k], counted, judged[claim.id].proof, level)
    return out


def _unchanged(planted: Planted, true: Judgement, false: Judgement) -> bool:
    """Whether a mistake in the measurement left every single value as it was: then it is the same
    statement."""
    same_rule = planted.rule == planted.of.rule and true.claim.experiment == false.claim.experiment
    if not same_rule or (false.claim.proof is not None):
        return False
    return [(o.index, repr(o.value)) for o in true.judged] == [(o.index, repr(o.value)) for o in false.judged]


# The section -----------------------------------------------------------------------------------------------


def tally(detections: Iterable[Detection]) -> dict[str, Any]:
    """Counts, the detection rate with its exact 95 % interval, and the median of the runs needed."""
    found = list(detections)
    verdicts = Counter(d.verdict for d in found)
    rate = rate_interval(verdicts["refuted"], len(found), 0.05)
    needed = [d.runs_needed for d in found if d.runs_needed is not None]
    return {
        "planted": len(found),
        "detected": verdicts["refuted"],
        "inconclusive": verdicts["inconclusive"],
        "wrongly_supported": verdicts["supported"],
        "rate": rate.value if found else None,
        "interval": [rate.low, rate.high],
        "median_runs_needed": median(needed) if needed else None,
        "most_runs_needed": max(needed, default=None),
    }


def _record(d: Detection) -> dict[str, Any]:
    return {
        "claim": d.planted.of.id,
        "falsehood": d.planted.name,
        "kind": d.planted.kind,
        "rule": type(d.planted.of.rule).__name__,
        "why": d.planted.why,
        "verdict": d.verdict,
        "runs": d.runs,
        "runs_needed": d.runs_needed,
        "reason": d.reason,
    }


def _undetected(result: Falsehoods) -> list[Detection]:
    """Wrongly supported ones first."""
    missed = [d for d in result.detections if not d.detected]
    return sorted(missed, key=lambda d: (not d.wrongly_supported, not d.gross))


def _share(counts: Mapping[str, Any]) -> str:
    if not counts["planted"]:
        return "none planted"
    low, high = counts["interval"]
    return f"{100 * counts['rate']:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def section(result: Falsehoods) -> Section:
    """The result as a section of the report."""
    kinds = {kind: tally(d for d in result.detections if d.planted.kind == kind) for kind in FALSEHOOD_KINDS}
    rules = {
        rule: tally(d for d in result.detections if type(d.planted.of.rule).__name__ == rule)
        for rule in sorted({type(d.planted.of.rule).__name__ for d in result.detections})
    }
    total, gross = tally(result.detections), tally(d for d in result.detections if d.gross)
    missed = _undetected(result)
    record = {
        "target": TARGET,
        "passed": result.passed,
        "total": total,
        "gross": gross,
        "gross_kinds": sorted(GROSS),
        "kinds": kinds,
        "rules": rules,
        "claims_with_falsehoods": len({d.planted.of.id for d in result.detections}),
        "claims_without": sorted(
            {e.of.id for e in result.exempt} - {d.planted.of.id for d in result.detections}
        ),
        "undetected": [_record(d) for d in missed],
        "falsehoods": [_record(d) for d in result.detections],
        "not_falsehoods": [
            {"claim": e.of.id, "change": e.name, "kind": e.kind, "why": e.why} for e in result.exempt
        ],
    }
    header = (
        "kind",
        "planted",
        "refuted",
        "inconclusive",
        "supported",
        "rate, 95 % interval",
        "runs needed, median",
    )

    def row(name: str, c: Mapping[str, Any]) -> list[str]:
        needed = "" if c["median_runs_needed"] is None else f"{c['median_runs_needed']:g}"
        counts = [str(c[k]) for k in ("planted", "detected", "inconclusive", "wrongly_supported")]
        return [name, *counts, _share(c), needed]

    by_kind = [row(kind, c) for kind, c in kinds.items() if c["planted"]]
    tables = [
        Table("By kind", header, [*by_kind, row("gross ones", gross), row("all", total)]),
        Table("By rule", ("rule", *header[1:]), [row(rule, c) for rule, c in rules.items()]),
        Table(
            "Undetected",
            ("verdict", "claim", "falsehood", "kind", "reason"),
            [[d.verdict, d.planted.of.id, d.planted.name, d.planted.kind, d.reason] for d in missed],
        ),
        Table(
            "Changes that are not falsehoods here",
            ("claim", "change", "why"),
            [[e.of.id, e.name, e.why] for e in result.exempt],
        ),
    ]
    lines = [
        f"{total['detected']} of {total['planted']} planted falsehoods refuted: {_share(total)}; "
        f"gross ones {gross['detected']} of {gross['planted']}",
        *(f"  {kind}: {c['detected']} of {c['planted']}" for kind, c in kinds.items() if c["planted"]),
        *(f"  NOT FOUND ({d.verdict}): {d.planted.of.id}: {d.planted.name}" for d in missed),
    ]
    return Section(
        "falsehoods",
        "Planted falsehoods",
        record,
        tables,
        lines,
        result.passed,
        result.runs,
        result.shortfall,
    )
