"""Steps of a two-layer linear network in compiled code, draws inside.

`z` (d+1, k) holds one column a neuron: rows 0..d-1 are its first-layer weights, row d its output weight. The
first `active` columns are the network; the others are carried along by the same linear map (they make no
output), which is how the transport itself is followed. The generators are numpy's own (SFC64), so a loop in
plain numpy can draw the very same samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["FULL", "GIVEN", "ONLINE", "POPULATION", "SAMPLED", "SUMS", "advance"]

#: How a step's samples come about.
GIVEN, ONLINE, SAMPLED, FULL, POPULATION = range(5)

#: Columns of the running sums before those of theta: |g|^2 (of the gradient stepped along),
#: ln|1 - eta^2 |g|^2|, |a|^2, then every `_SPARSE` steps tr M, u = th.M th and their number.
SUMS = 6
_SPARSE = 20

#: |a|^2 below which a network is dead.
_GONE = 1e-60

_FAST = {"reassoc", "contract", "nsz"}

_compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
_inlined = njit(inline="always", nogil=True, error_model="numpy", fastmath=_FAST)


@_inlined
def _residual_gradient(x: Any, noise: Any, delta: Any, mode: int, scale: Any, g: Any) -> None:
    """g = (1/B) sum_b (x_b . delta - noise_b) x_b, or Sigma delta for the population's gradient."""
    d = delta.shape[0]
    if mode == 4:
        for j in range(d):
            g[j] = scale[j] * scale[j] * delta[j]
        return
    batch = x.shape[0]
    for j in range(d):
        g[j] = 0.0
    for b in range(batch):
        r = -noise[b]
        for j in range(d):
            r += x[b, j] * delta[j]
        r /= batch
        for j in range(d):
            g[j] += r * x[b, j]


@_inlined
def _orthonormalise(z: Any, active: int, logs: Any) -> None:
    """Gram-Schmidt, twice, on the columns beyond `active`; ln of the lengths is added to `logs`."""
    rows, k = z.shape
    for i in range(active, k):
        length = 1.0
        for _again in range(2):
            for p in range(active, i):
                inner = 0.0
                for j in range(rows):
                    inner += z[j, i] * z[j, p]
                for j in range(rows):
                    z[j, i] -= inner * z[j, p]
            norm = 0.0
            for j in range(rows):
                norm += z[j, i] * z[j, i]
            norm = np.sqrt(norm)
            length *= norm
            for j in range(rows):
                z[j, i] /= norm
        logs[i - active] += np.log(length)


@_compiled
def advance(
    z: Any, active: int, steps: int, mode: int, rng: Any, scale: Any, data: Any, static: Any,
    given_x: Any, given_noise: Any, target: Any, eta: float, batch: int, sigma: float,
    rho: float, normalised: bool, decay_w: float, decay_a: float, block_steps: Any, block_factors: Any,
    cycle: bool, frame_every: int, moments_from: int, limit: float, records: Any,
    out_z: Any, out_sums: Any, out_logs: Any, moments: Any,
) -> Any:  # fmt: skip
    """Make `steps` steps from `z`, in place.

    Returns (records written, steps made, whether it ended before its time: |a|^2 above `limit` or below
    1e-60).

    Args:
        mode: GIVEN (given_x (T, B, d), given_noise (T, B)), ONLINE (x_j = scale_j times a normal), SAMPLED
            (from the rows of `data`, with replacement), FULL (all rows), POPULATION (no samples).
        static: (n,) label noise of every row of `data`, or of size 0 for fresh signs times sigma.
        rho, normalised: radius of sharpness-aware minimisation; 0 for none.
        decay_w, decay_a: shares taken off W and a at every step.
        block_steps, block_factors: (b,) the noise is sigma times a block's factor; `cycle` starts over.
        frame_every: columns beyond `active` are made orthonormal every so many steps; 0: never.
        moments_from: the step from which `moments` (3 k + 1, k) are summed; negative: never.
        limit: a run with |a|^2 above it is over, and has blown up.
        records: (T,) steps at which `out_z` (T, d+1, k), `out_sums` (T, 6 + 2d) and `out_logs` are filled.
    """
    rows, k = z.shape
    d = rows - 1
    theta, delta, far = np.empty(d), np.empty(d), np.empty(d)
    g, g_far = np.empty(d), np.empty(d)
    old_a, h, h_far = np.empty(k), np.empty(k), np.empty(k)
    noise_here = np.zeros(batch)
    x_here = np.zeros((batch, d))
    sums = np.zeros(SUMS + 2 * d)
    logs = np.zeros(max(1, k - active))
    unit = np.zeros(d)
    length = 0.0
    for j in range(d):
        length += target[j] * target[j]
    for j in range(d):
        unit[j] = target[j] / np.sqrt(length) if length > 0.0 else 0.0
    for j in range(d):
        total = 0.0
        for i in range(active):
            total += z[j, i] * z[d, i]
        theta[j] = total
    place = 0
    block, in_block = 0, 0
    for t in range(steps + 1):
        s = 0.0
        for i in range(active):
            s += z[d, i] * z[d, i]
        # A network that SAM has killed shrinks for ever; numbers below the normal range are slow.
        dead = not s <= limit or s < _GONE
        if place < records.shape[0] and records[place] == t:
            for j in range(rows):
                for i in range(k):
                    out_z[place, j, i] = z[j, i]
            for j in range(SUMS + 2 * d):
                out_sums[place, j] = sums[j]
            for i in range(k - active):
                out_logs[place, i] = logs[i]
            place += 1
        if t == steps or dead:
            return place, t, dead
        # The samples of this step. As many numbers are drawn with the noise off as with it on.
        factor = block_factors[block]
        in_block += 1
        if in_block == block_steps[block]:
            in_block = 0
            block = block + 1 if block + 1 < block_steps.shape[0] else (0 if cycle else block)
        x, noise = x_here, noise_here
        if mode == 0:
            x, noise = given_x[t], given_noise[t]
        elif mode == 1:
            for b in range(batch):
                for j in range(d):
                    x_here[b, j] = scale[j] * rng.standard_normal()
            for b in range(batch):
                noise_here[b] = sigma * factor if rng.random() < 0.5 else -sigma * factor
        elif mode == 2:
            for b in range(batch):
                row = int(rng.random() * data.shape[0])
                for j in range(d):
                    x_here[b, j] = data[row, j]
                if static.shape[0] > 0:
                    noise_here[b] = static[row] * factor
                else:
                    noise_here[b] = sigma * factor if rng.random() < 0.5 else -sigma * factor
        elif mode == 3:
            x = data
            for b in range(batch):
                if static.shape[0] > 0:
                    noise_here[b] = static[b] * factor
                else:
                    noise_here[b] = sigma * factor if rng.random() < 0.5 else -sigma * factor
        for j in range(d):
            delta[j] = theta[j] - target[j]
        _residual_gradient(x, noise, delta, mode, scale, g)
        for i in range(k):
            h[i] = 0.0
            old_a[i] = z[d, i]
        square = 0.0
        for j in range(d):
            square += g[j] * g[j]
            c = g[j]
            for i in range(k):
                h[i] += c * z[j, i]
        if rho > 0.0:
            inner, output = 0.0, 0.0
            for i in range(active):
                inner += h[i] * h[i]
                output += old_a[i] * h[i]
            radius = rho
            if normalised:
                size = np.sqrt(inner + s * square)
                radius = rho / size if size > 0.0 else 0.0
            for j in range(d):
                pull = 0.0
                for i in range(active):
                    pull += z[j, i] * h[i]
                far[j] = delta[j] + radius * (pull + s * g[j]) + radius * radius * output * g[j]
            _residual_gradient(x, noise, far, mode, scale, g_far)
            cross = 0.0
            for j in range(d):
                cross += g[j] * g_far[j]
            for i in range(k):
                h_far[i] = radius * cross * old_a[i]
            for j in range(d):
                c = g_far[j]
                for i in range(k):
                    h_far[i] += c * z[j, i]
            for i in range(k):
                old_a[i] += radius * h[i]
                h[i] = h_far[i]
            square = 0.0
            for j in range(d):
                g[j] = g_far[j]
                square += g[j] * g[j]
        sums[0] += square
        sums[1] += np.log(abs(1.0 - eta * eta * square))
        sums[2] += s
        if t % _SPARSE == 0:
            for j in range(d):
                along = 0.0
                for i in range(active):
                    along += z[j, i] * z[j, i]
                sums[3] += along
            for i in range(active):
                along = 0.0
                for j in range(d):
                    along += unit[j] * z[j, i]
                sums[4] += along * along
            sums[5] += 1.0
        for j in range(d):
            sums[SUMS + j] += theta[j]
            sums[SUMS + d + j] += theta[j] * theta[j]
        if moments_from >= 0 and t >= moments_from:
            for i in range(k):
                moments[3 * k, i] += z[d, i]
                for p in range(k):
                    moments[i, p] += eta * eta * h[i] * h[p]
                    moments[k + i, p] += eta * eta * square * old_a[i] * old_a[p]
                    moments[2 * k + i, p] += z[d, i] * z[d, p]
        keep_w, keep_a = 1.0 - decay_w, 1.0 - decay_a
        for i in range(k):
            z[d, i] = keep_a * z[d, i] - eta * h[i]
        for j in range(d):
            c = eta * g[j]
            total = 0.0
            for i in range(active):
                w = keep_w * z[j, i] - c * old_a[i]
                z[j, i] = w
                total += w * z[d, i]
            theta[j] = total
            for i in range(active, k):
                z[j, i] = keep_w * z[j, i] - c * old_a[i]
        if frame_every > 0 and (t + 1) % frame_every == 0:
            _orthonormalise(z, active, logs)
    return place, steps, False
