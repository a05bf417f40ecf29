"""A recorded run of a two-layer linear network, and what is read off it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Trajectory"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Columns of `sums` before those of theta.
_SQUARE, _VOLUME, _S, _TRACE, _ALONG, _COUNT, _THETA = range(7)


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Records of `Z = [W, a]` on a grid of steps, with sums that were kept at every step.

    Args:
        eta, target: step and theta* (d,).
        steps: (T,) recorded steps; the last is the run's length, or where it blew up.
        z: (T, k, d+1) reduced network: `Z_t = basis @ z_t`. k = min(m, d+1) for the compressed engine.
        basis: (m, k) with orthonormal columns, or None when z is the network itself.
        sums: (T, 6 + 2 d) sums over the steps before each record: |g|^2, ln|1 - eta^2 |g|^2|, |a|^2, then
            sparsely tr M, u and their number, then theta and theta^2 by coordinate.
        frame: (T, p, d+1) rows carried along by the same linear map, or p = 0.
        logs: (T, p) logarithms taken out of the frame when it was made orthonormal.
        moments: sums from `moments_from` on. With a basis (3 k + 1, k): of da da^T, of eta^2 |g|^2 a a^T, of
            a a^T and of a, all of the reduced network; without (4, m): of da^2, |dw|^2, a^2 and a, by neuron.
        blew_up: whether |a|^2 passed the limit at the last record.
    """

    eta: float
    target: Floats
    steps: Ints
    z: Floats
    basis: Floats | None
    sums: Floats
    frame: Floats
    logs: Floats
    moments: Floats
    moments_from: int = -1
    blew_up: bool = False

    def __repr__(self) -> str:
        end = ", blew up" if self.blew_up else ""
        return f"Trajectory({self.steps[-1]} steps, d {self.d}, m {self.m}, eta {self.eta:g}{end})"

    def _repr_html_(self) -> str:
        from theory.show import html_table, number_text

        rows = {
            "steps": f"{self.steps[-1]}, {len(self.steps)} recorded" + (", blew up" if self.blew_up else ""),
            "inputs, neurons": f"{self.d}, {self.m}",
            "step size": number_text(self.eta),
            "|a|^2": f"{number_text(float(self.s[0]))} to {number_text(float(self.s[-1]))}",
            "tr W^T W": f"{number_text(float(self.trace[0]))} to {number_text(float(self.trace[-1]))}",
        }
        return html_table("Trajectory", rows)

    def plot(self) -> Figure:
        """The two layers' squared lengths, and `W^T W` along and across theta*, over steps."""
        from theory.show import axes, curves

        left, right = axes(2)
        layers = [(r"$|a|^2$", self.s, "#D55E00"), (r"$\mathrm{tr}\, W^\top W$", self.trace, "#0072B2")]
        curves(left, self.steps, layers, x_label="step", y_label="squared length", title="layers")
        parts = [(r"along $\theta^*$", self.u, "#0072B2"), ("across it, mean", self.perp, "#D55E00")]
        curves(right, self.steps, parts, x_label="step", y_label=r"$W^\top W$", title="first layer")
        return left.figure  # type: ignore[return-value]

    @property
    def d(self) -> int:
        """Inputs."""
        return len(self.target)

    @property
    def m(self) -> int:
        """Neurons."""
        return int(self.z.shape[1] if self.basis is None else self.basis.shape[0])

    @cached_property
    def length(self) -> float:
        """|theta*|."""
        return float(np.linalg.norm(self.target))

    @cached_property
    def unit(self) -> Floats:
        """theta*/|theta*|, or the first axis when theta* = 0."""
        if self.length == 0.0:
            return np.asarray(np.eye(self.d)[0])
        return self.target / self.length

    # -- the network at the records -------------------------------------------------------------------

    def network(self, record: int = -1) -> Floats:
        """`Z` at a record, (m, d+1)."""
        return np.asarray(self.z[record] if self.basis is None else self.basis @ self.z[record])

    @cached_property
    def w(self) -> Floats:
        """Final first layer, (m, d)."""
        return self.network()[:, :-1]

    @cached_property
    def a(self) -> Floats:
        """Final second layer, (m,)."""
        return self.network()[:, -1]

    @cached_property
    def P(self) -> Floats:
        """`Z^T Z` at the records, (T, d+1, d+1)."""
        return np.asarray(np.einsum("tki,tkj->tij", self.z, self.z))

    @property
    def theta(self) -> Floats:
        """`W^T a` at the records, (T, d)."""
        return self.P[:, :-1, -1]

    @property
    def s(self) -> Floats:
        """`|a|^2` at the records, (T,)."""
        return self.P[:, -1, -1]

    @cached_property
    def trace(self) -> Floats:
        """`tr M`, M = W^T W, at the records, (T,)."""
        return np.asarray(np.sum(self.z[:, :, :-1] ** 2, axis=(1, 2)))

    @cached_property
    def u(self) -> Floats:
        """`M` along theta*, (T,)."""
        return np.asarray(np.sum((self.z[:, :, :-1] @ self.unit) ** 2, axis=1))

    @property
    def perp(self) -> Floats:
        """`M_perp = (tr M - u)/(d - 1)`, (T,): the mean of M across theta*."""
        return (self.trace - self.u) / max(1, self.d - 1)

    @cached_property
    def perp_given_a(self) -> Floats:
        """As `perp`, of `M - theta theta^T/s`: the part of W that makes no output, from Z and not from P."""
        a = self.z[:, :, -1]
        theta = np.einsum("tki,tk->ti", self.z[:, :, :-1], a)
        rest = self.z[:, :, :-1] - np.einsum("tk,ti->tki", a, theta / np.sum(a**2, axis=1)[:, None])
        total, along = np.sum(rest**2, axis=(1, 2)), np.sum((rest @ self.unit) ** 2, axis=1)
        return np.asarray((total - along) / max(1, self.d - 1))

    @cached_property
    def s_off_range(self) -> Floats:
        """Squared length of the part of `a` outside the range of W, (T,)."""
        out = np.empty(len(self.steps))
        for t, z in enumerate(self.z):
            q, _ = np.linalg.qr(z[:, :-1])
            rest = z[:, -1] - q @ (q.T @ z[:, -1])
            rest -= q @ (q.T @ rest)
            out[t] = rest @ rest
        return out

    @cached_property
    def log_det(self) -> Floats:
        """`ln det P` from singular values of Z, (T,); -inf when k < d + 1."""
        if self.z.shape[1] < self.d + 1:
            return np.full(len(self.steps), -np.inf)
        values = np.linalg.svd(self.z, compute_uv=False)
        with np.errstate(divide="ignore"):
            return np.asarray(2 * np.sum(np.log(values), axis=1))

    @cached_property
    def cos(self) -> Floats:
        """Mean over neurons of `|w_i . theta*|/(|w_i| |theta*|)` at the records, (T,)."""
        return np.array([_cosines(self.network(t)[:, :-1], self.unit) for t in range(len(self.steps))])

    @cached_property
    def w_norm(self) -> Floats:
        """Mean over neurons of `|w_i|` at the records, (T,)."""
        return np.array(
            [np.linalg.norm(self.network(t)[:, :-1], axis=1).mean() for t in range(len(self.steps))]
        )

    # -- sums over steps ------------------------------------------------------------------------------

    @property
    def gradient_square(self) -> Floats:
        """`sum |g|^2` over the steps before each record, (T,)."""
        return self.sums[:, _SQUARE]

    @property
    def log_volume(self) -> Floats:
        """`2 sum ln|1 - eta^2 |g|^2|`: what `ln det P` must have changed by, (T,)."""
        return 2 * self.sums[:, _VOLUME]

    @property
    def tau(self) -> Floats:
        """The run's own slow clock `-ln(det P/det P_0)/(2 d)`, (T,)."""
        return -self.log_volume / (2 * self.d)

    def _mean(self, column: int, count: Floats, first: int, last: int) -> float:
        steps = float(count[last] - count[first])
        return float(self.sums[last, column] - self.sums[first, column]) / steps if steps else np.nan

    def mean_s(self, first: int, last: int = -1) -> float:
        """Mean of |a|^2 over the steps between two records."""
        return self._mean(_S, self.steps.astype(float), first, last)

    def mean_trace(self, first: int, last: int = -1) -> float:
        """Mean of tr M between two records."""
        return self._mean(_TRACE, self.sums[:, _COUNT], first, last)

    def mean_u(self, first: int, last: int = -1) -> float:
        """Mean of u between two records."""
        return self._mean(_ALONG, self.sums[:, _COUNT], first, last)

    def mean_perp(self, first: int, last: int = -1) -> float:
        """Mean of M_perp between two records."""
        return (self.mean_trace(first, last) - self.mean_u(first, last)) / max(1, self.d - 1)

    def mean_theta(self, first: int, last: int = -1) -> Floats:
        """Mean of theta over the steps between two records, (d,)."""
        part = self.sums[last, _THETA : _THETA + self.d] - self.sums[first, _THETA : _THETA + self.d]
        return np.asarray(part / float(self.steps[last] - self.steps[first]))

    def var_theta(self, first: int, last: int = -1) -> Floats:
        """Variance of theta over the steps between two records, (d,)."""
        start = _THETA + self.d
        part = (self.sums[last, start:] - self.sums[first, start:]) / float(
            self.steps[last] - self.steps[first]
        )
        return np.asarray(part - self.mean_theta(first, last) ** 2)

    # -- second moments of the second layer -----------------------------------------------------------

    def _per_neuron(self, which: int) -> Floats:
        if self.basis is None:
            return np.asarray(self.moments[which])
        k = self.basis.shape[1]
        block = self.moments[which * k : (which + 1) * k]
        return np.asarray(np.einsum("ik,kl,il->i", self.basis, block, self.basis))

    @property
    def qv_a(self) -> Floats:
        """Sum of squared steps of every a_i since `moments_from`, (m,)."""
        return self._per_neuron(0)

    @property
    def qv_w(self) -> Floats:
        """Sum of squared steps of every w_i since `moments_from`, (m,)."""
        return self._per_neuron(1)

    @property
    def mean_a(self) -> Floats:
        """Mean over steps of every a_i since `moments_from`, (m,)."""
        mean = self.moments[-1] / float(self.steps[-1] - self.moments_from)
        return np.asarray(mean if self.basis is None else self.basis @ mean)

    @property
    def var_a(self) -> Floats:
        """Variance over steps of every a_i since `moments_from`, (m,)."""
        return self._per_neuron(2) / float(self.steps[-1] - self.moments_from) - self.mean_a**2


def _cosines(w: Floats, unit: Floats) -> float:
    norms = np.linalg.norm(w, axis=1)
    alive = norms > 0
    return float(np.mean(np.abs(w[alive] @ unit) / norms[alive])) if alive.any() else 0.0
