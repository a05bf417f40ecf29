"""What holds exactly, whatever the data, the residuals, the batch and the noise (Theorem 4.2, Lemma 4.3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.label_noise_sgd import places
from theory.label_noise_sgd.claims.made import claim, experiment
from theory.label_noise_sgd.places import TARGETS, box
from theory.label_noise_sgd.proofs import exact
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import here, note
from theory.rules import Identity, Law, UniversalBound
from theory.run import NotApplicable

__all__ = ["CLAIMS", "DROP", "balances", "drop_is_variation"]

Floats = NDArray[np.float64]

IDENTITIES = experiment(
    "identities",
    box(
        "small networks", places.lazy, d=(2, 10), width=(1, 10), batch=(1, 4), amplified=(0.02, 0.3),
        tilt=(0.002, 0.05), target=TARGETS,
    ),
    (32, 60, 120), engine="full", records=20, steps=400,
)  # fmt: skip
DROP = experiment("drop", places.LAZY, (0, 24, 60), 0.3, records=60, moments=0.0)
STATIONARY = experiment(
    "stationary", places.RICH_ONE, (0, 24, 60), 40.0, start="rich", records=2, moments=0.2,
)  # fmt: skip


def _twin(run: LinearRun) -> LinearRun:
    assert run.control is not None
    return run.control


def transport(run: LinearRun) -> float:
    """|Z_T - Z_0 Phi_T|, relative to the largest |Z| so far; Phi comes from another run of d + 1 neurons."""
    phi = _twin(run).path.frame
    z = run.path.z
    error = max(float(np.max(np.abs(z[t] - z[0] @ phi[t]))) for t in range(len(z)))
    return error / float(np.max(np.abs(z)))


def compression(run: LinearRun) -> float:
    """|Z - U R| between the run of m neurons and that of d + 1, relative to the largest |Z|."""
    one, two = run.path, _twin(run).path
    error = max(float(np.max(np.abs(one.z[t] - two.network(t)))) for t in range(len(one.steps)))
    return error / float(np.max(np.abs(one.z)))


def balances(path_end: Floats) -> Floats:
    return np.asarray(np.sum(path_end[:, :-1] ** 2, axis=1) - path_end[:, -1] ** 2)


def balance(run: LinearRun) -> float:
    """|change of |w_i|^2 - a_i^2 minus (QV w_i - QV a_i)|, the largest over neurons, relative to the
    largest QV.
    """
    p = run.path
    change = balances(p.z[-1]) - balances(p.z[0])
    return float(np.max(np.abs(change - (p.qv_w - p.qv_a))) / np.max(np.abs(p.z)) ** 2)


def volume(run: LinearRun) -> float | NotApplicable:
    """|ln det P_T - ln det P_0 - 2 sum ln|1 - eta^2 |g|^2||, relative to (d+1) and while rounding allows
    it.
    """
    p = run.path
    if p.z.shape[1] < p.d + 1:
        return NotApplicable("fewer than d + 1 neurons: the volume is 0")
    early = np.abs(p.log_volume) < 15.0
    error = np.abs(p.log_det - p.log_det[0] - p.log_volume)[early]
    return float(np.max(error) / (p.d + 1))


def obstruction(run: LinearRun) -> tuple[float, float] | NotApplicable:
    """(largest bound/M_perp over records, 1): M_perp is at least `[det P/(u s)]^(1/(d-1))` by the volume
    law.
    """
    p = run.path
    if p.d < 2 or p.z.shape[1] < p.d + 1:
        return NotApplicable("d >= 2 and m >= d + 1 are needed")
    start = p.log_det[0] + p.log_volume
    bound = np.exp((start - np.log(p.u * p.s)) / (p.d - 1))
    return float(np.max(bound / p.perp)), 1.0


def drop_is_variation(run: LinearRun) -> tuple[float, float]:
    """Drop of tr M, and the second layer's quadratic variation."""
    p = run.path
    return float(p.trace[0] - p.trace[-1]), float(p.qv_a.sum())


def stationary_balance(run: LinearRun) -> tuple[float, float]:
    """Sums over time of |W g|^2 and |a|^2 |g|^2: equal on average where nothing drifts."""
    return float(run.path.qv_a.sum()), float(run.path.qv_w.sum())


CLAIMS: tuple[Claim, ...] = (
    claim(
        "identity.transport",
        here("transport"),
        r"All neurons are moved by one linear map: $Z_T = Z_0 \prod_t (I - \eta H(g_t))$, "
        r"$H(g) = g e^T + e g^T$ with e the axis of the output weight, whatever data, residuals, "
        r"batch and noise.",
        Identity(),
        transport,
        IDENTITIES,
        proof=exact.transport,
        measured="largest $|Z_T - Z_0 \\Phi_T|$ over records, relative to the largest $|Z|$",
        note="$\\Phi$ is taken from a run of $d+1$ neurons, Z from a plain loop over all m.",
    ),
    claim(
        "identity.compression",
        here("transport"),
        r"A run of m neurons is $U$ times the run of $\min(m, d+1)$ neurons from $R$, where $Z_0 = U R$.",
        Identity(),
        compression,
        IDENTITIES,
        proof=exact.compression,
        measured="largest difference of Z, relative to the largest $|Z|$",
    ),
    claim(
        "identity.balance",
        note("Theorem 4.2 and Lemma 4.3, the exact statement"),
        r"Per neuron $|w_i(T)|^2 - a_i(T)^2 = |w_i(0)|^2 - a_i(0)^2 + QV_T(w_i) - QV_T(a_i)$, "
        r"QV the sum of squared steps.",
        Identity(),
        balance,
        IDENTITIES,
        proof=exact.balance,
        measured="largest residual over neurons, relative to the largest $|z|^2$",
        note="The secondary note calls the right-hand side the change of the norm; exactly it is that of "
        "the balance.",
    ),
    claim(
        "identity.volume",
        here("volume"),
        r"$\ln\det Z_T^T Z_T = \ln\det Z_0^T Z_0 + 2 \sum_t \ln|1 - \eta^2 |g_t|^2|$.",
        Identity(
            factor=2048.0, reason="a determinant of d+1 singular values down to exp(-15) of the largest"
        ),
        volume,
        IDENTITIES,
        proof=exact.volume,
        measured="residual over d + 1, while the volume has changed by less than 15 nats",
        note=r"So volume falls at a step with $0 < \eta|g| < \sqrt{2}$, and gradient flow keeps it.",
    ),
    claim(
        "identity.obstruction",
        here("volume"),
        r"$M_\perp \geq [\det P_0 \prod_t (1-\eta^2|g_t|^2)^2/(u s)]^{1/(d-1)}$: a whole layer cannot align "
        r"without spending $\sum \eta^2 |g|^2$.",
        UniversalBound(rounding=1e-9, loose=20.0),
        obstruction,
        IDENTITIES,
        proof=exact.obstruction,
        parents=("label_noise_sgd.identity.volume",),
        measured="largest bound over $M_\\perp$ along the run, and 1",
    ),
    claim(
        "balance.drop_is_variation",
        note("Lemma 4.3, the squared step of a_i is what w_i loses"),
        r"In Phase I the loss of $\sum|w_i|^2$ is the quadratic variation of the second layer.",
        Law(0.03, "the first layer's own quadratic variation, d s/tr M of it, is left out"),
        drop_is_variation,
        DROP,
        parents=("label_noise_sgd.identity.balance",),
        measured="drop of tr M, and the sum of all $(\\Delta a_i)^2$",
    ),
    claim(
        "balance.stationary",
        here("one step"),
        r"Where nothing drifts, $E|W g|^2 = E |a|^2|g|^2$.",
        Law(0.02, "time means over 30 units of the slow clock"),
        stationary_balance,
        STATIONARY,
        measured="sums over steps of $\\eta^2|W g|^2$ and of $\\eta^2|a|^2|g|^2$",
    ),
)
