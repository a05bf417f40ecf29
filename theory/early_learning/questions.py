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
                "Only when sigma^2 p/n is below 1 - 2w, w the share of wrong labels: after one step most "
                "wrong "
                "labels are then classified as their true class, and above it they are not ({these}).",
                "The threshold sigma^2 p/n = 1 - 2w, w the share of wrong labels, is wrong ({these}).",
                "whether most wrong labels are classified as their true class exactly below sigma^2 p/n = "
                "1 - 2w",
            ),
            Part(
                _ids(
                    field__memorisation_time="measured over predicted time",
                    field__memorisation_constant="the closed form",
                ),
                "It lasts for C(w)/kappa units of training time (eta times steps; a table stands under Early "
                "learning, sharp), kappa = sigma^2 p/n, and then wrong labels are memorised: {these}.",
                "Its end is not where the two-class equations put it: {these}.",
                "how long it lasts:",
                glance=True,
            ),
        ),
    ),
    Question(
        "Which lambda, and which beta?",
        (
            Part(
                _ids(
                    strength__memorisation_threshold="wrong labels are memorised below lambda_mem = (w + "
                    "kappa)/(1 - w) and not above",
                    strength__corrected="they are corrected without end above lambda_sat = 2(w + "
                    "kappa)/(1 + kappa)",
                    strength__roles="there right labels have the weight lambda, wrong ones lambda - 2 "
                    "(cosine "
                    "with the signal less its formula)",
                ),
                "In the linear model {these}.",
                "In the linear model it fails that {these}.",
                "whether in the linear model",
            ),
            Part(
                _ids(
                    clamp__never="wrong labels are never memorised above",
                    clamp__delay="below they are only delayed (time over its formula)",
                ),
                "With the released clamp of probabilities lambda = 2 is critical: {these}.",
                "The clamp does not make lambda = 2 critical: {these}.",
                "what the clamp does:",
            ),
            Part(
                _ids(memory__loaded_in_time=""),
                "Any beta will do with which the targets load in time: 1/(1 - beta) steps at most half of "
                "the "
                "steps that cross entropy takes to memorise ({these}).",
                "Targets that load within half the time to memorisation are not enough ({these}).",
                "whether targets that load within half the time to memorisation are enough",
                glance=True,
            ),
            Part(
                _ids(memory__loaded_too_late=""),
                "A larger beta keeps wrong labels from being memorised as well ({these}).",
                "Not a beta so near 1 that they load later: wrong labels are then memorised (kept from it in "
                "{these}).",
                "whether targets may load later",
                glance=True,
            ),
            Part(
                _ids(
                    digits__elr_15_7_40__memorised="lambda = 1.5, beta = .7 memorises",
                    digits__elr_5_7_40__memorised="lambda = 5, beta = .7 does not",
                    digits__elr_3_0_40__last="beta = 0 collapses",
                    digits__elr_3_99_40__memorised="at beta = .99 targets load too late",
                ),
                "On digits with 40 % noise, each as a difference from the share seen before: {these}.",
                "On digits not as seen before, as a difference from it: {these}.",
                "strength and memory on digits (only the full profile makes these runs):",
            ),
        ),
    ),
    Question(
        "Does it need tuning to the noise rate?",
        (
            Part(
                _ids(
                    clamp__edge="wrong margins stay at the clamp's edge for lambda from 2.2 to 7 (difference "
                    "from it)",
                    compared__strong="lambda = 3, beta = .7 memorises none at 20, 30 and 40 % wrong labels",
                    compared__stronger="lambda = 7, beta = .9 memorises none there either",
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
                "On digits lambda = 7, beta = .9 keeps its accuracy, as a difference from that seen "
                "before, at {these}.",
                "On digits lambda = 7, beta = .9 does not keep its accuracy: {these}.",
                "whether lambda = 7, beta = .9 serves several noise rates on digits (only the full profile "
                "makes these "
                "runs):",
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
                "On digits about a point of test accuracy, .970 against .980; differences from these: "
                "{these}.",
                "The measured accuracies on clean digits differ from those seen before: {these}.",
                "what it costs on clean labels (only the full profile makes these runs):",
            ),
        ),
    ),
    Question(
        "Does it beat plain early stopping?",
        (
            Part(
                _ids(digits__elr_beats_stopping="what is measured less .027"),
                "On digits yes, at 40 % wrong labels, the one setting tried, with lambda = 7, beta = .9: "
                "by .027 of "
                "test accuracy within .025, even against the best epoch chosen on the test set ({these}).",
                "On digits not by the .027 of test accuracy seen before ({these}).",
                "whether on digits it beats the best epoch of cross entropy by .027 of test accuracy, as",
            ),
            Part(
                _ids(
                    first_step__best="cross entropy is best after one step",
                    compared__beats_stopping="ELR ends closer to the signal than that",
                ),
                "In the linear model from zero yes, for lambda from 2 to 6: {these}.",
                "In the linear model no: {these}.",
                "whether it beats the best step in the linear model:",
                glance=True,
            ),
        ),
    ),
    Question(
        "KL or log(1 - <p, t>)?",
        (
            Part(
                _ids(
                    compared__kl_memorises="it memorises every wrong label in the linear model",
                    identity__kl_without_memory="without memory it is cross entropy",
                ),
                "Not KL: {these}.",
                "KL does prevent memorisation, as it fails that {these}.",
                "whether",
            ),
            Part(
                _ids(digits__kl_1_40__memorised="strength 1", digits__kl_3_40__memorised="strength 3"),
                "On digits KL memorises too: {these}.",
                "On digits KL does not memorise as seen before: {these}.",
                "whether KL prevents memorisation on digits (only the full profile makes these runs):",
            ),
        ),
    ),
)
