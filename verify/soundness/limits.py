"""Known limits of claims, read back from a soundness.json: the falsehoods that were not found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from verify.outcome import Verification
from verify.soundness.report import SCHEMA

__all__ = ["Limit", "load_limits", "with_limits"]


@dataclass(frozen=True)
class Limit:
    """A false variant of a claim that was not refuted; `verdict` is "supported" or "inconclusive"."""

    falsehood: str
    kind: str
    verdict: str
    reason: str

    def __str__(self) -> str:
        return f"not told from a false variant ({self.falsehood}): {self.verdict}"


def load_limits(path: Path) -> Mapping[str, tuple[Limit, ...]]:
    """Undetected falsehoods by claim id; a claim without any has no entry.

    Raises:
        ValueError: one line, when the file is missing or is no soundness.json of this version.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise ValueError(f"{path}: is not JSON: {error}") from error
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise ValueError(f"{path}: must be a soundness.json of schema {SCHEMA}")
    found: dict[str, list[Limit]] = {}
    try:
        for item in record["falsehoods"]["undetected"]:
            limit = Limit(item["falsehood"], item["kind"], item["verdict"], item["reason"])
            found.setdefault(item["claim"], []).append(limit)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: an entry of falsehoods.undetected is not complete: {error!r}") from error
    return {claim: tuple(limits) for claim, limits in found.items()}


def with_limits(verification: Verification, limits: Mapping[str, tuple[Limit, ...]]) -> Verification:
    """The verification with every claim's known limits at the end of its reason chain."""
    judgements = tuple(
        replace(j, chain=(*j.chain, *(f"Known limit: {limit}." for limit in limits.get(j.claim.id, ()))))
        for j in verification.judgements
    )
    return replace(verification, judgements=judgements)
