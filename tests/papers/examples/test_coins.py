"""The coins' border claims in many verifications: how often a truth is refuted, a border passed."""

from __future__ import annotations

from collections import Counter

from scipy.stats import binom

from theory.examples.coins.paper import BORDER
from verify.pipeline import verify_claims

SUITES = 60


def test_claims_on_the_border_are_seldom_decided() -> None:
    """Each stands where both errors are largest: refuted in at most 1 % of the verifications (the budget),
    passed in at most 5 % (the rule's level); counts that chance gives once in ten thousand are errors."""
    counts: Counter[tuple[str, str]] = Counter()
    for seed in range(SUITES):
        done = verify_claims(BORDER, "quick", seed, counterexamples=False, adversaries=False)
        counts.update((j.claim.id, j.verdict) for j in done.judgements)
    for claim in BORDER:
        assert counts[claim.id, "refuted"] <= binom.isf(1e-4, SUITES, 0.01)
        assert counts[claim.id, "supported"] <= binom.isf(1e-4, SUITES, 0.05)
        assert counts[claim.id, "inconclusive"] >= SUITES / 2
