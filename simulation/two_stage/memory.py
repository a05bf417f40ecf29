"""Predicted memory of a run: the arrays that are alive at the peak (docs/sweeps.md).

A test holds the model against the measured peak of a process.
"""

from __future__ import annotations

from simulation.models import Job, Memory

__all__ = ["run_memory"]

#: Monte Carlo draws of a test error in one piece (`simulation.two_stage.test_error`).
_CHUNK = 32 * 2**20
#: What matrix products with d-vectors take besides, measured: of numpy, and of torch.
_BUFFERS, _NETWORK_BUFFERS = 16 * 2**20, 40 * 2**20


def run_memory(job: Job, engine: str) -> Memory:
    """Bytes of one run; a test error is counted where the job says how many samples it takes."""
    s = job.setting
    n, m, d = s.n + 1.0, 2.0 * s.m, float(s.d)
    recorded = float(job.steps + 1 if job.record is None else len(job.record))
    kept = float(len(job.snapshots))
    errors = dict(job.precision).get("test_samples", 0)
    held = {
        # Gram matrix and triangular factor, initial products and weights in the span and off it.
        "n": 8.0 * (2 * n * n + 2 * m * n + m * m),
        # Margins and gamma.
        "steps": 8.0 * recorded * (s.n + m),
        # Coefficients and pre-activations.
        "snapshots": 8.0 * kept * 2 * m * n,
        "d": 0.0,
    }
    if engine != "law":
        # Patches and weights, of the network five times, with its gradient and what differentiating keeps;
        # for a test error also the QR factors of the patches and of the weights off their span, with the
        # copies that LAPACK works on.
        network = engine == "cnn"
        training = n + (5 * m if network else m)
        held["d"] = 8.0 * d * (max(5 * n + 4 * m, training) if errors else training)
        held["n"] += _NETWORK_BUFFERS if network else _BUFFERS
    # Draws of the triangular factor; normalised Gram matrix and state; terms of the losses.
    making = 8.0 * max(3 * n * n, 2 * n * n + 3 * m * n, 2.5 * recorded * s.n)
    # Margins by group, states by side, draws of test errors.
    measuring = 8.0 * (1.2 * recorded * n + kept * 2 * m * n)
    return Memory(held, max(making, measuring + 5.0 * min(8.0 * errors * m, _CHUNK)))
