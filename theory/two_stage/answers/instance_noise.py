"""What if label noise depends on the instance?"""

from __future__ import annotations

from theory.question import Part, Question
from theory.two_stage.answers.stage_event import variation_claims
from theory.two_stage.variation import Variation

__all__ = ["CLAIMS", "QUESTION"]

CLAIMS = variation_claims(
    "instance", "label noise that depends on the patch", Variation(label_noise="instance")
)

QUESTION = Question(
    "What if label noise depends on the instance?",
    (
        Part(
            {
                "two_stage.question.instance.event": "at T_1 all clean samples are fit and no flipped one is",
                "two_stage.question.instance.order": "clean samples are fit before flipped ones",
            },
            "Flips that depend on the noise patch, at the same average rate, leave the two stages in place: "
            "{these}.",
            "Flips that depend on the noise patch, at the same average rate, break the two stages: {these}.",
            "the two stages when flips depend on the noise patch:",
        ),
    ),
)
