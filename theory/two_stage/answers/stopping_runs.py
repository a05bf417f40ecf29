"""The runs by which stops are compared: strong signals of the paper's box, and weak ones beside them."""

from __future__ import annotations

from dataclasses import replace

from theory.experiment import Experiment
from theory.two_stage.answers.stops import CLOCKS
from theory.two_stage.experiments import PAPER_BOX
from theory.two_stage.sources import here

__all__ = ["SOURCE", "STOPPING", "WIDE"]

SOURCE = here("docs/questions.md, When to stop")

#: Signal and flip rates of the paper's box, d of order n.
STOPPING = Experiment(
    id="two_stage.question.stopping",
    place=replace(PAPER_BOX, name="stopping", dimension=(30.0, 300.0), dimension_unit="n"),
    clock=CLOCKS[-1],
    runs={"quick": 0, "default": 170, "full": 600},
    snapshots=CLOCKS[:-1],
)

#: Weak signals, flip rates up to 0.35, and d/n down to where errors on fresh noise are not negligible.
WIDE = Experiment(
    id="two_stage.question.stopping_wide",
    place=replace(
        PAPER_BOX,
        name="stopping, wide",
        signal_margin=(3.0, 20.0),
        tau=(0.05, 0.35),
        dimension=(6.0, 100.0),
        dimension_unit="n",
    ),
    clock=CLOCKS[-1],
    runs={"quick": 0, "default": 190, "full": 800},
    snapshots=CLOCKS[:-1],
)
