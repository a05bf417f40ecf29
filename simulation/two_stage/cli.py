"""The command line: one training run with its trajectory, its stage times and a picture."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulation.console import run_app

if TYPE_CHECKING:
    from simulation.two_stage.trajectory import Trajectory
    from theory.two_stage.setting import Setting

__all__ = ["COMMANDS", "app", "main"]

_MOST_STEPS = 10**8

app = typer.Typer(
    name="simulation",
    help="Train the two-layer CNN on signal-noise data with flipped labels.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _group() -> None:
    """Keeps `run` a named command although it is the only one."""


@app.command()
def run(
    n: Annotated[int, typer.Option("--n", help="samples")] = 100,
    d: Annotated[int | None, typer.Option("--d", help="dimension of a patch (default 100 n^2)")] = None,
    m: Annotated[int, typer.Option("--m", help="filters a side")] = 20,
    sigma_xi: Annotated[float, typer.Option(help="noise scale")] = 1.0,
    n_snr2: Annotated[float, typer.Option(help="a = n SNR^2")] = 8.0,
    tau_plus: Annotated[float, typer.Option(help="flip rate of label +1, in [0, 1/2)")] = 0.1,
    tau_minus: Annotated[float, typer.Option(help="flip rate of label -1, in [0, 1/2)")] = 0.1,
    sigma_0: Annotated[
        float | None, typer.Option("--sigma-0", help="scale of the initial weights; or --kappa-0")
    ] = None,
    kappa_0: Annotated[
        float | None,
        typer.Option("--kappa-0", help="sigma_0 sigma_xi d / sqrt(n) (default 0.1)"),
    ] = None,
    clock_step: Annotated[float, typer.Option(help="h = eta sigma_xi^2 d / (n m)")] = 0.05,
    weight_decay: Annotated[float, typer.Option(help="lambda of W <- (1 - h lambda) W - eta grad")] = 0.0,
    momentum: Annotated[float, typer.Option(help="beta of the heavy ball, in [0, 1)")] = 0.0,
    batch_size: Annotated[int | None, typer.Option(help="samples a step (default all)")] = None,
    fresh_flips: Annotated[
        float, typer.Option(help="probability that a step sees a label flipped, in [0, 1/2)")
    ] = 0.0,
    biases: Annotated[bool, typer.Option("--biases", help="train a bias a filter (engine cnn)")] = False,
    steps: Annotated[int | None, typer.Option(help="gradient steps; or --clock")] = None,
    clock: Annotated[
        float | None, typer.Option(help="length in time units n m/(eta sigma_xi^2 d) (default 12)")
    ] = None,
    seed: Annotated[int, typer.Option(help="seed, >= 0")] = 0,
    engine: Annotated[str, typer.Option(help="cnn, reduced or law")] = "law",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    dtype: Annotated[str, typer.Option(help="float64 or float32")] = "float64",
    plot: Annotated[Path | None, typer.Option(help="write a picture here (.png, .svg, .pdf)")] = None,
    out: Annotated[
        Path | None, typer.Option(help="write the trajectory here (.csv summary or .npz arrays)")
    ] = None,
) -> None:
    """One training run: stage times and errors on the terminal, picture and arrays on request."""
    setting = _setting(n, d, m, sigma_xi, n_snr2, tau_plus, tau_minus, sigma_0, kappa_0, clock_step)
    count = _steps(setting, steps, clock)
    if seed < 0:
        raise ValueError(f"--seed must be >= 0, was {seed}")
    from simulation.two_stage.export import check_target, save_plot, save_trajectory

    check_target("--plot", plot, (".png", ".svg", ".pdf"))
    check_target("--out", out, (".csv", ".npz"))

    from simulation.device import resolve_device
    from simulation.two_stage.training import train
    from theory.two_stage.variation import Variation

    variation = Variation(batch_size=batch_size, momentum=momentum, fresh_flips=fresh_flips, biases=biases)
    # One small run is faster on the CPU; the real network at large n d is what a GPU is for.
    chosen = "cpu" if device == "auto" and engine != "cnn" else resolve_device(device)
    keep = sorted({round(count * k / 40) for k in range(41)})
    trajectory = train(
        setting,
        steps=count,
        engine=engine,
        snapshots=keep,
        device=chosen,
        dtype=dtype,
        seed=seed,
        progress=True,
        weight_decay=weight_decay,
        variation=variation,
    )
    _print(trajectory, setting)
    if plot is not None:
        save_plot(trajectory, setting, plot)
        print(f"picture: {plot}")
    if out is not None:
        save_trajectory(trajectory, setting, out)
        print(f"trajectory: {out}")


def _setting(
    n: int,
    d: int | None,
    m: int,
    sigma_xi: float,
    n_snr2: float,
    tau_plus: float,
    tau_minus: float,
    sigma_0: float | None,
    kappa_0: float | None,
    clock_step: float,
) -> Setting:
    from theory.two_stage.setting import Setting

    if sigma_0 is not None and kappa_0 is not None:
        raise ValueError("--sigma-0 and --kappa-0 exclude each other: give one of them")
    if sigma_0 is None and kappa_0 is None:
        kappa_0 = 0.1
    return Setting.from_n_snr2(
        n=n,
        d=100 * n * n if d is None else d,
        m=m,
        sigma_xi=sigma_xi,
        n_snr2=n_snr2,
        tau_plus=tau_plus,
        tau_minus=tau_minus,
        sigma_0=sigma_0,
        kappa_0=kappa_0,
        clock_step=clock_step,
    )


def _steps(setting: Setting, steps: int | None, clock: float | None) -> int:
    if steps is not None and clock is not None:
        raise ValueError("--steps and --clock exclude each other: give one of them")
    if steps is not None:
        if steps < 1:
            raise ValueError(f"--steps must be at least 1, was {steps}")
        if steps > _MOST_STEPS:
            raise ValueError(f"--steps must be at most {_MOST_STEPS}, was {steps}")
        return steps
    length = 12.0 if clock is None else clock
    if not 0 < length < float("inf"):
        raise ValueError(f"--clock must be a finite number > 0, was {clock}")
    if setting.clock_step * _MOST_STEPS < length:
        raise ValueError(
            f"--clock must be at most {setting.clock_step * _MOST_STEPS:g} ({_MOST_STEPS} steps of this "
            f"clock step), was {clock}"
        )
    return setting.steps(length)


def _print(trajectory: Trajectory, setting: Setting) -> None:
    from rich.console import Console
    from rich.table import Table

    from simulation.two_stage.stages import stage_times

    h = setting.clock_step
    console = Console()
    groups = ", ".join(f"{name} {value:.4g}" for name, value in setting.groups().items())
    console.print(f"n {setting.n}, d {setting.d}, m {setting.m}; {groups}", highlight=False)
    noisy = int((trajectory.y != trajectory.y_observed).sum())
    console.print(
        f"engine {trajectory.engine}, {trajectory.dtype}, seed {trajectory.seed}: "
        f"{trajectory.steps[-1]} steps = clock {trajectory.steps[-1] * h:.4g}; {noisy} flipped labels",
        highlight=False,
    )
    table = Table(box=None)
    for name, justify in (("time", "left"), ("steps", "right"), ("clock", "right"), ("meaning", "left")):
        table.add_column(name, justify="right" if justify == "right" else "left")
    for time in stage_times(trajectory):
        reached = time.step != float("inf")
        table.add_row(
            time.name,
            f"{time.step:.1f}" if reached else "not reached",
            f"{time.step * h:.3g}" if reached else "",
            time.meaning,
        )
    console.print(table)
    last = int(trajectory.steps[-1])
    console.print(f"training loss at the end: {trajectory.train_loss[-1]:.4g}", highlight=False)
    for name, label in (("iid", "iid test error"), ("spurious", "D_test error")):
        value, low, high = trajectory.test_error(name, at=last)
        console.print(f"{label} at the end: {value:.4g}  (95 %: {low:.3g} to {high:.3g})", highlight=False)


def main() -> None:
    """Entry point of `python -m simulation`."""
    run_app(app, "simulation", sys.argv[1:])


#: Words of `python -m simulation`.
COMMANDS = {"run": main}
