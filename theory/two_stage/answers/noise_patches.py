"""Does it need Gaussian noise patches?"""

from __future__ import annotations

from theory.question import Part, Question
from theory.two_stage.answers.stage_event import breaking_claim, variation_claims
from theory.two_stage.variation import Noise, Variation

__all__ = ["CLAIMS", "QUESTION"]

_WORDS: dict[Noise, str] = {
    "gaussian": "Gaussian",
    "rademacher": "Rademacher",
    "laplace": "Laplace",
    "student_t5": "Student-t (5 degrees of freedom)",
    "sparse": "5 % sparse",
    "correlated": "correlated Gaussian (spectrum $k^{-1/2}$)",
}

CLAIMS = (
    *(
        claim
        for noise, words in _WORDS.items()
        for claim in variation_claims(f"noise_{noise}", f"{words} noise patches", Variation(noise=noise))
    ),
    breaking_claim(
        "noise_elliptical",
        r"Where $\|\xi_i\|^2$ does not concentrate (elliptical $t_5$ patches), Stage I fails more often "
        r"than the 5 % that the theorem allows",
        Variation(noise="elliptical_t5"),
    ),
)

QUESTION = Question(
    "Does it need Gaussian noise patches?",
    (
        Part(
            {f"two_stage.question.noise_{noise}.event": words for noise, words in _WORDS.items()},
            "Stage I shows with {these} patches.",
            "Stage I fails too often with {these} patches.",
            "Stage I with",
        ),
        Part(
            {"two_stage.question.noise_elliptical.breaks": ""},
            "Not every patch will do: it breaks where the length of a patch varies from sample to sample, "
            "as with one random scale a "
            "patch: Stage I then fails in {these}.",
            "Even patches of random length keep Stage I (it fails in {these}).",
            "whether patches of random length break it",
            glance=True,
        ),
        Part(
            {f"two_stage.question.noise_{noise}.order": words for noise, words in _WORDS.items()},
            "Clean samples are fit before flipped ones with {these} patches.",
            "The order of the stages is lost with {these} patches.",
            "the order of the stages with",
        ),
    ),
)
