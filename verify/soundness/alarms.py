"""The section of false alarms: how often verifications are wrong about claims known by construction."""

from __future__ import annotations

from dataclasses import asdict

from verify.soundness.false_alarms import FalseAlarms, measure_false_alarms
from verify.soundness.section import Section, Table
from verify.statistics.intervals import rate_interval

__all__ = ["section"]


def section(suites: int, *, seed: int, jobs: int) -> Section:
    """Judge the known claims in this many verifications; passed when no rate exceeds its declared level."""
    return describe(measure_false_alarms(suites, seed=seed, jobs=jobs))


def describe(found: FalseAlarms) -> Section:
    """The section that tells of these counts."""
    share = rate_interval(found.alarms, found.suites, 0.05)
    rows = [
        (
            c.name,
            "on the border" if c.holds and c.fails else "true" if c.holds else "false",
            f"{c.alpha:g}",
            str(c.refuted_alone),
            str(c.refuted),
            str(c.supported),
        )
        for c in found.claims
    ]
    header = ("claim", "truth", "alpha", "refuted alone", "refuted", "supported")
    return Section(
        name="false_alarms",
        title="False alarms",
        record={
            "suites": found.suites,
            "budget": found.budget,
            "suites_with_a_false_refutation": found.alarms,
            "interval": [share.low, share.high],
            "claims": [asdict(c) for c in found.claims],
            "too_frequent": list(found.too_frequent),
        },
        tables=(
            Table(
                f"{found.alarms} of {found.suites} verifications refute a claim that holds "
                f"({share.value:.2%}, 95 % interval {share.low:.2%} to {share.high:.2%}; "
                f"budget {found.budget:.0%})",
                header,
                rows,
            ),
        ),
        lines=["False alarms", *found.text.splitlines()],
        passed=found.passed,
    )
