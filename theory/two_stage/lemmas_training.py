"""Lemmas L5 to L9: what holds along training."""

from __future__ import annotations

import math

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.claim import Claim, Prediction
from theory.condition import evaluate
from theory.rules import Event, FittedBand
from theory.run import NotApplicable
from theory.two_stage import predictions
from theory.two_stage.conditions import DEFAULT_CONSTANTS
from theory.two_stage.exact import loss_derivative
from theory.two_stage.experiments import NO_NOISE, OF_NO_NOISE, OF_PAPER, PAPER
from theory.two_stage.run import Run
from theory.two_stage.sources import C_T1, framework, paper

__all__ = ["CLAIMS", "margin_error_bound"]

Floats = NDArray[np.float64]

_EVENT = Event(delta=0.05)


def _persistence(run: Run) -> bool:
    """No (label-side filter, sample) pair active at the start is inactive at any snapshot."""
    active = run.label_side(run.products[..., 1:]) > 0
    return bool(np.all(active[:, active[0]]))


def _alpha(run: Run) -> float:
    return 4.0 * math.log(float(run.steps[-1]))


def _coefficient_scale(run: Run) -> bool:
    """Rounding level, relative to the largest coefficient, decides what counts as below 0."""
    alpha = _alpha(run)
    slack = 1e-9 * float(np.max(np.abs(run.rho)))
    label, other = run.label_side(run.rho), run.other_side(run.rho)
    return bool(
        label.min() >= -slack
        and label.max() <= alpha
        and other.max() <= slack
        and other.min() >= -alpha
        and run.gamma.max() <= run.setting.n_snr2 * alpha
    )


def margin_error_bound(run: Run, snapshot: int) -> Floats:
    r"""A bound on |margin - main term| of Lemma L7, from L2's and L3's bounds alone, (n,).

    relu is 1-Lipschitz, and gamma >= 0, rhobar >= 0, rhounder <= 0, so each of a sample's 4 m
    pre-activations differs from its coefficient by at most its initial product plus its cross-talk:

        E = 2 [beta_mu + beta_xi] + 2 [sum_k |rho_k| |<xi_k, mu>|/|xi_k|^2
            + sum_{k != i} |rho_k| |<xi_k, xi_i>|/|xi_k|^2 + max gamma |<mu, xi_i>|/|mu|^2],

    the sums taken as the largest over filters, every inner product and norm replaced by its bound.
    Source: derived here (docs/derivations/margins.md).
    """
    s = run.setting

    def bound(expression: sp.Expr) -> float:
        return evaluate(expression, s, DEFAULT_CONSTANTS)

    smallest_norm = 0.5 * s.sigma_xi**2 * s.d
    rho = np.abs(run.rho[snapshot]).sum(axis=-1).max()
    gamma = float(run.gamma[int(np.searchsorted(run.steps, run.snapshot_steps[snapshot]))].max())
    initial = bound(predictions.initial_signal_bound()) + bound(predictions.initial_noise_bound())
    cross = (
        rho * bound(predictions.signal_cross_talk_bound()) / smallest_norm
        + rho * bound(predictions.noise_cross_talk_bound()) / smallest_norm
        + gamma * bound(predictions.signal_cross_talk_bound()) / s.signal_norm**2
    )
    return np.full(s.n, 2 * (initial + cross))


def _main_term(run: Run, snapshot: int) -> Floats:
    """Clean: (1/m) sum_r (gamma_{y~,r} + rhobar_{y~,r,i}); noisy: rhobar minus gamma of side -y~; (n,)."""
    gamma = run.gamma[int(np.searchsorted(run.steps, run.snapshot_steps[snapshot]))].mean(axis=1)
    signal = np.where(run.y > 0, gamma[0], gamma[1])
    return np.asarray(run.noise_mass[snapshot] + np.where(run.clean, signal, -signal))


def _margin_form(run: Run, which: NDArray[np.bool_]) -> bool | NotApplicable:
    if not which.any():
        return NotApplicable("no such sample in the data")
    for k, step in enumerate(run.snapshot_steps):
        if k == 0:
            continue
        margins = run.margins[int(np.searchsorted(run.steps, step))]
        error = np.abs(margins - _main_term(run, k))
        if np.any(error[which] > margin_error_bound(run, k)[which]):
            return False
    return True


def _margins_clean(run: Run) -> bool | NotApplicable:
    return _margin_form(run, run.clean)


def _margins_noisy(run: Run) -> bool | NotApplicable:
    return _margin_form(run, run.noisy)


def _stage_one_derivative(run: Run) -> bool:
    """Every |l'_i| at least g(E + a c_T + 3 c_T/2) up to T_1, with L7's E at T_1."""
    k = run.snapshot_at(C_T1)
    error = float(margin_error_bound(run, k).max())
    floor = 1.0 / (1.0 + math.exp(error + run.setting.n_snr2 * C_T1 + 1.5 * C_T1))
    until = run.at(C_T1)
    return bool(np.min(-loss_derivative(run.margins[: until + 1])) >= floor)


def _derivative_ratio(run: Run) -> float:
    """max_{i,k,t} l'_i/l'_k."""
    derivative = -loss_derivative(run.margins)
    return float(np.max(derivative.max(axis=1) / derivative.min(axis=1)))


def _noise_mass_spread(run: Run) -> float:
    """max_{i,k,t} of the difference of (1/m) sum_r rhobar."""
    return float(np.max(run.noise_mass.max(axis=1) - run.noise_mass.min(axis=1)))


CLAIMS = (
    Claim(
        id="two_stage.lemma.activation_persistence",
        source=framework("Lemma L5"),
        provenance="framework",
        statement=r"A filter of the label side active on $\xi_i$ at initialisation stays active: "
        r"$\{r : \langle w_{\tilde y_i,r}^{(0)},\xi_i\rangle > 0\}$ never loses a member",
        rule=_EVENT,
        measure=_persistence,
        experiment=PAPER,
        conditions=OF_PAPER,
        constants=DEFAULT_CONSTANTS,
        parents=("two_stage.lemma.noise_crosstalk", "two_stage.lemma.signal_crosstalk"),
        measured="whether any pair active at step 0 is inactive at a later snapshot",
    ),
    Claim(
        id="two_stage.lemma.coefficient_scale",
        source=framework("Lemma L6"),
        provenance="framework",
        statement=r"Up to $T^*$: $0 \le \bar\rho \le \alpha$, $0 \ge \underline\rho \ge -\alpha$, "
        r"$\gamma \le C'\alpha$, with $\alpha = 4\log T^*$",
        rule=_EVENT,
        measure=_coefficient_scale,
        experiment=PAPER,
        conditions=OF_PAPER,
        constants=DEFAULT_CONSTANTS,
        parents=("two_stage.rho_signs",),
        prediction=Prediction(
            r"\alpha",
            predictions.coefficient_scale(),
            "coefficient",
            {"C'": "n SNR^2 (choice of this project)", "T^*": "the length of the run"},
        ),
        measured="whether all coefficients lie within their bounds at every snapshot",
    ),
    Claim(
        id="two_stage.lemma.margins_clean",
        source=paper("Lemma 5.1"),
        provenance="paper",
        statement=r"Clean samples: $\tilde y_i f = \frac1m\sum_r(\gamma_{\tilde y_i,r} + "
        r"\bar\rho_{\tilde y_i,r,i}) + o(1)$",
        rule=_EVENT,
        measure=_margins_clean,
        experiment=PAPER,
        conditions=OF_PAPER,
        constants=DEFAULT_CONSTANTS,
        parents=("two_stage.closure", "two_stage.lemma.noise_crosstalk", "two_stage.lemma.initial_noise"),
        measured="whether |margin - main term| is below the explicit bound E of docs/derivations/margins.md "
        "for every clean sample at every snapshot",
        note="o(1) is made explicit: E is built from the bounds of L2 and L3 with no free constant.",
    ),
    Claim(
        id="two_stage.lemma.margins_noisy",
        source=paper("Lemma 5.1"),
        provenance="paper",
        statement=r"Noisy samples: $\tilde y_i f = \frac1m\sum_r(\bar\rho_{\tilde y_i,r,i} - "
        r"\gamma_{-\tilde y_i,r}) + o(1)$",
        rule=_EVENT,
        measure=_margins_noisy,
        experiment=PAPER,
        conditions=OF_PAPER,
        constants=DEFAULT_CONSTANTS,
        parents=("two_stage.closure", "two_stage.lemma.noise_crosstalk", "two_stage.lemma.initial_noise"),
        measured="as for clean samples",
        note="o(1) is made explicit: E is built from the bounds of L2 and L3 with no free constant.",
    ),
    Claim(
        id="two_stage.lemma.stage_one_derivative",
        source=framework("Lemma L8"),
        provenance="framework",
        statement=r"In Stage I every $|\ell_i'^{(t)}| \ge c$: for $t \le T_1$, "
        r"$c = 1/(1+\exp(E + (a + \frac32)c_T))$",
        rule=_EVENT,
        measure=_stage_one_derivative,
        experiment=PAPER,
        conditions=OF_PAPER,
        constants=DEFAULT_CONSTANTS,
        parents=("two_stage.lemma.margins_clean", "two_stage.lemma.noise_norms"),
        measured="whether the smallest |l'_i| up to T_1 is above c",
        note="The constant is derived here: |l'| <= 1 lets a margin grow by at most a + 3/2 a clock unit.",
    ),
    Claim(
        id="two_stage.lemma.balance_derivatives",
        source=paper("Lemma 5.2"),
        provenance="paper",
        statement=r"Without label noise $\ell_i'^{(t)}/\ell_k'^{(t)} \le C_1$ for all $i, k, t$",
        rule=FittedBand(
            max_ratio=1000.0,
            two_sided=False,
            reason="C_1 is unnamed: fitted on half of the runs; above 1000 it would say nothing, since a "
            "margin gap of 7 separates a fit sample from a misfit one",
        ),
        measure=_derivative_ratio,
        experiment=NO_NOISE,
        conditions=OF_NO_NOISE,
        constants=DEFAULT_CONSTANTS,
        measured="largest ratio of two loss derivatives over all samples and times",
    ),
    Claim(
        id="two_stage.lemma.balance_noise",
        source=paper("Lemma 5.2"),
        provenance="paper",
        statement=r"Without label noise $\frac1m\sum_r(\bar\rho_{y_i,r,i} - \bar\rho_{y_k,r,k}) \le C_2$ for "
        r"all $i, k, t$",
        rule=FittedBand(
            max_ratio=10.0,
            two_sided=False,
            reason="C_2 is unnamed: fitted on half of the runs; a spread above 10 would separate samples "
            "by a factor e^10 in loss",
        ),
        measure=_noise_mass_spread,
        experiment=NO_NOISE,
        conditions=OF_NO_NOISE,
        constants=DEFAULT_CONSTANTS,
        measured="largest difference of two samples' noise mass over all snapshots",
    ),
)
