"""Claims that are wrong in one place, beside those they were made from: what the judge must find."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp

from theory.claim import Proof
from theory.falsehood import Falsehood, FalsehoodKind
from theory.label_noise_sgd import decay, rich, sam
from theory.label_noise_sgd.measure import beyond, lazy
from theory.label_noise_sgd.measure import identities as exact
from theory.label_noise_sgd.measure import rich as slow
from theory.label_noise_sgd.measure import sam as sharp
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.symbols import eta
from theory.ledger import Ledger
from theory.proof import checked, vanishes
from theory.run import NotApplicable

__all__ = ["falsehoods"]

Pair = tuple[float, float]


def _wrong_bracket(run: LinearRun) -> float:
    """The balance with the signs of both quadratic variations exchanged."""
    p = run.path
    first, last = p.z[0], p.z[-1]
    change = (
        np.sum(last[:, :-1] ** 2, axis=1)
        - last[:, -1] ** 2
        - (np.sum(first[:, :-1] ** 2, axis=1) - first[:, -1] ** 2)
    )
    return float(np.max(np.abs(change + (p.qv_w - p.qv_a))) / np.max(np.abs(p.z)) ** 2)


def _norm_instead_of_balance(run: LinearRun) -> float:
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


def _drift_of_other_bracket(run: LinearRun) -> Pair:
    """tr W C W^T + |a|^2 tr C: a plus in the bracket."""
    got, expected = exact.drift(run)
    s, z = run.setting, run.path.z[0]
    a = z[:, -1]
    delta = z[:, :-1].T @ a - run.path.target
    trace = ((s.sigma**2 + delta @ delta) * s.d + 2 * delta @ delta) / s.batch + (1 - 1 / s.batch) * (
        delta @ delta
    )
    return got, expected + 2 * s.eta**2 * float(a @ a) * float(trace)


def _decay_with_sigma(run: LinearRun) -> Pair | NotApplicable:
    """kappa with sigma instead of sigma^2."""
    got = lazy.log_decay(run)
    if isinstance(got, NotApplicable):
        return got
    return got[0], got[1] / run.setting.sigma


def _decay_with_half_batch(run: LinearRun) -> Pair | NotApplicable:
    """c_B without the d + 1 directions: amplification by 1 + 1/B."""
    got = lazy.decay_unamplified(run)
    if isinstance(got, NotApplicable):
        return got
    s = run.setting
    c = 0.5 * s.eta * (1 + 1 / s.batch) * run.path.perp[0]
    return got[0], got[1] + c * (1 - float(np.exp(-got[0])))


def _crossover_at_target(run: LinearRun) -> Pair | NotApplicable:
    """Phase I until |theta*| instead of sqrt(d) |theta*|."""
    got = lazy.crossover(run)
    if isinstance(got, NotApplicable):
        return got
    s = run.setting
    m_0 = float(run.path.perp[0])
    c = decay.amplification(s.eta, s.d, s.batch)
    return got[0], float((np.log(m_0 / s.target) - c * (m_0 - s.target)) / s.kappa)


def _variance_unamplified(run: LinearRun) -> Pair:
    """V = eta mu sigma^2/2B."""
    s, p = run.setting, run.path
    first = int(np.searchsorted(p.steps, p.moments_from))
    mu = p.mean_perp(first) + p.mean_s(first)
    return lazy.theta_variance(run)[0], s.eta * mu * s.sigma**2 / (2 * s.batch)


def _ratio_one(run: LinearRun) -> Pair:
    """|w_i|^2/a_i^2 = 1, the ratio of noiseless descent."""
    return slow.neuron_ratio(run)[0], 1.0


def _kernel_ratio_two(run: LinearRun) -> Pair:
    """Kernel ratio 2, that of a small start."""
    return slow.kernel_ratio(run)[0], 2.0


def _floor_twice(run: LinearRun) -> Pair:
    """A floor of eta sigma^2/B."""
    got = slow.floor(run)
    return got[0], 2 * got[1]


def _shrinkage_without_d(run: LinearRun) -> Pair:
    """eta sigma^2/2B, without sqrt(d)."""
    s = run.setting
    return slow.shrinkage(run)[0], s.eta * s.sigma**2 / (2 * s.batch)


def _half_time_twice(run: LinearRun) -> Pair | NotApplicable:
    """ln(T/q_0)/(eta T)."""
    got = slow.half_time(run)
    return got if isinstance(got, NotApplicable) else (got[0], 2 * got[1])


def _sam_without_correction(run: LinearRun) -> Pair:
    """2 eta rho^2 without (d + 5/2) eta mu."""
    s = run.setting
    return sharp.sample_rate(run)[0], sam.normalised_rate(s.eta, s.rho, s.d, 0.0) * float(run.path.steps[-1])


def _sam_rate_d_times(run: LinearRun) -> Pair:
    """Full-batch SAM at the rate of single samples."""
    got = sharp.full_batch_rate(run)
    return got[0], got[1] * run.setting.d


def _flat_is_rich(run: LinearRun) -> Pair:
    """Full-batch SAM ends where label noise ends."""
    return slow.rest_u(run)


def _noise_and_sam_add(run: LinearRun) -> Pair | NotApplicable:
    """SAM with label noise: the two rates add, without the cross term."""
    got = sharp.noise_decay(run)
    if isinstance(got, NotApplicable):
        return got
    s, p = run.setting, run.path
    root = sam.normalised_root_long(p.steps.astype(float), p.perp[0], s.eta, s.rho, s.sigma, s.d)
    k = int(np.argmin(np.abs(2 * np.log(root[0] / np.where(root > 0, root, np.inf)) - got[1])))
    return got[0], float(2 * s.eta * s.rho**2 + s.eta**2 * s.sigma**2) * float(p.steps[k])


def _relu_full_drift(run: LinearRun) -> Pair:
    """The drift of linear neurons."""
    got = beyond.relu_drop_unamplified(run)
    return got[0], 2 * got[1]


def _plateau_without_half(run: Any) -> Pair:
    """p^2 mean (y - 1/10)^2."""
    got = beyond.plateau(run)
    return got[0], 2 * got[1]


def _pooled_floor_without_root(run: LinearRun) -> Pair:
    """tan^2 = (d-1) eta sigma^2/(2 B |theta*|)."""
    s = run.setting
    return slow.tangent_floor(run)[0], rich.pooled_floor(s.eta, s.sigma, s.d, s.target, s.batch) * float(
        np.sqrt(s.d)
    )


_TABLE: tuple[tuple[str, str, FalsehoodKind, Callable[..., Any], str], ...] = (
    ("identity.balance", "bracket with the other sign", "sign", _wrong_bracket, "QV(w) and QV(a) differ"),
    ("identity.balance", "|w_i|^2 for |w_i|^2 - a_i^2", "symbols", _norm_instead_of_balance, "a_i^2 changes"),
    ("identity.volume", "ln for 2 ln", "factor", _half_volume, "det P is a square"),
    ("one_step.drift", "plus in the bracket", "sign", _drift_of_other_bracket, "|a|^2 tr C is not 0"),
    ("decay.rate", "no amplification", "formula", lazy.decay_unamplified, "c_B m/d is at least .08"),
    (
        "decay.rate",
        "sigma for sigma^2",
        "exponent 0.5",
        _decay_with_sigma,
        "sigma is far from 1 in most runs",
    ),
    ("decay.rate", "amplification without d", "formula", _decay_with_half_batch, "d + 1 is at least 4"),
    ("duration.crossover", "|theta*| for sqrt(d)|theta*|", "symbols", _crossover_at_target, "d >= 3"),
    ("second_layer.theta_variance", "no amplification", "formula", _variance_unamplified, "c_B mu >= .1"),
    ("rest.neuron_ratio", "ratio 1 for d", "constant", _ratio_one, "d >= 3"),
    ("rest.kernel_ratio", "ratio 2 for d + 1", "constant", _kernel_ratio_two, "d >= 3"),
    ("floor.across", "twice the floor", "factor", _floor_twice, "a factor 2"),
    ("floor.tangent", "no sqrt(d)", "symbols", _pooled_floor_without_root, "d >= 3"),
    ("shrinkage.mean", "no sqrt(d)", "symbols", _shrinkage_without_d, "d >= 3"),
    ("small_start.half_time", "twice the time", "factor", _half_time_twice, "a factor 2"),
    ("sam.sample_rate", "no correction", "formula", _sam_without_correction, "eta mu (d+2) is .03 or more"),
    ("sam.full_batch_rate", "rate of single samples", "formula", _sam_rate_d_times, "d >= 3"),
    ("sam.full_batch_flat_u", "SAM always like label noise", "formula", _flat_is_rich, "sqrt(d) > 1.7"),
    ("sam.noise_decay", "rates that add", "formula", _noise_and_sam_add, "the cross term is the largest"),
    ("relu.drift", "drift of linear neurons", "factor", _relu_full_drift, "a factor 2"),
    ("notebook.plateau", "no half", "factor", _plateau_without_half, "a factor 2"),
)


def falsehoods(ledger: Ledger) -> Iterable[Falsehood]:
    """The false variants of the claims that a ledger holds."""
    for name, what, kind, measure, why in _TABLE:
        of = f"label_noise_sgd.{name}"
        if of not in ledger:
            continue
        claim = replace(ledger[of], measure=measure)
        if measure is _wrong_bracket:
            claim = replace(claim, proof=_false_bracket_proof)
        yield Falsehood(of, what, kind, claim, why)
