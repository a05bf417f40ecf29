"""Other label-noise rates, and unequal ones."""

from __future__ import annotations

from theory.experiment import Experiment
from theory.question import Part, Question
from theory.rules import EventMap
from theory.two_stage.answers.stage_event import EVENT_WORDS, answer_claim, stage_one
from theory.two_stage.box import Grid
from theory.two_stage.setting import Setting
from theory.two_stage.sources import C_T1

__all__ = ["CLAIMS", "QUESTION", "RATES"]

_RATES = (0.05, 0.15, 0.25, 0.35)

RATES = Experiment(
    id="two_stage.question.rates",
    place=Grid(
        tuple(
            (
                {"tau_plus": plus, "tau_minus": minus, "signal_margin": 10.0},
                Setting.from_n_snr2(
                    n=150,
                    d=3_000_000,
                    m=20,
                    n_snr2=10.0 / (1 - 2 * max(plus, minus)),
                    tau_plus=plus,
                    tau_minus=minus,
                    kappa_0=0.1,
                    clock_step=0.025,
                ),
            )
            for plus in _RATES
            for minus in _RATES
            if plus <= minus
        )
    ),
    clock=1.0,
    runs={"quick": 0, "default": 30, "full": 200},
    snapshots=(C_T1,),
)

CLAIMS = (
    answer_claim(
        "rates",
        r"The event of Theorem 4.1 at every pair of flip rates in $[0.05, 0.35]$, equal or not, at "
        r"$n\,\mathrm{SNR}^2(1 - 2\max\tau) = 10$",
        stage_one,
        RATES,
        EVENT_WORDS,
        rule=EventMap("signal_margin", 10.0, delta=0.05, axis_text="n SNR^2 (1 - 2 tau)"),
    ),
)

QUESTION = Question(
    "Do other label-noise rates, and unequal ones, change the picture?",
    (
        Part(
            {"two_stage.question.rates": ""},
            "Not as long as the signal is stronger by the factor 1/(1 - 2 tau) of the noisier class: pooled "
            "over all pairs of rates Stage I shows ({these}); the map shows single pairs.",
            "Yes: even with the signal raised by 1/(1 - 2 tau) of the noisier class, Stage I fails for some "
            "pairs of rates ({these}); the map shows which.",
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
            "With equal rates so it is too ({these}).",
            "With equal rates that floor holds for the share of labels that were flipped, not for the "
            "nominal "
            "rate, which half of all data sets fall short of ({these}).",
            "the floor of the error with equal rates",
        ),
    ),
)
