"""A measured run: the quantities of `theory.run.Run`, computed from a trajectory."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulation.two_stage.stages import stays_fit
from theory.run import Estimate
from theory.two_stage.schedule import Schedule
from theory.two_stage.setting import Setting
from theory.two_stage.stays import first_at_most, gap_at, share_time, stay_times

if TYPE_CHECKING:
    from simulation.two_stage.trajectory import Trajectory

__all__ = ["MeasuredRun"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class MeasuredRun:
    """Measured quantities of one trajectory; definitions, shapes and units stand in `theory.run.Run`."""

    def __init__(
        self,
        trajectory: Trajectory,
        setting: Setting,
        *,
        schedule: Schedule | None = None,
        test_samples: int = 4000,
        test_lines: int = 400,
    ) -> None:
        self.trajectory = trajectory
        self.setting = setting
        self.seed = trajectory.seed
        self.engine = trajectory.engine
        self.dtype = trajectory.dtype
        self.schedule = schedule
        self.test_samples = test_samples
        self.test_lines = test_lines
        self._errors: dict[tuple[str, str, int, int], Estimate] = {}

    # Data -------------------------------------------------------------------------------------------
    @property
    def y(self) -> Floats:
        return self.trajectory.y

    @property
    def y_observed(self) -> Floats:
        return self.trajectory.y_observed

    @cached_property
    def clean(self) -> Bools:
        return np.asarray(self.y == self.y_observed)

    @cached_property
    def noisy(self) -> Bools:
        return ~self.clean

    @property
    def gram(self) -> Floats:
        return self.trajectory.geometry.gram

    @cached_property
    def input_gram(self) -> Floats:
        gram, y = self.gram, self.y
        cross = np.outer(y, gram[0, 1:])
        return np.asarray(gram[0, 0] * np.outer(y, y) + cross + cross.T + gram[1:, 1:])

    @property
    def initial_products(self) -> Floats:
        geometry = self.trajectory.geometry
        return geometry.products.reshape(2, geometry.m, -1)

    def derived(self, name: str, seen: Any, changes: Mapping[str, Any]) -> Any:
        """What follows from replaced labels, for `theory.altered`: who is clean or noisy, and which side is
        whose; `NotImplemented` for all else."""
        if not changes.keys() & {"y", "y_observed"}:
            return NotImplemented
        if name in ("clean", "noisy"):
            return (seen.y == seen.y_observed) == (name == "clean")
        if name in ("label_side", "other_side"):
            positive = seen.y_observed > 0 if name == "label_side" else seen.y_observed <= 0
            return lambda values: np.where(positive, values[..., 0, :, :], values[..., 1, :, :])
        return NotImplemented

    # Trajectory ---------------------------------------------------------------------------------------
    @property
    def steps(self) -> NDArray[np.int64]:
        return self.trajectory.steps

    @cached_property
    def clock(self) -> Floats:
        return self._clock_of(self.steps)

    def _clock_of(self, steps: NDArray[np.int64]) -> Floats:
        passed = steps if self.schedule is None else self.schedule.elapsed(steps)
        return np.asarray(passed * self.setting.clock_step)

    @property
    def margins(self) -> Floats:
        return self.trajectory.margins

    @property
    def train_loss(self) -> Floats:
        return self.trajectory.train_loss

    @property
    def gamma(self) -> Floats:
        return self.trajectory.gamma

    def at(self, clock: float) -> int:
        return _first_at_least(self.clock, clock)

    # Snapshots ------------------------------------------------------------------------------------------
    @property
    def snapshot_steps(self) -> NDArray[np.int64]:
        return self.trajectory.snapshot_steps

    @cached_property
    def snapshot_clock(self) -> Floats:
        return self._clock_of(self.snapshot_steps)

    @property
    def rho(self) -> Floats:
        rho = self.trajectory.rho
        assert rho is not None
        return rho

    @property
    def products(self) -> Floats:
        products = self.trajectory.products
        assert products is not None
        return products

    @property
    def span_residual(self) -> Floats:
        return self.trajectory.record.span_residual

    def snapshot_at(self, clock: float) -> int:
        return _first_at_least(self.snapshot_clock, clock)

    def label_side(self, values: Floats) -> Floats:
        return np.where(self.y_observed > 0, values[..., 0, :, :], values[..., 1, :, :])

    def other_side(self, values: Floats) -> Floats:
        return np.where(self.y_observed > 0, values[..., 1, :, :], values[..., 0, :, :])

    @cached_property
    def noise_mass(self) -> Floats:
        return np.asarray(self.label_side(self.rho).mean(axis=-2))

    @cached_property
    def active_fraction(self) -> Floats:
        biases = self.trajectory.biases
        threshold = 0.0 if biases is None else self.label_side(-biases[..., None])
        return np.asarray((self.label_side(self.products[..., 1:]) > threshold).mean(axis=-2))

    # Times ----------------------------------------------------------------------------------------------
    @cached_property
    def _fit(self) -> Bools:
        return self.margins > 0.0

    def _share_stays(self, who: Bools, share: float) -> float:
        return stays_fit(self.margins[:, who], self.steps, share)

    @cached_property
    def t_clean(self) -> float:
        return self._share_stays(self.clean, 1.0)

    @cached_property
    def t_half(self) -> float:
        return self._share_stays(self.noisy, 0.5)

    @cached_property
    def t_all(self) -> float:
        return self._share_stays(self.noisy, 1.0)

    def t_half_of(self, label: int) -> float:
        return self._share_stays(self.noisy & (self.y == label), 0.5)

    @cached_property
    def crossing(self) -> float:
        if not self.noisy.any():
            return 0.0
        index = np.searchsorted(self.steps, self.snapshot_steps)
        signal = self.gamma.mean(axis=2)[index]
        against = np.where(self.y > 0, signal[:, :1], signal[:, 1:])
        above = (self.noise_mass - against)[:, self.noisy]
        return share_time(stay_times(above, self.snapshot_steps), 0.5)

    def t_loss(self, eps: float) -> float:
        return first_at_most(self.train_loss, self.steps, eps)

    def resolution(self, time: float, *, snapshots: bool = False) -> float:
        return gap_at(self.snapshot_steps if snapshots else self.steps, time)

    # States ---------------------------------------------------------------------------------------------
    def clean_fit(self, clock: float) -> bool:
        return bool(np.all(self._fit[self.at(clock), self.clean]))

    def noisy_misfit(self, clock: float) -> bool:
        return bool(np.all(self.margins[self.at(clock), self.noisy] < 0.0))

    def memorised_fraction(self, clock: float) -> float:
        fit = self._fit[self.at(clock), self.noisy]
        return float(fit.mean()) if len(fit) else 0.0

    def weight_gram(self, clock: float) -> Floats:
        root = self.trajectory.weight_root(int(self.snapshot_steps[self.snapshot_at(clock)]))
        return root @ root.T

    def test_error(self, distribution: str, clock: float) -> Estimate:
        return self._error("test_error", distribution, clock, self.test_samples)

    def log_test_error(self, distribution: str, clock: float, *, lines: int | None = None) -> Estimate:
        return self._error("log_test_error", distribution, clock, self.test_lines if lines is None else lines)

    def _error(self, kind: str, distribution: str, clock: float, samples: int) -> Estimate:
        """Several claims ask for the same error: measured once."""
        step = int(self.snapshot_steps[self.snapshot_at(clock)])
        if kind == "log_test_error" and not self.trajectory.resolves_rare_errors(distribution):
            samples = max(samples, self.test_samples)  # drawn patches, no lines
        key = (kind, distribution, step, samples)
        if key not in self._errors:
            method = getattr(self.trajectory, kind)
            self._errors[key] = Estimate(*method(distribution, at=step, samples=samples, seed=self.seed))
        return self._errors[key]


def _first_at_least(grid: Floats, value: float) -> int:
    # Clock grids are multiples of a rounded step: a relative eps keeps "at s = 1" at s = 1.
    return min(int(np.searchsorted(grid, value * (1 - 1e-9) - 1e-12)), len(grid) - 1)
