"""A reader's question, answered by claims."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Question"]


@dataclass(frozen=True)
class Question:
    """A question with its plain answers, one for each way the evidence may fall.

    Args:
        asked: the question, in one sentence.
        claims: ids of the claims that bear on it; the verdict of the first decides the answer.
        supported, refuted: the plain answer for that verdict, speaking of the first claim alone and without
            numbers: those come from the runs. Any other verdict leaves it open.
    """

    asked: str
    claims: tuple[str, ...]
    supported: str
    refuted: str

    def __post_init__(self) -> None:
        if not self.claims:
            raise ValueError("claims must name at least one claim")
