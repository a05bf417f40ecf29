"""The engines of the two-layer CNN: `law`, exact in law at any d; `reduced`, the exact closure; `cnn`, the
real
network. Runs come back measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from simulation.models import Engine, Job, Memory
from simulation.two_stage.measured import measured_run, variation_of

if TYPE_CHECKING:
    from simulation.two_stage.run import MeasuredRun
    from theory.two_stage.variation import Variation

__all__ = ["ENGINES", "DataEngine", "LawEngine"]


class _TwoStageEngine(Engine):
    """What the three engines share."""

    name: str
    dtypes = ("float64", "float32")
    pace = 50.0
    precision = MappingProxyType({"test_samples": 4000, "test_lines": 400})

    def memory(self, job: Job) -> Memory:
        """As `simulation.two_stage.memory`."""
        from simulation.two_stage.memory import run_memory

        return run_memory(job, self.name)

    def options(self, table: Mapping[str, Any]) -> Variation:
        """A `Variation`."""
        from simulation.two_stage.tables import variation_of_table

        return variation_of_table(table, self.name)

    def stop_rule(self, table: Mapping[str, Any]) -> Any:
        """A rule of `simulation.two_stage.stopping`."""
        from simulation.two_stage.tables import stop_of

        return stop_of(table)

    def check(self, job: Job) -> None:
        """Room for the noise, batches no larger than the data."""
        from simulation.two_stage.tables import check_job

        check_job(job)

    def warm_up(self) -> None:
        """A run of two steps with a test error."""
        _tiny(self.name)


@dataclass(frozen=True)
class LawEngine(_TwoStageEngine):
    """The closure on a geometry drawn exactly in law; many runs are trained side by side."""

    name = "law"
    most = 16

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[MeasuredRun]:
        """Side by side; on a CPU each run is equal to the same run made alone, to the last bit."""
        from simulation.two_stage.training import train_many

        trajectories = train_many(
            [job.setting for job in jobs],
            [job.seed for job in jobs],
            steps=[job.steps for job in jobs],
            recorded=[job.record for job in jobs],
            snapshots=[job.snapshots for job in jobs],
            device=device,
            dtype=jobs[0].dtype,
            variation=variation_of(jobs[0]),
            stop=jobs[0].stop,
        )
        return [measured_run(t, job) for t, job in zip(trajectories, jobs, strict=True)]

    def shape(self, job: Job) -> tuple[float, ...]:
        """Length, filters, samples: what runs are padded to."""
        return float(job.steps), float(job.setting.m), float(job.setting.n)

    def key(self, job: Job) -> Any:
        """Runs of one call share these."""
        return job.dtype, job.options, job.stop

    def work(self, job: Job) -> float:
        """Multiplications of all steps; element-wise work is that of 20 samples more, measured."""
        return float(max(1, job.steps) * job.setting.m * (job.setting.n + 20.0) ** 2)

    def beside(self, jobs: Sequence[Job]) -> float:
        """Every run at the largest length, width and number of samples."""
        settings = [job.setting for job in jobs]
        steps, m, n = max(1, *(j.steps for j in jobs)), max(s.m for s in settings), max(s.n for s in settings)
        return float(len(jobs) * steps * m * (n + 20.0) ** 2)


@dataclass(frozen=True)
class DataEngine(_TwoStageEngine):
    """Runs on real patches in R^d: the closure on their Gram matrix, or the network itself."""

    name: Literal["reduced", "cnn"]

    @property
    def gpu(self) -> bool:  # type: ignore[override]
        """The real network at large n d is what a GPU is for."""
        return self.name == "cnn"

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[MeasuredRun]:
        """One after the other."""
        from simulation.two_stage.training import train

        return [
            measured_run(
                train(
                    job.setting,
                    steps=job.steps,
                    engine=self.name,
                    recorded=job.record,
                    snapshots=job.snapshots,
                    seed=job.seed,
                    device=device,
                    dtype=job.dtype,
                    variation=variation_of(job),
                    stop=job.stop,
                    # What claims compare with the theory is the module's own gradient, not one written out.
                    gradient="autograd",
                ),
                job,
            )
            for job in jobs
        ]

    def work(self, job: Job) -> float:
        """Multiplications of all steps; the network's cost d instead of n a pair of neuron and sample."""
        s = job.setting
        width = float(s.d) if self.name == "cnn" else s.n + 20.0
        return float(max(1, job.steps) * s.m * (s.n + 20.0) * width)


def _tiny(engine: str) -> None:
    from simulation.two_stage.run import MeasuredRun
    from simulation.two_stage.training import train
    from theory.two_stage.setting import Setting

    tiny = Setting.from_n_snr2(
        n=4, d=50, m=2, n_snr2=4.0, tau_plus=0.1, tau_minus=0.1, kappa_0=0.1, clock_step=0.1
    )
    MeasuredRun(train(tiny, steps=2, engine=engine), tiny).log_test_error("iid", 0.1)


ENGINES: Mapping[str, Engine] = {
    "law": LawEngine(),
    "reduced": DataEngine("reduced"),
    "cnn": DataEngine("cnn"),
}


def __getattr__(name: str) -> Any:
    if name != "FLAWED":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from simulation.two_stage.flawed import FALSE_ENGINES, FlawedEngine

    return {wrong: FlawedEngine(flaw) for wrong, flaw in FALSE_ENGINES.items()}
