"""Readers' questions, answered by claims."""

from __future__ import annotations

from theory.question import Part, Question

__all__ = ["QUESTIONS"]


def _ids(**names: str) -> dict[str, str]:
    return {f"early_learning.{key.replace('__', '.')}": words for key, words in names.items()}


QUESTIONS: tuple[Question, ...] = (
    Question(
        "Is it safe to rely on early learning here?",
        (
            Part(
                _ids(first_step__early_learning=""),
                "It is when sigma^2 p/n is below 1 - 2w: wrong labels are then classified as their true "
                "class after one step ({these}).",
                "The threshold sigma^2 p/n = 1 - 2w is wrong ({these}).",
                "whether wrong labels are classified as their true class exactly below the threshold",
            ),
            Part(
                _ids(field__memorisation_time="by runs", field__memorisation_constant="in closed form"),
                "It lasts for C(w)/kappa units of training time: {these}.",
                "Its end is not where the two-class equations put it: {these}.",
                "how long it lasts:",
            ),
        ),
    ),
    Question(
        "Which lambda, and which beta?",
        (
            Part(
                _ids(
                    strength__memorisation_threshold="no memorisation above lambda_mem",
                    strength__corrected="correction without end above lambda_sat",
                    strength__roles="averaging with weights lambda and lambda - 2",
                ),
                "In the linear model: {these}.",
                "Not as the formulas say: {these}.",
                "what lambda does in the linear model:",
            ),
            Part(
                _ids(
                    clamp__never="never memorised above 2",
                    clamp__delay="only delayed below 2",
                ),
                "With the released clamp lambda = 2 is critical: {these}.",
                "The clamp does not make lambda = 2 critical: {these}.",
                "what the clamp does:",
            ),
            Part(
                _ids(memory__loaded_in_time=""),
                "beta hardly matters as long as the targets load within half the time to memorisation: "
                "{these}.",
                "Targets that load within half the time to memorisation are not enough: {these}.",
                "how slow the targets may be",
            ),
            Part(
                _ids(
                    digits__elr_15_7_40__memorised="1.5/.7 memorises",
                    digits__elr_5_7_40__memorised="5/.7 does not",
                    digits__elr_3_0_40__last="beta = 0 collapses",
                    digits__elr_3_99_40__memorised="at beta = .99 targets load too late",
                ),
                "On digits with 40 % noise: {these}.",
                "On digits not as seen before: {these}.",
                "strength and memory on digits (made in the full profile):",
            ),
        ),
    ),
    Question(
        "Does it need tuning to the noise rate?",
        (
            Part(
                _ids(
                    clamp__edge="wrong margins stay at the clamp's edge for lambda from 2.2 to 7",
                    compared__strong="3/.7 at w = .2, .3, .4",
                    compared__stronger="7/.9 at w = .2, .3, .4",
                ),
                "Not above lambda = 2 with two classes: {these}.",
                "It does: {these}.",
                "whether one lambda serves several noise rates:",
            ),
            Part(
                _ids(
                    digits__elr_7_9_20__last="20 %",
                    digits__elr_7_9_40__last="40 %",
                    digits__elr_7_9_60__last="60 %",
                ),
                "On digits 7/.9 keeps its accuracy at {these}.",
                "On digits 7/.9 does not keep its accuracy: {these}.",
                "whether 7/.9 serves several noise rates on digits (made in the full profile):",
            ),
            Part(
                _ids(target__neutral_strength=""),
                "With more classes the critical strength is between 2 and 4, by how the residual mass is "
                "spread: {these}.",
                "The critical strength with more classes is not 4/(1 + q): {these}.",
                "the critical strength with more classes",
            ),
        ),
    ),
    Question(
        "What does it cost on clean labels?",
        (
            Part(
                _ids(digits__elr_7_9_clean__last="ELR", digits__ce_clean__last="cross entropy"),
                "On digits about a point of test accuracy: {these}.",
                "The measured accuracies on clean digits differ from those seen before: {these}.",
                "what it costs on clean labels (made in the full profile):",
            ),
        ),
    ),
    Question(
        "Does it beat plain early stopping?",
        (
            Part(
                _ids(digits__elr_beats_stopping=""),
                "On digits yes, even against the best epoch chosen on the test set ({these}).",
                "On digits not by what was seen before: {these}.",
                "whether it beats the best epoch of cross entropy",
            ),
            Part(
                _ids(
                    first_step__best="cross entropy is best after one step",
                    compared__beats_stopping="ELR ends closer to the signal than that",
                ),
                "In the linear model from zero yes: {these}.",
                "In the linear model no: {these}.",
                "whether it beats the best step in the linear model:",
            ),
        ),
    ),
    Question(
        "KL or log(1 - <p, t>)?",
        (
            Part(
                _ids(
                    compared__kl_memorises="KL memorises every wrong label in the linear model",
                    identity__kl_without_memory="without memory it is cross entropy",
                ),
                "log(1 - <p, t>): {these}.",
                "KL does prevent memorisation: {these}.",
                "whether KL prevents memorisation:",
            ),
            Part(
                _ids(digits__kl_1_40__memorised="strength 1", digits__kl_3_40__memorised="strength 3"),
                "On digits KL memorises too: {these}.",
                "On digits KL does not memorise as seen before: {these}.",
                "whether KL prevents memorisation on digits (made in the full profile):",
            ),
        ),
    ),
)
