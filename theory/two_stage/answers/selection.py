"""How good is small-loss selection, and until when? Precision and recall over the clock, in both regimes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import sympy as sp

from theory.claim import Claim
from theory.condition import Condition
from theory.experiment import Experiment
from theory.question import Curve, Part, Question
from theory.rules import Band
from theory.run import NotApplicable
from theory.two_stage.answers.selecting import RULES, largest_gap_clock, scores
from theory.two_stage.answers.stage_event import answer_claim
from theory.two_stage.conditions import DEFAULT_CONSTANTS
from theory.two_stage.experiments import OF_STAGE_ONE, STAGE_ONE
from theory.two_stage.flipped import of_flipped_labels
from theory.two_stage.mean_field.times import TIMES
from theory.two_stage.run import Run
from theory.two_stage.sources import C_T1, here
from theory.two_stage.symbols import tau_minus, tau_plus

__all__ = ["CLAIMS", "QUESTION"]

_SOURCE = here("docs/questions.md, Selecting by loss")
#: Both regimes of kappa_0 run at least this long: deep in Stage II.
LATE = 12.0
_CLOCKS = tuple(float(s) for s in np.round(np.linspace(0.1, LATE, 60), 2))

#: With more flips the signal that is left lets clean samples of few active filters fall behind memorised
#: ones: of 399 runs 16 lost more than .02, 14 of them at rates above .2.
_FEW_FLIPS = Condition(
    "flips_to_a_fifth",
    sp.Rational(1, 5),
    sp.Max(tau_plus, tau_minus),
    _SOURCE,
    "derived",
    "Clean samples outweigh flipped ones four to one: those with few active filters are fit by the signal.",
)

_REGIMES: Mapping[str, tuple[Experiment, str]] = {
    "": (STAGE_ONE, r"small initialisation ($\kappa_0 \leq 1$)"),
    ".large_init": (TIMES, r"large initialisation ($\kappa_0 \geq 10$)"),
}


def _worse_score(run: Run) -> float | NotApplicable:
    """The smaller of precision and recall of the log 2 rule at T_1."""
    found = scores(run, C_T1, "log 2")
    return found if isinstance(found, NotApplicable) else min(found)


def _late_gain(run: Run) -> float | NotApplicable:
    """Precision of the log 2 rule late in Stage II, above that of keeping everything."""
    found = scores(run, LATE, "log 2")
    return found if isinstance(found, NotApplicable) else found[0] - float(run.clean.mean())


def _ranking_loss(run: Run) -> float | NotApplicable:
    """Precision at the known rate: at T_1 minus late in Stage II."""
    early, late = scores(run, C_T1, "known rate"), scores(run, LATE, "known rate")
    if isinstance(early, NotApplicable):
        return early
    return late if isinstance(late, NotApplicable) else early[0] - late[0]


def _regime_claims(suffix: str) -> tuple[Claim, ...]:
    experiment, words = _REGIMES[suffix]

    def made(
        name: str,
        statement: str,
        measure: Callable[[Run], object],
        what: str,
        rule: Band,
        own: tuple[Condition, ...] = (),
    ) -> Claim:
        asked = {} if suffix else {"conditions": (*OF_STAGE_ONE, *own), "constants": DEFAULT_CONSTANTS}
        return answer_claim(
            f"{name}{suffix}",
            f"{statement}, {words}",
            measure,
            experiment,
            what,
            rule=rule,
            source=_SOURCE,
            **asked,
        )

    at_t1 = made(
        "selection.at_t1",
        r"Keeping losses below $\log 2$ at $T_1$ has precision and recall of at least 0.95",
        _worse_score,
        "the smaller of precision and recall at c_T time units",
        Band(0.95, 1.0, "one wrong sample in twenty; both numbers are 1 under the event of Theorem 4.1"),
    )
    return (
        # At small initialisation it is `proposition_4_3.sample_selection`, which stands for both.
        *((at_t1,) if suffix else ()),
        made(
            "selection.decays",
            r"Late in Stage II keeping losses below $\log 2$ selects nothing: its precision is within 0.05 "
            r"of "
            r"the share of clean samples",
            _late_gain,
            f"precision at {LATE:g} time units minus the share of clean samples",
            Band(-0.05, 0.05, "as close to no selection as 0.95 is to a perfect one"),
        ),
        made(
            "selection.ranking_lasts",
            r"Keeping the $(1 - \tau) n$ smallest losses loses at most 0.02 of its precision between $T_1$ "
            r"and late Stage II, at flip rates up to .2",
            _ranking_loss,
            f"precision at c_T minus precision at {LATE:g} time units",
            Band(-0.02, 0.02, "one to three samples of these data sets"),
            (_FEW_FLIPS,),
        ),
        made(
            "widest_gap",
            r"The gap between flipped and clean losses is largest at a clock in $[0.5, 2.5]$",
            largest_gap_clock,
            "clock of the largest (smallest flipped loss minus largest clean loss)",
            Band(
                0.5, 2.5, "the clock of the smallest noisy margin in the mean field, 0.5 to 1.9, and a step"
            ),
        ),
    )


CLAIMS = tuple(claim for suffix in _REGIMES for claim in _regime_claims(suffix))


@of_flipped_labels
def _over_the_clock(run: Run) -> Mapping[str, Sequence[float]] | NotApplicable:
    out: dict[str, list[float]] = {}
    for rule in RULES:
        found = [scores(run, s, rule) for s in _CLOCKS]
        for k, what in enumerate(("precision", "recall")):
            out[f"{what}, {rule}"] = [float("nan") if isinstance(f, NotApplicable) else f[k] for f in found]
    return out


def _these(name: str) -> dict[str, str]:
    return {
        f"two_stage.question.{name}": "small initialisation",
        f"two_stage.question.{name}.large_init": "large initialisation",
    }


QUESTION = Question(
    "How good is small-loss selection, and until when?",
    (
        Part(
            {
                "two_stage.proposition_4_3.sample_selection": "with small initialisation and "
                "n SNR^2 >= a* it makes no error",
                "two_stage.question.selection.at_t1.large_init": "with large initialisation the worse of its "
                "precision and recall is at least .95",
            },
            "Keeping the samples with loss below log 2 at T_1 keeps the clean ones and little else: {these}.",
            "Already at T_1 keeping the samples with loss below log 2 makes too many errors, as it fails "
            "that "
            "{these}.",
            "of selection at log 2 at T_1, whether",
        ),
        Part(
            _these("selection.decays"),
            "Late in Stage II the same threshold keeps everything and selects nothing; what is left of its "
            "precision beyond the clean share: {these}.",
            "Late in Stage II the same threshold still selects; its precision beyond the clean share: "
            "{these}.",
            "selection at log 2 late in training,",
            glance=True,
        ),
        Part(
            _these("selection.ranking_lasts"),
            "Who knows the flip rate can select later: memorised samples keep the larger losses, so "
            "keeping the "
            "(1 - tau) n smallest loses almost no precision until then; it drops by: {these}.",
            "Knowing the flip rate does not save late selection: the precision of keeping the (1 - tau) n "
            "smallest losses drops by: {these}.",
            "late selection at the known rate,",
        ),
    ),
    tuple(
        Curve(f"two_stage.curve.selection{suffix}", experiment, _CLOCKS, _over_the_clock, words,
              "precision, recall", (0.6, 1.0))
        for suffix, (experiment, words) in _REGIMES.items()
    ),
)  # fmt: skip
