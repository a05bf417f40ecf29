"""The full engine: all m neurons, plain numpy, one step after the other as the algorithm is written down.

It shares nothing with the compressed engine but the order in which samples are drawn, so that the two can be
compared run by run.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulation.label_noise_sgd.compressed import sample_stream
from simulation.label_noise_sgd.dynamics import Dynamics, noise_factors
from theory.label_noise_sgd.trajectory import Trajectory

__all__ = ["StepSamples", "run_full"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: tr M and u are summed at every 20th step.
_SPARSE = 20


class StepSamples:
    """Inputs (B, d) and label noise (B,) of one step after the other."""

    def __init__(self, dynamics: Dynamics, d: int, steps: int, seed: int) -> None:
        self._dynamics = dynamics
        self._rng = sample_stream(seed)
        self._scale = dynamics.scale(d)
        self._factors = noise_factors(dynamics, steps)

    def __call__(self, t: int) -> tuple[Floats, Floats]:
        p, rng = self._dynamics, self._rng
        if p.samples == "given":
            assert p.inputs is not None
            assert p.label_noise is not None
            return p.inputs[t], p.label_noise[t]
        size = p.sigma * self._factors[t]
        if p.samples == "online":
            x = rng.standard_normal((p.batch, len(self._scale))) * self._scale
            return x, np.where(rng.random(p.batch) < 0.5, size, -size)
        assert p.data is not None
        if p.samples == "full":
            if p.static is not None:
                return p.data, p.static * self._factors[t]
            return p.data, np.where(rng.random(p.batch) < 0.5, size, -size)
        rows, noise = np.empty(p.batch, np.int64), np.empty(p.batch)
        for b in range(p.batch):
            rows[b] = int(rng.random() * len(p.data))
            if p.static is not None:
                noise[b] = p.static[rows[b]] * self._factors[t]
            else:
                noise[b] = size if rng.random() < 0.5 else -size
        return p.data[rows], noise


def _gradient(
    dynamics: Dynamics, spectrum: Floats, theta: Floats, target: Floats, x: Floats, noise: Floats
) -> Floats:
    if dynamics.samples == "population":
        return spectrum * (theta - target)
    residual = x @ theta - x @ target - noise
    return np.asarray(residual @ x / len(noise))


def run_full(
    z_0: Floats,
    target: Floats,
    dynamics: Dynamics,
    steps: int,
    records: Ints,
    seed: int,
    *,
    limit: float = np.inf,
    moments_from: int = -1,
) -> Trajectory:
    """One run; see `simulation.label_noise_sgd.train` for the arguments."""
    d, m, eta = z_0.shape[1] - 1, len(z_0), dynamics.eta
    w, a = z_0[:, :d].copy(), z_0[:, d].copy()
    samples = StepSamples(dynamics, d, steps, seed)
    none = (np.empty((0, d)), np.empty(0))
    unit = target / np.linalg.norm(target) if np.any(target) else np.zeros(d)
    spectrum = dynamics.scale(d) ** 2
    wanted = set(records.tolist())
    kept: list[Floats] = []
    taken: list[int] = []
    out_sums: list[Floats] = []
    sums, moments = np.zeros(6 + 2 * d), np.zeros((4, m))
    s = 0.0
    for t in range(steps + 1):
        s = float(a @ a)
        dead = not s <= limit or s < 1e-60
        if t in wanted or dead:
            kept.append(np.concatenate([w, a[:, None]], axis=1))
            taken.append(t)
            out_sums.append(sums.copy())
        if dead or t == steps:
            break
        x, noise = none if dynamics.samples == "population" else samples(t)
        theta = w.T @ a
        g = _gradient(dynamics, spectrum, theta, target, x, noise)
        grad_w, grad_a = np.outer(a, g), w @ g
        if dynamics.rho > 0:
            radius = dynamics.rho
            if dynamics.normalised:
                size = np.sqrt(np.sum(grad_w**2) + np.sum(grad_a**2))
                radius = radius / size if size > 0 else 0.0
            far_w, far_a = w + radius * grad_w, a + radius * grad_a
            g = _gradient(dynamics, spectrum, far_w.T @ far_a, target, x, noise)
            grad_w, grad_a = np.outer(far_a, g), far_w @ g
        square = float(g @ g)
        sums[:3] += square, np.log(abs(1 - eta**2 * square)), s
        if t % _SPARSE == 0:
            sums[3:6] += np.sum(w**2), np.sum((w @ unit) ** 2), 1.0
        sums[6 : 6 + d] += theta
        sums[6 + d :] += theta**2
        if 0 <= moments_from <= t:
            moments[0] += (eta * grad_a) ** 2
            moments[1] += eta**2 * np.sum(grad_w**2, axis=1)
            moments[2] += a**2
            moments[3] += a
        w = (1 - dynamics.decay_w) * w - eta * grad_w
        a = (1 - dynamics.decay_a) * a - eta * grad_a
    return Trajectory(
        eta=eta,
        target=target,
        steps=np.array(taken, dtype=np.int64),
        z=np.array(kept),
        basis=None,
        sums=np.array(out_sums),
        frame=np.empty((len(taken), 0, d + 1)),
        logs=np.empty((len(taken), 0)),
        moments=moments,
        moments_from=moments_from,
        blew_up=not s <= limit,
    )
