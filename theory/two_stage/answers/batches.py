"""Does mini-batch SGD change it?"""

from __future__ import annotations

from theory.question import Part, Question
from theory.two_stage.answers.stage_event import breaking_claim, variation_claims
from theory.two_stage.variation import Variation

__all__ = ["CLAIMS", "QUESTION"]

_SIZES = (40, 10)

CLAIMS = (
    *(
        claim
        for size in _SIZES
        for claim in variation_claims(
            f"batch_{size}", f"mini-batches of {size} out of 80", Variation(batch_size=size)
        )
    ),
    breaking_claim(
        "batch_2",
        r"With mini-batches of 2 out of 80 (a visit moves a sample by $h\,n/b = 2 > 1$), Stage I fails more "
        r"often than the 5 % that the theorem allows",
        Variation(batch_size=2),
    ),
)

QUESTION = Question(
    "Does mini-batch SGD change it?",
    (
        Part(
            {f"two_stage.question.batch_{size}.event": f"batches of {size} out of 80" for size in _SIZES},
            "Stage I shows at the same number of steps with {these}.",
            "Stage I fails too often with {these}.",
            "Stage I with",
        ),
        Part(
            {"two_stage.question.batch_2.breaks": ""},
            "It breaks when one visit moves a sample's margin by more than a unit (step times n/b above 1), "
            "as with batches of 2: Stage I then fails in {these}.",
            "Even batches of 2, where one visit moves a sample by more than a unit, keep Stage I (it fails "
            "in "
            "{these}).",
            "whether batches of 2 break it",
        ),
        Part(
            {f"two_stage.question.batch_{size}.order": f"batches of {size} out of 80" for size in _SIZES},
            "Clean samples are fit before flipped ones with {these}.",
            "The order of the stages is lost with {these}.",
            "the order of the stages with",
        ),
    ),
)
