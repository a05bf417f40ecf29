"""Section 2 of the theory: identities that hold for any data, to rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.claim import Claim, Prediction
from theory.rules import Identity
from theory.run import NotApplicable
from theory.source import Source
from theory.two_stage import closure, recursions
from theory.two_stage.experiments import EXACT
from theory.two_stage.run import Run
from theory.two_stage.sources import here, paper, provenance_of

__all__ = [
    "CLAIMS",
    "closed_margins",
    "gamma_recursion_residual",
    "loss_derivative",
    "rho_recursion_residual",
]

Floats = NDArray[np.float64]


def loss_derivative(margins: Floats) -> Floats:
    """`l'_i = -1/(1 + exp(y~_i f_i))`, same shape as the margins."""
    from scipy.special import expit

    return np.asarray(-expit(-margins))


def _relative(difference: Floats, *scales: Floats) -> float:
    """Largest difference over the largest entry of any scale.

    A coefficient is what is left of a pre-activation when its initial value is taken away, so its rounding
    error is that of the pre-activation: where coefficients vanish, nothing else gives the scale.
    """
    size = max(float(np.max(np.abs(scale))) for scale in scales)
    return float(np.max(np.abs(difference))) / size if size > 0 else float(np.max(np.abs(difference)))


def gamma_recursion_residual(run: Run, term: sp.Expr | None = None) -> float:
    """Largest error of the stated gamma recursion over all steps and filters, relative to the larger of
    max |gamma| and the largest pre-activation.

    The increments are those of the real network's projected weights. Pass another `term` in
    `recursions.TERM_SYMBOLS` to test a different recursion.
    """
    predicted = recursions.gamma_increment(
        loss_derivative(run.margins)[:-1],
        run.products[:-1, ..., 0],
        run.y,
        run.y_observed,
        run.setting.eta,
        run.setting.m,
        float(run.gram[0, 0]),
        term=term,
    )
    return _relative(np.diff(run.gamma, axis=0) - predicted, run.gamma, run.products)


def rho_recursion_residual(run: Run, term: sp.Expr | None = None) -> float:
    """The same for the rho recursion, over all steps, filters and samples."""
    predicted = recursions.rho_increment(
        loss_derivative(run.margins)[:-1],
        run.products[:-1, ..., 1:],
        run.y_observed,
        run.setting.eta,
        run.setting.m,
        np.diag(run.gram)[1:],
        term=term,
    )
    return _relative(np.diff(run.rho, axis=0) - predicted, run.rho, run.products)


def closed_margins(run: Run) -> Floats:
    """Margins (T, n) of the closed recursion: only K, A^(0) and the labels enter, no weights, no patches.

    Each step starts from the network's own coefficients. Iterated from step 0 instead, the recursion drifts
    apart from the network where gradient descent is unstable (`h a` above 8), however exact it is.
    """
    K, A0 = run.gram, run.initial_products
    norms, eta, m = np.diag(K), run.setting.eta, run.setting.m
    side = np.array([1.0, -1.0])[:, None]

    def margins(A: Floats) -> Floats:
        signal = A[..., 0, None] * run.y
        f = (np.maximum(signal, 0) + np.maximum(A[..., 1:], 0)).sum(axis=-2) / m
        return np.asarray(run.y_observed * (side * f).sum(axis=-2))

    C = _coefficients(run)[:-1]
    A = A0 + (C / norms) @ K
    derivative = loss_derivative(margins(A))
    C[..., 0] += side * recursions.gamma_increment(
        derivative, A[..., 0], run.y, run.y_observed, eta, m, float(norms[0])
    )
    C[..., 1:] += recursions.rho_increment(derivative, A[..., 1:], run.y_observed, eta, m, norms[1:])
    return np.concatenate([margins(A0[None]), margins(A0 + (C / norms) @ K)])


def _coefficients(run: Run) -> Floats:
    """`C` at the snapshots, (S, 2, m, n+1): `j gamma` first, then `rho`."""
    signal = run.gamma[np.searchsorted(run.steps, run.snapshot_steps)] * np.array([[1.0], [-1.0]])
    return np.concatenate([signal[..., None], run.rho], axis=-1)


def _closure_residual(run: Run) -> float:
    return _relative(closed_margins(run) - run.margins, run.margins, run.products)


def _span_residual(run: Run) -> float:
    """Largest part of `W(t) - W(0)` off the span, relative to the larger of the largest change and `|W(0)|`.

    Weights are rounded to `eps |W(t)|`, which no small change makes smaller. `|W(t) - W(0)|^2` is the sum of
    `c K c^T` over filters, c their coefficients over squared norms; `|W(0)|^2` is about `2 m d sigma_0^2`.
    """
    s = run.setting
    c = _coefficients(run) / np.diag(run.gram)
    change = np.sqrt(np.einsum("sjrk,kl,sjrl->s", c, run.gram, c))
    initial = s.sigma_0 * np.sqrt(2 * s.m * s.d)
    return _relative(run.span_residual * change, change, np.array([initial]))


def _sign_residual(run: Run) -> float:
    """Largest move of a coefficient against its stated direction, relative to the larger of max |rho| and the
    largest pre-activation."""
    label, other = run.label_side(run.rho), run.other_side(run.rho)
    wrong = max(
        float(np.max(-np.diff(label, axis=0), initial=0.0)),
        float(np.max(np.diff(other, axis=0), initial=0.0)),
        float(np.max(-label, initial=0.0)),
        float(np.max(other, initial=0.0)),
    )
    return _relative(np.array([wrong]), run.rho, run.products)


def _gradient_sums(run: Run) -> Floats:
    """`G_i(t) = (eta/(n m)) sum_{t' < t} (-l'_i(t'))`, (T, n)."""
    rate = run.setting.eta / (run.setting.n * run.setting.m)
    pushes = -loss_derivative(run.margins)[:-1]
    return rate * np.concatenate([np.zeros((1, pushes.shape[1])), np.cumsum(pushes, axis=0)])


def _unchanged_so_far(pattern: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Entries whose value at every step BEFORE t equals the first, (T, ...)."""
    same = np.logical_and.accumulate(pattern == pattern[:1], axis=0)
    return np.concatenate([same[:1], same[:-1]])


def _signal_sum(run: Run, weights: Floats) -> Floats:
    """`|mu|^2 sum_{i: sign<w_{j,r},mu> = y_i} y_i y~_i weights_i`, (T, 2, m), from weights (T, n)."""
    agree = run.y * run.y_observed * weights
    plus = agree[:, run.y > 0].sum(axis=1)[:, None, None]
    minus = agree[:, run.y < 0].sum(axis=1)[:, None, None]
    positive = run.products[:1, ..., 0] > 0
    return np.asarray(run.gram[0, 0] * np.where(positive, plus, minus))


def _gamma_conservation(run: Run) -> float:
    kept = _unchanged_so_far(run.products[..., 0] > 0)
    error = np.where(kept, run.gamma - _signal_sum(run, _gradient_sums(run)), 0.0)
    return _relative(error, run.gamma, run.products)


def _rho_conservation(run: Run) -> float | NotApplicable:
    label = run.label_side(run.products[..., 1:]) > 0
    kept = _unchanged_so_far(label) & label[:1]
    if not kept[-1].any():
        return NotApplicable("no filter active on a sample throughout")
    predicted = np.diag(run.gram)[1:] * _gradient_sums(run)
    rho = run.label_side(run.rho)
    return _relative(np.where(kept, rho - predicted[:, None, :], 0.0), rho, run.products)


def _combined_conservation(run: Run) -> float | NotApplicable:
    """gamma of filters with an unchanged signal pattern, from rhobar of ANOTHER filter per sample."""
    label = run.label_side(run.products[..., 1:]) > 0
    throughout = (_unchanged_so_far(label) & label[:1])[-1]
    # A filter is looked at where every sample of the class that its signal points to has such a witness.
    seen = throughout.any(axis=0)
    whole = np.where(run.products[0, ..., 0] > 0, seen[run.y > 0].all(), seen[run.y < 0].all())
    if not whole.any():
        return NotApplicable("in each class a sample has no label-side filter active throughout")
    witness = np.argmax(throughout, axis=0)
    rho = run.label_side(run.rho)[:, witness, np.arange(run.setting.n)]
    sums = rho / np.diag(run.gram)[1:]
    kept = _unchanged_so_far(run.products[..., 0] > 0) & whole
    return _relative(np.where(kept, run.gamma - _signal_sum(run, sums), 0.0), run.gamma, run.products)


_ROUNDING = Identity(
    factor=256.0,
    reason="a step sums up to n (d + m) products and the projection divides by the smallest singular "
    "value of the normalised patches, at least 1/4 for d >= 3 n; 256 eps a step covers both",
)


def _identity(
    name: str, source: Source, statement: str, measure: Callable[[Run], object], measured: str, **more: Any
) -> Claim:
    return Claim(
        id=f"two_stage.{name}",
        source=source,
        statement=statement,
        rule=_ROUNDING,
        measure=measure,
        measured=measured,
        experiment=EXACT,
        **{"provenance": provenance_of(source), **more},
    )


CLAIMS = (
    _identity(
        "decomposition",
        paper("signal-noise decomposition"),
        r"$w_{j,r}^{(t)} = w_{j,r}^{(0)} + j\,\gamma_{j,r}^{(t)}\mu/\|\mu\|^2 + "
        r"\sum_i \rho_{j,r,i}^{(t)}\,\xi_i/\|\xi_i\|^2$, with unique coefficients",
        _span_residual,
        "largest part of W(t) - W(0) outside the span of the patches over all steps, on the real "
        "network, relative to the larger of |W(0)| and the largest change",
        proof=closure.prove_decomposition_unique,
    ),
    _identity(
        "recursion.gamma",
        paper("coefficient recursion"),
        r"$\gamma_{j,r}^{(t+1)} = \gamma_{j,r}^{(t)} - \frac{\eta\|\mu\|^2}{nm}\sum_i "
        r"\ell_i'^{(t)}\,\mathbb{1}[\langle w_{j,r}^{(t)}, y_i\mu\rangle > 0]\,y_i\tilde y_i$",
        gamma_recursion_residual,
        "largest error of the predicted increment of gamma, over all steps and filters, relative "
        "to max(|gamma|, |<w, patch>|); increments from the projected weights of the real network",
        parents=("two_stage.decomposition",),
        prediction=Prediction(
            r"\gamma_{j,r}^{(t+1)} - \gamma_{j,r}^{(t)} \text{ (term of sample } i)",
            recursions.gamma_term,
            "coefficient",
        ),
        proof=recursions.prove_gamma_recursion,
    ),
    _identity(
        "recursion.rho",
        paper("coefficient recursion"),
        r"$\rho_{j,r,i}^{(t+1)} = \rho_{j,r,i}^{(t)} - \frac{\eta\|\xi_i\|^2}{nm}\,"
        r"\ell_i'^{(t)}\,\mathbb{1}[\langle w_{j,r}^{(t)}, \xi_i\rangle > 0]\,j\tilde y_i$",
        rho_recursion_residual,
        "largest error of the predicted increment of rho, over all steps, filters and samples, "
        "relative to max(|rho|, |<w, patch>|)",
        parents=("two_stage.decomposition",),
        prediction=Prediction(
            r"\rho_{j,r,i}^{(t+1)} - \rho_{j,r,i}^{(t)}", recursions.rho_term, "coefficient"
        ),
        proof=recursions.prove_rho_recursion,
    ),
    _identity(
        "rho_signs",
        paper("coefficient recursion"),
        r"$\bar\rho_{j,r,i}^{(t)} \ge 0$ never decreases and $\underline\rho_{j,r,i}^{(t)} \le 0$ "
        r"never increases",
        _sign_residual,
        "largest move against the stated direction, relative to max(|rho|, |<w, patch>|)",
        parents=("two_stage.recursion.rho",),
        provenance="framework",
    ),
    _identity(
        "closure",
        here("docs/derivations/recursions.md, Closure"),
        r"Gradient descent is a function of $K = V^\top V$, $A^{(0)} = W^{(0)}V$ and the labels: "
        r"$A^{(t)} = A^{(0)} + C^{(t)} D^{-1} K$",
        _closure_residual,
        "largest difference between the margins of the real network and those of the closed "
        "recursion, step by step from C(t), K, A(0) and the labels alone, relative to max(|margin|, "
        "|<w, patch>|)",
        parents=("two_stage.recursion.gamma", "two_stage.recursion.rho"),
        proof=closure.prove_closure,
    ),
    _identity(
        "conservation.gamma",
        here("docs/derivations/recursions.md, Conservation"),
        r"While a filter's signal pattern is unchanged, $\gamma_{j,r} = \|\mu\|^2 "
        r"\sum_{i:\,\mathrm{sign}\langle w_{j,r},\mu\rangle = y_i} y_i\tilde y_i G_i$",
        _gamma_conservation,
        "largest error over steps and filters with an unchanged pattern, relative to "
        "max(|gamma|, |<w, patch>|)",
        parents=("two_stage.recursion.gamma",),
        proof=recursions.prove_conservation,
    ),
    _identity(
        "conservation.rho",
        here("docs/derivations/recursions.md, Conservation"),
        r"While a label-side filter is active on sample $i$, $\bar\rho_{j,r,i} = \|\xi_i\|^2 G_i$",
        _rho_conservation,
        "largest error over steps and pairs active throughout, relative to max(|rho|, |<w, patch>|)",
        parents=("two_stage.recursion.rho",),
    ),
    _identity(
        "conservation.combined",
        here("docs/derivations/recursions.md, Conservation"),
        r"$\gamma_{j,r}/\|\mu\|^2 = \sum_{i:\,\mathrm{sign}\langle w_{j,r},\mu\rangle = y_i} "
        r"y_i\tilde y_i\,\bar\rho_{\tilde y_i,r',i}/\|\xi_i\|^2$ for any $r'$ active on $i$ throughout",
        _combined_conservation,
        "largest error over steps and filters with an unchanged pattern, relative to "
        "max(|gamma|, |<w, patch>|)",
        parents=("two_stage.conservation.gamma", "two_stage.conservation.rho"),
        note="Read at the same (j, r) the identity is false: rho of the samples with observed label -j "
        "is on the other side there.",
    ),
)
