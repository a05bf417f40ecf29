"""The claims of a pytest session: each file loaded once, and its claims judged once.

Under xdist every process collects all items and runs some. The first that needs a file's verdicts judges it,
under a lock that the others wait for, and leaves them in a folder that the test run shares.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from theory.claim import Claim
from theory.paper import Paper

__all__ = ["ClaimsSession", "Outcome"]


@dataclass(frozen=True)
class Outcome:
    """What became of a claim, in plain words and numbers.

    Args:
        told: all there is to say of a failure: the counterexample and the command that replays it.
    """

    id: str
    role: str
    verdict: str
    reason: str
    told: str
    runs: int
    seed: int

    @property
    def unexpected(self) -> bool:
        """A reading, expected to fail, that is supported or derived."""
        return self.role == "reading" and self.verdict in ("supported", "derived")

    def fails(self, strict: bool = False) -> bool:
        """Whether the test fails: the claim's own code failed, or a claim (no probe, no reading) is refuted;
        `strict`: or is left undecided, not judged, or could not have failed."""
        if self.verdict == "errored":
            return True
        wrong = {"refuted"} | ({"inconclusive", "vacuous", "not-applicable"} if strict else set())
        return self.role == "claim" and self.verdict in wrong


class ClaimsSession:
    """Files of claims, and their verdicts.

    Args:
        profile, seed: as of `verify run`.
        shared: names the test run that several processes share; None for one.
    """

    def __init__(self, profile: str, seed: int | None, shared: str | None = None) -> None:
        self.profile, self.seed, self.shared = profile, seed, shared
        self._loaded: dict[Path, tuple[dict[str, Claim], tuple[Paper, ...]]] = {}
        self._outcomes: dict[Path, dict[str, Outcome]] = {}

    def claims_of(self, path: Path) -> list[str]:
        """Ids of the claims of a file, in its order.

        Raises:
            ValueError: in one line, when the file cannot be used.
        """
        return list(self._load(path)[0])

    def outcome(self, path: Path, name: str, wanted: Sequence[str]) -> Outcome:
        """Of one claim; the first asked for judges all that are wanted, on shared runs, in one budget."""
        known = self._outcomes.setdefault(path, {})
        if name not in known:
            known |= self._judged(path, wanted)
        return known[name]

    def _load(self, path: Path) -> tuple[dict[str, Claim], tuple[Paper, ...]]:
        if path not in self._loaded:
            from verify.load import load_sources

            if path.name == "paper.py":
                sources = load_sources(papers=[str(path.parent)])
            else:
                sources = load_sources([path], wanted=["none.*"])
            own = {c.id: c for c in sources.ledger}
            if path.name != "paper.py":
                from verify.load import claims_module

                own = {c.id: c for c in claims_module(path).CLAIMS}
            self._loaded[path] = own, tuple(sources.papers.values())
        return self._loaded[path]

    def _judged(self, path: Path, wanted: Sequence[str]) -> dict[str, Outcome]:
        if self.shared is None:
            return self._judge(path, wanted)
        from filelock import FileLock

        folder = (
            Path(tempfile.gettempdir()) / f"theorem-verifier-{os.getuid() if hasattr(os, 'getuid') else 0}"
        )
        folder.mkdir(mode=0o700, exist_ok=True)
        text = json.dumps([self.shared, str(path), list(wanted), self.profile, self.seed])
        file = folder / blake2b(text.encode(), digest_size=16).hexdigest()
        with FileLock(f"{file}.lock"):
            if not file.exists():
                found = self._judge(path, wanted)
                aside = file.with_suffix(".new")
                aside.write_text(json.dumps({k: asdict(v) for k, v in found.items()}), encoding="utf-8")
                aside.replace(file)
            stored: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
        return {k: Outcome(**v) for k, v in stored.items()}

    def _judge(self, path: Path, wanted: Sequence[str]) -> dict[str, Outcome]:
        """All wanted claims of a file, on the seed of the whole file: what -k leaves out changes no run."""
        from verify.junit import told
        from verify.pipeline import published_seed, verify_claims

        claims, papers = self._load(path)
        seed = published_seed(list(claims.values()), papers) if self.seed is None else self.seed
        chosen = [claims[name] for name in wanted]
        done = verify_claims(chosen, self.profile, seed, papers=papers, exhibits=False)
        return {
            j.claim.id: Outcome(
                j.claim.id, j.claim.role, j.verdict, j.decision.reason, told(j), j.decision.n_trials, seed
            )
            for j in done.judgements
        }
