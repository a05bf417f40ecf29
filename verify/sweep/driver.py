"""A sweep from its configuration to its files: plan, fit, predict, make, write, report."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from theory.ledger import Ledger
from verify.progress import progress_bar
from verify.runs.backends import Backend
from verify.runs.batch import Measurement
from verify.runs.keep import Keeper
from verify.runs.loky import start_seconds
from verify.runs.work import warm_up
from verify.sweep.config import SweepConfig
from verify.sweep.cost import CostPlan, cost_plan
from verify.sweep.execute import Made, kept_runs, make_sweep_runs
from verify.sweep.files import write_sweep
from verify.sweep.memory import Fit, available_memory, fit_into
from verify.sweep.pilot import Timing, batch_seconds, measure_pilots
from verify.sweep.runs import Sweep, plan_sweep
from verify.sweep.table import results_table, summary_table

#: Below this many predicted seconds of work, starting processes costs more than they save.
_WORTH_PROCESSES = 10.0
__all__ = ["Prepared", "finish_sweep", "make_sweep", "prepare_sweep"]

_VERSIONS = ("torch", "numpy", "scipy", "numba", "pandas", "pyarrow", "joblib")


@dataclass(frozen=True)
class Prepared:
    """A sweep with its batches fitted into memory, what is kept of it, and what the rest will cost."""

    sweep: Sweep
    fit: Fit
    cost: CostPlan
    kept: Mapping[int, Sequence[Measurement]]
    backend: str
    device: str
    version: str
    keeper: Keeper | None = None

    def keeping(self, keeper: Keeper) -> Prepared:
        """The same, with finished runs going to a keeper."""
        return replace(self, keeper=keeper)

    def kept_now(self) -> int:
        """Runs of finished batches that the keeper has."""
        found = {} if self.keeper is None else kept_runs(self.fit.batches, self.keeper, self.device)
        return sum(len(values) for values in found.values())


def prepare_sweep(
    config: SweepConfig,
    ledger: Callable[[], Ledger],
    *,
    keeper: Keeper | None,
    version: str,
    device: str = "cpu",
    workers: int = 1,
    backend: str = "serial",
    memory: int | None = None,
    resume: bool = True,
) -> Prepared:
    """Everything short of starting: pilots are measured, nothing is stored.

    Args:
        keeper: where finished runs are looked for; None when there is none yet.
        version: of the code, for the record.
        backend: serial, loky, dask, or auto: processes where there is work enough for them.
        memory: bytes that may be used, a worker for dask and in all otherwise; default what is free.

    Raises:
        ValueError: one line naming what is wrong or does not fit.
    """
    import psutil

    sweep = plan_sweep(config, ledger)
    warm_up(config.subject.model, config.subject.engine)
    base = psutil.Process().memory_info().rss
    limit = available_memory() if memory is None else memory
    fit = fit_into(sweep.batches, limit, base, workers, backend)
    kept = kept_runs(fit.batches, keeper, device) if resume and keeper is not None else {}
    left = [batch for batch in fit.batches if batch.index not in kept]
    timing = measure_pilots(left, device) if left else Timing((), 0.0, 0)
    if backend == "auto":
        work = sum(batch_seconds(batch, timing.pilots) for batch in left)
        backend = "loky" if min(fit.workers, len(left)) > 1 and work > _WORTH_PROCESSES else "serial"
    if backend == "serial":
        fit = fit_into(sweep.batches, limit, base, 1, backend)
    cost = cost_plan(
        sweep,
        fit,
        timing,
        finished=frozenset(kept),
        start=start_seconds(config.subject.model, config.subject.engine)
        if backend == "loky" and left
        else 0.0,
        columns=timing.columns,
    )
    return Prepared(sweep, fit, cost, kept, backend, device, version, keeper)


def make_sweep(
    prepared: Prepared, backend: Backend, *, failed: Callable[[str], None], progress: bool = False
) -> Made:
    """Make the runs that are left; progress with the time left goes to a terminal's standard error."""
    left = sum(len(b.specs) for b in prepared.fit.batches if b.index not in prepared.kept)
    with progress_bar(progress, left, "sweep") as advance:
        return make_sweep_runs(
            prepared.fit.batches,
            backend=backend,
            device=prepared.device,
            keeper=prepared.keeper,
            kept=prepared.kept,
            failed=failed,
            advance=advance,
        )


def finish_sweep(prepared: Prepared, made: Made, backend: Backend, folder: Path) -> list[Path]:
    """Write the tables and `sweep.json`; the paths written."""
    sweep = prepared.sweep
    return write_sweep(
        folder,
        results_table(sweep, made.values, made.failed),
        summary_table(sweep, made.values),
        _about(prepared, made, backend),
    )


def _about(prepared: Prepared, made: Made, backend: Backend) -> dict[str, Any]:
    sweep, cost = prepared.sweep, prepared.cost
    plan = {key: value for key, value in asdict(cost).items() if key != "by_batch"}
    return {
        "name": sweep.config.name,
        "hash": sweep.config.hash,
        "config": sweep.config.canonical(),
        "seed": sweep.config.seed,
        "run_seeds": 'derive_seed(seed, "sweep point POINT", replicate); in results.csv',
        "runs": len(sweep.runs),
        "failed": {str(index): reason for index, reason in sorted(made.failed.items())},
        "claims": [claim.id for claim in sweep.claims],
        "code_version": prepared.version,
        "versions": {name: metadata.version(name) for name in _VERSIONS},
        "python": platform.python_version(),
        "device": prepared.device,
        "device_name": _device_name(prepared.device),
        "backend": backend.name,
        "workers": prepared.fit.workers,
        "plan": plan,
        "actual": {
            "seconds": made.seconds,
            "work_seconds": made.work_seconds,
            "peak_worker_bytes": made.peak_bytes,
            "runs_made": len(made.values) - made.reused,
            "runs_reused": made.reused,
        },
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _device_name(device: str) -> str:
    """With its model: two of them may round differently."""
    if not device.startswith("cuda"):
        return device
    import torch

    return f"{device} {torch.cuda.get_device_name(device)}"
