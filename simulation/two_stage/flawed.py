r"""Engines that are wrong in one place: the verification must notice each of them.

`descend` is gradient descent on the closure, written apart from `simulation.two_stage.reduced` and slower:
the state is
`C` (2m, n+1), first column `j gamma`, and `A = A^(0) + C D^-1 K`. With the flaw `NONE` it must agree with the
engines; every other `Flaw` changes one line of it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulation.models import FalseEngine, Job
from simulation.two_stage.geometry import Geometry, draw_geometry, geometry_of
from simulation.two_stage.measured import measured_run, variation_of
from simulation.two_stage.problem import sample_problem
from simulation.two_stage.record import Record
from simulation.two_stage.run import MeasuredRun
from simulation.two_stage.step_weights import StepWeights
from simulation.two_stage.trajectory import Trajectory
from simulation.two_stage.weight_decay import decay_of, decay_of_step
from theory.two_stage.variation import PLAIN

__all__ = ["FALSE_ENGINES", "NONE", "Flaw", "FlawedEngine", "descend"]

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]


@dataclass(frozen=True)
class Flaw:
    """What is wrong. `noise_sign` multiplies the step of rho, `step` all steps; `per_filter` False leaves out
    1/m; `rolled` trains on labels moved by one sample and reports the others; `leak` is the slope of the
    activation below 0; `dtype` is what coefficients are accumulated in, from step `since` on; `exchanged`
    flips the labels of each class at the other's rate."""

    what: str
    noise_sign: float = 1.0
    step: float = 1.0
    per_filter: bool = True
    rolled: bool = False
    leak: float = 0.0
    dtype: str = "float64"
    since: int = 0
    exchanged: bool = False


NONE = Flaw("nothing")

FALSE_ENGINES: Mapping[str, Flaw] = {
    "noise gradient of the wrong sign": Flaw("rho moves against its gradient", noise_sign=-1.0),
    "without 1/m": Flaw("the gradient is m times too large", per_filter=False),
    "learning rate x 1.1": Flaw("every step is 10 % too long", step=1.1),
    "labels off by one": Flaw("trained on labels rolled by one sample", rolled=True),
    "leaky ReLU 0.05": Flaw("activation max(x, 0.05 x) with its derivative", leak=0.05),
    "float16 accumulation": Flaw("coefficients kept in half precision", dtype="float16"),
    "float32 after step 1,000": Flaw(
        "coefficients kept in single precision from step 1,000 on", dtype="float32", since=1000
    ),
    "exchanged flip rates": Flaw("labels of each class flipped at the other's rate", exchanged=True),
}


def descend(
    geometry: Geometry,
    eta: float,
    *,
    steps: int,
    recorded: Steps,
    snapshots: Steps,
    draw: StepWeights | None = None,
    decay: float = 0.0,
    flaw: Flaw = NONE,
) -> Record:
    """Gradient descent with a flaw; arguments and result as for `simulation.two_stage.reduced.run_reduced`,
    one run.
    """
    n, m = geometry.n, geometry.m
    K, A0, y = geometry.gram, geometry.products, geometry.y
    reported = geometry.y_observed
    trained = np.roll(reported, 1) if flaw.rolled else reported
    norms = np.diag(K)
    N = K / norms[:, None]
    side = np.concatenate([np.ones(m), -np.ones(m)])
    rate = flaw.step * eta / (n * m) * (1.0 if flaw.per_filter else m)
    C = np.zeros_like(A0)
    stored = C.astype(flaw.dtype if flaw.since == 0 else "float64")
    left, shares = 1.0, []
    wanted, kept = set(recorded.tolist()), set(snapshots.tolist())
    margins, gamma, coefficients, products = [], [], [], []
    for t in range(steps + 1):
        A = left * A0 + C @ N
        slope = np.where(A > 0, 1.0, flaw.leak)
        # A filter sees the patch y mu: its product is y <w, mu>.
        seen = A[:, :1] * y
        seen_slope = np.where(seen > 0, 1.0, flaw.leak)
        f = side @ (seen * seen_slope + A[:, 1:] * slope[:, 1:]) / m
        if t in wanted:
            margins.append(reported * f)
            gamma.append((side * C[:, 0]).reshape(2, m))
        if t in kept:
            coefficients.append(C.copy())
            products.append(A)
            shares.append(left)
        if t == steps:
            break
        # -l' of the labels that are trained on.
        push = trained / (1.0 + np.exp(trained * f))
        if draw is not None:
            push = push * draw.next()
        change = np.empty_like(C)
        change[:, 0] = side * (rate * norms[0]) * ((seen_slope * y) @ push)
        change[:, 1:] = flaw.noise_sign * rate * norms[1:] * push * slope[:, 1:] * side[:, None]
        if t >= flaw.since:
            stored, change = stored.astype(flaw.dtype), change.astype(flaw.dtype)
        left *= 1.0 - decay
        stored = (1.0 - decay) * stored + change if decay else stored + change
        C = stored.astype(np.float64)
    table = np.stack(margins)
    return Record(
        steps=recorded,
        margins=table,
        gamma=np.stack(gamma),
        train_loss=np.logaddexp(0.0, -table).mean(axis=1),
        snapshot_steps=snapshots,
        coefficients=np.stack(coefficients),
        products=np.stack(products),
        span_residual=np.zeros(len(snapshots)),
        initial_share=np.array(shares),
    )


@dataclass(frozen=True)
class FlawedEngine(FalseEngine):
    """The closure with a flaw, in place of the engine of this name."""

    flaw: Flaw
    name: str = "law"
    #: In steps x filters x samples^2: more would take most of the time, and every flaw shows sooner.
    most_work = 1.5e9

    @property
    def what(self) -> str:  # type: ignore[override]
        """The flaw's."""
        return self.flaw.what

    def stands_for(self, engine: str, options: Hashable) -> bool:
        """Engines of the closure under the paper's own model."""
        return engine in ("law", "reduced") and options in (None, PLAIN)

    def in_place_of(self, engine: str) -> FlawedEngine:
        """With the data of that engine."""
        return replace(self, name=engine)

    def work(self, job: Job) -> float:
        """Steps x filters x samples^2."""
        return float(job.steps * job.setting.m) * float(job.setting.n) ** 2

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[MeasuredRun]:
        """One after the other, on the CPU."""
        return [measured_run(self._trajectory(job), job) for job in jobs]

    def _trajectory(self, job: Job) -> Trajectory:
        setting, variation = job.setting, variation_of(job)
        drawn = setting
        if self.flaw.exchanged:
            drawn = setting.with_(tau_plus=setting.tau_minus, tau_minus=setting.tau_plus)
        if self.name == "law":
            geometry = draw_geometry(drawn, job.seed)
        else:
            geometry = geometry_of(sample_problem(drawn, job.seed, variation))
        size = variation.batch_size
        recorded = range(job.steps + 1) if job.record is None else job.record
        with np.errstate(over="ignore"):  # exp of a large margin: -l' is 0 there
            record = descend(
                geometry,
                setting.eta,
                steps=job.steps,
                recorded=np.array(recorded, dtype=np.int64),
                snapshots=np.array(sorted(job.snapshots), dtype=np.int64),
                draw=None if size is None else StepWeights(setting.n, size, job.seed),
                decay=decay_of_step(decay_of(setting), setting.clock_step, variation),
                flaw=self.flaw,
            )
        return Trajectory(
            record, geometry, setting.eta, self.name, "float64", job.seed, setting.sigma_xi, setting, True
        )
