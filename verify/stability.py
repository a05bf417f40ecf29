"""Do verdicts hang on the seed? The same claims judged at several, and every word that changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from theory.rng import derive_seed
from verify.outcome import Verdict, Verification

__all__ = ["OPPOSITE", "Flip", "Stability", "stability", "stability_seeds"]

#: The change that must not happen: both words say something surely.
OPPOSITE = frozenset({"supported", "refuted"})


@dataclass(frozen=True)
class Flip:
    """A claim whose word is not the same at all seeds: the words in the order of the seeds."""

    claim_id: str
    words: tuple[Verdict, ...]

    @property
    def opposite(self) -> bool:
        """Whether it was supported at one seed and refuted at another."""
        return set(self.words) >= OPPOSITE

    @property
    def text(self) -> str:
        """`id: 4 supported, 1 inconclusive`."""
        counts = Counter(self.words)
        return f"{self.claim_id}: " + ", ".join(f"{n} {word}" for word, n in counts.most_common())


@dataclass(frozen=True)
class Stability:
    """The words of `claims` claims at `seeds`, those that changed among them."""

    seeds: tuple[int, ...]
    claims: int
    flips: tuple[Flip, ...]

    @property
    def opposite(self) -> tuple[Flip, ...]:
        """Supported at one seed, refuted at another."""
        return tuple(f for f in self.flips if f.opposite)

    @property
    def steady(self) -> bool:
        """None opposite, and at most 5 % of the claims changed at all."""
        return not self.opposite and len(self.flips) <= 0.05 * self.claims

    def as_dict(self, profile: str) -> dict[str, Any]:
        """JSON types, for `stability.json`."""
        return {
            "schema": "stability/1",
            "run": {"profile": profile, "seed": self.seeds[0]},
            "seeds": len(self.seeds),
            "claims": self.claims,
            "changed": len(self.flips),
            "opposite": len(self.opposite),
            "flips": [{"claim": f.claim_id, "words": list(f.words)} for f in self.flips],
        }

    @property
    def text(self) -> str:
        """The report."""
        lines = [
            f"{len(self.flips)} of {self.claims} verdicts are not the same at {len(self.seeds)} seeds"
            f" ({', '.join(map(str, self.seeds))}); {len(self.opposite)} both supported and refuted."
        ]
        return "\n".join([*lines, *(f"    {flip.text}" for flip in self.flips)])


def stability_seeds(seed: int, count: int) -> tuple[int, ...]:
    """The seed itself and others derived from it.

    Raises:
        ValueError: when count is below 2.
    """
    if count < 2:
        raise ValueError(f"--seeds must be at least 2, was {count!r}")
    return (seed, *(derive_seed(seed, "stability", k) % 2**31 for k in range(1, count)))


def stability(verify: Callable[[int], Verification], seeds: Sequence[int]) -> Stability:
    """Judge at every seed and compare the words claim by claim; claims without runs take no part."""
    words: dict[str, list[Verdict]] = {}
    for seed in seeds:
        for j in verify(seed).judgements:
            if j.observations or j.verdict == "derived":
                words.setdefault(j.claim.id, []).append(j.verdict)
    flips = tuple(Flip(id_, tuple(seen)) for id_, seen in words.items() if len(set(seen)) > 1)
    return Stability(tuple(seeds), len(words), flips)
