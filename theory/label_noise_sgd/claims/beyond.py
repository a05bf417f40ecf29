"""Two-layer ReLU networks, and what the released real-world notebook shows."""

from __future__ import annotations

from typing import Any

from theory.claim import Claim
from theory.label_noise_sgd import conditions as c
from theory.label_noise_sgd import experiments as runs
from theory.label_noise_sgd import proofs
from theory.label_noise_sgd.measure import beyond
from theory.label_noise_sgd.sources import here, readme
from theory.rules import Difference, Identity, Law, Universal

__all__ = ["CLAIMS"]


def _claim(name: str, statement: str, rule: Any, function: Any, experiment: Any, **more: Any) -> Claim:
    values: dict[str, Any] = {
        "source": here("C26-C27"),
        "provenance": "derived",
        "constants": c.CONSTANTS,
    } | more
    return Claim(
        id=f"label_noise_sgd.{name}",
        statement=statement,
        rule=rule,
        measure=function,
        experiment=experiment,
        **values,
    )


_RELU = (c.STABLE,)
#: c_B m/d <= .2 is c_B mu_0/2 <= .1.
_TENTH = c.with_(c_edge=0.201)
_END = c.with_(c_edge=0.201, c_chi=0.201)

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "relu.balance",
        r"ReLU neurons obey the balance identity too.",
        Identity(),
        beyond.relu_balance,
        runs.RELU,
        source=here("C3, extension"),
        proof=proofs.homogeneous_balance,
        measured="largest residual over neurons, relative to the largest $|z|^2$",
    ),
    _claim(
        "relu.drift",
        r"Two-layer ReLU on a linear teacher: drift and amplification halve, "
        r"$\frac{d}{dt}\sum_i D_i = -\frac{\kappa/2}{1 - c_BM_\perp/2}(\mathrm{tr}M - ds)$.",
        Law(0.03, "first order beyond the amplification", planned_spread=0.012),
        beyond.relu_drop,
        runs.RELU,
        source=here("C26"),
        conditions=_RELU,
        constants=_TENTH,
        measured="drop of sum_i D_i, and the integral of its rate along the run",
    ),
    _claim(
        "relu.ratio",
        r"They come to the same ratio: $\mathrm{tr}M/s = d$.",
        Law(0.1, "mean over the last tenth of a run of 16/kappa steps", planned_spread=0.04),
        beyond.relu_ratio,
        runs.RELU_END,
        source=here("C26"),
        conditions=(*_RELU, c.ADIABATIC),
        constants=_END,
        measured="tr M/s averaged over the last tenth, and d",
    ),
    _claim(
        "relu.aligns",
        r"and align with the teacher: the mean cosine rises by at least .3.",
        Universal("label noise aligns ReLU neurons too"),
        beyond.relu_aligns,
        runs.RELU_END,
        source=here("C26"),
        conditions=(*_RELU, c.ADIABATIC),
        constants=_END,
        measured="mean |cosine| at the end minus at the start",
    ),
    _claim(
        "notebook.plateau",
        r"The released notebook's training loss comes to rest at $\frac{p^2}{2}\,\mathrm{mean}(y - "
        r"\frac{1}{10})^2$ "
        r"(.01125 at p = 1/2): the bias of its relabelling.",
        Law(0.02, "fluctuation of averaged outputs", planned_spread=0.003),
        beyond.plateau,
        runs.NOTEBOOK,
        source=readme("real-world notebook: the stored plot shows about .0112"),
        measured="loss of averaged outputs on clean labels, and the formula",
        note="Synthetic inputs, smaller width; it says nothing about figures for deeper networks.",
    ),
    _claim(
        "notebook.bias_explains",
        r"Its noisy run ends ten times closer to a run on the mean-shifted labels than to one on "
        r"clean labels.",
        Difference(0.1, "ten times closer", planned_spread=0.02),
        beyond.gap_ratio,
        runs.NOTEBOOK,
        source=here("C27"),
        measured="rms gap of averaged outputs noisy - shifted over noisy - clean, and 0",
    ),
)
