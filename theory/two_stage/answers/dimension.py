"""Is d = Omega(n^2) needed? A sweep of d/n at three sample sizes."""

from __future__ import annotations

from theory.experiment import Experiment
from theory.question import Part, Question
from theory.rules import EventMap
from theory.two_stage.answers.stage_event import EVENT_WORDS, answer_claim, no_stage_one, stage_one
from theory.two_stage.box import Grid
from theory.two_stage.setting import Setting
from theory.two_stage.sources import C_T1

__all__ = ["CLAIMS", "DIMENSION", "QUESTION"]

_RATIOS = (1.2, 2.0, 5.0, 10.0, 20.0, 50.0, 200.0)

DIMENSION = Experiment(
    id="two_stage.question.dimension",
    place=Grid(
        tuple(
            (
                {"d_over_n": ratio, "n_over_d": 1 / ratio, "n": float(n)},
                Setting.from_n_snr2(
                    n=n,
                    d=round(ratio * n),
                    m=30,
                    n_snr2=12.5,
                    tau_plus=0.1,
                    tau_minus=0.1,
                    kappa_0=0.1,
                    clock_step=0.025,
                ),
            )
            for n in (50, 100, 200)
            for ratio in _RATIOS
        )
    ),
    clock=1.0,
    runs={"quick": 16, "default": 40, "full": 400},
    snapshots=(C_T1,),
)

CLAIMS = (
    answer_claim(
        "dimension",
        r"For the event of Theorem 4.1 $d/n \ge 20$ is enough, at $n = 50, 100, 200$ alike; "
        r"$d = \Omega(n^2)$ is not needed",
        stage_one,
        DIMENSION,
        EVENT_WORDS,
        rule=EventMap("d_over_n", 20.0, delta=0.05, axis_text="d/n"),
    ),
    answer_claim(
        "dimension.needed",
        r"Some number of dimensions a sample is needed: at $d/n \le 2$ the event of Theorem 4.1 fails in "
        r"more "
        r"than the 5 % of the runs that the theorem allows, at $n = 50, 100, 200$ alike",
        no_stage_one,
        DIMENSION,
        "whether the event of Theorem 4.1 fails at c_T time units",
        rule=EventMap("n_over_d", 0.5, delta=0.95, axis_text="n/d"),
    ),
)

QUESTION = Question(
    "Is d = Omega(n^2) needed, or an artefact of the proof?",
    (
        Part(
            {"two_stage.question.dimension": ""},
            "It is not needed here, for the event of Stage I at n = 50, 100 and 200: what counts is "
            "dimensions a sample, d/n ({these}). Larger n and other conclusions are not judged.",
            "A constant number of dimensions a sample is not enough ({these}).",
            "whether a constant number of dimensions a sample is enough",
        ),
        Part(
            {"two_stage.question.dimension.needed": ""},
            "With only one or two dimensions a sample it fails more often than the theorem allows: "
            "in {these}.",
            "Even one or two dimensions a sample are enough; Stage I fails in {these}.",
            "whether one or two dimensions a sample are enough, as Stage I fails in",
            glance=True,
        ),
        Part(
            {"two_stage.theorem_4_1.noisy_misfit.low_dimension": ""},
            "At random settings with d of order n, outside the paper's condition, flipped samples are still "
            "classified by their true label in Stage I ({these}).",
            "At random settings with d of order n, flipped samples are no longer all classified by their "
            "true "
            "label in Stage I ({these}).",
            "Stage I at random settings with d of order n",
        ),
    ),
)
