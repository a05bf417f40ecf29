"""Questions that the claims of the theorems answer: signal strength, seeds, the log 2 gap, fresh data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from theory.question import Curve, Part, Question
from theory.two_stage.answers.stopping_runs import STOPPING
from theory.two_stage.answers.stops import CLOCKS, dtest_errors, log_iid_errors
from theory.two_stage.experiments import STAGE_ONE
from theory.two_stage.flipped import of_flipped_labels
from theory.two_stage.mean_field.times import TIMES
from theory.two_stage.run import Run

__all__ = ["FRESH_DATA", "LOG_2", "SEEDS", "SIGNAL"]

_GAP_CLOCKS = tuple(float(s) for s in np.round(np.linspace(0.1, 12.0, 60), 2))


@of_flipped_labels
def _gap(run: Run) -> Mapping[str, Sequence[float]]:
    """The extreme losses of both kinds over the clock."""
    losses = np.logaddexp(0.0, -run.margins[[run.at(s) for s in _GAP_CLOCKS]])
    return {
        "smallest loss of a flipped sample": losses[:, run.noisy].min(axis=1).tolist(),
        "largest loss of a clean sample": losses[:, run.clean].max(axis=1).tolist(),
    }


def _both_errors(run: Run) -> Mapping[str, Sequence[float]]:
    return {
        "D_test (training patches reused)": dtest_errors(run).tolist(),
        "fresh noise": np.exp(log_iid_errors(run)).tolist(),
    }


def _fresh_exponent(run: Run) -> Mapping[str, Sequence[float]]:
    """`-(n/d) ln err` on fresh noise: the part of the error's exponent that training moves."""
    return {"": (-log_iid_errors(run) * run.setting.n / run.setting.d).tolist()}


@of_flipped_labels
def _fit_shares(run: Run) -> Mapping[str, Sequence[float]]:
    fit = run.margins[[run.at(s) for s in _GAP_CLOCKS]] > 0
    return {
        "clean samples fit": fit[:, run.clean].mean(axis=1).tolist(),
        "flipped samples fit (memorised)": fit[:, run.noisy].mean(axis=1).tolist(),
    }


SIGNAL = Question(
    "What happens when n SNR^2 moves away from Theta(1)?",
    (
        Part(
            {"two_stage.theorem_4_1.noisy_misfit.weak_signal": ""},
            "Weak signals keep Stage I too ({these}).",
            "Stage I disappears when the signal is too weak for the flip rates and the number of "
            "samples: over all of Condition 4.1, where n SNR^2 may lie below the threshold a*, flipped "
            "samples are classified by their true label in too few runs ({these}).",
            "Stage I at weak signals",
        ),
        Part(
            {"two_stage.theorem_4_1.noisy_misfit.below_threshold": ""},
            "It is there where n SNR^2 >= a*, a threshold that grows with the flip rates and falls with the "
            "number of samples (formula and table under Theorem 4.1). a* is sufficient, not sharp "
            "everywhere: below 0.7 a* the event fails more often than the theorem allows over all settings "
            "together (in {these}), "
            "while at some of them it holds in most runs.",
            "The threshold a* is far above what is needed: below 0.7 a* Stage I fails in {these} only.",
            "Stage I below the threshold",
            glance=True,
        ),
        Part(
            {"two_stage.theorem_4_1.event_map": ""},
            "Above the threshold it is reliable in both regimes of the initialisation ({these}).",
            "Above the threshold it is still not reliable ({these}).",
            "Stage I above the threshold",
        ),
    ),
)

SEEDS = Question(
    "Is it one lucky seed?",
    (
        Part(
            {
                "two_stage.theorem_4_1.clean_fit": "at T_1 all clean samples are fit",
                "two_stage.theorem_4_1.noisy_misfit": "where n SNR^2 >= a* all flipped ones are classified "
                "by their true label",
                "two_stage.theorem_4_1.stage_order": "there clean samples are fit before flipped ones",
            },
            "No. Over independent runs, each at its own random setting, {these}.",
            "Over independent runs it fails too often that {these}.",
            "over independent runs,",
        ),
    ),
    (
        Curve("two_stage.curve.fit_paper", STAGE_ONE, _GAP_CLOCKS, _fit_shares,
              r"small initialisation ($\kappa_0 \leq 1$)", "share of samples", (0.0, 1.0)),
        Curve("two_stage.curve.fit_large_init", TIMES, _GAP_CLOCKS, _fit_shares,
              r"large initialisation ($\kappa_0 \geq 10$)", "share of samples", (0.0, 1.0)),
    ),
)  # fmt: skip

LOG_2 = Question(
    "Does the log 2 threshold separate clean from flipped samples, and by how much?",
    (
        Part(
            {"two_stage.proposition_4_3.sample_selection": ""},
            "Yes, at T_1 where n SNR^2 >= a*, in all but at most one run in twenty: every clean loss lies "
            "below log 2 and every flipped one above ({these}).",
            "No: at T_1 some clean loss lies above or some flipped one below log 2 ({these}).",
            "the separation at log 2",
        ),
        Part(
            {"two_stage.proposition_4_3.selection_gap": ""},
            "The gap between the two nearest losses is of order one ({these}).",
            "The gap between the two nearest losses is not of one order ({these}).",
            "the size of the gap",
        ),
        Part(
            {
                "two_stage.question.widest_gap": "small initialisation",
                "two_stage.question.widest_gap.large_init": "large initialisation",
            },
            "It is widest at nearly the same clock in all runs, in time units: {these}.",
            "The clock at which it is widest varies too much to rely on, in time units: {these}.",
            "when the gap is widest,",
        ),
    ),
    (
        Curve("two_stage.curve.gap_paper", STAGE_ONE, _GAP_CLOCKS, _gap,
              r"small initialisation ($\kappa_0 \leq 1$)", "loss", lines={"log 2": math.log(2)}),
        Curve("two_stage.curve.gap_large_init", TIMES, _GAP_CLOCKS, _gap,
              r"large initialisation ($\kappa_0 \geq 10$)", "loss", lines={"log 2": math.log(2)}),
    ),
)  # fmt: skip

FRESH_DATA = Question(
    "Does test error degrade on fresh data too, or only with spurious features (D_test)?",
    (
        Part(
            {"two_stage.theorem_4_2.iid_error_small": ""},
            "On fresh noise hardly, in points of accuracy: after all flipped labels are memorised the error "
            "stays below half of the smaller flip rate ({these}).",
            "On fresh noise too: the error reaches half of the smaller flip rate (it stays below in "
            "{these}).",
            "whether the error on fresh noise stays below half of the smaller flip rate",
        ),
        Part(
            {"two_stage.sharp.iid_growth": ""},
            "It does grow through Stage II there, from one small number to another, so that ln of the error "
            "changes much ({these}).",
            "It does not grow through Stage II there (it does in {these}).",
            "whether the error on fresh noise grows through Stage II",
            glance=True,
        ),
        Part(
            {
                "two_stage.theorem_4_2.dtest_degrades": "the error is larger at the end than at T_1",
                "two_stage.theorem_4_2.dtest_error": "it reaches half of the smaller flip rate",
            },
            "Where training patches come back (D_test), memorising the flipped labels costs accuracy: "
            "{these}.",
            "Where training patches come back (D_test), it fails that {these}.",
            "on D_test, whether",
            glance=True,
        ),
    ),
    (
        Curve("two_stage.curve.errors", STOPPING, CLOCKS, _both_errors,
              "both test errors, same runs", "test error"),
        Curve("two_stage.curve.fresh_exponent", STOPPING, CLOCKS, _fresh_exponent,
              r"fresh noise: error $= e^{-\mathrm{exponent}\cdot d/n}$", r"exponent $-(n/d)\,\ln$ err"),
    ),
)  # fmt: skip
