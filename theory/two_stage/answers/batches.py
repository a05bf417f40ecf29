"""Does mini-batch SGD change it?"""

from __future__ import annotations

from theory.question import Part, Question
from theory.two_stage.answers.stage_event import breaking_claim, variation_claims
from theory.two_stage.variation import Variation

__all__ = ["CLAIMS", "QUESTION"]

_SIZES = (40, 10)


def _named(form: str, sizes: tuple[int, ...]) -> dict[str, str]:
    return {form.format(size): f"batches of {size} out of 100" for size in sizes}


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
            "At kappa_0 of .1 to 1 Stage I shows at the same number of steps with {these}.",
            "At kappa_0 of .1 to 1 Stage I fails too often with {these}.",
            "Stage I at kappa_0 of .1 to 1 with",
        ),
        Part(
            _named("two_stage.clock.batches.{}.t_half", (50, 20, 10)),
            "At kappa_0 of 30 or more half of the flipped labels are memorised at the same number of "
            "steps with "
            "{these}.",
            "At kappa_0 of 30 or more half of the flipped labels are memorised at another number of "
            "steps with "
            "{these}.",
            "the number of steps at kappa_0 of 30 or more with",
        ),
        Part(
            _named("two_stage.clock.batches.{}.small", (50, 10)),
            "Inside Condition 4.1, at kappa_0 of .3 or less, all of them are memorised at the same number of "
            "steps with {these}.",
            "Inside Condition 4.1, at kappa_0 of .3 or less, the end of Stage II is not the same: the last "
            "flipped labels are memorised later, or not within the run, with {these}.",
            "the number of steps at kappa_0 of .3 or less with",
            glance=True,
        ),
        Part(
            {"two_stage.question.batch_2.breaks": ""},
            "It breaks when one visit moves a sample's margin by more than a unit (step times n/b above 1), "
            "as with batches of 2: Stage I then fails in {these}.",
            "Even batches of 2, where one visit moves a sample by more than a unit, keep Stage I (it fails "
            "in "
            "{these}).",
            "whether batches of 2 break it",
            glance=True,
        ),
        Part(
            {f"two_stage.question.batch_{size}.order": f"batches of {size} out of 80" for size in _SIZES},
            "Clean samples are fit before flipped ones with {these}.",
            "The order of the stages is lost with {these}.",
            "the order of the stages with",
        ),
    ),
)
