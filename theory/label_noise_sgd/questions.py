"""Readers' questions, answered by claims."""

from __future__ import annotations

from collections.abc import Mapping

from theory.question import Part, Question

__all__ = ["QUESTIONS"]


def _ids(**names: str) -> Mapping[str, str]:
    return {f"label_noise_sgd.{key.replace('__', '.')}": words for key, words in names.items()}


QUESTIONS: tuple[Question, ...] = (
    Question(
        "Does label noise always align the first layer with the target?",
        (
            Part(
                _ids(
                    alignment__cosine_1="early",
                    alignment__cosine_3="midway",
                    alignment__cosine_5="late",
                ),
                "Where chi is small the mean cosine follows a closed form with no fitted parameter "
                "({these}).",
                "The closed form of the mean cosine fails ({these}).",
                "whether the closed form of the mean cosine holds:",
            ),
            Part(
                _ids(adiabaticity__aligned="|theta*| = 1 and 3"),
                "At the released setting it comes near 1 for targets that are not small ({these}).",
                "Even for targets that are not small it stays away from 1 ({these}).",
                "whether the released setting aligns:",
            ),
            Part(
                _ids(adiabaticity__fails_at_small_target="|theta*| = m^(-1/4)"),
                "It does not where chi is large: there it stops short ({these}).",
                "Where chi is large it does not stop where it was seen to ({these}).",
                "whether it stops short where chi is large:",
            ),
        ),
    ),
    Question(
        "Is fresh label noise needed?",
        (
            Part(
                _ids(cause__static_noise_with_sgd="static labels, SGD"),
                "No: labels that are wrong once and for all drive the same drift under SGD ({these}).",
                "Static labels do not drive the predicted drift ({these}).",
                "whether static labels drive the drift:",
            ),
            Part(
                _ids(cause__no_drift_under_full_batch="static labels, full batch"),
                "They drive none under full-batch descent: the cause is gradient noise at the "
                "minimiser ({these}).",
                "They drive one under full-batch descent too ({these}).",
                "whether full-batch descent drifts:",
            ),
        ),
    ),
    Question(
        "Does sharpness-aware minimisation do the same?",
        (
            Part(
                _ids(sam__curve_along_1="u early", sam__curve_along_3="u late", sam__rest_u="its end"),
                "On single samples, yes: the same curve and the same end ({these}).",
                "On single samples it does not follow the curve of label noise ({these}).",
                "whether one-sample SAM follows the curve:",
            ),
            Part(
                _ids(sam__full_batch_flat_u="u", sam__full_batch_does_not_align="the other directions"),
                "In full batch, no: it ends flat and does not align ({these}).",
                "In full batch it does not end flat ({these}).",
                "where full-batch SAM ends:",
            ),
            Part(
                _ids(sam__collapse_beyond="beyond the fold"),
                "With label noise and a large radius it kills the network ({these}).",
                "A radius beyond the fold does not kill every network ({these}).",
                "whether a large radius kills the network:",
            ),
        ),
    ),
    Question(
        "What does the released real-world notebook isolate?",
        (
            Part(
                _ids(notebook__bias_explains="the control with mean-shifted labels"),
                "The mean shift of its labels, not their noise: {these} ends next to the noisy run.",
                "More than the mean shift of its labels ({these}).",
                "whether the mean shift explains its noisy run:",
            ),
        ),
    ),
    Question(
        "What survives with ReLU neurons?",
        (
            Part(
                _ids(
                    relu__balance="the balance",
                    relu__drift="half the drift",
                    relu__ratio="the ratio d",
                    relu__aligns="alignment",
                ),
                "These hold: {these}.",
                "These fail: {these}.",
                "what survives with ReLU neurons:",
            ),
        ),
    ),
)
