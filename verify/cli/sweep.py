"""The command `sweep`. Heavy imports wait until it is called."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from verify.cli.cluster import check_scheduler, cluster_at
from verify.cli.options import ClaimsFiles, check_jobs, check_seed, naming
from verify.profiles import worker_count

if TYPE_CHECKING:
    from theory.ledger import Ledger
    from verify.runs.backends import Backend
    from verify.store import RunStore
    from verify.sweep.driver import Prepared
    from verify.sweep.execute import Made

__all__ = ["sweep"]

_BACKENDS = ("auto", "loky", "dask", "serial")
_INTERRUPTED = 130


def sweep(
    config: Annotated[Path, typer.Argument(help="the sweep as TOML (docs/sweeps.md)")],
    out: Annotated[
        Path | None, typer.Option(help="folder of tables and store (default reports/sweeps/NAME)")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="print what it costs and stop")] = False,
    backend: Annotated[str, typer.Option(help="serial, loky (processes), dask or auto")] = "auto",
    scheduler: Annotated[str | None, typer.Option(help="address of a dask scheduler")] = None,
    jobs: Annotated[int | None, typer.Option(help="worker processes (default: one per core)")] = None,
    seed: Annotated[int | None, typer.Option(help="instead of the configuration's, >= 0")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    memory: Annotated[
        str | None, typer.Option(help="memory to use, such as 4G (default: 80 % of what is free)")
    ] = None,
    store: Annotated[Path | None, typer.Option(help="run store (default OUT/store)")] = None,
    resume: Annotated[bool, typer.Option(help="take finished runs from the store")] = True,
    paper: Annotated[
        str | None,
        typer.Option(metavar="NAME|DIR|FILE.py", help="whose parameters are meant (default: that fits)"),
    ] = None,
    claims_file: ClaimsFiles = None,
) -> int:
    """Make many runs over a grid or a random sample; exit status 1 when a run failed."""
    if backend not in _BACKENDS:
        raise ValueError(f"--backend must be one of {', '.join(_BACKENDS)}, was {backend!r}")
    check_scheduler(backend, scheduler)
    check_jobs(jobs)
    if seed is not None:
        check_seed(seed)
    from verify.sweep.config import load_config
    from verify.sweep.files import STORE, check_folder
    from verify.sweep.memory import parse_bytes

    limit = None if memory is None else parse_bytes(memory)
    settings = load_config(config, seed=seed, paper=paper or "", files=claims_file or [])
    folder = out or Path("reports/sweeps") / settings.name
    check_folder(folder, settings.hash)
    kept_in = store or folder / STORE

    from simulation.device import resolve_device
    from verify.load import load_sources
    from verify.runs.keep import KeptBatches
    from verify.store import RunStore, code_version
    from verify.sweep.driver import finish_sweep, make_sweep, prepare_sweep

    resolved = "cpu" if device == "auto" and not settings.subject.maker.gpu else resolve_device(device)
    if resolved.startswith("cuda") and backend in ("auto", "loky"):
        backend = "serial"  # one GPU: processes would only share it
    own = [Path(settings.paper)] if settings.paper.endswith(".py") else []
    named = [settings.paper] if settings.paper and not own else []
    files = list(dict.fromkeys([*(claims_file or []), *own]))
    wanted = ["none.*"] if own else []  # no built-in paper beside a file that is the paper
    sources = cache(lambda: load_sources(files, papers=named, wanted=wanted))

    def ledger() -> Ledger:
        return sources().ledger

    if files or named:
        ledger()  # a file that does not import is refused even when no claim of it is measured
    with naming("--store"):
        stored = RunStore.open(kept_in) if kept_in.exists() else None
    version = code_version(sources().own_files if files or named else [])
    with cluster_at(scheduler) as cluster:
        prepared = prepare_sweep(
            settings,
            ledger,
            keeper=None if stored is None else KeptBatches(stored, version),
            version=version,
            device=resolved,
            workers=worker_count(jobs) if cluster is None else cluster.workers,
            backend=backend,
            memory=limit if cluster is None or limit is not None else cluster.task_bytes,
            resume=resume,
        )
        for line in prepared.cost.lines():
            print(line)
        if plan:
            return 0
        print(f"results in     {folder}", flush=True)
        with naming("--store"):
            runs_store = RunStore.open(kept_in)
        prepared = prepared.keeping(KeptBatches(runs_store, version))
        with _ended_by_signals(prepared, runs_store):
            workers = cluster or _workers(prepared)
            made = make_sweep(prepared, workers, failed=_say, progress=sys.stderr.isatty())
            if made.interrupted:
                raise KeyboardInterrupt
            paths = finish_sweep(prepared, made, workers, folder)
    print(_spent(prepared, made))
    for path in paths:
        print(path)
    if made.failed:
        _say(f"{len(made.failed)} of {len(prepared.sweep.runs)} runs failed; their rows say why")
    return int(bool(made.failed))


def _workers(prepared: Prepared) -> Backend:
    from verify.runs.backends import SerialBackend
    from verify.runs.loky import LokyBackend

    return LokyBackend(prepared.fit.workers, _say) if prepared.backend == "loky" else SerialBackend()


@contextmanager
def _ended_by_signals(prepared: Prepared, store: RunStore) -> Iterator[None]:
    """SIGTERM, by which batch systems end a job, ends it as Ctrl-C does: what is finished is kept."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        store.refresh()  # what was being written when the signal came may stand on disk
        kept, runs = prepared.kept_now(), len(prepared.sweep.runs)
        _say(f"interrupted; {kept} of {runs} runs are kept, the same command goes on from there")
        sys.exit(_INTERRUPTED)
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(line: str) -> None:
    print(f"verify: {' '.join(line.split())}", file=sys.stderr, flush=True)


def _spent(prepared: Prepared, made: Made) -> str:
    """What was predicted against what it took."""
    from verify.sweep.cost import show_seconds
    from verify.sweep.memory import show_bytes

    if not prepared.cost.to_do:
        return "all runs were finished before"
    return (
        f"took {show_seconds(made.seconds)}, predicted {show_seconds(prepared.cost.seconds)}; most memory of "
        f"a worker {show_bytes(made.peak_bytes)}, predicted {show_bytes(prepared.cost.worker_bytes)}"
    )
