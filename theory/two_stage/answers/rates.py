"""Other label-noise rates, and unequal ones."""

from __future__ import annotations

from dataclasses import replace

from theory.experiment import Experiment
from theory.question import Part, Question
from theory.rules import Event
from theory.two_stage.answers.stage_event import EVENT_WORDS, answer_claim, stage_one
from theory.two_stage.conditions import DEFAULT_CONSTANTS
from theory.two_stage.experiments import OF_STAGE_ONE
from theory.two_stage.places import drawn_from
from theory.two_stage.sources import C_T1

__all__ = ["CLAIMS", "QUESTION", "RATES"]

#: Stage I exists; the paper's upper end of n SNR^2 is left out, which would leave little of the high rates.
_ASKED = tuple(c for c in OF_STAGE_ONE if c.name != "snr_upper")

#: Data sets beyond the reference box, at which rates up to .35 leave a majority of clean labels.
RATES = Experiment(
    id="two_stage.question.rates",
    place=replace(
        drawn_from("pairs of flip rates", _ASKED, DEFAULT_CONSTANTS),
        n=(300, 800),
        signal_margin=(2.0, 100.0),
        tau=(0.05, 0.35),
    ),
    clock=C_T1,
    runs={"quick": 0, "default": 160, "full": 1000},
)

CLAIMS = (
    answer_claim(
        "rates",
        r"The event of Theorem 4.1 at random pairs of flip rates in $[0.05, 0.35]$, equal or not, in data "
        r"sets of 300 to 800 samples where $n\,\mathrm{SNR}^2 \ge a^*$",
        stage_one,
        RATES,
        EVENT_WORDS,
        conditions=_ASKED,
        constants=DEFAULT_CONSTANTS,
        rule=Event(delta=0.05, reason="the paper's event, at its own delta"),
    ),
)

QUESTION = Question(
    "Do other label-noise rates, and unequal ones, change the picture?",
    (
        Part(
            {"two_stage.question.rates": ""},
            "Not as long as the signal is above the threshold of the noisier class: over random pairs of "
            "rates "
            "Stage I shows ({these}).",
            "Yes: even with the signal above the threshold of the noisier class, Stage I fails for some "
            "pairs of "
            "rates ({these}).",
            "Stage I over pairs of rates",
        ),
        Part(
            {"two_stage.theorem_4_2.dtest_error_nominal": ""},
            "With unequal rates the error after memorisation is at least half of the smaller rate ({these}).",
            "With unequal rates the error after memorisation falls below half of the smaller rate ({these}).",
            "the floor of the error with unequal rates",
        ),
        Part(
            {"two_stage.theorem_4_2.dtest_error_nominal.equal_rates": ""},
            "So it is with rates however close ({these}).",
            "With rates that lie close the floor of the error after memorisation holds for the share of "
            "labels that were flipped, not "
            "for the "
            "nominal rate, which data sets can fall short of ({these}).",
            "the floor of the error with rates however close",
            glance=True,
        ),
    ),
)
