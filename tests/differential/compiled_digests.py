"""Digests of short runs of every compiled loop, one a line: printed by a process of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from simulation.label_noise_sgd.engines import ENGINES as LINEAR
from simulation.models import Job
from simulation.two_stage.problem import sample_problem
from simulation.two_stage.training import train
from theory.label_noise_sgd.options import LinearOptions
from theory.label_noise_sgd.setting import LinearSetting
from theory.two_stage.setting import Setting

SMALL = Setting.from_n_snr2(
    n=15, d=600, m=3, n_snr2=6.0, tau_plus=0.2, tau_minus=0.1, kappa_0=0.3, clock_step=0.1
)
NARROW = LinearSetting(m=1, d=5, eta=0.0076, sigma=1.34, target=1.38)
WIDE = LinearSetting(m=30, d=4, eta=0.01, sigma=1.0, target=1.0, batch=3)


def runs() -> Iterator[tuple[str, list[np.ndarray]]]:
    """Name and arrays of each run."""
    for engine, steps in (("reduced", 400), ("cnn", 60)):
        run = train(sample_problem(SMALL, 1), engine=engine, steps=steps)
        yield f"two_stage {engine}", [run.margins, run.gamma]
    plain = LinearOptions(records=20)
    for name, setting, options in (
        ("compressed", NARROW, LinearOptions(start="rich", records=20, frame=20)),
        ("compressed", WIDE, plain),
        ("compressed", WIDE.with_(rho=0.1), plain),
        ("relu", WIDE.with_(batch=1), plain),
        ("relu", WIDE, plain),
        ("forced", WIDE.with_(batch=1, variance=0.1), LinearOptions(records=20, imposed="gaussian")),
    ):
        (run,) = LINEAR[name].make([Job(setting, 1, 20_000, options=options)], device="cpu")
        held = [*vars(run.path).values(), *run.values.values()]
        arrays = [value for value in held if isinstance(value, np.ndarray)]
        yield f"label_noise_sgd {name} {setting}", arrays


if __name__ == "__main__":
    for name, arrays in runs():
        digest = hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays))
        print(digest.hexdigest(), name)
