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
                _ids(adiabaticity__fails_at_small_target="mean cosine less .6"),
                "No: at |theta*| = m^(-1/4), where chi = 4, it stops at a mean cosine near .6 ({these}).",
                "At |theta*| = m^(-1/4), where chi = 4, it does not stop near .6 ({these}).",
                "whether it stops at .6 where chi = 4, as",
            ),
            Part(
                _ids(
                    alignment__cosine_1="early",
                    alignment__cosine_3="midway",
                    alignment__cosine_5="late",
                ),
                "Where chi is small the mean cosine rises towards 1 along a closed form with no fitted "
                "parameter; difference from it {these}.",
                "The closed form of the mean cosine fails; difference from it {these}.",
                "whether the mean cosine keeps to its closed form, as a difference from it:",
            ),
            Part(
                _ids(adiabaticity__aligned="less 1"),
                "At the released setting the mean cosine comes near 1 for |theta*| = 1 and 3: {these}.",
                "Even for |theta*| = 1 and 3 the mean cosine of the released setting stays away from 1: "
                "{these}.",
                "whether the mean cosine of the released setting comes near 1:",
            ),
        ),
    ),
    Question(
        "Is fresh label noise needed?",
        (
            Part(
                _ids(cause__static_noise_with_sgd="drift over its formula"),
                "No: labels that are wrong once and for all drive the same drift under SGD ({these}).",
                "Labels that are wrong once and for all do not drive the predicted drift ({these}).",
                "whether labels that are wrong once and for all drive the drift:",
            ),
            Part(
                _ids(cause__no_drift_under_full_batch="relative drift"),
                "They drive none under full-batch descent: the cause is gradient noise at the "
                "minimiser ({these}).",
                "They drive one under full-batch descent too ({these}).",
                "whether full-batch descent drifts:",
                glance=True,
            ),
        ),
    ),
    Question(
        "Does sharpness-aware minimisation do the same?",
        (
            Part(
                _ids(
                    sam__full_batch_flat_u="first layer along the target over |theta*|",
                    sam__full_batch_does_not_align="across it over |theta*|, less 1 (0 aligned would be -1)",
                ),
                "Not in full batch: it ends flat and does not align; {these}.",
                "In full batch it does not end flat; {these}.",
                "where full-batch SAM ends:",
            ),
            Part(
                _ids(sam__curve_along_1="u early", sam__curve_along_3="u late", sam__rest_u="u at the end"),
                "On single samples, yes: the same curve and the same end; over their formulas {these}.",
                "On single samples it does not follow the curve of label noise; over their formulas {these}.",
                "whether one-sample SAM follows the curve, over its formulas:",
                glance=True,
            ),
            Part(
                _ids(sam__collapse_beyond=""),
                "With label noise and a radius beyond the fold of its mean field it kills the network "
                "({these}).",
                "A radius beyond the fold of its mean field does not kill every network ({these}).",
                "whether a radius beyond the fold of its mean field kills the network",
                glance=True,
            ),
        ),
    ),
    Question(
        "What does the released real-world notebook isolate?",
        (
            Part(
                _ids(notebook__bias_explains="their distance over that to the run on clean labels"),
                "The mean shift of its labels, not their noise: a run on mean-shifted labels ends next to "
                "the "
                "noisy one ({these}).",
                "More than the mean shift of its labels ({these}).",
                "whether the mean shift of its labels explains its noisy run:",
            ),
        ),
    ),
    Question(
        "What survives with ReLU neurons?",
        (
            Part(
                _ids(
                    relu__balance="the balance identity",
                    relu__drift="the drift, halved, over its formula",
                    relu__ratio="the ratio of the layers over d",
                    relu__aligns="alignment with a linear teacher",
                ),
                "These hold: {these}.",
                "These fail: {these}.",
                "what survives with ReLU neurons:",
            ),
        ),
    ),
)
