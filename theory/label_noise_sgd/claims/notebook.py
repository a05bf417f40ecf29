"""What the released real-world notebook shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.experiment import Experiment
from theory.label_noise_sgd.claims.made import Pair, claim, counts, reading
from theory.label_noise_sgd.net_settings import NotebookSetting
from theory.label_noise_sgd.run import ValuesRun
from theory.label_noise_sgd.sources import here, notebook
from theory.place import fixed
from theory.rules import Difference, Law

__all__ = ["CLAIMS", "plateau"]

Floats = NDArray[np.float64]

NOTEBOOK = Experiment(
    "label_noise_sgd.notebook",
    place=fixed(NotebookSetting(n=20, inputs=512, width=96, classes=10, p=0.5, eta=6e-3)),
    runs=counts(0, 20, 40),
    clock=5000.0,
)


def _loss(run: ValuesRun, kind: str) -> float:
    return float(0.5 * np.mean((run.values[kind] - run.values["labels"]) ** 2))


def _gap(run: ValuesRun, one: str, two: str) -> float:
    return float(np.sqrt(np.mean((run.values[one] - run.values[two]) ** 2)))


def plateau(run: ValuesRun) -> Pair:
    """Train loss of the noisy run on clean labels, and `(p^2/2) mean (y - 1/10)^2`."""
    y = run.values["labels"]
    expected = run.setting.p**2 / 2 * float(np.mean((y - 1 / run.setting.classes) ** 2))
    return _loss(run, "noisy"), expected


def gap_ratio(run: ValuesRun) -> Pair:
    """rms gap of noisy and mean-shifted outputs over that of noisy and clean ones, and 0."""
    return _gap(run, "noisy", "shifted") / _gap(run, "noisy", "clean"), 0.0


def gap_ratio_half(run: ValuesRun) -> Pair:
    """The same, and 1: what it would be if the noise, not its mean, did what is different."""
    return _gap(run, "noisy", "shifted") / _gap(run, "noisy", "clean"), 1.0


CLAIMS: tuple[Claim, ...] = (
    claim(
        "notebook.plateau",
        notebook("the stored plot of the training loss"),
        r"The released notebook's training loss comes to rest at $\frac{p^2}{2}\,\mathrm{mean}(y - "
        r"\frac{1}{10})^2$ "
        r"(.01125 at p = 1/2): the bias of its relabelling.",
        Law(0.02, "fluctuation of averaged outputs", planned_spread=0.003),
        plateau,
        NOTEBOOK,
        measured="loss of averaged outputs on clean labels, and the formula",
        note="Synthetic inputs, smaller width; it says nothing about figures for deeper networks.",
    ),
    claim(
        "notebook.bias_explains",
        here("released notebook"),
        r"The released notebook's noisy run ends ten times closer to a run on the mean-shifted labels than "
        r"to one on "
        r"clean labels.",
        Difference(0.1, "ten times closer", planned_spread=0.02),
        gap_ratio,
        NOTEBOOK,
        measured="root mean square gap of averaged outputs between noisy and mean-shifted run over that "
        "between noisy and clean run, and 0",
    ),
    reading(
        "notebook_isolates_the_noise",
        "notebook.bias_explains",
        notebook("noisy and clean run side by side"),
        r"What the notebook's noisy run does differently is the noise: it stays as far from the run on "
        r"mean-shifted labels as from that on clean ones.",
        Difference(0.5, "half as far would do"),
        gap_ratio_half,
        NOTEBOOK,
        measured="root mean square gap of averaged outputs between noisy and mean-shifted run over that "
        "between noisy and clean run, and 1",
    ),
)
