"""ReLU networks, two layers and deeper: what survives of the linear theory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.experiment import Experiment
from theory.label_noise_sgd import decay, places
from theory.label_noise_sgd.claims.made import Pair, claim, counts, edge, experiment, reading
from theory.label_noise_sgd.conditions import ADIABATIC, STABLE, with_
from theory.label_noise_sgd.net_settings import DeepSetting
from theory.label_noise_sgd.places import TARGETS, box
from theory.label_noise_sgd.proofs import exact
from theory.label_noise_sgd.run import LinearRun, ValuesRun
from theory.label_noise_sgd.sources import here
from theory.place import Cells
from theory.rules import Identity, Law, Universal

__all__ = ["CLAIMS", "balance_error", "relu_drop_unamplified"]

Floats = NDArray[np.float64]


def _nets(activations: tuple[str, ...]) -> Cells:
    cells = []
    for activation in activations:
        for loss in ("mse", "ce"):
            labels = {"activation": activation, "loss": loss}
            cells.append((labels, DeepSetting(10, 30, 20, 3, 4, 0.05, activation, loss)))
    return Cells(" and ".join(activations), tuple(cells))


DEEP = Experiment("label_noise_sgd.deep", place=_nets(("relu", "leaky")), runs=counts(0, 15, 30), clock=60.0)
DEEP_TANH = Experiment(
    "label_noise_sgd.deep_tanh", place=_nets(("tanh",)), runs=counts(0, 30, 60), clock=60.0
)
RELU = experiment(
    "relu",
    box(
        "ReLU networks", places.lazy, d=(4, 8), width=(15, 30), amplified=(0.06, 0.2), tilt=(0.005, 0.02),
        target=TARGETS,
    ),
    (32, 60, 120), 1.0, engine="relu", records=50,
)  # fmt: skip
RELU_END = experiment(
    "relu_end",
    box(
        "ReLU networks, nearly adiabatic", places.rich, d=(4, 6), width=(15, 25), amplified=(0.12, 0.2),
        chi=(0.08, 0.2), target=TARGETS,
    ),
    (0, 40, 144), 16.0, engine="relu",
)  # fmt: skip
RELU_EDGE = experiment(
    "relu_edge",
    box(
        "ReLU networks, a large step", places.lazy, d=(4, 8), width=(15, 30), amplified=(0.4, 0.6),
        tilt=(0.005, 0.02), target=TARGETS,
    ),
    (0, 100, 200), 1.0, engine="relu", records=50,
)  # fmt: skip


def balance_error(run: LinearRun, sign: float = 1.0) -> float:
    """|change of D_i - `sign` (QV w_i - QV a_i)|, the largest, relative to the largest |z_i|^2."""
    w, a = run.values["w"], run.values["a"]
    D = np.sum(w**2, axis=2) - a**2
    error = np.abs(D[-1] - D[0] - sign * (run.values["qv_w"] - run.values["qv_a"]))
    return float(np.max(error) / np.max(np.sum(w**2, axis=2) + a**2))


def relu_balance(run: LinearRun) -> float:
    """The balance identity of every ReLU neuron."""
    return balance_error(run)


def _sizes(run: LinearRun) -> tuple[Floats, Floats]:
    return np.sum(run.values["w"] ** 2, axis=(1, 2)), np.sum(run.values["a"] ** 2, axis=1)


def _expected_drop(run: LinearRun, amplified: bool) -> float:
    s = run.setting
    trace, size = _sizes(run)
    c = 0.5 * decay.amplification(s.eta, s.d, s.batch) if amplified else 0.0
    rate = 0.5 * s.kappa / (1 - c * trace / s.d)
    return float(np.trapezoid(rate * (trace - s.d * size), run.steps.astype(float)))


def relu_drop(run: LinearRun) -> Pair:
    """Drop of `sum_i D_i`, and the integral of `(kappa/2)/(1 - c_B M_perp/2) (tr M - d s)` along the run.

    Half of the inputs switch a neuron on, so drift and amplification halve.
    """
    trace, size = _sizes(run)
    total = trace - size
    return float(total[0] - total[-1]), _expected_drop(run, True)


def relu_drop_unamplified(run: LinearRun) -> Pair:
    """The same, and the integral without amplification."""
    return relu_drop(run)[0], _expected_drop(run, False)


def relu_ratio(run: LinearRun) -> Pair:
    """tr M/s, mean over the last tenth of the records, and d."""
    trace, size = _sizes(run)
    part = slice(-max(1, len(run.steps) // 10), None)
    return float(np.mean(trace[part]) / np.mean(size[part])), float(run.setting.d)


def relu_aligns(run: LinearRun) -> bool:
    """Whether the mean |cosine| to theta* rises by at least .3."""
    w, unit = run.values["w"], run.path.unit
    cos = np.mean(np.abs(w @ unit) / np.linalg.norm(w, axis=2), axis=1)
    return bool(cos[-1] - cos[0] > 0.3)


def deep_balance(run: ValuesRun) -> float:
    """The balance of every hidden unit against its squared steps, relative to the sum of all squared
    steps + 1.
    """
    error = np.max(np.abs(run.values["change"] - run.values["squares"]))
    return float(error / (1.0 + run.values["total"]))


def deep_violates(run: ValuesRun) -> bool:
    """Whether it is off by more than 1e-3 of the sum of all squared steps."""
    return bool(np.max(np.abs(run.values["change"] - run.values["squares"])) > 1e-3 * run.values["total"])


_RELU = (STABLE,)
#: c_B m/d <= .2 is c_B mu_0/2 <= .1.
_TENTH = with_(c_edge=0.201)
_END = with_(c_edge=0.201, c_chi=0.201)

CLAIMS: tuple[Claim, ...] = (
    claim(
        "relu.balance",
        here("deep networks"),
        r"ReLU neurons obey the balance identity too.",
        Identity(),
        relu_balance,
        RELU,
        proof=exact.homogeneous_balance,
        measured="largest residual over neurons, relative to the largest $|z|^2$",
    ),
    claim(
        "relu.drift",
        here("ReLU"),
        r"Two-layer ReLU on a linear teacher: drift and amplification halve, "
        r"$\frac{d}{dt}\sum_i D_i = -\frac{\kappa/2}{1 - c_BM_\perp/2}(\mathrm{tr}M - ds)$.",
        Law(0.03, "first order beyond the amplification", planned_spread=0.012),
        relu_drop,
        RELU,
        conditions=_RELU,
        constants=_TENTH,
        measured="drop of sum_i D_i, and the integral of its rate along the run",
    ),
    reading(
        "relu_without_amplification",
        "relu.drift",
        here("ReLU"),
        r"ReLU's drift is $\frac{\kappa}{2}(\mathrm{tr}M - ds)$.",
        Law(0.03, "the margin of the amplified law", planned_spread=0.02),
        relu_drop_unamplified,
        RELU,
        conditions=(STABLE,),
        constants=with_(c_edge=0.201),
        measured="drop of sum_i D_i, and the integral without amplification",
    ),
    edge(
        "relu_stable",
        STABLE,
        r"At $c_Bm/d$ in [.4, .6] the drift is still that of the amplified law.",
        Law(0.03, "the margin inside the condition", planned_spread=0.05),
        relu_drop,
        RELU_EDGE,
        conditions=_RELU,
        constants=_TENTH,
        measured="drop of sum_i D_i, and the integral of its rate along the run",
    ),
    claim(
        "relu.ratio",
        here("ReLU"),
        r"ReLU neurons come to the ratio of linear ones: $\mathrm{tr}M/s = d$.",
        Law(0.1, "mean over the last tenth of a run of 16/kappa steps", planned_spread=0.04),
        relu_ratio,
        RELU_END,
        conditions=(*_RELU, ADIABATIC),
        constants=_END,
        measured="tr M/s averaged over the last tenth, and d",
    ),
    claim(
        "relu.aligns",
        here("ReLU"),
        r"ReLU neurons align with a linear teacher under label noise: the mean cosine rises by at least .3.",
        Universal("label noise aligns ReLU neurons too"),
        relu_aligns,
        RELU_END,
        conditions=(*_RELU, ADIABATIC),
        constants=_END,
        measured="mean |cosine| at the end minus at the start",
    ),
    claim(
        "identity.deep_balance",
        here("deep networks"),
        r"Deep nets of ReLU or leaky ReLU units with bias, any loss: the change of $|in|^2 + b^2 - "
        r"|out|^2$ of "
        r"a hidden unit is the sum of its squared steps, with the same signs.",
        Identity(),
        deep_balance,
        DEEP,
        proof=exact.homogeneous_balance,
        measured="largest residual over units, relative to 1 + the sum of all squared steps",
    ),
    claim(
        "identity.deep_balance_needs_homogeneity",
        here("deep networks"),
        r"For tanh units the same identity is off by more than a thousandth of all squared steps.",
        Universal("the negative control of the identity"),
        deep_violates,
        DEEP_TANH,
        measured="whether the residual exceeds a thousandth of the sum of all squared steps",
    ),
)
