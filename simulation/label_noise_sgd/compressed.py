r"""The compressed engine: all neurons share one linear map, so a width-m run is a run of d+1 neurons.

Each step multiplies every neuron `z_i = (w_i, a_i)` by the same (d+1) x (d+1) matrix, which depends on the
network through `Z^T Z` alone. With `Z_0 = U R` (thin QR) the run from Z_0 is U times the run from R, to
rounding. Derivation: docs/derivations/label_noise_sgd.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulation.label_noise_sgd.dynamics import Dynamics
from simulation.label_noise_sgd.kernel import FULL, GIVEN, ONLINE, POPULATION, SAMPLED, SUMS, advance
from theory.label_noise_sgd.trajectory import Trajectory
from theory.rng import generator

__all__ = ["run_compressed", "sample_stream"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MODES = {"given": GIVEN, "online": ONLINE, "sampled": SAMPLED, "full": FULL, "population": POPULATION}


def sample_stream(seed: int) -> np.random.Generator:
    """The generator of a run's samples: a fast one, keyed by the seed."""
    key = generator(seed, "label_noise_sgd.samples").integers(0, 2**32, size=8)
    return np.random.Generator(np.random.SFC64([int(word) for word in key]))


def run_compressed(
    z_0: Floats,
    target: Floats,
    dynamics: Dynamics,
    steps: int,
    records: Ints,
    seed: int,
    *,
    limit: float = np.inf,
    frame: Floats | None = None,
    frame_every: int = 0,
    moments_from: int = -1,
) -> Trajectory:
    """One run; see `simulation.label_noise_sgd.train` for the arguments.

    `frame` (p, d+1) rows are carried along by the network's map; `frame_every` > 0 makes them orthonormal
    every so many steps.
    """
    m, rows = z_0.shape
    d = rows - 1
    if m > rows:
        basis, start = np.linalg.qr(z_0)
    else:
        basis, start = np.eye(m), z_0
    active = len(start)
    passive = 0 if frame is None else len(frame)
    z = np.ascontiguousarray((start if frame is None else np.concatenate([start, frame])).T)
    k = active + passive
    out_z = np.empty((len(records), rows, k))
    out_sums = np.empty((len(records), SUMS + 2 * d))
    out_logs = np.zeros((len(records), max(1, passive)))
    moments = np.zeros((3 * k + 1, k) if moments_from >= 0 else (1, 1))
    # Copies: a read-only array is another type to the compiler.
    none1, none2 = np.empty(0), np.empty((0, d))
    place, made, dead = advance(
        z,
        active,
        steps,
        _MODES[dynamics.samples],
        sample_stream(seed),
        dynamics.scale(d),
        none2 if dynamics.data is None else np.array(dynamics.data),
        none1 if dynamics.static is None else dynamics.static,
        np.empty((0, 1, d)) if dynamics.inputs is None else dynamics.inputs,
        np.empty((0, 1)) if dynamics.label_noise is None else dynamics.label_noise,
        np.ascontiguousarray(target),
        dynamics.eta,
        dynamics.batch,
        dynamics.sigma,
        dynamics.rho,
        dynamics.normalised,
        dynamics.decay_w,
        dynamics.decay_a,
        np.array([int(s) for s, _ in dynamics.blocks]),
        np.array([float(f) for _, f in dynamics.blocks]),
        dynamics.cycle,
        frame_every,
        moments_from,
        limit,
        records,
        out_z,
        out_sums,
        out_logs,
        moments,
    )
    taken = records[:place]
    if dead and (place == 0 or taken[-1] != made):
        # A run that blew up between two records ends with the state in which it did.
        taken = np.append(taken, made)
        out_z = np.concatenate([out_z[:place], z[None]])
        out_sums = np.concatenate([out_sums[:place], np.full((1, out_sums.shape[1]), np.nan)])
        out_logs = np.concatenate([out_logs[:place], np.full((1, out_logs.shape[1]), np.nan)])
        place += 1
    by_neuron = np.ascontiguousarray(out_z[:place].transpose(0, 2, 1))
    return Trajectory(
        eta=dynamics.eta,
        target=target,
        steps=taken,
        z=by_neuron[:, :active],
        basis=basis,
        sums=out_sums[:place],
        frame=by_neuron[:, active:],
        logs=out_logs[:place, :passive],
        moments=_network_block(moments, k, active) if moments_from >= 0 else np.zeros((1, 1)),
        moments_from=moments_from,
        blew_up=bool(not np.sum(by_neuron[-1, :active, -1] ** 2) <= limit),
    )


def _network_block(moments: Floats, k: int, active: int) -> Floats:
    """The moments of the network's own rows, (3 active + 1, active)."""
    parts: Sequence[Floats] = [moments[i * k : i * k + active, :active] for i in range(3)]
    return np.concatenate([*parts, moments[3 * k :, :active]])
