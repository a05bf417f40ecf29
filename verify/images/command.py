"""`python -m verify images`: runs on a user's own images, the claims judged on them within one budget."""

from __future__ import annotations

from collections.abc import Sequence

from simulation.images.command import answer
from verify.judge import judge_runs

__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """The command's exit status: 0, or 1 when a claim is refuted on these images."""
    return answer(argv, judge_runs)
