r"""The finite-size bracket: every margin of gradient descent, enclosed for one data set and initial weights.

Two decoupled comparison maps in `(gamma up, rho of clean samples down, rho of noisy samples up)` bound the
signal coefficients `gamma_y`, the coefficients `rho_i` of an active label-side filter, and the margins `M_i`,
from the Gram matrix, the initial products and the labels alone. Statement and proof:
`docs/derivations/certified.md`. All arithmetic rounds outward, so the bracket speaks of gradient descent in
exact arithmetic.

It holds while every `j <w_{j,r}, mu>` stays positive (alignment) and every sample's own push beats the
cross-talk of the others (persistence); where it stops is its horizon, not a failure of the network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from theory.certified.rounding import (
    add_down,
    add_up,
    dot_up,
    down,
    logistic_down,
    logistic_up,
    sum_down,
    sum_up,
    up,
)
from theory.two_stage.certified.state import State, aligned_state
from theory.two_stage.stays import share_time, stay_times

__all__ = ["RUN_END", "Bracket", "NotCertified", "finite_size_bracket"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Steps = NDArray[np.int64]

#: `Bracket.stopped` of a bracket that lasted as long as the run.
RUN_END = "the run's end"


@dataclass(frozen=True)
class NotCertified:
    """No bracket, and why."""

    reason: str


@dataclass(frozen=True, eq=False)
class Bracket:
    """Certified bounds at steps `start .. horizon` (T of them); index 0 of the class axis is y = +1.

    `gamma_low`, `gamma_high` (T, 2): increase of `gamma_y` since `start`; `rho_low`, `rho_high` (T, n):
    increase of an active label-side coefficient since `start`; `margin_low`, `margin_high` (T, n). `stopped`
    says what ended it.
    """

    steps: Steps
    gamma_low: Floats
    gamma_high: Floats
    rho_low: Floats
    rho_high: Floats
    margin_low: Floats
    margin_high: Floats
    noisy: Bools
    stopped: str

    @property
    def start(self) -> int:
        """The first certified step."""
        return int(self.steps[0])

    @property
    def horizon(self) -> int:
        """The last certified step."""
        return int(self.steps[-1])

    def time(self, share: float) -> tuple[float, float]:
        """Bracket of the time from which `share` of the noisy samples stay fit, up to the horizon.

        `share` 0.5 is `t_half`, 1 is `t_all`; in gradient steps, margins interpolated between them, `inf`
        where it is not certified to happen. Larger margins stay positive from an earlier time on.
        """
        if not self.noisy.any():
            return 0.0, 0.0
        # A sample fit ever since the bracket starts may have been so from step 0: nothing is known before.
        high = self.margin_high[:, self.noisy]
        early = np.where((high > 0.0).all(axis=0), 0.0, stay_times(high, self.steps))
        late = stay_times(self.margin_low[:, self.noisy], self.steps)
        return share_time(early, share), share_time(late, share)

    def relative_width(self, share: float) -> float:
        """Width of the time's bracket over its middle; inf where there is no upper end."""
        low, high = self.time(share)
        return (high - low) / (0.5 * (high + low)) if math.isfinite(high) and high > 0 else math.inf

    def offered(self, share: float, width: float = 0.1) -> tuple[float, float] | NotCertified:
        """The time's bracket where its relative width is at most `width`, else why it is not offered."""
        found = self.relative_width(share)
        if found <= width:
            return self.time(share)
        if math.isinf(found):
            return NotCertified(f"not certified to happen by step {self.horizon}: {self.stopped}")
        return NotCertified(f"relative width {found:.2g}, above {width:g}")

    def contains(self, steps: Steps, margins: Floats, tolerance: Floats | float = 0.0) -> bool:
        """Whether margins (T', n) at the given steps lie inside at every step and sample it certifies.

        `tolerance` is the rounding error of the margins supplied; the bracket itself needs none.
        """
        common = (steps >= self.start) & (steps <= self.horizon)
        rows = steps[common] - self.start
        values = margins[common]
        slack = np.broadcast_to(np.asarray(tolerance), margins.shape)[common]
        return bool(
            np.all(values >= self.margin_low[rows] - slack)
            and np.all(values <= self.margin_high[rows] + slack)
        )


def finite_size_bracket(
    gram: Floats,
    products: Floats,
    y: Floats,
    y_observed: Floats,
    *,
    rate: float,
    steps: int,
    align_within: int = 40,
    cross_talk: float = 1.0,
    undetermined: bool = True,
) -> Bracket | NotCertified:
    r"""Bracket gradient descent from its initial state, for up to `steps` steps.

    Args:
        gram: `K = V^T V`, V = [mu, xi_1..xi_n], (n+1, n+1).
        products: `A^(0) = W^(0) V`, (2, m, n+1), index 0 of the first axis is j = +1.
        y, y_observed: labels, (n,).
        rate: `eta/(n m)`; then `h a/n = rate |mu|^2` and `h q_i = rate |xi_i|^2`.
        align_within: steps within which every `j <w, mu>` must have become positive.
        cross_talk, undetermined: 1 and True; other values break the theorem on purpose (no cross-talk, no
            filter that may be switched on), to see that a test notices.

    Returns:
        A `Bracket`, or the reason there is none.

    Source: derived here.
    """
    if rate * gram[0, 0] * max((y > 0).sum(), (y < 0).sum()) / 4 > 1 - 1e-9:
        return NotCertified("the step is too large: h a n_y/(4 n) > 1, the signal map is not monotone")
    if rate * float(np.diag(gram)[1:].max()) / 4 > 1 - 1e-9:
        return NotCertified("the step is too large: h q_i/4 > 1, the noise map is not monotone")
    state = aligned_state(gram, products, y, y_observed, rate, min(align_within, steps))
    if isinstance(state, str):
        return NotCertified(state)
    return _Comparison(state, gram, y, y_observed, rate, cross_talk, undetermined).run(steps)


class _Comparison:
    """The two comparison maps; U = (gammaU, rhoL clean, rhoU noisy), L the opposite ends."""

    def __init__(
        self,
        state: State,
        gram: Floats,
        y: Floats,
        y_observed: Floats,
        rate: float,
        cross_talk: float,
        undetermined: bool,
    ) -> None:
        n = len(y)
        self.y, self.clean, self.rate, self.start = y, y == y_observed, rate, state.step
        self.undetermined = undetermined
        self.m = state.low.shape[1]
        norms = np.diag(gram)
        self.own_up, self.own_down = up(rate * norms[1:]), down(rate * norms[1:])
        self.signal_up, self.signal_down = up(rate * norms[0]), down(rate * norms[0])
        # chi[k, i] = |K_ki|/K_kk, the share of sample k's coefficient that reaches sample i.
        chi = up(np.abs(gram) / norms[:, None]) * cross_talk
        self.chi = chi[1:, 1:] * (1.0 - np.eye(n))
        self.chi_signal, self.chi_to_signal = chi[0, 1:], chi[1:, 0]
        self.cross = up(rate * np.abs(gram[1:, 1:])) * (1.0 - np.eye(n)) * cross_talk
        side = np.where(y_observed > 0, 0, 1)
        index = np.arange(n)
        # Pre-activations on the label's side and on the other, (m, n).
        self.label = (state.low[side, :, 1 + index].T, state.high[side, :, 1 + index].T)
        self.other = (state.low[1 - side, :, 1 + index].T, state.high[1 - side, :, 1 + index].T)
        sign = np.array([1.0, -1.0])[:, None]
        aligned_low = np.where(sign > 0, state.low[:, :, 0], -state.high[:, :, 0])
        aligned_high = np.where(sign > 0, state.high[:, :, 0], -state.low[:, :, 0])
        self.least_alignment = aligned_low.min(axis=1)
        self.signal = (self._mean_down(aligned_low.T), self._mean_up(aligned_high.T))  # (2,) by class
        self.overshoot = np.zeros(n)
        self.reach = np.zeros(n)

    def _mean_up(self, x: Floats) -> Floats:
        """At least the mean over filters, axis 0."""
        return up(sum_up(x.T) / self.m)

    def _mean_down(self, x: Floats) -> Floats:
        return down(sum_down(x.T) / self.m)

    def run(self, steps: int) -> Bracket | NotCertified:
        """Step both maps until `steps`, or until alignment or persistence can no longer be certified."""
        n = len(self.y)
        gamma: list[Floats] = [np.zeros(2), np.zeros(2)]
        rho: list[Floats] = [np.zeros(n), np.zeros(n)]
        kept: list[tuple[Floats, ...]] = []
        stopped = RUN_END
        for step in range(self.start, steps + 1):
            found = self._margins(gamma, rho)
            if isinstance(found, str):
                stopped = f"{found} at step {step}"
                break
            low, high, ends = found
            kept.append((gamma[0], gamma[1], rho[0], rho[1], low, high))
            if step == steps:
                break
            reason = self._persistence(low, high)
            if reason:
                stopped = f"{reason} at step {step}"
                break
            gamma, rho = self._step(gamma, rho, ends)
        if not kept:
            return NotCertified(stopped)
        gamma_low, gamma_high, rho_low, rho_high, low, high = (np.stack(x) for x in zip(*kept, strict=True))
        grid = np.arange(self.start, self.start + len(kept), dtype=np.int64)
        noisy = ~self.clean
        return Bracket(grid, gamma_low, gamma_high, rho_low, rho_high, low, high, noisy, stopped)

    def _margins(
        self, gamma: list[Floats], rho: list[Floats]
    ) -> tuple[Floats, Floats, dict[str, Floats]] | str:
        """Margin bounds now, and the error terms the step needs; or why alignment is lost."""
        gamma_size = np.maximum(np.abs(gamma[0]), np.abs(gamma[1])).max()
        reach = up(dot_up(rho[1], self.chi) + up(gamma_size * self.chi_signal))
        self.reach = np.maximum(self.reach, reach)
        to_signal = float(dot_up(rho[1], self.chi_to_signal))
        if not np.all(add_down(self.least_alignment, gamma[0], -np.full(2, to_signal)) > 0):
            return "a filter may no longer be aligned with the signal"
        share_low, share_high, error_low, error_high = self._noise_terms(rho)
        by_class = np.where(self.y > 0, 0, 1)
        signal_low = add_down(self.signal[0], np.full(2, -to_signal))[by_class]
        signal_high = add_up(self.signal[1], np.full(2, to_signal))[by_class]
        clean = self.clean
        # Constant part of a margin: everything but p rho and +-gamma.
        rest_low = add_down(error_low, np.where(clean, signal_low, -signal_high))
        rest_high = add_up(error_high, np.where(clean, signal_high, -signal_low))
        g_low, g_high = gamma[0][by_class], gamma[1][by_class]
        low = add_down(down(share_low * rho[0]), np.where(clean, g_low, -g_high), rest_low)
        high = add_up(up(share_high * rho[1]), np.where(clean, g_high, -g_low), rest_high)
        ends = {
            "share_low": share_low,
            "share_high": share_high,
            "rest_low": rest_low,
            "rest_high": rest_high,
        }
        return low, high, ends

    def _noise_terms(self, rho: list[Floats]) -> tuple[Floats, Floats, Floats, Floats]:
        """`p^-`, `p^+`, `e^-`, `e^+` (n,): the noise patch adds `p rho_i + e` to sample i's margin."""
        low, high = self.label
        active = low > 0
        maybe = ~active & (up(high + self.reach) > 0) & self.undetermined
        share = active.sum(axis=0) / self.m
        share_low = np.maximum(down(share), 0.0)
        share_high = up((active | maybe).sum(axis=0) / self.m) if self.undetermined else up(share)
        reached = np.where(maybe, np.maximum(up(high + self.reach), 0.0), 0.0)
        error_high = add_up(
            self._mean_up(np.where(active, high, 0.0)), up(up(share) * self.reach), self._mean_up(reached)
        )
        error_low = add_down(self._mean_down(np.where(active, low, 0.0)), -up(up(share) * self.reach))
        # The other side is subtracted: it sinks while active, and returns by one step of cross-talk at most.
        other_low, other_high = self.other
        sunk = np.maximum(down(rho[0] - self.reach), 0.0)
        left_high = np.maximum(up(np.maximum(other_high, 0.0) - sunk), self.overshoot)
        left_low = np.maximum(add_down(other_low, -rho[1], -self.reach), 0.0)
        return (
            share_low,
            share_high,
            add_down(error_low, -self._mean_up(left_high)),
            add_up(error_high, -self._mean_down(left_low)),
        )

    def _persistence(self, low: Floats, high: Floats) -> str:
        """Whether every own push beats the cross-talk of this step; records the overshoot."""
        slope_low, slope_high = logistic_down(high), logistic_up(low)
        push = 0.0
        for label in (1.0, -1.0):
            members = self.y == label
            ups = sum_up(np.where(members & self.clean, slope_high, 0.0)) - sum_down(
                np.where(members & ~self.clean, slope_low, 0.0)
            )
            downs = sum_up(np.where(members & ~self.clean, slope_high, 0.0)) - sum_down(
                np.where(members & self.clean, slope_low, 0.0)
            )
            push = max(push, float(up(up(np.maximum(ups, downs)) * self.signal_up)))
        cross = up(dot_up(slope_high, self.cross) + up(push * self.chi_signal))
        self.overshoot = np.maximum(self.overshoot, cross)
        lost = ~(down(self.own_down * slope_low) > cross)
        if np.any(lost):
            return f"cross-talk may exceed the push of {int(lost.sum())} samples"
        return ""

    def _step(
        self, gamma: list[Floats], rho: list[Floats], ends: dict[str, Floats]
    ) -> tuple[list[Floats], list[Floats]]:
        """Both comparison maps, each equation taking its worst margin end."""
        clean, by_class = self.clean, np.where(self.y > 0, 0, 1)
        p_low, p_high = ends["share_low"], ends["share_high"]
        rest_low, rest_high = ends["rest_low"], ends["rest_high"]
        # Map U uses gammaU, rhoL of clean and rhoU of noisy samples; map L the others.
        in_U = np.where(clean, rho[0], rho[1])
        in_L = np.where(clean, rho[1], rho[0])
        g_U, g_L = gamma[1][by_class], gamma[0][by_class]
        own_U, own_L = np.where(clean, g_U, -g_U), np.where(clean, g_L, -g_L)

        # Slopes as the own equation of rho needs them: rhoL grows least, rhoU most.
        def highest(rho_end: Floats, own: Floats) -> Floats:
            return add_up(up(p_high * rho_end), own, rest_high)

        def lowest(rho_end: Floats, own: Floats) -> Floats:
            return add_down(down(p_low * rho_end), own, rest_low)

        slope_U = np.where(clean, logistic_down(highest(in_U, own_U)), logistic_up(lowest(in_U, own_U)))
        slope_L = np.where(clean, logistic_up(lowest(in_L, own_L)), logistic_down(highest(in_L, own_L)))
        next_U = np.where(
            clean,
            down(in_U + down(self.own_down * slope_U)),
            up(in_U + up(self.own_up * slope_U)),
        )
        next_L = np.where(
            clean,
            up(in_L + up(self.own_up * slope_L)),
            down(in_L + down(self.own_down * slope_L)),
        )
        # Slopes as the signal needs them: gammaU takes clean samples at their lowest margin, noisy ones at
        # their highest.
        rise_U = np.where(clean, logistic_up(lowest(in_U, own_U)), -logistic_down(highest(in_U, own_U)))
        rise_L = np.where(clean, logistic_down(highest(in_L, own_L)), -logistic_up(lowest(in_L, own_L)))
        gamma_U, gamma_L = gamma[1].copy(), gamma[0].copy()
        for c in (0, 1):
            members = by_class == c
            gamma_U[c] = self._signal_up(gamma[1][c], sum_up(np.where(members, rise_U, 0.0)))
            gamma_L[c] = -self._signal_up(-gamma[0][c], sum_up(np.where(members, -rise_L, 0.0)))
        new_low = np.where(clean, next_U, next_L)
        new_high = np.where(clean, next_L, next_U)
        return [gamma_L, gamma_U], [new_low, new_high]

    def _signal_up(self, gamma: float, rise: Floats) -> float:
        factor = self.signal_up if rise > 0 else self.signal_down
        return float(up(gamma + up(factor * rise)))
