"""What the paper's reviewers asked: a file a family of questions, with the claims and runs that answer them.

The experiments leave the paper's model in one direction each: dimension, flip rates, noise patches,
mini-batches, label noise that looks at the data, and stopping and selection rules that a practitioner can
use.
"""

from __future__ import annotations

from theory.claim import Claim
from theory.question import Question
from theory.two_stage.answers import (
    batches,
    dimension,
    instance_noise,
    limits,
    noise_patches,
    of_the_theorems,
    rates,
    selection,
    stopping,
)

__all__ = ["CLAIMS", "QUESTIONS"]

CLAIMS: tuple[Claim, ...] = (
    *dimension.CLAIMS,
    *rates.CLAIMS,
    *noise_patches.CLAIMS,
    *batches.CLAIMS,
    *instance_noise.CLAIMS,
    *selection.CLAIMS,
    *stopping.CLAIMS,
    *limits.CLAIMS,
)

QUESTIONS: tuple[Question, ...] = (
    dimension.QUESTION,
    rates.QUESTION,
    of_the_theorems.SIGNAL,
    of_the_theorems.SEEDS,
    of_the_theorems.LOG_2,
    selection.QUESTION,
    of_the_theorems.FRESH_DATA,
    noise_patches.QUESTION,
    batches.QUESTION,
    instance_noise.QUESTION,
    stopping.QUESTION,
    limits.QUESTION,
)
