r"""The active share without filters: a closed law with Owen's T, and a bracket of the true one.

A filter that is off on a sample at the start (Z < 0) is still off as long as `F + kappa_0 Z + U < 0`. If U
keeps its direction in time, the half-planes of (Z, U) in which it stayed off are nested between the first and
the last, and the share of such filters among those off at the start is

    S = Phi(-x) + 2 T(x, kappa_0/sigma_u),  x = F/s,  s^2 = kappa_0^2 + sigma_u^2,

with Owen's T; the smallest so far where the shared field F moves. So p_i = 1 - S_i/2, and the flow closes on
a sample's mean coefficient and mean square over its filters,

    P' = p g(M),   S2' = 2 g(M) P,   sigma_u^2 = (1/n) sum_{k on the side} (S2_k - P_k^2),

with F the shared field of the cavity law. On the other label's side the half of the filters that is on at the
start loses one step, `-h/2`, and is off from then on. What is missing is that U turns, which
switches on more filters: p is too low. While few are on twice, turning by an angle dtheta adds the Rice rate

    dS = -2 phi(x) Phi(r x/sqrt(1 - r^2)) (E[(dx + dtheta xi)^+] - dx^+),   r = kappa_0/s,

xi standard normal; later it counts crossings of filters that are on already: p is too high. The two are a
bracket, not a law.

Source: derived here (`docs/derivations/cavity.md`, Closed activation law).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from theory.two_stage.cavity.nodes import Nodes
from theory.two_stage.cavity.paths import renewed
from theory.two_stage.cavity.shared_field import SharedField
from theory.two_stage.mean_field.mean_field import Population

__all__ = ["closed_shares", "still_off"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


def still_off(x: Floats, ratio: float | Floats) -> Floats:
    """`Phi(-x) + 2 T(x, kappa_0/sigma_u)`: of the filters off at the start, the share still off.

    >>> import numpy as np
    >>> shared = still_off(np.zeros(1), 0.5)[0]  # F = 0: 1/2 + arctan(sigma_u/kappa_0)/(2 pi)
    >>> bool(abs(1 - shared / 2 - (0.5 + np.arctan(2) / (2 * np.pi))) < 1e-15)
    True
    """
    from scipy.special import ndtr, owens_t

    out: Floats = ndtr(-x) + 2 * owens_t(x, ratio)
    return out


def closed_shares(
    population: Population,
    nodes: Nodes,
    field: SharedField,
    signal: Singles,
    steps: int,
    *,
    turning: bool = False,
) -> Floats:
    """Active shares p_i of the label's side at steps 0 .. steps, (steps + 1, n, R).

    Args:
        field, signal: the shared field and the products N (n, R) with the signal, as in `paths`.
        turning: with the Rice rate of a turning U.

    Source: derived here.
    """
    from scipy.special import expit

    h, a, kappa_0 = population.clock_step, population.a, population.kappa_0
    weight, agree = nodes.weight[:, None], nodes.agree.astype(np.float64)
    plus = nodes.labelled[0]
    facing = np.where(plus, 1.0, -1.0) * signal / math.sqrt(a)
    P, S2, gone = (np.zeros(signal.shape) for _ in range(3))
    off = np.ones(signal.shape)
    share = np.full(signal.shape, 0.5)
    slope = np.full(signal.shape, 0.5)
    gamma = np.zeros((2, signal.shape[1]))
    before: Floats | None = None
    last = 0
    out = np.empty((steps + 1, *signal.shape))
    for t in range(steps + 1):
        if t and renewed(t):
            # The other label's half of the filters that is on at the start loses one step, and is off.
            wrong = h**2 / 16 * _on_side(nodes, np.broadcast_to(weight, P.shape))[::-1]
            spread = _of_side(nodes, np.sqrt(_on_side(nodes, weight * (S2 - P**2)) + wrong))
            s = np.hypot(kappa_0, spread)
            F = nodes.of_label(field(np.where(nodes.labelled, P, -h / 4).astype(np.float32)))
            x = (F + np.where(plus, gamma[0], gamma[1]) * facing) / s
            off = np.minimum(off, still_off(x, kappa_0 / spread))
            if turning and before is not None:
                angle = _turn(nodes, weight, P, slope, share, spread) * (t - last) * h * spread / s
                gone += _rice(x, x - before, angle, kappa_0 / s)
            before, last = x, t
            share = 1 - np.maximum(off - gone, 0.0) / 2
        out[t] = share
        if t == steps:
            break
        slope = expit(-(P + agree * np.where(nodes.y > 0, gamma[0], gamma[1])))
        S2 += 2 * h * slope * P + h**2 * slope**2 * share
        P += h * share * slope
        net = (nodes.classes * (weight * agree * slope)).sum(axis=1)
        # At step 0 half of the filters point away from their class's signal.
        gamma += a * h * (net if t else 0.5 * (net + net[::-1]))
    return out


def _on_side(nodes: Nodes, values: Floats) -> Floats:
    """Sum over the samples of each side, (2, R)."""
    return np.asarray((nodes.labelled * values).sum(axis=1))


def _of_side(nodes: Nodes, values: Floats) -> Floats:
    """(2, R) -> (n, R): the value of each sample's side."""
    return np.asarray(np.where(nodes.labelled[0], values[0], values[1]))


def _turn(nodes: Nodes, weight: Floats, P: Floats, slope: Floats, share: Floats, spread: Floats) -> Floats:
    """Angle a unit of clock by which V = C - P turns, `|V'|^2/|V|^2 - (<V, V'>/|V|^2)^2`, square root."""
    square = spread**2
    speed = _of_side(nodes, _on_side(nodes, weight * slope**2 * share * (1 - share))) / square
    along = _of_side(nodes, _on_side(nodes, weight * slope * P * (1 - share))) / square
    out: Floats = np.sqrt(np.maximum(0.0, speed - along**2))
    return out


def _rice(x: Floats, moved: Floats, angle: Floats, r: Floats) -> Floats:
    """What turning by an angle switches on beyond what the move of x does."""
    from scipy.special import ndtr

    density = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    scaled = moved / np.maximum(angle, 1e-300)
    upward = moved * ndtr(scaled) + angle * np.exp(-(scaled**2) / 2) / math.sqrt(2 * math.pi)
    beyond = upward - np.maximum(moved, 0.0)
    out: Floats = 2 * density * ndtr(r * x / np.sqrt(1 - r**2)) * beyond
    return out
