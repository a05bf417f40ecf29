"""Writing a run down: arrays, a summary table, a picture. Files appear whole or not at all."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simulation.two_stage.stages import stage_times

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulation.two_stage.trajectory import Trajectory
    from theory.two_stage.setting import Setting

__all__ = ["check_target", "save_plot", "save_trajectory", "trajectory_figure"]


def check_target(option: str, path: Path | None, suffixes: tuple[str, ...]) -> None:
    """Refuse a file that could not be written, before any work is done.

    Raises:
        ValueError: naming the option, for an unknown suffix or an unwritable folder.
    """
    if path is None:
        return
    if path.suffix.lower() not in suffixes:
        raise ValueError(f"{option} must end in {', '.join(suffixes)}, was {str(path)!r}")
    folder = path.resolve().parent
    if path.is_dir() or not _writable(folder):
        raise ValueError(f"{option}: cannot write {str(path)!r}: no writable folder {str(folder)!r}")


def _writable(folder: Path) -> bool:
    """Whether a file can be made there: permissions alone do not tell, as of /proc."""
    try:
        handle, name = tempfile.mkstemp(prefix=".writable-", dir=folder)
    except OSError:
        return False
    os.close(handle)
    os.unlink(name)
    return True


def _write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Write to a temporary file of the same folder and suffix, then rename over the target."""
    temporary = path.resolve().parent / f".writing-{secrets.token_hex(8)}{path.suffix}"
    # Made here rather than by `tempfile`, so that it has the permissions of any new file.
    temporary.touch(exist_ok=False)
    try:
        write(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def save_trajectory(trajectory: Trajectory, setting: Setting, path: Path) -> None:
    """`.npz`: steps, clock, margins, loss, gamma, rho, labels. `.csv`: a row a recorded step."""
    clock = trajectory.steps * setting.clock_step
    if path.suffix.lower() == ".npz":
        arrays = {
            "steps": trajectory.steps,
            "clock": clock,
            "margins": trajectory.margins,
            "train_loss": trajectory.train_loss,
            "gamma": trajectory.gamma,
            "y": trajectory.y,
            "y_observed": trajectory.y_observed,
            "snapshot_steps": trajectory.snapshot_steps,
        }
        if trajectory.rho is not None:
            arrays["rho"] = trajectory.rho
        if trajectory.biases is not None:
            arrays["biases"] = trajectory.biases
        _write_whole(path, lambda target: np.savez_compressed(target, **arrays))  # type: ignore[arg-type]
        return
    import pandas as pd

    clean = trajectory.y == trajectory.y_observed
    fit = trajectory.margins > 0
    frame = pd.DataFrame(
        {
            "step": trajectory.steps,
            "clock": clock,
            "train_loss": trajectory.train_loss,
            "gamma_mean": trajectory.gamma.mean(axis=(1, 2)),
            "clean_fit_fraction": fit[:, clean].mean(axis=1),
            "noisy_fit_fraction": fit[:, ~clean].mean(axis=1) if (~clean).any() else np.nan,
            "clean_margin_min": trajectory.margins[:, clean].min(axis=1),
            "noisy_margin_median": (
                np.median(trajectory.margins[:, ~clean], axis=1) if (~clean).any() else np.nan
            ),
        }
    )
    _write_whole(path, lambda target: frame.to_csv(target, index=False))


def save_plot(trajectory: Trajectory, setting: Setting, path: Path) -> None:
    """Margins of clean and noisy samples and the coefficients over the clock, stage times marked."""
    from matplotlib import style

    # The user's own matplotlibrc may ask for what is not here, such as LaTeX.
    with style.context("default"):
        figure = trajectory_figure(trajectory, setting)
        _write_whole(path, lambda target: figure.savefig(target, dpi=150))


def trajectory_figure(trajectory: Trajectory, setting: Setting | None) -> Figure:
    """Margins of clean and noisy samples and the coefficients, over the clock (over steps without one)."""
    from theory.show import axes as empty_axes

    h = 1.0 if setting is None else setting.clock_step
    along = "step" if setting is None else "clock s"
    clock = trajectory.steps * h
    clean = trajectory.y == trajectory.y_observed
    left, right = empty_axes(2)
    figure: Figure = left.figure  # type: ignore[assignment]
    for who, color, name in ((clean, "#0072B2", "clean"), (~clean, "#D55E00", "noisy")):
        if not who.any():
            continue
        low, middle, high = np.quantile(trajectory.margins[:, who], (0.05, 0.5, 0.95), axis=1)
        left.fill_between(clock, low, high, color=color, alpha=0.2, linewidth=0)
        left.plot(clock, middle, color=color, label=f"{name}: median, 5-95 %")
    left.axhline(0, color="0.4", linewidth=0.8)
    left.set(xlabel=along, ylabel=r"margin $\tilde y_i f(x_i)$", title="margins")
    right.plot(clock, trajectory.gamma.mean(axis=(1, 2)), color="#009E73", label=r"signal $\gamma$, mean")
    rho = trajectory.rho
    if rho is not None:
        side = np.where(trajectory.y_observed > 0, rho[:, 0], rho[:, 1]).mean(axis=1)
        kept = trajectory.snapshot_steps * h
        for who, color, name in ((clean, "#0072B2", "clean"), (~clean, "#D55E00", "noisy")):
            if who.any():
                right.plot(kept, side[:, who].mean(axis=1), color=color, label=rf"noise mass, {name}")
    right.set(xlabel=along, ylabel="coefficient", title="signal and noise")
    for axes in (left, right):
        for time in stage_times(trajectory):
            if np.isfinite(time.step) and time.step > 0:
                axes.axvline(time.step * h, color="0.6", linestyle=":", linewidth=0.9)
                axes.annotate(
                    time.name,
                    (time.step * h, 1.0),
                    xycoords=("data", "axes fraction"),
                    rotation=90,
                    va="top",
                    ha="right",
                    fontsize=7,
                    color="0.4",
                )
        axes.legend(frameon=False, fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    if setting is None:
        return figure
    figure.suptitle(
        f"n={setting.n}, d={setting.d:.3g}, m={setting.m}, n SNR^2={setting.n_snr2:.3g}, "
        f"flip rates {setting.tau_plus:g}/{setting.tau_minus:g}, kappa_0={setting.kappa_0:.3g}",
        fontsize=10,
    )
    return figure
