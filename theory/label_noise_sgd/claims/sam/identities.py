"""Exact identities of a step of sharpness-aware minimisation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.label_noise_sgd import places
from theory.label_noise_sgd.claims.identities import balances
from theory.label_noise_sgd.claims.made import claim, experiment
from theory.label_noise_sgd.places import TARGETS, box
from theory.label_noise_sgd.proofs import exact
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import here
from theory.rules import Identity

__all__ = ["CLAIMS", "balance_error", "transport_error"]

Floats = NDArray[np.float64]

_SAM_STEP = box(
    "small networks, SAM", places.sam_step, d=(2, 10), width=(1, 8), batch=(1, 4), amplified=(0.02, 0.2),
    tilt=(0.002, 0.02), target=TARGETS, push=(0.002, 0.02),
)  # fmt: skip
SAM_STEPS = experiment("sam_steps", _SAM_STEP, (32, 60, 120), engine="sam_steps", steps=60)
SAM_STEPS_PLAIN = experiment(
    "sam_steps_plain", _SAM_STEP, (0, 60, 120), engine="sam_steps", steps=60, normalised=False,
)  # fmt: skip


def _kick(near: Floats, far: Floats) -> Floats:
    d = len(near)
    K = np.zeros((d + 1, d + 1))
    K[:d, :d] = np.outer(near, far)
    K[d, d] = near @ far
    return K


def transport_error(run: LinearRun, stepped: Floats) -> float:
    """|Z' - Z (I - eta H(g') - eta rho~ K)| over all steps, relative to the largest |Z|; g' is `stepped`."""
    z, eta, d = run.path.z, run.setting.eta, run.setting.d
    near, far, radius = (run.values[name] for name in ("near", "far", "radius"))
    worst = 0.0
    for t in range(len(radius)):
        step = np.eye(d + 1) - eta * radius[t] * _kick(near[t], far[t])
        step[:d, d] -= eta * stepped[t]
        step[d, :d] -= eta * stepped[t]
        worst = max(worst, float(np.max(np.abs(z[t + 1] - z[t] @ step))))
    return worst / float(np.max(np.abs(z)))


def sam_transport(run: LinearRun) -> float:
    """`transport_error` with the gradients at the perturbed points."""
    return transport_error(run, run.values["far"])


def balance_error(run: LinearRun, squares: float = 1.0) -> float:
    """|Delta D - (-2 eta rho~ [(w.g)(w.g') - a^2 g.g'] + |dw|^2 - da^2)|, relative to the largest |z|^2.

    The squared steps count `squares` times.
    """
    z, eta = run.path.z, run.setting.eta
    near, far, radius = (run.values[name] for name in ("near", "far", "radius"))
    worst = 0.0
    for t in range(len(radius)):
        w, a = z[t][:, :-1], z[t][:, -1]
        move = z[t + 1] - z[t]
        bracket = (w @ near[t]) * (w @ far[t]) - a**2 * (near[t] @ far[t])
        said = -2 * eta * radius[t] * bracket + squares * balances(move)
        worst = max(worst, float(np.max(np.abs(balances(z[t + 1]) - balances(z[t]) - said))))
    return worst / float(np.max(np.abs(z))) ** 2


def sam_balance(run: LinearRun) -> float:
    """`balance_error` with the squared steps once."""
    return balance_error(run)


CLAIMS: tuple[Claim, ...] = (
    claim(
        "identity.sam_transport",
        here("SAM steps"),
        r"SAM: $Z' = Z(I - \eta H(g') - \eta \tilde\rho K)$, $K = \mathrm{diag}(g g'^T, g \cdot "
        r"g')$, with g at "
        r"the point and g' at the perturbed one.",
        Identity(),
        sam_transport,
        SAM_STEPS,
        proof=exact.sam_transport,
        measured="largest residual over all steps, relative to the largest $|Z|$; steps by autograd",
    ),
    claim(
        "identity.sam_balance",
        here("SAM steps"),
        r"SAM: $\Delta D_i = -2\eta\tilde\rho[(w_i g)(w_i g') - a_i^2 g g'] + |\Delta w_i|^2 - "
        r"(\Delta a_i)^2$.",
        Identity(),
        sam_balance,
        SAM_STEPS,
        proof=exact.sam_balance,
        measured="largest residual over all steps and neurons, relative to the largest $|z|^2$",
        note="For batch 1 it is the bracket of label noise, at first order in eta.",
    ),
    claim(
        "identity.sam_plain_transport",
        here("SAM steps"),
        r"The identity of SAM's transport holds with the gradient itself as perturbation ($\tilde\rho = "
        r"\rho$).",
        Identity(),
        sam_transport,
        SAM_STEPS_PLAIN,
        proof=exact.sam_transport,
        measured="largest residual over all steps, relative to the largest $|Z|$",
    ),
)
