r"""A second implementation of the network and its training, written from the definition alone.

Nothing of the packages under test is imported here, and nothing of their algebra is used: weights are
d-dimensional, the gradient is written by hand, and the coefficients of the signal-noise decomposition come
from least squares on the patches.

Network: `f(W, x) = F_{+1} - F_{-1}`, `F_j = (1/m) sum_r [relu(<w_{j,r}, y mu>) + relu(<w_{j,r}, xi>)]`.
Loss: `L = (1/n) sum_i log(1 + exp(-y~_i f_i))`. Source: Han et al. 2025, section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SIDES = (+1.0, -1.0)


@dataclass(frozen=True)
class Data:
    """Arrays of one problem: mu (d,), xi (n, d), y and y_observed (n,), w0 (2, m, d), side +1 first.

    All of them may carry one more axis in front, which numbers independent problems.
    """

    mu: Floats
    xi: Floats
    y: Floats
    y_observed: Floats
    w0: Floats

    @property
    def signal_patches(self) -> Floats:
        """`y_i mu`, (n, d)."""
        return self.y[..., None] * self.mu[..., None, :]


@dataclass(frozen=True)
class OracleRun:
    """Margins (T, n) and loss (T,) at steps 0..T-1, weights (2, m, d) at the kept steps."""

    margins: Floats
    loss: Floats
    weights: dict[int, Floats]


def transposed(x: Floats) -> Floats:
    """Last two axes exchanged."""
    return np.swapaxes(x, -1, -2)


def outputs(w: Floats, signal: Floats, noise: Floats) -> Floats:
    """`f` of the points with patches `signal` and `noise`, both (k, d); (k,)."""
    f = np.zeros(signal.shape[:-1])
    for k, side in enumerate(SIDES):
        filters = w[..., k, :, :]
        responses = np.maximum(signal @ transposed(filters), 0.0)
        responses += np.maximum(noise @ transposed(filters), 0.0)
        f += side * responses.mean(axis=-1)
    return f


def loss_gradient(w: Floats, data: Data) -> Floats:
    """`dL/dw_{j,r} = (1/n) sum_i l'_i y~_i (j/m) (1[<w, y_i mu> > 0] y_i mu + 1[<w, xi_i> > 0] xi_i)`."""
    signal, noise = data.signal_patches, data.xi
    n, m = data.y.shape[-1], w.shape[-2]
    slope = -1.0 / (1.0 + np.exp(data.y_observed * outputs(w, signal, noise)))
    gradient = np.zeros_like(w)
    for k, side in enumerate(SIDES):
        filters = w[..., k, :, :]
        weight = (slope * data.y_observed * side / (n * m))[..., None]
        gradient[..., k, :, :] += transposed(weight * (signal @ transposed(filters) > 0)) @ signal
        gradient[..., k, :, :] += transposed(weight * (noise @ transposed(filters) > 0)) @ noise
    return gradient


def train(data: Data, eta: float, steps: int, keep: Iterable[int] = ()) -> OracleRun:
    """Full-batch gradient descent from `w0`; weights are kept at the steps of `keep` and at the last."""
    wanted = {*keep, steps}
    w = data.w0.copy()
    margins, weights = [], {}
    for step in range(steps + 1):
        margins.append(data.y_observed * outputs(w, data.signal_patches, data.xi))
        if step in wanted:
            weights[step] = w.copy()
        if step < steps:
            w = w - eta * loss_gradient(w, data)
    z = np.array(margins)
    return OracleRun(z, np.log1p(np.exp(-z)).mean(axis=-1), weights)


def coefficients(w: Floats, data: Data) -> tuple[Floats, Floats]:
    r"""`gamma` (2, m) and `rho` (2, m, n) with `w - w0 = j gamma mu/|mu|^2 + sum_i rho_i xi_i/|xi_i|^2`."""
    patches = np.concatenate([data.mu[None], data.xi])
    norms = np.linalg.norm(patches, axis=1)
    gamma = np.zeros(w.shape[:2])
    rho = np.zeros((*w.shape[:2], len(data.xi)))
    for j, side in enumerate(SIDES):
        for r in range(w.shape[1]):
            change = w[j, r] - data.w0[j, r]
            # Unit columns keep the least-squares problem well scaled when |mu| and |xi_i| differ.
            solution = np.linalg.lstsq((patches / norms[:, None]).T, change, rcond=None)[0] * norms
            gamma[j, r] = side * solution[0]
            rho[j, r] = solution[1:]
    return gamma, rho


def count_errors(
    w: Floats, data: Data, distribution: str, sigma: float, samples: int, rng: np.random.Generator
) -> int:
    """Wrong predictions of the TRUE label among `samples` fresh points with real d-dimensional patches.

    "iid": noise patch `N(0, sigma^2 I)`. "spurious": a training patch, chosen uniformly, plus such noise.
    """
    y = rng.choice(SIDES, samples)
    noise = sigma * rng.standard_normal((samples, len(data.mu)))
    if distribution == "spurious":
        noise += data.xi[rng.integers(0, len(data.xi), samples)]
    return int(np.sum(y * outputs(w, y[:, None] * data.mu, noise) <= 0))


def make_data(
    rng: np.random.Generator,
    n: int,
    d: int,
    m: int,
    *,
    sigma_xi: float,
    signal_norm: float,
    flip_plus: float,
    flip_minus: float,
    sigma_0: float,
    share_plus: float = 0.5,
) -> Data:
    """Random data of the model; mu in a random direction, label +1 with probability `share_plus`."""
    mu = rng.standard_normal(d)
    mu *= signal_norm / np.linalg.norm(mu)
    xi = sigma_xi * rng.standard_normal((n, d))
    y = np.where(rng.random(n) < share_plus, 1.0, -1.0)
    flip = rng.random(n) < np.where(y > 0, flip_plus, flip_minus)
    w0 = sigma_0 * rng.standard_normal((2, m, d))
    return Data(mu, xi, y, np.where(flip, -y, y), w0)


def stacked(several: Sequence[Data]) -> Data:
    """Problems of one shape side by side."""
    columns = zip(*((x.mu, x.xi, x.y, x.y_observed, x.w0) for x in several), strict=True)
    return Data(*(np.stack(column) for column in columns))
