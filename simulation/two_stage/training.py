"""One `train` for three engines."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulation.device import resolve_device
from simulation.two_stage.departures import require_exact
from simulation.two_stage.geometry import Geometry, draw_geometry, geometry_of
from simulation.two_stage.problem import Problem, sample_problem
from simulation.two_stage.record import Record
from simulation.two_stage.reduced import run_reduced
from simulation.two_stage.step_weights import StepWeights
from simulation.two_stage.stopping import StopRule
from simulation.two_stage.trajectory import Trajectory
from simulation.two_stage.units import computable, require_finite
from simulation.two_stage.weight_decay import decay_of, decay_of_step
from theory.two_stage.setting import Setting
from theory.two_stage.variation import PLAIN, Variation

__all__ = ["ENGINES", "train", "train_many"]

ENGINES = ("cnn", "reduced", "law")
_DTYPES = ("float64", "float32")
Steps = NDArray[np.int64]


def _recorded(steps: int, record_every: int, chosen: Iterable[int] | None = None) -> Steps:
    if chosen is not None:
        kept = sorted({0, steps} | {int(t) for t in chosen})
        if kept[0] < 0 or kept[-1] > steps:
            raise ValueError(f"recorded must lie between 0 and steps = {steps}, held {kept[0]}..{kept[-1]}")
        return np.array(kept, dtype=np.int64)
    grid = np.arange(0, steps + 1, record_every, dtype=np.int64)
    return grid if grid[-1] == steps else np.append(grid, np.int64(steps))


def _snapshots(steps: int, wanted: Iterable[int] | None, default: Steps) -> Steps:
    if wanted is None:
        return default
    chosen = sorted({int(t) for t in wanted} | {steps})
    if chosen[0] < 0 or chosen[-1] > steps:
        raise ValueError(f"snapshots must lie between 0 and steps = {steps}, held {chosen[0]}..{chosen[-1]}")
    return np.array(chosen, dtype=np.int64)


def _check_counts(steps: int, record_every: int) -> None:
    for name, value, least in (("steps", steps, 0), ("record_every", record_every, 1)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"{name} must be an integer >= {least}, was {value!r}")


def _step_size(eta: object) -> float:
    if isinstance(eta, bool) or not isinstance(eta, numbers.Real) or not 0 < float(eta) < math.inf:
        raise ValueError(f"eta must be a finite number > 0, was {eta!r}")
    return float(eta)


def _check_dtype(dtype: str) -> None:
    if dtype not in _DTYPES:
        raise ValueError(f"dtype must be float64 or float32, was {dtype!r}")


def _check_stop(stop: object) -> None:
    if stop is not None and not isinstance(stop, StopRule):
        raise ValueError(f"stop must be a rule of simulation.two_stage.stopping, was {stop!r}")


def train(
    what: Problem | Setting,
    *,
    steps: int,
    eta: float | None = None,
    engine: str | None = None,
    record_every: int = 1,
    recorded: Iterable[int] | None = None,
    record_coefficients: bool = True,
    snapshots: Iterable[int] | None = None,
    device: str = "cpu",
    dtype: str = "float64",
    seed: int = 0,
    progress: bool = False,
    variation: Variation = PLAIN,
    weight_decay: float | None = None,
    stop: StopRule | None = None,
    gradient: Literal["closed", "autograd"] = "closed",
) -> Trajectory:
    """Gradient descent on the logistic loss, full-batch unless said otherwise; the trajectory of one run.

    Args:
        what: a `Problem` (engines "cnn" and "reduced"), or a `Setting`, from which the law engine draws
            its geometry and the others a problem.
        steps: gradient steps.
        eta: step size; default the setting's.
        engine: "cnn" (torch module, autograd, weights in R^d), "reduced" (exact closure, O(m n^2) a
            step) or "law" (exact in law at any d). Default "reduced" for a Problem, "law" for a Setting.
        record_every: margins, loss and gamma are recorded at multiples of this, and at the last step.
        recorded: these steps instead, with 0 and the last one.
        record_coefficients: keep every rho_{j,r,i} (and pre-activation) at the snapshots.
        snapshots: steps at which to keep them; default every recorded step (only the last when
            record_coefficients is False).
        dtype: "float64" or "float32", the type the engine computes in.
        seed: of the draw, when `what` is a Setting, of mini-batches and of fresh flips.
        variation: other noise patches and label noise (for a Setting; not for the law engine, which knows
            Gaussian patches only), mini-batches, schedule of the step size, momentum, labels flipped afresh
            at every step, biases (of the engine "cnn" alone).
        weight_decay: lambda in clock units: a step is `W <- (1 - h lambda) W - eta grad`, with h the clock
            step `eta sigma_xi^2 d/(n m)`; a program's coefficient is `lambda sigma_xi^2 d/(n m)`. Default the
            setting's own (`theory.DecayedSetting`), else 0. Not with schedule, momentum or
            biases.
        stop: a rule of `simulation.two_stage.stopping`: the run ends, and the trajectory with it, at the
            first step where it holds. Default: all steps are made.
        gradient: of the engine "cnn": "closed", the chain rule written out, or "autograd", the module's own
            forward and backward pass; equal to rounding.

    Raises:
        ValueError: naming the argument, what it was and what is allowed.

    >>> s = Setting.from_n_snr2(n=10, d=100, m=4, n_snr2=6., tau_plus=.1, tau_minus=.1, kappa_0=1.,
    ...                         clock_step=.1)
    >>> t = train(s, steps=5, seed=1)
    >>> t.margins.shape, t.rho.shape
    ((6, 10), (6, 2, 4, 10))
    """
    _check_counts(steps, record_every)
    _check_dtype(dtype)
    _check_stop(stop)
    if gradient not in ("closed", "autograd"):
        raise ValueError(f"gradient must be closed or autograd, was {gradient!r}")
    resolved = resolve_device(device)
    setting = what if isinstance(what, Setting) else what.setting
    if engine is None:
        engine = "law" if isinstance(what, Setting) else "reduced"
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, was {engine!r}")
    require_exact(engine, variation)
    if eta is None:
        if setting is None:
            raise ValueError("eta must be given for a Problem that was not sampled from a Setting")
        eta = setting.eta
    eta = _step_size(eta)

    grid = _recorded(steps, record_every, recorded)
    last = np.array([steps], dtype=np.int64)
    kept = _snapshots(steps, snapshots, grid if record_coefficients else last)

    if engine == "law":
        if not isinstance(what, Setting):
            raise ValueError("engine 'law' takes a Setting, not a Problem")
        geometry = draw_geometry(what, seed)
    else:
        if isinstance(what, Setting):
            what = sample_problem(what, seed, variation)
        geometry = geometry_of(what)
    near, step, unit = computable(geometry, eta, dtype)
    sigma_xi = _noise_scale(what, setting)
    rate = decay_of(setting) if weight_decay is None else weight_decay
    lost = decay_of_step(rate, eta * sigma_xi**2 * what.d / (geometry.n * geometry.m), variation)

    record: Record
    if engine == "cnn":
        from simulation.two_stage.cnn import run_cnn

        assert isinstance(what, Problem)
        record = run_cnn(
            what if unit == 1.0 else what.in_units(unit),
            step,
            steps=steps,
            recorded=grid,
            snapshots=kept,
            batching=_batching(geometry.n, variation, seed),
            decay=lost,
            momentum=variation.momentum,
            bias_eta=eta if variation.biases else None,
            stop=stop,
            gradient=gradient,
            device=resolved,
            dtype=dtype,
            progress=progress,
            gram=near.gram,
        )
    else:
        (record,) = run_reduced(
            [near],
            [step],
            steps=[steps],
            recorded=[grid],
            snapshots=[kept],
            batching=[_batching(geometry.n, variation, seed)],
            decay=[lost],
            momentum=variation.momentum,
            stop=stop,
            device=resolved,
            dtype=dtype,
            progress=progress,
        )
    require_finite(record.margins, eta, dtype)
    return Trajectory(
        record=record,
        geometry=geometry,
        eta=eta,
        engine=engine,
        dtype=dtype,
        seed=seed,
        sigma_xi=sigma_xi,
        setting=setting,
        keeps_coefficients=record_coefficients,
    )


def train_many(
    settings: Sequence[Setting],
    seeds: Sequence[int],
    *,
    steps: Sequence[int],
    record_every: int = 1,
    recorded: Sequence[Iterable[int] | None] | None = None,
    snapshots: Sequence[Iterable[int]] | None = None,
    device: str = "cpu",
    dtype: str = "float64",
    variation: Variation = PLAIN,
    stop: StopRule | None = None,
) -> list[Trajectory]:
    """Law-engine runs side by side, each with its own setting, seed, length and snapshots.

    On a CPU each run is equal to the same run made alone, to the last bit; on CUDA up to rounding, and
    fastest there when lengths and shapes are close. With `stop`, each run ends where the rule holds for it.

    Raises:
        ValueError: when the numbers of settings, seeds, lengths and snapshot lists differ.
    """
    _check_dtype(dtype)
    _check_stop(stop)
    require_exact("law", variation)
    if not len(settings) == len(seeds) == len(steps):
        raise ValueError(
            f"settings, seeds and steps must have equal lengths, had {len(settings)}, {len(seeds)} "
            f"and {len(steps)}"
        )
    for count in steps:
        _check_counts(count, record_every)
    if snapshots is not None and len(snapshots) != len(settings):
        raise ValueError(
            f"snapshots must hold a list for each of {len(settings)} runs, held {len(snapshots)}"
        )
    if not settings:
        return []
    chosen = [None] * len(settings) if recorded is None else list(recorded)
    grids = [_recorded(count, record_every, mine) for count, mine in zip(steps, chosen, strict=True)]
    wanted = [None] * len(settings) if snapshots is None else list(snapshots)
    kept = [_snapshots(count, mine, grid) for count, mine, grid in zip(steps, wanted, grids, strict=True)]
    geometries: list[Geometry] = [
        draw_geometry(setting, seed) for setting, seed in zip(settings, seeds, strict=True)
    ]
    near = [computable(g, s.eta, dtype) for g, s in zip(geometries, settings, strict=True)]
    records = run_reduced(
        [geometry for geometry, _, _ in near],
        [step for _, step, _ in near],
        steps=steps,
        recorded=grids,
        snapshots=kept,
        batching=[_batching(s.n, variation, seed) for s, seed in zip(settings, seeds, strict=True)],
        decay=[decay_of_step(decay_of(s), s.clock_step, variation) for s in settings],
        momentum=variation.momentum,
        stop=stop,
        device=resolve_device(device),
        dtype=dtype,
    )
    for record, s in zip(records, settings, strict=True):
        require_finite(record.margins, s.eta, dtype)
    return [
        Trajectory(record, geometry, s.eta, "law", dtype, seed, s.sigma_xi, s, True)
        for record, geometry, s, seed in zip(records, geometries, settings, seeds, strict=True)
    ]


def _batching(n: int, variation: Variation, seed: int) -> StepWeights | None:
    if variation.batch_size is None and variation.schedule is None and not variation.fresh_flips:
        return None
    return StepWeights(n, variation.batch_size, seed, variation.schedule, variation.fresh_flips)


def _noise_scale(what: Problem | Setting, setting: Setting | None) -> float:
    """`sigma_xi`: the setting's, or the root mean square of the patches supplied from outside."""
    if setting is not None:
        return setting.sigma_xi
    assert isinstance(what, Problem)
    return float(np.sqrt(np.mean(what.xi**2)))
