"""`verify run --resume`, killed again and again: run as a program, `resume_killer.py FOLDER KILLS SEED`.

What all need is imported once; each attempt is a forked process that runs the real command line. By turns, an
attempt dies at a random time, or at a numbered point of the store's writes, of which every batch is one. A
folder is resumed until it comes to the end; then its claims.json is compared, byte for byte, with that of an
uninterrupted run without a store.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import sys
import time
from functools import partial
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from crash.store_writer import POINTS, Killer

import verify.report
import verify.rules
import verify.search
from verify import resume
from verify.cli.main import main as command_line
from verify.runs import batch
from verify.store import RunStore

CLAIMS = """
from theory import Claim, Domain, Event, Experiment, Identity, NotApplicable, Source
from theory.rules import Band, SameLaw
import numpy as np

BOX = Domain("own", n=(4, 20), m=(2, 4), signal_margin=(4, 8), tau=(0.1, 0.2), kappa_0=(0.1, 1),
             dimension=(5, 9), clock_step=(0.1, 0.2))
RUNS = Experiment("own.law", place=BOX, clock=1.0, runs={"quick": 80})
NETS = Experiment("own.nets", place=BOX, clock=0.5, runs={"quick": 6}, engines=("law", "reduced"))


def claim(name, measure, rule, experiment=RUNS):
    return Claim(id=f"own.{name}", source=Source("own notes", name), provenance="derived",
                 statement="$1 = 1$", rule=rule, measure=measure, experiment=experiment)


def residual(run):
    return float(np.abs(run.train_loss - np.logaddexp(0, -run.margins).mean(axis=1)).max())


def last_loss(run):
    return NotApplicable("few flipped labels") if run.noisy.sum() < 2 else float(run.train_loss[-1])


CLAIMS = [
    claim("loss", residual, Identity()),
    claim("false", lambda run: run.setting.n * run.setting.m + run.seed % 7 < 30, Event(delta=0.1)),
    claim("last_loss", last_loss, Band(0.0, 0.6, reason="example")),
    claim("t_half", lambda run: run.t_half < 50, Event(delta=0.1)),
    claim("nets", residual, Identity(), NETS),
    claim("laws", lambda run: {"loss": float(run.train_loss[-1])}, SameLaw(margin=0.5, reason="example"),
          NETS),
]
"""


#: What an attempt that is not killed writes at least: the manifest, and a file a batch.
WRITES = 20


def attempt(folder: Path, kept: Path | None, out: Path, jobs: int, at: int | None) -> int:
    """Start one command line in a process group of its own; returns the child's id."""
    child = os.fork()
    if child:
        return child
    os.setsid()
    with open(folder / "attempt.log", "a") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    batch._TIMES, resume._EVERY = 1, 0.0  # small batches, each kept when it is made
    if at is not None:
        RunStore.open = partial(RunStore.open, reached=Killer(at))  # type: ignore[method-assign]
    into = [] if kept is None else ["--resume", str(kept)]
    sys.argv = [
        "verify", "run", "--profile", "quick", "--jobs", str(jobs), "--out", str(out), *into,
        "--claims-file", str(folder / "own.py"), "--claims", "own.*", "--no-figures",
    ]  # fmt: skip
    command_line()
    os._exit(3)  # the command line leaves by itself


def finish(child: int) -> int:
    """The exit status of a child, negative for the signal that ended it; its workers are ended too."""
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(status)


def load_everything() -> None:
    """Import, once for all attempts, what a verification of such claims imports."""
    for package in (verify, verify.runs, verify.search, verify.rules, verify.report, verify.store):
        for module in iter_modules(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    for name in (
        "theory.two_stage.paper",
        "simulation.two_stage.engines",
        "pandas",
        "jinja2",
        "joblib",
        "scipy.stats",
    ):
        import_module(name)


def main() -> None:
    """Print one line of JSON: attempts, kills, comparisons, and how many runs were reused or lost."""
    folder, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    (folder / "own.py").write_text(CLAIMS)
    draw = random.Random(seed)
    load_everything()
    wanted: dict[int, bytes] = {}
    took: dict[int, float] = {}

    def uninterrupted(jobs: int) -> None:
        began = time.perf_counter()
        status = finish(attempt(folder, None, folder / f"whole{jobs}", jobs, None))
        assert status == 1, status  # one claim is refuted
        took[jobs] = time.perf_counter() - began
        wanted[jobs] = (folder / f"whole{jobs}" / "claims.json").read_bytes()

    done = {"kills": 0, "at_points": 0, "finished": 0, "different": 0, "attempts": 0, "early": 0}
    number = 0
    while done["kills"] < kills:
        jobs = 2 if number % 10 == 9 else 1
        if jobs not in wanted:
            uninterrupted(jobs)
        number += 1
        kept, out = folder / f"kept{number}", folder / f"report{number}"
        in_a_row = draw.choice((1, 1, 2, 4))
        status = -signal.SIGKILL
        while status == -signal.SIGKILL:
            done["attempts"] += 1
            dies = in_a_row > 0
            in_a_row -= 1
            at = draw.randrange(len(POINTS) * WRITES) if dies and done["attempts"] % 2 else None
            child = attempt(folder, kept, out, jobs, at)
            if dies and at is None:
                time.sleep(draw.uniform(0.0, took[jobs]))
                os.kill(child, signal.SIGKILL)
            status = finish(child)
            done["kills"] += status == -signal.SIGKILL
            done["at_points"] += status == -signal.SIGKILL and at is not None
            done["early"] += dies and status != -signal.SIGKILL
        assert status == 1, status
        done["finished"] += 1
        done["different"] += (out / "claims.json").read_bytes() != wanted[jobs]
    log = (folder / "attempt.log").read_text()
    done["set_aside"] = log.count("set aside")
    done["tracebacks"] = log.count("Traceback")
    done["resumed_with_reuse"] = len(re.findall(r"^verify: [1-9]\d* of \d+ runs reused$", log, re.MULTILINE))
    done["between_jobs"] = int(len(set(wanted.values())) > 1)
    print(json.dumps(done))


if __name__ == "__main__":
    main()
