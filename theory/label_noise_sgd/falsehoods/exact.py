"""Mistakes in what holds exactly: identities, and the law of one step."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from theory.claim import Proof
from theory.label_noise_sgd.claims import identities, one_step, relu
from theory.label_noise_sgd.claims.made import Pair
from theory.label_noise_sgd.claims.sam import identities as sam_identities
from theory.label_noise_sgd.falsehoods.slip import Slip
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.symbols import eta
from theory.proof import checked, vanishes
from theory.run import NotApplicable

__all__ = ["SLIPS"]


def _other_order(run: LinearRun) -> float:
    """The product of the steps, the first one last."""
    assert run.control is not None
    phi, z = run.control.path.frame, run.path.z
    error = max(float(np.max(np.abs(z[t] - z[0] @ phi[t].T))) for t in range(len(z)))
    return error / float(np.max(np.abs(z)))


def _other_basis(run: LinearRun) -> float:
    """U of the start with its columns in another order."""
    assert run.control is not None
    one, two = run.path, run.control.path
    assert two.basis is not None
    error = max(float(np.max(np.abs(a - two.basis[:, ::-1] @ b))) for a, b in zip(one.z, two.z, strict=True))
    return error / float(np.max(np.abs(one.z)))


def _wrong_bracket(run: LinearRun) -> float:
    """The balance with the signs of both quadratic variations exchanged."""
    p = run.path
    change = identities.balances(p.z[-1]) - identities.balances(p.z[0])
    return float(np.max(np.abs(change + (p.qv_w - p.qv_a))) / np.max(np.abs(p.z)) ** 2)


def _norm_alone(run: LinearRun) -> float:
    """The change of |w_i|^2 alone."""
    p = run.path
    change = np.sum(p.z[-1][:, :-1] ** 2, axis=1) - np.sum(p.z[0][:, :-1] ** 2, axis=1)
    return float(np.max(np.abs(change - (p.qv_w - p.qv_a))) / np.max(np.abs(p.z)) ** 2)


def _false_bracket_proof() -> Proof:
    a, x, G = sp.symbols("a x G")
    change = (-2 * eta * a * x + eta**2 * a**2 * G) - ((a - eta * x) ** 2 - a**2)
    return checked([("dD = +eta^2 [(w.g)^2 - a^2 |g|^2].", vanishes(change - eta**2 * (x**2 - a**2 * G)))])


def _half_volume(run: LinearRun) -> float | NotApplicable:
    """The volume law of one side: ln instead of 2 ln."""
    p = run.path
    if p.z.shape[1] < p.d + 1:
        return NotApplicable("fewer than d + 1 neurons: the volume is 0")
    early = np.abs(p.log_volume) < 15.0
    return float(np.max(np.abs(p.log_det - p.log_det[0] - p.log_volume / 2)[early]) / (p.d + 1))


def _variation_of_first_layer(run: LinearRun) -> Pair:
    """The first layer's own quadratic variation."""
    return identities.drop_is_variation(run)[0], float(run.path.qv_w.sum())


def _drift_of_other_bracket(run: LinearRun) -> Pair:
    """tr W C W^T + |a|^2 tr C: a plus in the bracket."""
    got, expected = one_step.drift(run)
    s, z = run.setting, run.path.z[0]
    a = z[:, -1]
    delta = z[:, :-1].T @ a - run.path.target
    trace = ((s.sigma**2 + delta @ delta) * s.d + 2 * delta @ delta) / s.batch + (1 - 1 / s.batch) * (
        delta @ delta
    )
    return got, expected + 2 * s.eta**2 * float(a @ a) * float(trace)


def _step_at_the_point(run: LinearRun) -> float:
    """SAM's step with the gradient at the point in place of that at the perturbed one."""
    return sam_identities.transport_error(run, run.values["near"])


def _no_squared_steps(run: LinearRun) -> float:
    """SAM's balance at first order in eta: without the squared steps."""
    return sam_identities.balance_error(run, squares=0.0)


def _relu_other_bracket(run: LinearRun) -> float:
    """ReLU's balance with the other sign."""
    return relu.balance_error(run, sign=-1.0)


def _deep_other_bracket(run: Any) -> float:
    """The deep balance with the other sign."""
    error = np.max(np.abs(run.values["change"] + run.values["squares"]))
    return float(error / (1.0 + run.values["total"]))


SLIPS: tuple[Slip, ...] = (
    Slip("identity.transport", "steps in the other order", "order", _other_order, "steps do not commute"),
    Slip("identity.compression", "columns of U reversed", "symbols", _other_basis, "R has no such symmetry"),
    Slip(
        "identity.balance", "bracket with the other sign", "sign", _wrong_bracket, "QV(w) and QV(a) differ",
        _false_bracket_proof,
    ),
    Slip("identity.balance", "|w_i|^2 for |w_i|^2 - a_i^2", "symbols", _norm_alone, "a_i^2 changes"),
    Slip("identity.volume", "ln for 2 ln", "factor", _half_volume, "det P is a square"),
    Slip("identity.sam_transport", "g for g'", "symbols", _step_at_the_point, "the radius is not 0"),
    Slip("identity.sam_plain_transport", "g for g'", "symbols", _step_at_the_point, "the radius is not 0"),
    Slip("identity.sam_balance", "no squared steps", "formula", _no_squared_steps, "they are of order eta^2"),
    Slip("identity.deep_balance", "the other sign", "sign", _deep_other_bracket, "squared steps are not 0"),
    Slip("relu.balance", "the other sign", "sign", _relu_other_bracket, "the squared steps are not 0"),
    Slip("balance.drop_is_variation", "QV(w) for QV(a)", "symbols", _variation_of_first_layer, "s << tr M"),
    Slip("one_step.drift", "plus in the bracket", "sign", _drift_of_other_bracket, "|a|^2 tr C is not 0"),
)  # fmt: skip
